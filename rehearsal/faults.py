"""Faults of every call that Windlass makes: of the cloud, the table, Step Functions.

A port is wrapped once, whatever its methods are (`Faults.over`). Calls are numbered per run. A *kind* is how one call
goes wrong; a *model* chooses the kind for a call, or None for a call that goes well: models compose by order.
"""

import math
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

from lambdas import nouns
from lambdas.errors import Rejected, Throttled, Transient, WindlassError
from lambdas.table import Refused
from rehearsal.clock import Clock

T = TypeVar("T")
Effect = Callable[[], Any]


STARTING = 0.02
"""Seconds until a warm function begins its work."""

CLOUD_SECONDS = 0.2
"""Seconds of one call of a cloud's control plane."""

PAGE_SECONDS = 0.2
"""Seconds of a put or a get of a small object in S3, which takes "roughly 100-200 milliseconds":
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"""

SECONDS = {
    "table.g": 0.004,
    "table.o": 0.006,
    "table.w": 0.008,
    "table.d": 0.01,
    "table.b": 0.01,
    "machine": 0.05,
    "sweeper": 0.02,
    "push.de": 0.02,
    "push.te": 0.02,
    "bus.put": 0.05,
    "shelf.p": PAGE_SECONDS,
    "shelf.g": PAGE_SECONDS,
}
"""Of one call of the hub's own ports, by the beginning of its name."""


READS = frozenset(
    (
        *("get", "of", "due", "backlog", "listed", "describe", "text", "last"),
        *(
            "find",
            "found",
            "names",
            "standing",
            "made_by",
            "hooks",
            "activities",
            "by_ids",
            "by_name",
            "parameter",
            "zones",
            "console",
            "all",
            "image",
            "configured",
        ),
        *("subnets", "security_groups", "target_groups", "classic", "target_health", "classic_health"),
        *("draining", "draining_classic"),
        *("policies", "scheduled_actions", "alarms", "alarms_made_by", "alarm_states"),
    )
)
"""Methods of ports that change nothing: they have no effect that could come late, or twice."""


class Killed(BaseException):
    """The Lambda is dead. No clause of the product runs to any effect after this: its every later call dies too."""


class Call(NamedTuple):
    """One call of a port."""

    number: int
    where: str
    """The state, or the part of Windlass, that makes it: `ScaleUp`, `sweep`, `intake`."""
    name: str
    """`groups.create`, `table.write`."""
    state: str = ""
    """Where the operation is meanwhile."""

    @property
    def port(self) -> str:
        return self.name.partition(".")[0]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, whatever becomes of it."""
        noun, _, method = self.name.partition(".")
        return not nouns.changing(self.name) if noun in nouns.NOUNS else method in READS

    def __str__(self) -> str:
        return f"call {self.number}, {self.name} in {self.where}"


Kind = Callable[["Faults", Call, Effect], Any]
Model = Callable[[Call], Kind | None]


class Known(dict[str, T]):
    """By the name of a call, found out at its first."""

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, name: str) -> T:
        found = self[name] = self._find(name)
        return found


class Faults:
    """What goes wrong in one run. `late` is after how many seconds a late effect lands."""

    def __init__(self, clock: Clock, *models: Model, late: float = 5.0) -> None:
        self.clock, self.late = clock, late
        self.models: list[Model] = list(models)
        self.calls = 0
        self.spent = 0.0
        """Seconds that all calls took together, and the functions that made them (`SECONDS`, `STARTING`)."""
        self.counts: defaultdict[str, int] = defaultdict(int)
        """Calls by name."""
        self.landing = 0.0
        """When the last late effect, message or second invocation arrives."""
        self.struck: list[tuple[Call, str]] = []
        """The calls that went wrong, and how."""
        self.trace: list[Call] | None = None
        """All calls, where somebody set a list to keep them."""
        self.where = ""
        self.state: Callable[[], str] = str
        """Tells the state of the operation under test."""
        self._dead = False
        self._drawn: dict[int, list[_Lot]] = {}
        self._before: dict[int, list[Callable[[], object]]] = {}
        self._watchers: list[Callable[[Call], object]] = []
        self._concerning: list[tuple[Callable[[str], bool], Model]] = []
        self._by_name = Known(lambda name: [model for concerns, model in self._concerning if concerns(name)])

    def reset(self) -> None:
        """Nothing goes wrong, nothing has happened yet."""
        self.calls, self.spent, self.landing, self.where, self._dead = 0, 0.0, 0.0, "", False
        self.counts.clear()
        self.struck.clear()
        self.lift()
        self._before.clear()
        self._watchers.clear()

    def over(self, name: str, port: T) -> T:
        """The same port, each call of it through `call`."""
        return cast(T, _Faulty(self, name, port))

    def call(self, name: str, effect: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Let the call happen as the models say. Most calls go well, and go straight through."""
        if self._dead:
            raise Killed
        number = self.calls = self.calls + 1
        self.counts[name] += 1
        self.spent += _LASTS[name]
        if self._before or self._watchers or self.trace is not None:
            return self._observed(Call(number, self.where, name, self.state()), lambda: effect(*args, **named))
        if self.models or self._by_name[name] or number in self._drawn:
            call = Call(number, self.where, name, self.state())
            if (kind := self._kind(call)) is not None:
                return self._goes_wrong(kind, call, lambda: effect(*args, **named))
        return effect(*args, **named)

    def _observed(self, call: Call, effect: Effect) -> Any:
        if self.trace is not None:
            self.trace.append(call)
        for do in self._before.pop(call.number, ()):
            do()
        try:
            kind = self._kind(call)
            return effect() if kind is None else self._goes_wrong(kind, call, effect)
        finally:
            for look in self._watchers:
                look(call)

    def on(self, concerns: Callable[[str], bool], model: Model) -> Callable[[], None]:
        """Let a model strike only calls of these names: others need not ask it. Call the answer to take it away."""
        entry = (concerns, model)
        self._concerning.append(entry)
        self._by_name.clear()

        def off() -> None:
            if entry in self._concerning:
                self._concerning.remove(entry)
                self._by_name.clear()

        return off

    def invocation(self, where: str) -> "_Invocation":
        """Calls inside are made there, by a process that has its own life."""
        return _Invocation(self, where)

    def at(self, number: int, kind: str | Kind) -> None:
        """Let this call go wrong."""
        chosen = KINDS[kind] if isinstance(kind, str) else kind
        self.models.append(lambda call: chosen if call.number == number else None)

    def sometimes(self, chance: float, rng: random.Random, kind: Callable[[Call], Kind | None]) -> None:
        """Let each call go wrong with that chance, independently: drawn is which call is the next."""
        self._draw(_Lot(chance, rng, kind), self.calls)

    def _draw(self, lot: "_Lot", after: int) -> None:
        if lot.chance > 0:
            ahead = 1 + int(math.log(1 - lot.rng.random()) / math.log1p(-lot.chance))
            self._drawn.setdefault(after + ahead, []).append(lot)

    def before(self, number: int, do: Callable[[], object]) -> None:
        """Do something just before this call: a signal, a change by a stranger."""
        self._before.setdefault(number, []).append(do)

    def watch(self, look: Callable[[Call], object]) -> None:
        """Look after every call: invariants."""
        self._watchers.append(look)

    def lift(self) -> None:
        """Nothing goes wrong from now on."""
        if self._concerning:
            self._by_name.clear()
        for chosen in (self.models, self._concerning, self._drawn):
            chosen.clear()

    def lands_later(self, effect: Effect, delay: float) -> None:
        """The effect happens after its caller was told otherwise; nobody hears what becomes of it."""

        def land() -> None:
            with suppress(WindlassError, Refused):
                effect()

        self.landing = max(self.landing, self.clock.now + delay)
        self.clock.at(delay, land)

    def die(self) -> None:
        """The process ends here."""
        self._dead = True
        raise Killed

    def _kind(self, call: Call) -> Kind | None:
        """How the call goes wrong, if it does."""
        if call.number in self._drawn and (kind := self._lots(call)) is not None:
            return kind
        for models in (self._by_name[call.name], self.models):
            for model in models:
                if (kind := model(call)) is not None:
                    return kind
        return None

    def _lots(self, call: Call) -> Kind | None:
        lots = self._drawn.pop(call.number)
        for lot in lots:
            self._draw(lot, call.number)
        return next((kind for lot in lots if (kind := lot.kind(call)) is not None), None)

    def _goes_wrong(self, kind: Kind, call: Call, effect: Effect) -> Any:
        self.struck.append((call, getattr(kind, "__name__", "fault")))
        return kind(self, call, effect)


class _Invocation:
    """A process at work: the calls it makes are made there, and it can die."""

    __slots__ = ("_faults", "_outer", "_where")

    def __init__(self, faults: Faults, where: str) -> None:
        self._faults, self._where = faults, where

    def __enter__(self) -> None:
        faults = self._faults
        self._outer = faults.where, faults._dead
        faults.where, faults._dead = self._where, False
        faults.spent += STARTING

    def __exit__(self, *error: object) -> None:
        self._faults.where, self._faults._dead = self._outer


@dataclass(frozen=True)
class _Lot:
    """Strikes each call with its chance."""

    chance: float
    rng: random.Random
    kind: Callable[[Call], Kind | None]


class _Faulty:
    """A port whose methods go through the faults; each is wrapped at its first use."""

    def __init__(self, faults: Faults, name: str, port: Any) -> None:
        self._faults, self._name, self._port = faults, name, port

    def __getattr__(self, method: str) -> Any:
        faulty = partial(self._faults.call, f"{self._name}.{method}", getattr(self._port, method))
        self.__dict__[method] = faulty
        return faulty


_LASTS = Known(lambda name: SECONDS.get(name[:7], CLOUD_SECONDS))
"""Seconds of one call, by its name."""


def before(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error, and nothing happened."""
    raise Transient(f"rehearsed: {call}")


def after(faults: Faults, call: Call, effect: Effect) -> Any:
    """It happened, and the answer was lost."""
    effect()
    raise Transient(f"rehearsed: the answer of {call} was lost")


def kill_before(faults: Faults, call: Call, effect: Effect) -> Any:
    """The Lambda dies before it."""
    faults.die()


def kill_after(faults: Faults, call: Call, effect: Effect) -> Any:
    """The Lambda dies after it."""
    with suppress(WindlassError, Refused):
        effect()
    faults.die()


def late(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error now; it happens later."""
    faults.lands_later(effect, faults.late)
    raise Transient(f"rehearsed: {call} takes effect later")


def hang(faults: Faults, call: Call, effect: Effect) -> Any:
    """The Lambda's time is over while the call goes on: the Task has failed, and it happens all the same."""
    faults.lands_later(effect, faults.late)
    faults.die()


def reject(faults: Faults, call: Call, effect: Effect) -> Any:
    """Refused, now and whenever the same is asked there again."""
    return _from_now_on(faults, call, Rejected)


def reject_once(faults: Faults, call: Call, effect: Effect) -> Any:
    """Refused this once."""
    raise Rejected(f"rehearsed: {call} is refused")


def exhaust(faults: Faults, call: Call, effect: Effect) -> Any:
    """Fails, now and whenever the same is asked there again, in a way that might pass and does not."""
    return _from_now_on(faults, call, Transient)


def throttle(faults: Faults, call: Call, effect: Effect) -> Any:
    """Throttled for ten minutes."""
    return _from_now_on(faults, call, Throttled, faults.clock.now + 600)


def bug(faults: Faults, call: Call, effect: Effect) -> Any:
    """Our own code is wrong, this once."""
    raise KeyError(f"rehearsed bug at {call}")


KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (before, after, kill_before, kill_after, late, hang, reject, reject_once, exhaust, throttle, bug)
}
PASSING = ("before", "after", "kill_before", "kill_after", "late", "hang", "throttle", "bug")
"""Kinds that a retry cures."""
LASTING = ("reject", "exhaust")
"""Kinds that stay until somebody lifts them."""


def _from_now_on(faults: Faults, call: Call, error: type[WindlassError], until: float = float("inf")) -> Any:
    def kind(faults: Faults, call: Call, effect: Effect) -> Any:
        raise error(f"rehearsed: {call}")

    def same(other: Call) -> Kind | None:
        asked, refused = ((one.where, one.state, one.name) for one in (other, call))
        return kind if asked == refused and faults.clock.now < until else None

    kind.__name__ = error.__name__
    faults.models.append(same)
    return kind(faults, call, lambda: None)
