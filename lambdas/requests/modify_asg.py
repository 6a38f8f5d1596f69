"""modifyAsg: change attributes of a server group, and which of its metrics are collected."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from lambdas.accounts import Account
from lambdas.requests import LARGEST, AsgsDescription, Flag, Json, Number, OfOneServerGroup, account_of
from lambdas.requests.create_server_group import Names

FIELDS = (
    *("cooldown", "health_check_grace_period", "health_check_type", "termination_policies", "capacity_rebalance"),
    "enabled_metrics",
)


def _default_last(policies: object) -> object:
    """Auto Scaling takes "Default" last only (Clouddriver's `ModifyAsgAtomicOperationConverter`)."""
    if not isinstance(policies, Sequence) or "Default" not in policies:
        return policies
    return (*(one for one in policies if one != "Default"), "Default")


class ModifyDescription(AsgsDescription):
    cooldown: Number = None
    health_check_grace_period: Number = None
    health_check_type: str | None = None
    termination_policies: tuple[str, ...] | None = None
    capacity_rebalance: Flag = None
    enabled_metrics: tuple[str, ...] | None = None


class ModifyAsg(OfOneServerGroup):
    """Change attributes of one server group; what is left out stays as it is."""

    cooldown: int | None = Field(None, ge=0, le=LARGEST)
    """Seconds."""
    health_check_grace_period: int | None = Field(None, ge=0, le=LARGEST)
    """Seconds."""
    health_check_type: Literal["EC2", "ELB"] | None = None
    termination_policies: Annotated[Names, BeforeValidator(_default_last)] | None = Field(None, min_length=1)
    """In this order, but `Default` comes last."""
    capacity_rebalance: bool | None = None
    enabled_metrics: Names | None = None
    """Group metrics to collect each minute: these and no others. Empty: none."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"modifyAsgDescription"})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if all(getattr(self, name) is None for name in FIELDS):
            known = (type(self).model_fields[name].alias or name for name in FIELDS)
            yield f"nothing is to be changed; say at least one of {', '.join(known)}"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """There is no validator in Clouddriver, whose operation fails later, without a reason.

        Metrics that are not told of stay as they are: Clouddriver would stop collecting them all.
        """
        account = account_of(description)
        read = ModifyDescription.read(description)
        shared: dict[str, Any] = {name: getattr(read, name) for name in FIELDS} | {"account": account}
        asgs = read.groups("ModifyAsgDescription", accounts.get(account))
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
