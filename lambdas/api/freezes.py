"""Freeze windows for people: which are declared, by whom, and what was done about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isinf
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import Field, StringConstraints

from lambdas import authority
from lambdas.api.answers import route, seconds_of
from lambdas.api.desk import Desk, meant
from lambdas.api.people import ActView, acts_of
from lambdas.api.problems import sentences
from lambdas.api.rights import READ_THE_HUB
from lambdas.api.views import View, instant, moment
from lambdas.engine import freezes, signals
from lambdas.engine.freezes import Freeze, Names
from lambdas.engine.windows import Weekly, WeekMoment, Window, zone_named
from lambdas.hub import Hub
from lambdas.rows import utc

MOST = 20
"""Patterns of one field: all freezes are read whenever an operation begins."""
Name = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="As people call it: `weekend`.")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Patterns = Annotated[tuple[Pattern, ...], Field(max_length=MOST)]


class Given(View):
    """A part of what is sent: nothing in it is unknown."""

    model_config = View.model_config | {"extra": "forbid", "populate_by_name": False}


class WeeklyView(Given):
    """Each week from one moment to the next of the other, by the clock on the wall."""

    since: str = Field(alias="from", description="`Friday 18:00`.")
    until: str = Field(description="`Monday 08:00`.")
    timezone: str = Field(description="IANA's name: `Europe/Berlin`.")


class NamesView(Given):
    """What operations are about, by patterns: `*` stands for any text."""

    accounts: Patterns = ()
    regions: Patterns = ()
    applications: Patterns = ()
    clusters: Patterns = Field(default=(), description="By name: `shop-prod*`.")
    operations: Patterns = Field(default=(), description="By type: `createServerGroup`.")
    callers: Patterns = Field(default=(), description="Callers' ARNs, or users they speak for.")


class FreezeRequest(Given):
    """When which operations may not begin, and why."""

    reason: str = Field(min_length=1, max_length=200, description="Whoever is refused reads it.")
    since: datetime | None = Field(default=None, alias="from", description="Without an offset, UTC; null: at once.")
    until: datetime | None = Field(default=None, description="Null: until it is taken away.")
    weekly: WeeklyView | None = Field(default=None, description="Only in these hours of each week.")
    scope: NamesView = Field(
        default_factory=NamesView, description="What it covers: that which every field given names; empty: all."
    )
    exempt: NamesView = Field(
        default_factory=NamesView, alias="except", description="What begins all the same: that which any field names."
    )


class FreezeView(View):
    """One freeze as it is declared."""

    name: str
    reason: str
    since: datetime | None = Field(alias="from")
    until: datetime | None
    weekly: WeeklyView | None
    scope: NamesView
    exempt: NamesView = Field(alias="except")
    by: str = Field(description="Who declared it, or changed it last.")
    at: datetime = Field(description="When.")
    active_until: datetime | None = Field(description="If it holds now and has an end: that.")
    active: bool = Field(description="Whether it holds now.")
    link: str


class FreezesView(View):
    """All freezes, by name, and what people did about them."""

    freezes: tuple[FreezeView, ...]
    acts: tuple[ActView, ...] = Field(description="The last ones, newest first.")


@dataclass(frozen=True)
class Freezes:
    desk: Desk

    def list(self) -> FreezesView:
        """Freezes that are declared, those to come too, and who declared, changed and took away which."""
        self.desk.knows()
        hub = self.desk.hub
        told = tuple(view_of(hub, one) for one in freezes.declared(hub))
        return FreezesView(freezes=told, acts=acts_of(hub, freezes.PARTITION))

    def put(self, name: Name, request: Annotated[FreezeRequest, Body()]) -> FreezeView:
        """Declare a freeze, or change it: while it holds, no operation that it covers begins.

        What has begun goes on, what is put back is put back, and what was accepted before waits. An operation that is
        submitted meanwhile is refused, unless it says `?whenFrozen=wait` or `overrideFreeze`.
        """
        hub, freeze = self.desk.hub, self._freeze(name, request)
        self._may("freeze", name, freeze)
        return view_of(hub, freezes.declare(hub, freeze, signals.said(self.desk.caller, "")))

    def remove(self, name: Name) -> FreezesView:
        """Take a freeze away: what waits for it begins within a minute. Twice is once."""
        self._may("thaw", name)
        freezes.remove(self.desk.hub, name, signals.said(self.desk.caller, ""))
        return self.list()

    def _may(self, action: str, name: str, *wanted: Freeze) -> None:
        """Raises Forbidden: in all accounts that it is to cover, and that it covers."""
        accounts, rights = self.desk.accounts, self.desk.rights
        before = [one for one in freezes.declared(self.desk.hub) if one.name == name]
        covered = {one for freeze in (*before, *wanted) for one in accounts if freeze.scope.cover_account(one)}
        rights.must(action, authority.freeze(name, map(rights.environment, covered)))

    def _freeze(self, name: str, request: FreezeRequest) -> Freeze:
        """Raises a Problem with everything that is wrong with the request."""
        since, until = seconds_of(request.since), seconds_of(request.until)
        found = [*_times(since, until, self.desk.hub.now()), *_operations(request, sorted(self.desk.types))]
        weekly = None if request.weekly is None else _weekly(request.weekly, found)
        if found:
            raise sentences(found)
        scope, exempt = (Names(**vars(one)) for one in (request.scope, request.exempt))
        return Freeze(name, request.reason, Window(since, until, weekly), scope, exempt)


def add(desk: Desk) -> None:
    face = Freezes(desk)
    route(desk, "GET", "/freezes", face.list, {200: FreezesView}, READ_THE_HUB)
    route(desk, "PUT", "/freezes/<name>", face.put, {200: FreezeView}, READ_THE_HUB)
    route(desk, "DELETE", "/freezes/<name>", face.remove, {200: FreezesView}, READ_THE_HUB)


def view_of(hub: Hub, freeze: Freeze) -> FreezeView:
    window, span = freeze.window, freeze.window.span(hub.now())
    return FreezeView(
        name=freeze.name,
        reason=freeze.reason,
        since=moment(window.begins),
        until=moment(window.ends),
        weekly=window.weekly and _told(window.weekly),
        scope=NamesView(**vars(freeze.scope)),
        exempt=NamesView(**vars(freeze.exempt)),
        by=freeze.by,
        at=instant(freeze.at),
        active=span is not None,
        active_until=None if span is None or isinf(span[1]) else instant(span[1]),
        link=f"/freezes/{freeze.name}",
    )


def _told(weekly: Weekly) -> WeeklyView:
    told = {"from": str(weekly.begins), "until": str(weekly.ends), "timezone": weekly.zone}
    return WeeklyView.model_validate(told)


def _times(since: float | None, until: float | None, now: float) -> Sequence[str]:
    if until is None:
        return ()
    if until <= now:
        return (f"until: {utc(until)} is over; name a moment to come, or none",)
    return () if since is None or since < until else (f"until: {utc(until)} is not after `from`; exchange them",)


def _weekly(given: WeeklyView, found: list[str]) -> Weekly | None:
    """Notes in `found` what is wrong."""
    moments = []
    for field, text in (("weekly.from", given.since), ("weekly.until", given.until)):
        try:
            moments.append(WeekMoment.parse(text))
        except ValueError as error:
            found.append(f"{field}: {error}")
    try:
        zone_named(given.timezone)
    except ValueError as error:
        found.append(f"weekly.timezone: {error}")
    return Weekly(moments[0], moments[1], given.timezone) if len(moments) == 2 else None


def _operations(request: FreezeRequest, known: Sequence[str]) -> Sequence[str]:
    """A type misspelt would freeze nothing, or exempt nothing."""
    given = [("scope", one) for one in request.scope.operations] + [
        ("except", one) for one in request.exempt.operations
    ]
    wrong = [(part, one) for part, one in given if not set(one) & set("*?[") and one not in known]
    return [f"{part}.operations: there is no operation type {one!r}; {meant(one, known)}" for part, one in wrong]
