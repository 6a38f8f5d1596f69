"""The items of an operation as typed values: control row, journal, open tokens, guards. See docs/architecture.md."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, get_origin

from lambdas.errors import Transient
from lambdas.table import Item, Key
from lambdas.values import built

V = TypeVar("V")


class Status(StrEnum):
    """Where an operation stands; what it is doing meanwhile is derived, never stored."""

    ACCEPTED = "ACCEPTED"
    RUNNING = "RUNNING"
    UNDOING = "UNDOING"
    SUCCEEDED = "SUCCEEDED"
    ROLLED_BACK = "ROLLED_BACK"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    NOT_STARTED = "NOT_STARTED"

    @property
    def over(self) -> bool:
        return self not in _OPEN


_OPEN = (Status.ACCEPTED, Status.RUNNING, Status.UNDOING)


class Priority(StrEnum):
    """Which of one caller's waiting operations are started first."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Mark(StrEnum):
    """A signal that every later start looks at."""

    PAUSED = "PAUSED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


@dataclass(frozen=True)
class Control:
    """The row on which every start is conditional; times are epoch seconds."""

    id: str
    saga: str
    status: Status
    version: int
    account: str
    region: str
    application: str
    cluster: str
    """Key `account/region/cluster`."""
    caller: str
    door: str
    """`clouddriver` or `windlass`."""
    accepted: float
    finish_by: float
    start_by: float | None = None
    user: str | None = None
    """On whose behalf the caller asked."""
    key: str | None = None
    """The caller's idempotency key."""
    digest: str | None = None
    """Of the request's body, to tell a repeated key with another body."""
    trace: str | None = None
    """The caller's own id of what this belongs to (`X-SPINNAKER-EXECUTION-ID`, `traceparent`)."""
    execution: str = ""
    """Name of the execution that is in charge."""
    batch: str | None = None
    after: str | None = None
    """The operation of the batch that has to succeed first; None once this one may start."""
    step: str = ""
    """The state that began last."""
    attempt: int = 0
    since: float = 0.0
    """When that state was first begun."""
    live: Mapping[str, float] | None = None
    """Attempts of `step` that have not reported their end, and until when each may be alive."""
    forward_end: float = 0.0
    """When the last forward attempt had certainly ended."""
    mark: Mark | None = None
    pivoted: bool = False
    skip: str | None = None
    """The undo that a person decided to skip."""
    decided: str | None = None
    """Who decided that, and why."""
    held: int = 0
    undone: int = 0
    """How often its undo chain has come to its end."""
    events: int = 0
    """An upper estimate of the execution's history."""
    guards: tuple[str, ...] = ()
    recoveries: int = 0
    started: float | None = None
    closed: float | None = None
    error: str | None = None
    """Why it did not succeed: `Name: sentence`."""
    unbraked: str | None = None
    """The second person who let it past its account's brake, and why."""
    hold_exhausted: bool | None = None
    """The request's own choice of `OnFailure.hold_exhausted`."""
    override_freeze: str | None = None
    """Why no freeze keeps it from beginning, in its caller's words."""
    due: float | None = None
    backlog: bool | None = None
    """Its execution has yet to be started: `due` is from when on the sweep does it (`lambdas.table.Table.backlog`)."""
    priority: Priority | None = None
    """None: normal."""
    roll: str | None = None
    """Which of the lists of all operations it stands on (`lambdas.table.roll_of`)."""

    @property
    def name(self) -> str:
        """The operation's type in requests."""
        return self.saga[0].lower() + self.saga[1:]


@dataclass(frozen=True)
class Step:
    """The journal of one state."""

    name: str
    attempts: int = 0
    started: float = 0.0
    """When its first attempt ended; the order of the journal."""
    ended: float | None = None
    did: str | None = None
    error: str | None = None
    """The last attempt's, `Name: sentence`; None once it succeeded."""
    trouble: str | None = None
    """That of the last attempt that failed, also where a later one succeeded."""
    findings: tuple[str, ...] = ()
    """What an undo left alone, and why."""
    results: Mapping[str, Any] | None = None
    """What it found out that callers read."""


@dataclass(frozen=True)
class Open:
    """An open task token: a place in guards' queues, a check, or a hold."""

    operation: str
    saga: str
    state: str
    token: str
    since: float
    kind: str
    """`guard`, `check` or `hold`."""
    deadline: float | None = None
    """NotInTime from here on; for a hold: nobody decided."""
    expires: float | None = None
    """The operation's own deadline, before its pivot."""
    reason: str | None = None
    """Why the check does not pass; what a hold is about, `Name: sentence`."""
    clear: float | None = None
    """Since when the check has passed, where it has to pass for a while."""
    stable: float | None = None
    """For how many seconds it has to, if the plan says so."""
    held: str | None = None
    """The state that failed into the hold."""
    late: str | None = None
    """What the plan wants done of a wait that was not in time (`saga.Late`), in its hold."""
    decision: str | None = None
    by: str | None = None
    unheard: float | None = None
    """Since when no live token has taken that decision: the machine may be about to register the hold once more."""
    entered: str | None = None
    """Which of the operation's holds it is: when the machine entered it."""
    earlier: tuple[str, ...] = ()
    """Tokens of earlier attempts to register the state."""
    account: str = ""
    region: str = ""
    """The operation's: what the sweep has to know before it reads the row (`lambdas.table.PROJECTED`)."""
    due: float | None = None
    """`since`: an open token always has something to do, and its age says when; an event makes it young again."""


@dataclass(frozen=True)
class Guard:
    """Exclusive ownership of one thing, and who comes next."""

    key: str
    version: int = 0
    owner: str | None = None
    queue: tuple[str, ...] = ()
    last: str | None = None
    """Who had it last; its owner, while it has one."""
    accepted: float | None = None
    """When its owner was given it, else when it was locked; by this guards are listed, and one that is free is not."""
    roll: str | None = None
    """Which of the lists of guards it stands on (`lambdas.table.roll_of`)."""
    locked_by: str | None = None
    """The person who has it, beside or instead of an operation."""
    locked_why: str | None = None
    locked_at: float | None = None
    due: float | None = None
    """When that lock is taken off; None: by somebody."""


SHORT = 200
"""Bytes of a reason on the control row, which stays under 1 KB: DynamoDB bills each kilobyte of an item."""


def short(sentence: str, most: int = SHORT) -> str:
    """The beginning of a sentence; the journal has all of it."""
    text = sentence.encode()
    return sentence if len(text) <= most else text[: most - 3].decode(errors="ignore") + "…"


def utc(seconds: float) -> str:
    """A moment for people, to the second: `2026-11-14T22:13:20Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@lru_cache(maxsize=64)
def control_key(operation: str) -> Key:
    return Key(f"op#{operation}", "control")


def request_key(operation: str) -> Key:
    return Key(f"op#{operation}", "request")


def plan_key(operation: str) -> Key:
    return Key(f"op#{operation}", "plan")


def batch_key(operation: str) -> Key:
    return Key(f"op#{operation}", "batch")


def step_key(operation: str, step: str) -> Key:
    return Key(f"op#{operation}", f"step#{step}")


def evidence_key(operation: str) -> Key:
    return Key(f"op#{operation}", "evidence")


def open_key(operation: str, state: str) -> Key:
    return Key(f"op#{operation}", f"wait#{state}")


def guard_key(key: str) -> Key:
    return Key(f"guard#{key}", "guard")


def names_key(cluster: str) -> Key:
    return Key(f"cluster#{cluster}", "names")


def departures_key(cluster: str) -> Key:
    return Key(f"cluster#{cluster}", "departures")


def losses_key(account: str) -> Key:
    return Key(f"brake#{account}", "losses")


def brake_key(place: str, family: str) -> Key:
    return Key(f"brake#{place}", family)


def control_of(item: Item) -> Control:
    """Raises Transient for a status or a mark that this release does not know: it is too old."""
    try:
        return _value(Control, item, status=_STATUSES[item["status"]], mark=_MARKS[item.get("mark")])
    except KeyError as unknown:
        raise Transient(f"this release knows no {unknown} of a control row; a newer one may be on its way") from None


def step_of(item: Item) -> Step:
    return _value(Step, item)


def open_of(item: Item) -> Open:
    return _value(Open, item)


def guard_of(item: Item) -> Guard:
    return _value(Guard, item)


def item_of(value: Any) -> dict[str, Any]:
    """The attributes of a row; absent ones are left out."""
    absent = _fields(type(value))[0]
    pairs = {**absent, **value.__dict__}.items()
    return {name: list(one) if type(one) is tuple else one for name, one in pairs if one is not None and name in absent}


_STATUSES = {one.value: one for one in Status}
_MARKS: dict[str | None, Mark | None] = {None: None, **{one.value: one for one in Mark}}


def _value(of: type[V], item: Mapping[str, Any], **parsed: Any) -> V:
    """A row is read at every call: that its values are right is known from whoever wrote it.

    Its key, and what a newer release may have added, come along unseen.
    """
    own = {**item, **parsed}
    for name in _fields(of)[1]:
        if name in own:
            own[name] = tuple(own[name])
    return built(of, own)


_FIELDS: dict[Any, tuple[Mapping[str, Any], tuple[str, ...]]] = {}


def _fields(of: Any) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """A row's attributes in their order, with what absent ones are, and those that are lists in the table."""
    if of not in _FIELDS:
        absent = {field.name: getattr(of, field.name, None) for field in fields(of)}
        _FIELDS[of] = absent, tuple(field.name for field in fields(of) if get_origin(field.type) is tuple)
    return _FIELDS[of]
