"""upsertAsgScheduledActions: the scheduled actions that a server group shall have, and no others."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field

from lambdas.accounts import Account
from lambdas.requests import LARGEST, AsgsDescription, Description, Json, Number, OfOneServerGroup, Value, account_of

MOST_ACTIONS = 125
"""Of a group: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html"""


def _single_spaced(recurrence: object) -> object:
    return " ".join(recurrence.split()) if isinstance(recurrence, str) else recurrence


class ScheduledActionDescription(Description):
    recurrence: str | None = None
    min_size: Number = None
    max_size: Number = None
    desired_capacity: Number = None


class ScheduledActionsDescription(AsgsDescription):
    scheduled_actions: tuple[ScheduledActionDescription, ...] | None = None


class Scheduled(Value):
    """What becomes of a group's size, and when."""

    recurrence: Annotated[str, BeforeValidator(_single_spaced), Field(pattern=r"^\S+( \S+){4}$", max_length=255)]
    """A cron expression of five fields: `0 6 * * MON`. An action that has it already is changed."""
    min_size: int | None = Field(None, ge=0, le=LARGEST)
    """The fewest instances from then on."""
    max_size: int | None = Field(None, ge=0, le=LARGEST)
    """The most."""
    desired_capacity: int | None = Field(None, ge=0, le=LARGEST)
    """How many are wanted."""

    def contradictions(self) -> Iterator[str]:
        sizes = [self.min_size, self.desired_capacity, self.max_size]
        told = [size for size in sizes if size is not None]
        if not told:
            yield f"{self.recurrence}: say at least one of minSize, maxSize and desiredCapacity"
        if told != sorted(told):
            yield f"{self.recurrence}: minSize, desiredCapacity and maxSize have to be in this order of size"


class UpsertAsgScheduledActions(OfOneServerGroup):
    """Give one server group these scheduled actions; those with another recurrence are deleted."""

    scheduled_actions: tuple[Scheduled, ...] = Field(max_length=MOST_ACTIONS)
    """Empty: none."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"upsertAsgScheduledActionsDescription"})

    def contradictions(self) -> Iterator[str]:
        yield from super().contradictions()
        for recurrence, times in Counter(one.recurrence for one in self.scheduled_actions).items():
            if times > 1:
                yield f"scheduledActions: {recurrence} is there {times} times; two actions cannot begin at once"

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        """There is no validator in Clouddriver, which would take a list left out for an empty one."""
        account = account_of(description)
        read = ScheduledActionsDescription.read(description)
        asgs = read.groups("UpsertAsgScheduledActionsDescription", accounts.get(account))
        shared: Json = {"account": account}
        if read.scheduled_actions is not None:
            shared["scheduled_actions"] = [one.model_dump(exclude_none=True) for one in read.scheduled_actions]
        return [cls.normalised(shared | {"region": asg.region, "server_group_name": asg.name}) for asg in asgs]
