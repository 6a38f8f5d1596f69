"""Intake: what is accepted is durable before it is answered, and twice is once.

The operation's id is its claim: base32 of sha256(caller, key), so a repeated request finds the first one's row.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lambdas.engine import alarm_rows, barriers, crowds, freezes, guards, preemption, rhythm
from lambdas.engine.control import RACES
from lambdas.engine.rights import USER
from lambdas.engine.tasks import AnySaga
from lambdas.errors import Conflict, WindlassError
from lambdas.hub import Hub, Json
from lambdas.push.receivers import Webhook, put_callback
from lambdas.rows import Control, Priority, Status, batch_key, control_key, control_of, item_of, request_key, short
from lambdas.table import Absent, Put, Refused, Write, roll_of

LONGEST_REQUEST = 200 * 1024
"""Bytes of one normalised request; an item of DynamoDB ends at 400 KB."""
LARGEST_BATCH = 30
"""Operations of one batch: a transaction has at most 100 writes and 4 MB."""
ID_LENGTH = 26
LONGEST_NOTE, LONGEST_TRACE = 40, 60
"""Bytes of what callers tell of themselves, for people to read: the claim is made from the whole key."""
DIGITS = 32
"""Of a body's digest: 128 bits tell any two bodies of one key apart."""
OPERATIONS = "operations"
"""The rolls on which all operations stand; those of a batch together."""
START_CHECK = 10.0
"""Seconds after which what was accepted, and has not begun yet, is started from the backlog."""


class KeyReused(WindlassError):
    """The idempotency key was used before with another body."""


class TooLarge(WindlassError):
    """The normalised request does not fit; names its largest field."""

    def __init__(self, field: str, size: int) -> None:
        super().__init__(
            f"the request is larger than {LONGEST_REQUEST} bytes; its largest field {field} has {size} bytes"
        )
        self.field, self.size = field, size


@dataclass(frozen=True)
class Caller:
    """Who asks, authenticated, and on whose behalf."""

    principal: str
    user: str | None = None


@dataclass(frozen=True)
class Submission:
    """One operation asked for: its saga and its parsed request (a model of `lambdas.requests`)."""

    saga: AnySaga
    request: Any

    @property
    def preempts(self) -> bool:
        """Only a request that names what it needs can have it taken from somebody."""
        return bool(getattr(self.request, "preempt", False))


@dataclass(frozen=True)
class Terms:
    """By which door it came, and by when it has to be done."""

    door: str
    start_within: timedelta | None
    finish_within: timedelta
    trace: str | None = None
    traces: Mapping[str, str] = field(default_factory=dict)
    """All ids of the caller's and of AWS's for what this belongs to, as they came; the request's row keeps them."""
    hold_exhausted: bool | None = None
    waits_for_thaw: bool = False
    """Whether what a freeze covers is accepted and waits; else it is refused."""
    callback: Webhook | None = None
    """Who is told of these operations alone."""
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True)
class Accepted:
    id: str
    operations: tuple[str, ...]
    """Ids of the batch's operations in order; of one operation its own."""
    repeated: bool = False
    rows: tuple[Control, ...] = field(default=(), compare=False)
    """As they were accepted just now; of a request that is repeated none."""
    started: bool = field(default=True, compare=False)
    """Whether the first has been started; else the backlog has it."""


def accept(
    hub: Hub,
    submissions: Sequence[Submission],
    *,
    caller: Caller,
    terms: Terms,
    key: str | None = None,
    digest: str | None = None,
    wary: bool = False,
) -> Accepted:
    """Accept all of these operations or none, and start the first. The same caller's same key is the same request.

    `wary`: starts have failed lately, so it is asked whether too many of this caller's wait already.

    Raises KeyReused, TooLarge, Frozen, CannotPreempt, Throttled, Conflict, and what the table raises: then nothing is
    known to be accepted, and the same request may be sent again.
    """
    identity = _identity(caller, key)
    for _ in range(RACES):
        if key is not None and (known := _known(hub, identity, digest)) is not None:
            return known
        if wary:
            crowds.admit(hub, caller.principal)
        rows = _named(identity, [_claim(hub, one, identity, caller, terms, key, digest) for one in submissions])
        others = (*freezes.admit(hub, rows, waits=terms.waits_for_thaw), *_callbacks(rows, terms.callback))
        try:
            return _accept(hub, identity, submissions, rows, caller, terms, others)
        except Refused:
            continue
    raise Conflict("the things this request needs are being changed by several at once; send it again")


def barred(hub: Hub, one: Submission, caller: Caller, terms: Terms) -> str | None:
    """Why the operation would not begin now, or None."""
    return barriers.barred(hub, _claim(hub, one, "", caller, terms, None, None))


def start(hub: Hub, row: Control) -> bool:
    """Start the operation's machine; its name is the operation's id, so twice is once. See `Machines.start`."""
    return hub.machines.start(row.saga, row.id, {"operation": row.id, "last": {"step": "", "did": "accepted"}})


def start_soon(hub: Hub, row: Control) -> bool:
    """Start it if that can be done now. Step Functions throttled, denied or down: the backlog has it, and is told."""
    try:
        start(hub, row)
    except WindlassError:
        rhythm.ask(hub, hub.now() + START_CHECK)
        return False
    return True


def _identity(caller: Caller, key: str | None) -> str:
    secret = key if key is not None else secrets.token_hex(16)
    digest = hashlib.sha256(f"{caller.principal}\n{secret}".encode()).digest()
    return base64.b32encode(digest[:20]).decode().lower()[:ID_LENGTH]


def _known(hub: Hub, identity: str, digest: str | None) -> Accepted | None:
    """What was accepted for this claim before; its start is made up for if it was lost."""
    batch = hub.table.get(batch_key(identity))
    operations = tuple(batch["operations"]) if batch else (identity,)
    item = hub.table.get(control_key(operations[0]))
    if item is None:
        return None
    first = control_of(item)
    if digest is not None and first.digest is not None and digest[:DIGITS] != first.digest:
        raise KeyReused(f"idempotency key of operation {identity} was used with another body; choose a new key")
    started = first.status is not Status.ACCEPTED or start_soon(hub, first)
    return Accepted(identity, operations, repeated=True, started=started)


def _claim(
    hub: Hub,
    one: Submission,
    identity: str,
    caller: Caller,
    terms: Terms,
    key: str | None,
    digest: str | None,
) -> Control:
    now = hub.now()
    request = one.request
    return Control(
        id=identity,
        saga=one.saga.name,
        status=Status.ACCEPTED,
        version=1,
        account=request.account,
        region=request.region,
        application=request.application,
        cluster=request.cluster,
        caller=caller.principal,
        user=caller.user and short(caller.user, LONGEST_NOTE),
        door=terms.door,
        key=key and short(key, LONGEST_NOTE),
        digest=digest and digest[:DIGITS],
        trace=terms.trace and short(terms.trace, LONGEST_TRACE),
        accepted=now,
        start_by=now + terms.start_within.total_seconds() if terms.start_within else None,
        finish_by=now + terms.finish_within.total_seconds(),
        execution=identity,
        guards=tuple(sorted(one.saga.guards(request))) if one.saga.guards else (),
        hold_exhausted=terms.hold_exhausted,
        override_freeze=request.override_freeze and short(request.override_freeze, LONGEST_NOTE),
        due=now + START_CHECK,
        backlog=True,
        priority=None if terms.priority is Priority.NORMAL else terms.priority,
        roll=roll_of(OPERATIONS, identity),
    )


def _named(identity: str, claims: Sequence[Control]) -> list[Control]:
    """The operations of a batch are numbered, and each but the first waits for the one before.

    `startBy` is the first one's: a batch that has begun goes on, however long each takes, until it has to be finished.
    """
    if len(claims) == 1:
        return list(claims)
    return [_numbered(identity, index, claim) for index, claim in enumerate(claims)]


def _numbered(identity: str, index: int, claim: Control) -> Control:
    name = f"{identity}-{index}"
    after = f"{identity}-{index - 1}" if index else None
    changed = {"id": name, "execution": name, "batch": identity, "after": after}
    waits = {"backlog": None, "start_by": None} if index else {}
    return control_of({k: v for k, v in (item_of(claim) | changed | waits).items() if v is not None})


def _accept(
    hub: Hub,
    identity: str,
    submissions: Sequence[Submission],
    rows: Sequence[Control],
    caller: Caller,
    terms: Terms,
    others: Sequence[Write],
) -> Accepted:
    pairs = zip(rows, submissions, strict=True)
    writes = [write for row, one in pairs for write in _rows(hub, row, one, caller, terms)]
    if len(rows) > 1:
        writes.append(Put(batch_key(identity), {"operations": [row.id for row in rows]}, (Absent(),)))
    hub.table.write(*writes, *others)
    started = start_soon(hub, rows[0])
    if any(write.key.sk == alarm_rows.ALARMS for write in writes):
        rhythm.ask(hub, hub.now())  # what is to be held by an alarm that fires already, is held before it has begun
    return Accepted(identity, tuple(row.id for row in rows), rows=tuple(rows), started=started)


def _callbacks(rows: Sequence[Control], callback: Webhook | None) -> Iterator[Write]:
    """Who is told of these operations alone, secret included."""
    if callback is not None:
        yield from (put_callback(row.id, callback) for row in rows)


def _rows(hub: Hub, row: Control, one: Submission, caller: Caller, terms: Terms) -> Iterator[Write]:
    """A batch takes no places yet: each of its operations takes them when its turn comes."""
    whole = {} if row.user == caller.user else {USER: caller.user}
    yield Put(control_key(row.id), item_of(row), (Absent(),))
    traces = {"traces": dict(terms.traces)} if terms.traces else {}
    yield Put(request_key(row.id), {"request": _measured(one.request), **whole, **traces})
    yield from alarm_rows.accepted(row, one.request)
    if one.preempts:
        yield from preemption.places(hub, row, one.request.preempt_reason)
    elif row.batch is None:
        yield from guards.places(hub, row.guards, row.id)


def _measured(request: Any) -> Json:
    """The normalised request as JSON values. Raises TooLarge."""
    written: Json = request.model_dump(mode="json", by_alias=True)
    if len(request.model_dump_json(by_alias=True).encode()) > LONGEST_REQUEST:
        sizes = {field: len(json.dumps(value, ensure_ascii=False).encode()) for field, value in written.items()}
        largest = max(sizes, key=lambda field: sizes[field])
        raise TooLarge(largest, sizes[largest])
    return written
