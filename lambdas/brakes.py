"""Brakes on calls of the clouds: one budget for each account, Region and family of calls, and a breaker beside it.

All functions share a row of the table for each family. It says until when the tokens that were taken have flowed back,
and, while AWS throttles the family, when the next probe may go. A process turns to the row only when its own small
share is spent, so that a quiet hub pays nothing (docs/adr/0010). Tokens flow back with time alone: of a function that
is killed nothing has to be given back. Where the row cannot be read or written, calls go on without it.
"""

import logging
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from lambdas.cloud import Cloud
from lambdas.errors import Broken, Throttled, Transient, WindlassError
from lambdas.families import SERVICES, bucket_of, family_of
from lambdas.rows import brake_key, utc
from lambdas.table import Below, Equal, Item, Refused, Table, Update
from lambdas.values import changed

logger = logging.getLogger("windlass.brakes")
T = TypeVar("T")

SHARED = 0.4
"""Of every bucket: what all functions may lease together. With the processes' own shares that is at most half: others
work in the same account."""
OWN, EACH = 5, 12.0
"""Calls that a process may make unasked, and seconds until it may make one more: no operation needs more than five of
one family from one function."""
OVERDRAWN = (OWN + 1) * EACH
"""Seconds until a process that hears of a throttle may make one again: more than a minute, the longest pause of the
breaker, so that all it calls meanwhile is leased. Hundreds of processes, each with its own few, are what AWS
throttles."""
LEASE, LASTS = 5, 10.0
"""Tokens taken from the row at once, of a small budget fewer, and seconds for which they are good: by then they have
flowed back."""
YIELDS = 0.25
"""Of every budget: what the sweep leaves to those who act, however much there is to look at."""
FIRST, LONGEST = 2.0, 60.0
"""Seconds until the first probe, and at most until the next: doubled each time, with jitter."""


class Brakes:
    """The brakes of one process."""

    def __init__(
        self,
        table: Table,
        now: Callable[[], float],
        *,
        chance: Callable[[], float] = random.random,
        yields: float = 0.0,
    ) -> None:
        """`yields`: which part of every budget is left to others."""
        self.table, self.now, self.chance, self.yields = table, now, chance, yields
        self._taps: dict[str, dict[str, Tap]] = {}
        """By place and family."""

    def over(self, cloud: Cloud) -> Cloud:
        """The same cloud, each call of it braked."""
        place = f"{cloud.account}/{cloud.region}"
        braked = {name: _Port(self, place, name, getattr(cloud, name)) for name in SERVICES}
        return changed(cloud, **braked, more=cloud.more.through(partial(_Port, self, place)))

    def tap(self, place: str, family: str) -> "Tap":
        """The calls of that family there."""
        known = self._taps.setdefault(place, {})
        if family not in known:
            known[family] = Tap(self, place, family)
        return known[family]

    def begin(self, place: str, part: float = 1.0) -> None:
        """Begin something at that place; what is begun is finished, and what it overdraws is paid back first.

        `part` of the budgets may be used up for it. Raises Throttled where a family that this process uses there has
        nothing left, or AWS throttles it.
        """
        now = self.now()
        for tap in self._taps.get(place, {}).values():
            if not tap.at_hand(now):
                tap.begin(part)

    def spent(self, place: str, part: float = 1.0) -> bool:
        """Whether nothing more may be begun at that place."""
        try:
            self.begin(place, part)
        except Throttled:
            return True
        return False

    def forget(self) -> None:
        """As a process that has just begun."""
        now = self.now()
        for known in self._taps.values():
            for tap in known.values():
                tap.forget(now)


class _Port:
    """A port whose calls go through their taps; each is bound at its first use."""

    def __init__(self, brakes: Brakes, place: str, name: str, port: Any) -> None:
        self._brakes, self._place, self._name, self._port = brakes, place, name, port

    def __getattr__(self, method: str) -> Any:
        tap = self._brakes.tap(self._place, family_of(f"{self._name}.{method}"))
        braked = self.__dict__[method] = partial(tap.call, getattr(self._port, method))
        return braked


class Tap:
    """One family's calls at one place, as far as one process knows."""

    def __init__(self, brakes: Brakes, place: str, family: str) -> None:
        bucket = bucket_of(family)
        self._brakes, self._table, self._now = brakes, brakes.table, brakes.now
        self._what, self._key = f"{family} in {place}", brake_key(place, family)
        self._rate, self._most = SHARED * bucket.refill, SHARED * bucket.size
        self._room = self._most * (1 - brakes.yields) / self._rate
        """Seconds that the row's time may be ahead."""
        self._lease_of = float(max(1, min(LEASE, int(self._most / 8))))
        self.forget(self._now())

    def forget(self, now: float) -> None:
        """As a process that has just begun."""
        self._own_from = now - (OWN - 1) * EACH
        """From when on it may make a call unasked; each one moves that on, and no more than five are saved up."""
        self._looked = now
        """When it last saw what it has; while AWS throttles it does not look."""
        self._leased, self._good_until = 0.0, 0.0
        self._until = 0.0
        """At least so far the row's time is, as this process has seen it."""
        self._dry_until = 0.0
        """When the row may have tokens again."""
        self._again: float | None = None
        """When the next probe may go; None: the breaker is closed."""
        self._trips = 0

    def call(self, act: Callable[..., T], *given: Any, **named: Any) -> T:
        """Make the call. Raises Throttled without making it while AWS throttles the family."""
        probe = self._admitted()
        try:
            answer = act(*given, **named)
        except Throttled:
            self._throttled(probe)
            raise
        except (Transient, Broken):
            raise  # says nothing of throttling
        except WindlassError:
            self._answered(probe)
            raise
        if probe is not None:
            self._answered(probe)
        return answer

    @property
    def throttled(self) -> bool:
        """Whether this process has heard that AWS throttles the family."""
        return self._again is not None

    def at_hand(self, now: float) -> bool:
        """Whether there is something for a call that nobody need be asked for."""
        if self._again is not None:
            return False
        self._looked = now
        return self._own_from <= now or (now < self._good_until and self._leased >= 1)

    def begin(self, part: float = 1.0) -> None:
        """See that there is something for a call, but make no probe yet. Raises Throttled."""
        now = self._now()
        if self._again is not None:
            if now < self._again:
                raise self._tripped()
        elif not self.at_hand(now):
            self._take_lease(now, part)

    def _admitted(self) -> float | None:
        """Pay for one call; the mark of the probe, if it is one."""
        now = self._now()
        if self._again is not None:
            return self._probe(now)
        if not self.at_hand(now):
            self._refill(now)
        if self._own_from <= now:
            self._own_from = max(self._own_from, now - (OWN - 1) * EACH) + EACH
        else:
            self._leased -= 1
        return None

    def _refill(self, now: float) -> None:
        try:
            self._take_lease(now)
        except Throttled:
            if self._again is not None:
                raise

    def _take_lease(self, now: float, part: float = 1.0) -> None:
        """Raises Throttled where the row has no tokens."""
        if now >= self._good_until:
            self._leased = min(self._leased, 0.0)  # what was overdrawn stays owed
        if now < self._dry_until:
            raise self._spent()
        wanted = self._lease_of - self._leased
        try:
            self._taken(now, wanted, part * self._room)
        except Refused:
            self._told(now, wanted, part)
        except WindlassError as error:
            self._without_the_row(error)
        self._leased, self._good_until = self._lease_of, now + LASTS

    def _taken(self, now: float, wanted: float, room: float) -> None:
        """All that was taken has flowed back, or it is added to that. Raises Refused.

        The row's time never goes back, so whoever has seen it ahead of now need not ask whether it still is.
        """
        closed, lasts = Equal("again", None), wanted / self._rate
        if self._until <= now:
            try:
                self._table.write(Update(self._key, {"until": now + lasts}, when=(Below("until", now), closed)))
            except Refused:
                self._until = now
            else:
                self._until = now + lasts
                return
        enough = Below("until", now + max(room - lasts, 0.0))
        self._table.write(Update(self._key, add={"until": lasts}, when=(enough, closed)))
        self._until += lasts

    def _told(self, now: float, wanted: float, part: float) -> None:
        """What the row says of it. Raises Throttled, unless it cannot be read."""
        row = self._read()
        if row is None:
            return
        if self._again is not None:
            raise self._tripped()
        self._until = row.get("until", 0.0)
        if part == 1.0:
            self._dry_until = max(now + 1 / self._rate, self._until - max(self._room - wanted / self._rate, 0.0))
        raise self._spent()

    def _read(self) -> Item | None:
        """The row, which says whether the family is throttled. Where it cannot be read, it is not."""
        try:
            row = self._table.get(self._key) or {}
        except WindlassError as error:
            self._without_the_row(error)
            self._again, self._trips = None, 0
            return None
        self._again, self._trips = row.get("again"), row.get("trips", 0)
        if self._again is not None:
            self._own_from = self._looked + OVERDRAWN
        return row

    def _spent(self) -> Throttled:
        return Throttled(
            f"the budget of {self._what} is spent until {utc(self._dry_until)}: "
            f"all operations together may take half of what AWS gives"
        )

    def _tripped(self) -> Throttled:
        return Throttled(f"AWS throttles {self._what}: nobody asks before {utc(self._again or 0.0)}, then one does")

    def _probe(self, now: float) -> float | None:
        """The one call that finds out whether AWS still throttles. Raises Throttled for all others.

        Whoever dies with it leaves the row as it stands: the next probe goes when that time has come.
        """
        seen = self._again
        if seen is None or now < seen:
            raise self._tripped()
        mine = self._next(now, self._trips + 1)
        try:
            self._table.write(Update(self._key, {"again": mine}, when=(Equal("again", seen),)))
        except Refused:
            self._read()
            if self._again is None:
                return self._admitted()
            raise self._tripped() from None
        except WindlassError as error:
            self._without_the_row(error)
        self._again = mine
        return mine

    def _next(self, now: float, trips: int) -> float:
        """When the next probe may go, to the millisecond: it names the probe."""
        pause = min(LONGEST, FIRST * 2.0 ** (trips - 1))
        return round(now + pause * (0.5 + self._brakes.chance() / 2), 3)

    def _throttled(self, seen: float | None) -> None:
        """Open the breaker, or leave it open for longer; the budget begins anew from nothing."""
        self._own_from, self._leased = self._looked + OVERDRAWN, 0.0
        try:
            self._open(seen)
        except Refused:
            self._read()  # others were quicker; if it was a while ago, this call was as good as a probe
            if self._again is not None and self._again <= self._now():
                with suppress(Refused):
                    self._open(self._again)

    def _open(self, seen: float | None) -> None:
        """Raises Refused where others have changed the breaker since."""
        now = self._now()
        self._trips = 1 if seen is None else self._trips + 1
        self._again = self._next(now, self._trips)
        logger.warning("AWS throttles %s: the next probe goes at %s", self._what, utc(self._again))
        change = {"trips": self._trips, "again": self._again, "until": now + self._most / self._rate}
        try:
            self._table.write(Update(self._key, change, when=(Equal("again", seen),)))
        except WindlassError as error:
            self._without_the_row(error)

    def _answered(self, probe: float | None) -> None:
        """AWS answers again: the breaker closes, unless somebody else has met a throttle since."""
        if probe is None:
            return
        self._again, self._trips = None, 0
        logger.info("AWS answers %s again", self._what)
        try:
            self._table.write(Update(self._key, {"again": None, "trips": None}, when=(Equal("again", probe),)))
        except Refused:
            self._read()
        except WindlassError as error:
            self._without_the_row(error)

    def _without_the_row(self, error: WindlassError) -> None:
        logger.warning(
            "the brake of %s has no row to share, its calls go on without: %s: %s",
            self._what,
            type(error).__name__,
            error,
        )
