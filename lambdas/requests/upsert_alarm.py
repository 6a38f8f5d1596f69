"""upsertAlarm: make or change a metric alarm of CloudWatch.

What an alarm sets off is said by ARN; a scaling policy that an operation before it in the same batch has made is added,
as Clouddriver does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Invalid, Json, account_of
from lambdas.requests.alarm_settings import REQUIRED, AlarmDescription, AlarmSettings
from lambdas.requests.of_things import OfOneThing

KIND = "upsertAlarmDescription"
GROUP = "AutoScalingGroupName"
"""The dimension of Auto Scaling's metrics."""


class UpsertAlarm(OfOneThing, AlarmSettings):
    """Make or change one alarm."""

    name: str = Field(min_length=1, max_length=255)
    server_group_name: str | None = Field(None, min_length=1, max_length=255)
    """The server group whose metric it is: its dimension is added."""

    kind: ClassVar[str] = "alarm"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({KIND})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        if self.server_group_name and any(one.name == GROUP for one in self.dimensions):
            yield f"dimensions: {GROUP} is there already; leave it out, or serverGroupName"

    @property
    def specification(self) -> dict[str, Any]:
        told = super().specification
        if self.server_group_name:
            told["Dimensions"] = [*told["Dimensions"], {"Name": GROUP, "Value": self.server_group_name}]
        return told

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """An alarm without a name gets one made from what is said of it: said twice, it is one alarm."""
        account = account_of(description)
        read = AlarmDescription.read(description)
        if found := list(_problems(read, accounts.get(account))):
            raise Invalid(found)
        fields = read.said
        fields["name"] = read.name or _name(read)
        if read.asg_name and not any(one.name == GROUP for one in read.dimensions or ()):
            fields["server_group_name"] = read.asg_name
        return [cls.normalised(fields | {"account": account, "region": read.region})]


def _problems(read: AlarmDescription, account: Account | None) -> Iterator[str]:
    """The codes of `UpsertAlarmDescriptionValidator.groovy`, which takes a threshold of 0 for none."""
    if account and account.regions and read.region not in account.regions:
        yield f"{KIND}.regions.not.configured"
    for name in REQUIRED:
        if getattr(read, name) in (None, ""):
            yield f"{KIND}.{AlarmDescription.model_fields[name].alias}.not.nullable"


def _name(read: AlarmDescription) -> str:
    said = json.dumps([read.asg_name, read.said], sort_keys=True, default=str)
    mark = hashlib.sha256(said.encode()).hexdigest()[:8]
    return "-".join(filter(None, (read.asg_name and read.asg_name[:230], "alarm", mark)))
