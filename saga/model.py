"""What a saga is: guards, a plan, steps and waits. Data; `compiler.py` makes a state machine of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Any, Generic, Literal, TypeVar, get_type_hints

R_contra = TypeVar("R_contra", contravariant=True)
P = TypeVar("P")
C = TypeVar("C")
P_contra = TypeVar("P_contra", contravariant=True)
C_contra = TypeVar("C_contra", contravariant=True)

NEEDED = "Needed"
"""The state that passes by the steps a plan has no need of (`Step.needs`)."""

Late = Literal["ROLL_BACK", "KEEP_DISABLED", "PARK"]
"""A wait's time is over: put everything back; keep what was made, out of the way (`Saga.kept`); ask a person."""


@dataclass(frozen=True)
class Step(Generic[P_contra, C_contra]):
    """One change of the cloud: at most one mutating call, or one homogeneous batch.

    It has an undo, goes with the undo of an earlier step, or is the pivot or after it.
    """

    name: str
    do: Callable[[P_contra, C_contra], str | None]
    """Returns what it did, in a sentence for the operator."""
    undo: Callable[[P_contra, C_contra], str | None] | None = None
    goes_with: str | None = None
    """The earlier step whose undo takes this one back too."""
    pivot: bool = False
    """From here on nothing can be put back."""
    needs: str | None = None
    """The plan's list that it works through. Steps that say so stand side by side, and a run begins with the first of
    them whose list is not empty: where all are, none of them is entered (docs/adr/0023)."""

    @property
    def undo_name(self) -> str:
        return f"Undo{self.name}"


@dataclass(frozen=True)
class Wait(Generic[P_contra, C_contra]):
    """A state that holds a task token until its check passes."""

    name: str
    check: Callable[[P_contra, C_contra], str | None]
    """None, or the reason why it is not so."""
    within: timedelta | Callable[[P_contra], timedelta]
    """How long it may take: for every operation, or by its plan."""
    at_most: timedelta
    """The longest `within` can be."""
    watches: Callable[[P_contra], tuple[str, ...]] | None = None
    """Names of the things the check looks at."""
    stable_for: Callable[[P_contra], timedelta] | None = None
    """How long the check has to go on passing; None: once is enough. It is a part of `within`."""
    cloud_undoes: bool = False
    """The cloud may put back by itself what the pivot did: the check raises RollBack then, and the rest is put back."""

    def limit(self, plan: Any) -> timedelta:
        """How long this plan's wait may take."""
        return self.within if isinstance(self.within, timedelta) else min(self.within(plan), self.at_most)


@dataclass(frozen=True)
class Removed(Generic[P_contra, C_contra]):
    """A step or wait that an earlier release had.

    Nothing new comes to it. Executions that began before keep their definition and still do, for 30 days at most; and
    the way back keeps its undo, since a recovery runs today's machine for an operation of then.
    """

    one: Step[P_contra, C_contra] | Wait[P_contra, C_contra]
    after: str
    """The step or wait of today that it stood behind; empty: it was the first."""
    on: date
    """Of the first release without it."""


@dataclass(frozen=True)
class Reservation:
    """A name that a plan takes: reserved in the very transaction that stores the plan."""

    guard: str
    """Key of the new name's guard."""
    cluster: str
    """Key of the counter that hands out sequences."""
    sequence: int | None = None
    """None: the name was asked for, no number is used up."""


@dataclass(frozen=True)
class OnFailure:
    """What happens when a step cannot go on. A request may override it; it is read at the moment of failure."""

    hold_exhausted: bool = True
    """Retries are exhausted: hold for a decision; else roll back at once."""
    decide_within: timedelta = timedelta(hours=24)
    """A hold that nobody decided rolls back after this."""


@dataclass(frozen=True)
class Saga(Generic[R_contra, P, C]):
    """One operation: what it needs, plans, does, and how it is put back."""

    name: str
    plan: Callable[[R_contra, C], P]
    steps: tuple[Step[P, C] | Wait[P, C], ...]
    guards: Callable[[R_contra], tuple[str, ...]] | None = None
    """Keys `account/region/kind/name` of the existing things this operation needs for itself."""
    reserves: Callable[[P], Reservation] | None = None
    """The name the plan takes, for an operation that creates."""
    removed: tuple[Removed[P, C], ...] = ()
    """Steps and waits of releases that executions still run (docs/upgrades.md), in their order."""
    left: Callable[[P, C], str | None] | None = None
    """After the undo chain: why it is not clean yet. Raises RollBack where an undo has to be done again."""
    late: Callable[[P], Late] | None = None
    """What a plan wants done when a wait's time is over; None: `ROLL_BACK`."""
    kept: tuple[Step[P, C], ...] = ()
    """Done instead of the undo chain where a wait was late and the plan says `KEEP_DISABLED`.

    What was made is put out of the way, and a person is called; if a cancel comes, everything is put back after all.
    """
    results: Callable[[P], dict[str, Any] | None] | None = None
    """The result object that callers read (Clouddriver's `resultObjects`) as soon as there is a plan, if any."""
    difference: Callable[[P], tuple[dict[str, Any] | None, dict[str, Any] | None]] | None = None
    """What stood there before, and what shall stand there: for people, in the words of the request."""
    evidence: Callable[[P, C, Callable[[str, Callable[[], Any]], Any]], None] | None = None
    """What tells why it failed, read before the first undo. Each read goes through the function that is handed in."""
    on_failure: OnFailure = field(default_factory=OnFailure)
    finish_by: timedelta = timedelta(hours=24)
    """By default, from acceptance."""
    transitions: int = 20
    """The most state transitions of a run without faults."""

    @cached_property
    def operation(self) -> str:
        """The operation's type in requests: `createServerGroup`."""
        return self.name[0].lower() + self.name[1:]

    @cached_property
    def request_type(self) -> type[Any]:
        """Which request the plan is made from."""
        hints = get_type_hints(self.plan)
        hints.pop("return")
        return next(iter(hints.values()))  # type: ignore[no-any-return]

    @cached_property
    def plan_type(self) -> type[Any]:
        """What the plan is."""
        return get_type_hints(self.plan)["return"]  # type: ignore[no-any-return]

    @property
    def pivot(self) -> Step[P, C] | None:
        """The first thing that cannot be put back."""
        return next((one for one in self.changes if one.pivot), None)

    @property
    def reversible(self) -> tuple[Step[P, C] | Wait[P, C], ...]:
        """The steps and waits before the pivot; all of them where there is none."""
        return self.steps[: self.steps.index(self.pivot)] if self.pivot else self.steps

    @cached_property
    def beyond(self) -> frozenset[str]:
        """Names of the pivot and of all that follows it; empty where there is none."""
        return frozenset(one.name for one in self.steps[len(self.reversible) :])

    @cached_property
    def keeping(self) -> frozenset[str]:
        """Names of the steps that keep what was made."""
        return frozenset(one.name for one in self.kept)

    @property
    def story(self) -> tuple[str, ...]:
        """The states of a run without faults that needs every step, in order."""
        guard = ("Guard",) if self.guards else ()
        steps = (self.entered(position) for position in range(len(self.steps)))
        return (*guard, "Plan", "Recovering", *(name for names in steps for name in names), "Finish", "Succeeded")

    def entered(self, position: int) -> tuple[str, ...]:
        """The states by which the step or wait at that position is begun, its own last."""
        one = self.steps[position]
        return (NEEDED, one.name) if one in self.needing[:1] else (one.name,)

    def way_back(self, position: int | None = None) -> tuple[str, ...]:
        """The states that put everything back after the step at that position failed; by default the whole chain."""
        done = self.ever
        if position is not None and position < len(self.steps):
            done = done[: done.index(self.steps[position]) + 1]
        undos = (one.undo_name for one in reversed(done) if isinstance(one, Step) and one.undo)
        return (*undos, *(("NothingLeft",) if self.left else ()), "PutBack")

    @cached_property
    def ever(self) -> tuple[Step[P, C] | Wait[P, C], ...]:
        """The steps and waits, and those removed where they stood: what an operation of any release may have done."""
        behind = {after: tuple(gone.one for gone in self.removed if gone.after == after) for after in self._places}
        return (*behind[""], *(one for each in self.steps for one in (each, *behind[each.name])))

    @property
    def _places(self) -> tuple[str, ...]:
        return ("", *(one.name for one in self.steps))

    @cached_property
    def changes(self) -> tuple[Step[P, C], ...]:
        """The steps without the waits."""
        return tuple(one for one in self.steps if isinstance(one, Step))

    @cached_property
    def needing(self) -> tuple[Step[P, C], ...]:
        """The steps that a plan may have no need of."""
        return tuple(one for one in self.changes if one.needs is not None)

    def passed_by(self, plan: Mapping[str, Any]) -> frozenset[str]:
        """Names of the steps that the machine passes by with this plan: those before the first whose list is not empty.

        `plan` as the machine carries it; what it lacks is not passed by.
        """
        unneeded = takewhile(lambda one: plan.get(one.needs or "") == [], self.needing)
        return frozenset(one.name for one in unneeded)

    @cached_property
    def waits(self) -> tuple[Wait[P, C], ...]:
        return tuple(one for one in self.steps if isinstance(one, Wait))

    @cached_property
    def change_of(self) -> Mapping[str, tuple[Step[P, C], bool]]:
        """By the state's name, the step and whether the state is its undo."""
        changes = tuple(one for one in self.ever if isinstance(one, Step))
        undos = {one.undo_name: (one, True) for one in changes if one.undo is not None}
        return {one.name: (one, False) for one in (*changes, *self.kept)} | undos

    @cached_property
    def undo_of(self) -> Mapping[str, Callable[[P, C], str | None]]:
        """The undos by their states' names, in the order in which they run."""
        changes = (one for one in reversed(self.ever) if isinstance(one, Step))
        return {one.undo_name: one.undo for one in changes if one.undo is not None}

    @cached_property
    def wait_of(self) -> Mapping[str, Wait[P, C]]:
        return {one.name: one for one in self.ever if isinstance(one, Wait)}


def step(
    name: str,
    *,
    do: Callable[[P, C], str | None],
    undo: Callable[[P, C], str | None] | None = None,
    goes_with: str | None = None,
    pivot: bool = False,
    needs: str | None = None,
) -> Step[P, C]:
    """A step of the plan's saga: see `Step`."""
    return Step(name, do, undo, goes_with, pivot, needs)


def wait_until(
    name: str,
    *,
    check: Callable[[P, C], str | None],
    within: timedelta | Callable[[P], timedelta],
    at_most: timedelta | None = None,
    watches: Callable[[P], tuple[str, ...]] | None = None,
    stable_for: Callable[[P], timedelta] | None = None,
    cloud_undoes: bool = False,
) -> Wait[P, C]:
    """A wait of the plan's saga: see `Wait`. `at_most` is needed where `within` depends on the plan."""
    if at_most is None:
        if not isinstance(within, timedelta):
            raise ValueError(f"{name}: say at_most= where within= depends on the plan")
        at_most = within
    return Wait(name, check, within, at_most, watches, stable_for, cloud_undoes)


def removed(one: Step[P, C] | Wait[P, C], *, after: str, on: date) -> Removed[P, C]:
    """A step or wait that this saga had until then: see `Removed`."""
    return Removed(one, after, on)
