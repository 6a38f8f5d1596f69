"""Guards for people: who owns a thing, since when, who comes next; and what people do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from lambdas.api import degraded, lists
from lambdas.api.answers import PAGED, After, Limit, place_of, route, seconds_of
from lambdas.api.desk import Desk
from lambdas.api.people import ActView, acts_of
from lambdas.api.problems import sentences
from lambdas.api.rights import ONE_BY_ONE, of_the_guard
from lambdas.api.views import Degraded, DegradedBy, View, instant, moment
from lambdas.engine import guards, locks, revocation
from lambdas.hub import Hub
from lambdas.rows import Control, Guard, Status, control_key, control_of, guard_key, utc

PARTS = ("account", "region", "kind", "name")
"""Of a guard's key."""


class OwnerView(View):
    """The operation that has the guard."""

    operation: str
    type: str | None = Field(description="`resizeServerGroup`; null where the operation's row cannot be found.")
    status: Status | None
    caller: str | None
    user: str | None
    since: datetime | None = Field(description="When it was given the guard; null: by an earlier release.")
    link: str


class PlaceView(View):
    """One operation that waits."""

    position: int = Field(description="1 is next.")
    operation: str
    link: str


class LockView(View):
    """A person has it: whoever owns it goes on to its end, all others wait."""

    by: str
    reason: str
    since: datetime
    until: datetime | None = Field(description="Null: until it is taken off.")


class GuardView(View):
    """Exclusive ownership of one thing."""

    key: str = Field(description="`account/region/kind/name`.")
    account: str
    region: str
    kind: str
    name: str
    owner: OwnerView | None = Field(description="Null: it is free.")
    lock: LockView | None = Field(description="Null: no person has locked it.")
    queue: tuple[PlaceView, ...] = Field(description="Who waits, in the order in which they get it.")
    last: str | None = Field(description="The operation that had it last; its owner, while it has one.")
    degraded: DegradedBy = ()
    link: str


class OneGuardView(GuardView):
    """One guard, with what people did about it."""

    acts: tuple[ActView, ...] = Field(description="Who locked it, took the lock off or took it by force; newest first.")


class GuardsView(View):
    """A page of guards, the one taken last first."""

    guards: tuple[GuardView, ...]
    next: str | None = Field(default=None, description="`after` of the next page; null on the last.")
    degraded: DegradedBy = ()


class ReleaseRequest(View):
    """From whom to take a guard, and why."""

    model_config = View.model_config | {"extra": "forbid"}

    operation: str = Field(
        min_length=1, max_length=64, description="The operation that has it: never one that got it meanwhile."
    )
    reason: str = Field(min_length=1, max_length=200, description="Kept in the operation's journal.")


class LockRequest(View):
    """Why nobody else may change a thing, and for how long."""

    model_config = View.model_config | {"extra": "forbid"}

    reason: str = Field(min_length=1, max_length=200, description="Whoever waits reads it.")
    until: datetime | None = Field(default=None, description="Without an offset, UTC; within a minute after it.")


@dataclass(frozen=True)
class Guards:
    desk: Desk

    def list(
        self,
        account: Annotated[str | None, Query(min_length=1)] = None,
        region: Annotated[str | None, Query(min_length=1)] = None,
        kind: Annotated[str | None, Query(min_length=1, description="`serverGroup`.")] = None,
        name: Annotated[str | None, Query(min_length=1, description="What the name begins with.")] = None,
        limit: Limit = 50,
        after: After = None,
    ) -> GuardsView:
        """Guards that somebody has, the one taken last first."""
        self.desk.knows(*PARTS, *PAGED)

        def fits(key: str) -> bool:
            parts = parts_of(key)
            exact = {"account": account, "region": region, "kind": kind}
            same = all(one in (None, parts[part]) for part, one in exact.items())
            fit = same and parts["name"].startswith(name or "")
            return fit and self.desk.rights.may("read", self.desk.rights.guard(key))

        page = lists.held(self.desk.hub, fits, limit=limit, after=place_of(after))
        owned = [(guard, _control(self.desk.hub, guard)) for guard in page.rows]
        behind = degraded.of(self.desk.hub, [owner for _, owner in owned if owner is not None])
        views = tuple(_view(guard, owner, behind) for guard, owner in owned)
        return GuardsView(guards=views, next=lists.sealed(page.next), degraded=behind)

    def one(self, account: str, region: str, kind: str, name: str) -> OneGuardView:
        """One guard as it stands; what nobody ever guarded is free."""
        return self._told(f"{account}/{region}/{kind}/{name}")

    def release(
        self, account: str, region: str, kind: str, name: str, request: Annotated[ReleaseRequest, Body()]
    ) -> OneGuardView:
        """Take the guard from the operation that has it, by force, and give it to whoever comes next.

        The operation stops, nothing of it is put back, and a person is called with what is left. While an attempt of it
        may be alive the answer is 409, with the moment from which on it is possible. Twice is once.
        """
        key = f"{account}/{region}/{kind}/{name}"
        desk = self.desk
        revocation.revoke(desk.hub, desk.sagas, key, request.operation, desk.caller, request.reason)
        return self._told(key)

    def lock(
        self, account: str, region: str, kind: str, name: str, request: Annotated[LockRequest, Body()]
    ) -> OneGuardView:
        """Lock a thing: whoever owns it goes on to its end, all others wait until the lock is off or its time is over.

        Of a cluster (`/guards/{account}/{region}/cluster/{name}/lock`): no operation begins on a server group in it,
        and no new one is planned. The same person may say anew why, and until when.
        """
        key, hub = f"{account}/{region}/{kind}/{name}", self.desk.hub
        until = seconds_of(request.until)
        if until is not None and until <= hub.now():
            raise sentences([f"until: {utc(until)} is over; name a moment to come, or none"])
        locks.lock(hub, key, self.desk.caller, request.reason, until)
        return self._told(key)

    def unlock(self, account: str, region: str, kind: str, name: str) -> OneGuardView:
        """Take a lock off: the next in the queue goes on. Anybody may; without a lock nothing is done."""
        key = f"{account}/{region}/{kind}/{name}"
        locks.unlock(self.desk.hub, key, self.desk.caller)
        return self._told(key)

    def _told(self, key: str) -> OneGuardView:
        hub, guard = self.desk.hub, guards.read(self.desk.hub, key)
        return OneGuardView(**dict(view_of(hub, guard)), acts=acts_of(hub, guard_key(key).pk))


def add(desk: Desk) -> None:
    face = Guards(desk)
    route(desk, "GET", "/guards", face.list, {200: GuardsView}, ONE_BY_ONE)
    one = "/guards/<account>/<region>/<kind>/<name>"
    route(desk, "GET", one, face.one, {200: OneGuardView}, of_the_guard("read"))
    route(desk, "POST", f"{one}/release", face.release, {200: OneGuardView}, of_the_guard("release"))
    route(desk, "PUT", f"{one}/lock", face.lock, {200: OneGuardView}, of_the_guard("lock"))
    route(desk, "DELETE", f"{one}/lock", face.unlock, {200: OneGuardView}, of_the_guard("unlock"))


def parts_of(key: str) -> dict[str, str]:
    """A key's parts by their names; those that it does not have are empty."""
    parts = key.split("/", len(PARTS) - 1)
    return dict(zip(PARTS, [*parts, *[""] * len(PARTS)], strict=False))


def view_of(hub: Hub, guard: Guard) -> GuardView:
    """One more read, of the owner's control row; and of the heartbeat, while that is at work."""
    owner = _control(hub, guard)
    return _view(guard, owner, degraded.of(hub, [] if owner is None else [owner]))


def _view(guard: Guard, owner: Control | None, behind: tuple[Degraded, ...]) -> GuardView:
    return GuardView(
        key=guard.key,
        **parts_of(guard.key),
        owner=_owner(guard, owner),
        lock=_lock(guard),
        queue=tuple(_places(guard)),
        last=guard.last,
        degraded=behind,
        link=f"/guards/{guard.key}",
    )


def _control(hub: Hub, guard: Guard) -> Control | None:
    item = None if guard.owner is None else hub.table.get(control_key(guard.owner))
    return None if item is None else control_of(item)


def _owner(guard: Guard, row: Control | None) -> OwnerView | None:
    if guard.owner is None:
        return None
    return OwnerView(
        operation=guard.owner,
        type=row and row.name,
        status=row and row.status,
        caller=row and row.caller,
        user=row and row.user,
        since=moment(guard.accepted),
        link=f"/operations/{guard.owner}",
    )


def _lock(guard: Guard) -> LockView | None:
    if guard.locked_by is None:
        return None
    return LockView(
        by=guard.locked_by,
        reason=guard.locked_why or "",
        since=instant(guard.locked_at or 0.0),
        until=moment(guard.due),
    )


def _places(guard: Guard) -> Iterator[PlaceView]:
    for position, one in enumerate(guard.queue, 1):
        yield PlaceView(position=position, operation=one, link=f"/operations/{one}")
