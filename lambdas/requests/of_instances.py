"""Requests about instances by their ids."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from lambdas.accounts import Account
from lambdas.naming import cluster_of, moniker
from lambdas.requests import UNOWNED, Description, Flag, GroupName, Json, Request, guard, key

MOST = 50
"""Instances of one request: each is guarded, and the guards are taken in one transaction."""
INSTANCE = re.compile(r"i-[0-9a-f]{3,17}")


class OfInstances(Request):
    """A request about instances, in a server group or in none."""

    instance_ids: tuple[str, ...] = Field(min_length=1, max_length=MOST)
    """Ids of the instances: `i-0123456789abcdef0`."""
    server_group_name: GroupName | None = None
    """Their server group. Named, the operation waits its turn among those on the group; else, among those that name
    one of the instances.
    """
    application: str = Field(UNOWNED, min_length=1, max_length=255)
    """Whose they are; unless said, the server group's."""

    def contradictions(self) -> Iterator[str]:
        return strange("instanceIds", self.instance_ids)

    @property
    def cluster(self) -> str:
        if self.server_group_name:
            return key(self.account, self.region, cluster_of(self.server_group_name))
        return key(self.account, self.region, "instance", self.instance_ids[0])

    @property
    def owners(self) -> tuple[str, ...]:
        """The plan refuses instances that are not in the group that is named."""
        return self.application, moniker(self.server_group_name)[0] if self.server_group_name else UNOWNED

    @model_validator(mode="before")
    @classmethod
    def _owned(cls, fields: Any) -> Any:
        """The application that the server group's name tells, where none is said."""
        if not isinstance(fields, Mapping) or fields.get("application"):
            return fields
        group = fields.get("serverGroupName", fields.get("server_group_name"))
        return {**fields, "application": moniker(group)[0] or UNOWNED} if isinstance(group, str) and group else fields


def strange(field: str, instances: Iterable[str]) -> Iterator[str]:
    """What is wrong with ids that are none, in sentences."""
    return (f"{field}: {one!r} is no instance's id" for one in instances if not INSTANCE.fullmatch(one))


class TakesInstancesOut(OfInstances):
    """A request that may take the last instances of a cluster out of service."""

    override_traffic_guard: bool = False
    """Do it even if a cluster is protected and has nothing else that is healthy and in traffic.

    Needs a permission of its own.
    """

    @property
    def permissions(self) -> tuple[str, ...]:
        return (*super().permissions, *(("overrideTrafficGuard",) if self.override_traffic_guard else ()))


def guards_of_instances(request: OfInstances) -> tuple[str, ...]:
    """The server group where it is named, else each of the instances."""
    if request.server_group_name:
        return (guard(request.account, request.region, request.server_group_name),)
    return tuple(key(request.account, request.region, "instance", one) for one in dict.fromkeys(request.instance_ids))


class InstancesDescription(Description):
    """Instances of a Region, in Clouddriver's words."""

    region: str | None = None
    instance_ids: tuple[str | None, ...] | None = None
    asg_name: str | None = None
    server_group_name: str | None = None
    application: str | None = None
    override_traffic_guard: Flag = None
    """Windlass's own: Orca hands on whatever a stage says."""

    @property
    def group(self) -> str | None:
        return self.server_group_name or self.asg_name

    def blank(self, kind: str) -> list[str]:
        """Clouddriver's code for each id that says nothing."""
        return [f"{kind}.instanceId.invalid" for one in self.instance_ids or () if not one]

    def missing(self, kind: str) -> list[str]:
        """As `blank`, where there have to be some."""
        return self.blank(kind) if self.instance_ids else [f"{kind}.instanceIds.empty"]

    def misplaced(self, kind: str, account: Account | None) -> list[str]:
        """Clouddriver's codes (`AmazonDescriptionValidationSupport.validateRegion`)."""
        if not self.region:
            return [f"{kind}.region.empty"]
        known = account.regions if account else ()
        return [f"{kind}.region.not.configured"] if known and self.region not in known else []

    def of_instances(self, account: str) -> Json:
        """The fields of `OfInstances`."""
        said: Json = {
            "region": self.region,
            "instance_ids": tuple(dict.fromkeys(self.instance_ids or ())),
            "server_group_name": self.group,
            "application": self.application,
        }
        return {"account": account} | {name: value for name, value in said.items() if value}
