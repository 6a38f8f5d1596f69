"""A guard changes hands while a write of the operation that had it is still under way: what becomes of the heir.

The first operation resizes a group; its write is under way for a stated time after its caller has died (`hang`) or was
told of an error (`late`). The second waits for the same guard from the start. No attempt that may be alive is handed
over: that is a guarantee, and a write that lands before the guard changes hands does the heir no harm. What lands
later than that nobody can tell from a stranger's change: it is counted, not forgiven.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from lambdas.cloud import Capacity
from lambdas.errors import Transient
from lambdas.hub import Json
from lambdas.rows import Status, control_key
from rehearsal.faults import Call, Effect, Faults
from rehearsal.scenarios import NEIGHBOUR, RESIZES, WHERE
from rehearsal.trials import QUIESCENCE
from rehearsal.world import World

DELAYS = (1.0, 5.0, 10.0, 30.0, 60.0, 64.0, 66.0, 70.0, 75.0, 80.0, 90.0, 150.0, 300.0, 900.0)
"""Seconds from the call to its effect."""

FIRST = RESIZES.request | {"waitFor": "created"}
"""Over as soon as it may be: nothing but a live attempt keeps the guard."""

SECOND = {"min": 1, "desired": 1, "max": 3}
HEIRS: dict[str, tuple[str, Json]] = {
    "resize": ("resizeServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR, "capacity": SECOND}),
    "destroy": ("destroyServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}),
}
"""Who waits for the guard."""

DONE, TOLD, OVERWRITTEN = "done as asked", "not done, and says so", "done, and overwritten later"
"""What became of the heir."""


@dataclass(frozen=True)
class Case:
    kind: str
    """`hang`: the caller dies, and the state hears of it after a minute. `late`: an error, at once."""
    delay: float
    heir: str
    cancelled: bool = False
    """The first one is cancelled while its write is under way."""

    def __str__(self) -> str:
        cancelled = ", cancelled meanwhile" if self.cancelled else ""
        return f"{self.kind} of {self.delay:g} s{cancelled}, then a {self.heir}"


@dataclass
class Passed:
    """How one case went; times are seconds from the call that was under way."""

    case: Case
    alive: float = 0.0
    """Until then the attempt may be alive; 0: it has reported its end."""
    handed: float = 0.0
    """When the guard had another owner."""
    first: str = ""
    second: str = ""
    came_to: str = ""
    """DONE, TOLD or OVERWRITTEN."""
    why: str = ""

    @property
    def after(self) -> bool:
        """Whether the write landed when the guard was the heir's."""
        return self.case.delay > self.handed

    def problems(self) -> Iterator[str]:
        """What breaks a promise."""
        if self.handed < self.alive:
            yield f"handed over after {self.handed:.0f} s, while an attempt may be alive for {self.alive:.0f} s"
        if not self.after and self.came_to != DONE:
            yield f"landed before the guard changed hands, and the {self.case.heir} is {self.came_to}: {self.why}"
        if self.first not in (Status.SUCCEEDED, Status.ROLLED_BACK):
            yield f"the first one ended {self.first}"


@dataclass
class Handovers:
    """All cases."""

    passed: list[Passed] = field(default_factory=list)

    @property
    def survivors(self) -> list[str]:
        """Cases in which a promise was broken, and how."""
        return [f"{one.case}: {problem}" for one in self.passed for problem in one.problems()]

    @property
    def landed_after(self) -> Counter[str]:
        """What became of heirs whose guard was theirs when the write landed."""
        return Counter(one.came_to for one in self.passed if one.after)


def cases() -> Iterator[Case]:
    for kind, heir, cancelled, delay in product(("hang", "late"), HEIRS, (False, True), DELAYS):
        yield Case(kind, delay, heir, cancelled)


def sweep() -> Handovers:
    """Every case, one run each."""
    return Handovers([played(case) for case in cases()])


def played(case: Case) -> Passed:
    """One run."""
    world, passed, began = RESIZES.world(), Passed(case), list[float]()
    kind = {"hang": _dies, "late": _hears_of_an_error}[case.kind]

    def under_way(faults: Faults, call: Call, effect: Effect) -> Any:
        began.append(world.clock.now)
        faults.lands_later(effect, case.delay)
        if case.cancelled:
            world.clock.at(0.5, lambda: world.signal(first, "cancel"))
        passed.alive = max(world.table.peek(control_key(first))["live"].values()) - world.clock.now
        return kind(faults)

    world.faults.models.append(lambda call: under_way if call.name == "groups.resize" and not began else None)
    first = world.submit(RESIZES.operation, FIRST, key="first", terms=RESIZES.terms)
    operation, request = HEIRS[case.heir]
    world.post(operation, request, "second")
    world.run(first)
    second = world.others[0]
    world.run(second)
    world.clock.drain(max(DELAYS) + QUIESCENCE)
    _judge(world, passed, first, second, began[0])
    return passed


def _judge(world: World, passed: Passed, first: str, second: str, began: float) -> None:
    one, other = world.control(first), world.control(second)
    passed.first, passed.second = one.status, other.status
    passed.handed = (one.closed or 0.0) - began
    if passed.case.kind == "late":
        passed.alive = 0.0
    passed.why = other.error or ""
    if other.status is not Status.SUCCEEDED:
        passed.came_to = TOLD
    else:
        passed.came_to = DONE if _stands(world, passed.case.heir) else OVERWRITTEN


def _stands(world: World, heir: str) -> bool:
    group = world.cloud.place(WHERE["account"], WHERE["region"]).groups.get(NEIGHBOUR)
    if heir == "destroy":
        return group is None
    return group is not None and group.capacity == Capacity(**SECOND)


def _dies(faults: Faults) -> Any:
    faults.die()


def _hears_of_an_error(faults: Faults) -> Any:
    raise Transient("rehearsed: an error, and the call goes on")
