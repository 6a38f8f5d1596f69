"""What every function works with: its settings, and the ports to the table, Step Functions and the clouds."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Protocol, TypeVar

from lambdas.authority import Authority
from lambdas.brakes import Brakes
from lambdas.cloud import Cloud
from lambdas.errors import Rejected, WindlassError
from lambdas.metrics import Meter, written
from lambdas.objectives import OTHERS, Objective
from lambdas.push.reach import Reach
from lambdas.scribe import Notes
from lambdas.table import Table

T = TypeVar("T")
R = TypeVar("R")
Json = dict[str, Any]


class TokenGone(WindlassError):
    """Step Functions no longer knows the task token: the state was settled already."""


@dataclass(frozen=True)
class ExecutionState:
    """How an execution stands, as Step Functions describes it."""

    status: str
    """`RUNNING`, `SUCCEEDED`, `FAILED`, `TIMED_OUT` or `ABORTED`."""
    error: str = ""
    cause: str = ""

    @property
    def over(self) -> bool:
        return self.status != "RUNNING"


class Machines(Protocol):
    """Step Functions. Faults come as `Transient` or `Throttled`."""

    def start(self, saga: str, name: str, given: Json) -> bool:
        """Start an execution of the saga's machine; the same name again is success, whatever became of the first.

        False: there was one of that name, and it may be over.
        """

    def succeed(self, token: str, output: Json) -> None:
        """Raises TokenGone."""

    def fail(self, token: str, error: str, cause: str) -> None:
        """`cause` is never empty (an empty one breaks a Fail state's CausePath). Raises TokenGone."""

    def describe(self, saga: str, name: str) -> ExecutionState | None:
        """None: there is no such execution. Read only by the sweep: the bucket refills at 15 a second."""


class Functions(Protocol):
    def invoke(self, function: str, event: Json) -> Json:
        """Call one of our own functions and wait; its error comes as the class of `errors.py` it names."""

    def send(self, function: str, event: Json) -> None:
        """Have one of our own functions called soon, perhaps more than once; nobody waits for it."""


class Sweeper(Protocol):
    def after(self, delay: timedelta, nudged: Collection[str] = ()) -> None:
        """Ask for a sweep that much later (at most 15 minutes, SQS's longest delay).

        `nudged`: operations whose waits it looks at even if no look is due.
        """


class Push(Protocol):
    """Those who tell the world (`lambdas.push`), by their queues: what is asked of them survives everybody's death."""

    def tell(self, operation: str) -> None:
        """Ask the herald to tell how the operation stands, if nobody was told."""

    def deliver(self, operation: str, delivery: str, after: timedelta = timedelta()) -> None:
        """Ask the courier to take it to its receiver, that much later (at most 15 minutes, SQS's longest delay)."""


SETTLING = timedelta(seconds=90)
"""See `Settings.settling`."""

NOWHERE_PRIVATE = Reach()

PUBLIC = Reach()

DEPLOYED = Authority()
"""The policies of this release."""

TIMES = {
    "settling": "WINDLASS_SETTLING",
    "late_look": "WINDLASS_LATE_LOOK",
    "attempt_limit": "WINDLASS_ATTEMPT_LIMIT",
    "redelivery": "WINDLASS_REDELIVERY",
    "kept": "WINDLASS_KEPT",
}
"""Which variable sets which time."""


@dataclass(frozen=True)
class Settings:
    """Read once from the environment that the template gives (`Settings.of`)."""

    table: str
    settling: timedelta = SETTLING
    """From the end of the last forward attempt to the first undo; longer than the cloud's read lag."""
    late_look: timedelta = timedelta(minutes=15)
    """After a roll-back, when to look once more for what the operation made."""
    attempt_limit: timedelta = timedelta(seconds=65)
    """The longest an attempt of an activity can live: the function's timeout and a margin."""
    window: timedelta = timedelta(hours=2)
    """A step is retried for this long."""
    source: str = "urn:windlass"
    """Of the events of this Windlass (`lambdas.push.model`)."""
    reach: Reach = PUBLIC
    """Where webhooks may go."""
    redelivery: timedelta = timedelta(seconds=10)
    """After a receiver's first refusal; doubling from there, up to an hour, for a day."""
    kept: timedelta = timedelta()
    """How long a row of an operation is kept after it was written last; nothing: for ever."""
    objectives: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Within how many seconds operations begin (docs/observability.md), by application; `*` is every other's."""

    @cached_property
    def name(self) -> str:
        """Of this Windlass among those of its account and Region."""
        return self.source.rpartition(":")[2]

    def begins_within(self, application: str) -> float:
        """Seconds in which an operation of the application is to begin."""
        return self.objectives.get(application, self.objectives.get(OTHERS, Objective.begin_within))

    @property
    def installation(self) -> str:
        """Which of a Region's hubs this is: the prefix of its functions without the hyphen."""
        return self.source.rpartition(":")[2]

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        """Settings from `WINDLASS_TABLE` and, where they are set, `WINDLASS_SOURCE`, `WINDLASS_LOCAL`,
        `WINDLASS_OBJECTIVES` and `TIMES`.

        The first of them is a text, the second networks separated by commas, the third a JSON object of seconds by
        application, the rest are seconds.
        """
        seconds = {
            field: timedelta(seconds=float(environment[name])) for field, name in TIMES.items() if name in environment
        }
        source, reach = environment.get("WINDLASS_SOURCE", cls.source), Reach.of(environment.get("WINDLASS_LOCAL", ""))
        objectives = json.loads(environment.get("WINDLASS_OBJECTIVES", "{}"))
        return cls(environment["WINDLASS_TABLE"], **seconds, source=source, reach=reach, objectives=objectives)


Noting = Callable[[str, str, str], tuple[Cloud, Notes]]


def nobody_notes(account: str, region: str, operation: str) -> tuple[Cloud, Notes]:
    """For a hub whose steps are not asked what they would do."""
    raise Rejected("nobody here can tell what a step would do")


class Each(Protocol):
    def __call__(self, act: Callable[[T], R], things: Sequence[T]) -> Iterable[R]:
        """What `act` makes of each of these, in their order. `act` may be called for several at the same time."""


def in_turn(act: Callable[[T], R], things: Sequence[T]) -> Iterable[R]:
    """One after the other."""
    return map(act, things)


@dataclass(frozen=True)
class Hub:
    table: Table
    machines: Machines
    functions: Functions
    sweeper: Sweeper
    cloud: Callable[[str, str, str], Cloud]
    """The cloud of (account, region) for an operation's id, its calls braked."""
    brakes: Brakes
    """Those of this process."""
    now: Callable[[], float]
    """Epoch seconds."""
    settings: Settings
    push: Push
    authority: Authority = DEPLOYED
    """Who may do what."""
    each: Each = in_turn
    """How the same is done for many: calls of AWS take tens of milliseconds, nearly all of it waiting."""
    noting: Noting = nobody_notes
    """The same cloud in the hands of a scribe: it makes no change, and says which calls it would have made."""
    meter: Meter = written
    """Takes what is measured (`lambdas.engine.measures`)."""
