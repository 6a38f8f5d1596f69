"""One signal to all operations that fit a filter: counted first, sent to exactly those that were counted.

The first answer counts, shows a sample and gives a token; only whoever repeats the count and the token acts. The token
holds the operations themselves: whatever is accepted meanwhile is not among them, nothing has to be kept, and of a call
that breaks off the same token may be sent again, since a signal sent twice is sent once.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import Field

from lambdas.api import lists
from lambdas.api.answers import answered, route
from lambdas.api.desk import Desk
from lambdas.api.filters import FilterRequest, filter_of
from lambdas.api.problems import Problem, sentences
from lambdas.api.rights import ONE_BY_ONE, Forbidden
from lambdas.api.signalling import SignalRequest, decided, permitted, send
from lambdas.api.views import Summary, View, summary_of
from lambdas.engine import signals, tokens
from lambdas.engine.signals import NotNow
from lambdas.errors import NotFound, Retryable
from lambdas.hub import Hub
from lambdas.rows import Control

MOST = 500
"""Operations of one preview: each is looked at, and a token holds about 25 bytes of each."""
AT_ONCE = 50
"""Operations signalled by one call."""
GOOD_FOR = 900.0
"""Seconds that a preview may be acted on."""
PATIENCE = 15.0
"""Seconds after which a call begins with no further operation: API Gateway gives up after 29."""
MOST_PAGES = 10
"""Pages looked at for one preview, each of at most `lists.MOST_READ` operations."""
SAMPLE = 10
LARGEST = 32_768
"""Characters of a token: more than MOST operations ever need."""


class BatchSignalRequest(SignalRequest):
    """What to tell which operations; and, to act, what the preview answered."""

    filter: FilterRequest = Field(description="At least one of its fields.")
    count: int | None = Field(default=None, description="To act: the preview's `count`.")
    token: str | None = Field(default=None, max_length=LARGEST, description="To act: the preview's `token`.")


class OutcomeView(View):
    """What became of the signal to one operation."""

    operation: str
    outcome: Literal["sent", "refused", "failed"] = Field(
        description="`refused`: it means nothing to this operation any more. `failed`: it is among `next`."
    )
    detail: str = ""
    link: str


class BatchSignalView(View):
    """A preview, or what was done and what is left to do."""

    count: int = Field(description="Operations to be signalled with `token`.")
    token: str | None = Field(description="Send it with `count` to act on these, and only these; null: nothing to do.")
    sample: tuple[Summary, ...] = Field(default=(), description="Of a preview: the newest of them.")
    outcomes: tuple[OutcomeView, ...] = Field(default=(), description="Of a call that acted, one for each operation.")


class Confirmed(NamedTuple):
    """What a preview was about."""

    at: float
    digest: str
    """Of filter and signal."""
    operations: tuple[str, ...]


@dataclass(frozen=True)
class BatchSignals:
    desk: Desk

    def signal(self, request: Annotated[BatchSignalRequest, Body()]) -> Response[BatchSignalView]:
        """Signal all operations that fit a filter: first counted, then, with that count and token, sent.

        Without `token` nothing is sent: the answer counts those to which the signal means something now. With it up to
        50 operations are signalled, and `count` and `token` of the answer are for the rest: repeat until it is null.
        """
        decided(request)
        wanted = filter_of(self.desk, request.filter)
        if wanted == lists.Filter():
            raise sentences(["filter: it is empty; name at least one field, so that not everything is meant"])
        digest = _digest(request)
        answer = self._preview(wanted, request, digest) if request.token is None else self._act(request, digest)
        return answered(200, answer)

    def _preview(self, wanted: lists.Filter, request: SignalRequest, digest: str) -> BatchSignalView:
        hub = self.desk.hub
        found = [row for row in self._fitting(wanted, request) if _means_something(hub, row, request)]
        confirmed = Confirmed(hub.now(), digest, tuple(row.id for row in found))
        sample = tuple(summary_of(row) for row in found[:SAMPLE])
        return BatchSignalView(count=len(found), token=_sealed(confirmed), sample=sample)

    def _fitting(self, wanted: lists.Filter, request: SignalRequest) -> Iterator[Control]:
        """Those that the caller may see and may signal so."""
        rights = self.desk.rights
        return _fitting(self.desk.hub, wanted, lambda row: rights.reads(row) and permitted(rights, row, request))

    def _act(self, request: BatchSignalRequest, digest: str) -> BatchSignalView:
        confirmed = _opened(str(request.token))
        _stands(confirmed, request, digest, self.desk.hub.now())
        now, rest = confirmed.operations[:AT_ONCE], list(confirmed.operations[AT_ONCE:])
        outcomes = list(self._sent(now, request))
        again = [one.operation for one in outcomes if one.outcome == "failed"]
        left = (*rest, *now[len(outcomes) :], *again)
        return BatchSignalView(
            count=len(left), token=_sealed(confirmed._replace(operations=left)), outcomes=tuple(outcomes)
        )

    def _sent(self, operations: Sequence[str], request: SignalRequest) -> Iterator[OutcomeView]:
        """As far as time goes."""
        until = self.desk.hub.now() + PATIENCE
        for one in operations:
            if self.desk.hub.now() >= until:
                return
            yield self._told(one, request)

    def _told(self, operation: str, request: SignalRequest) -> OutcomeView:
        link = f"/operations/{operation}"
        try:
            send(self.desk, self.desk.row(operation), request)
        except (NotNow, NotFound, Forbidden) as refused:
            return OutcomeView(operation=operation, outcome="refused", detail=str(refused), link=link)
        except Retryable as failed:
            return OutcomeView(operation=operation, outcome="failed", detail=str(failed), link=link)
        return OutcomeView(operation=operation, outcome="sent", link=link)


def add(desk: Desk) -> None:
    route(desk, "POST", "/operations/signals", BatchSignals(desk).signal, {200: BatchSignalView}, ONE_BY_ONE)


def _fitting(hub: Hub, wanted: lists.Filter, shown: Callable[[Control], bool]) -> Iterator[Control]:
    """The operations that fit and are not over, newest first. Raises Problem where they are too many."""
    going = tuple(one for one in wanted.statuses or lists.OPEN if not one.over)
    place, found = None, 0
    for _ in range(MOST_PAGES if going else 0):
        page = lists.operations(hub, lists.limited(wanted, going), shown, limit=MOST, after=place)
        found += len(page.rows)
        if found > MOST:
            raise Problem(422, f"more than {MOST} operations fit the filter; narrow it, and signal them in parts")
        yield from page.rows
        if page.next is None:
            return
        place = page.next
    if going:
        raise Problem(422, "too many operations have to be looked at to find those that run; add `since` to the filter")


def _means_something(hub: Hub, row: Control, request: SignalRequest) -> bool:
    """Where it depends on a hold, whether there is one is read."""
    asked = f"decide:{request.decision}" if request.signal == "decide" else request.signal
    held = None
    if request.signal in ("decide", "pause"):
        held = next((one for one in tokens.open_rows(hub, row.id) if one.kind == "hold"), None)
    if held is not None and held.decision is not None:
        return False
    return asked in signals.possible(row, held)


def _stands(confirmed: Confirmed, request: BatchSignalRequest, digest: str, now: float) -> None:
    """Raises Problem where what was previewed is not what is asked for now."""
    if confirmed.digest != digest:
        raise Problem(409, "the token is of another filter or signal; leave it out to count once more")
    if request.count != len(confirmed.operations):
        said = f"the token is of {len(confirmed.operations)} operations, `count` says {request.count}"
        raise Problem(409, f"{said}; repeat the preview's count")
    if now - confirmed.at > GOOD_FOR:
        raise Problem(409, f"the preview is older than {GOOD_FOR / 60:.0f} minutes; leave `token` out to count anew")


def _digest(request: BatchSignalRequest) -> str:
    """Of what must not differ between the preview and the call that acts; the reason may."""
    meant = request.model_dump_json(include={"filter", "signal", "decision"})
    return hashlib.sha256(meant.encode()).hexdigest()[:16]


def _sealed(confirmed: Confirmed) -> str | None:
    """As text that invites nobody to read it. No secret: whoever may signal a batch may signal each of it."""
    if not confirmed.operations:
        return None
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(confirmed).encode())).decode().rstrip("=")


def _opened(token: str) -> Confirmed:
    try:
        match _json(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))):
            case [int() | float() as at, str(digest), [*operations]] if len(operations) <= MOST:
                return Confirmed(at, digest, tuple(map(str, operations)))
    except (ValueError, binascii.Error, zlib.error):
        pass
    raise sentences(["token: it is not the `token` of a preview; leave it out to count"])


def _json(compressed: bytes) -> Any:
    """At most so much as a token ever holds: a small text can be packed that unpacks to gigabytes."""
    return json.loads(zlib.decompressobj().decompress(compressed, LARGEST))
