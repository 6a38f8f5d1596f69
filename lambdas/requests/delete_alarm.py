"""deleteAlarm: delete a metric alarm of CloudWatch."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import Description, Invalid, Json, account_of
from lambdas.requests.of_things import OfOneThing

KIND = "deleteAlarmDescription"


class AlarmNamesDescription(Description):
    names: tuple[str, ...] = ()
    region: str | None = None


class DeleteAlarm(OfOneThing):
    """Delete one alarm; one that is not there is no error."""

    name: str = Field(min_length=1, max_length=255)

    kind: ClassVar[str] = "alarm"
    clouddriver_names: ClassVar[frozenset[str]] = frozenset({KIND})

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """Several names are several requests. Codes are those of `DeleteAlarmDescriptionValidator.groovy`."""
        account = account_of(description)
        read, known = AlarmNamesDescription.read(description), accounts.get(account)
        found = []
        if known and known.regions and read.region not in known.regions:
            found.append(f"{KIND}.regions.not.configured")
        if not read.names:
            found.append(f"{KIND}.names.not.nullable")
        if found:
            raise Invalid(found)
        shared = {"account": account, "region": read.region}
        return [cls.normalised(shared | {"name": name}) for name in dict.fromkeys(read.names)]
