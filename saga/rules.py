"""What makes a saga good: every fault is named, in words, before a machine is made of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, get_origin, get_type_hints

from saga.model import NEEDED, Saga, Step

RESERVED = frozenset(
    {
        "Guard",
        "Plan",
        "Recovering",
        NEEDED,
        "Interrupted",
        "Finish",
        "Succeeded",
        "Hold",
        "Again",
        "Back",
        "Kept",
        "HoldUndo",
        "UndoAgain",
        "NothingLeft",
        "LandedLate",
        "PutBack",
        "RolledBack",
        "GiveUp",
        "NeedsAttention",
    }
)
"""States that the compiler makes itself."""
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
LONGEST_NAME = 76
"""Step Functions allows 80 characters; four are for `Undo`."""
KEPT = timedelta(days=30)
"""For so long a definition keeps a step that it no longer has: no execution runs longer."""

_Saga = Saga[Any, Any, Any]


class BadSaga(Exception):
    """A saga that must not run; the message lists every fault."""


def check(saga: _Saga) -> None:
    """Raises BadSaga."""
    found = list(faults(saga))
    if found:
        raise BadSaga(f"saga {saga.name}:\n" + "\n".join(f"- {fault}" for fault in found))


def faults(saga: _Saga) -> Iterator[str]:
    """Each in a sentence that says what to change."""
    if not saga.steps:
        yield "has no steps; give it at least one"
    yield from _bad_names(saga)
    yield from _bad_pivots(saga)
    yield from _missing_undos(saga)
    yield from _bad_companions(saga)
    yield from _badly_needing(saga)
    yield from _bad_waits(saga)
    yield from _bad_keeping(saga)
    yield from _badly_removed(saga)
    if saga.left and not saga.undo_of:
        yield "left= looks for what an undo has to take back, but no step has an undo"
    states = len(saga.story)
    if states > saga.transitions:
        yield f"a run without faults enters {states} states, more than the declared transitions={saga.transitions}"


def _bad_names(saga: _Saga) -> Iterator[str]:
    names = Counter(one.name for one in (*saga.steps, *saga.kept, *(gone.one for gone in saga.removed)))
    for name in (saga.name, *names):
        if not _NAME.fullmatch(name):
            yield f"{name!r} is not a name like CreateServerGroup: letters and digits, beginning with a capital"
        if len(name) > LONGEST_NAME:
            yield f"{name} has {len(name)} characters; at most {LONGEST_NAME} are possible"
    for name, times in names.items():
        if times > 1:
            yield f"{name} stands {times} times; give each step and wait a name of its own"
        if name in RESERVED or name.startswith("Undo"):
            yield f"{name} is a name that the compiler uses itself; choose another"


def _bad_pivots(saga: _Saga) -> Iterator[str]:
    pivots = [one.name for one in saga.changes if one.pivot]
    if len(pivots) > 1:
        yield f"has {len(pivots)} pivots, {', '.join(pivots)}; only the first thing that cannot be put back is one"
    for one in saga.steps[len(saga.reversible) :]:
        if isinstance(one, Step) and (one.undo or one.goes_with):
            yield f"{one.name} has an undo, but nothing is put back from the pivot {pivots[0]} on; take it away"


def _missing_undos(saga: _Saga) -> Iterator[str]:
    for one in saga.reversible:
        if isinstance(one, Step) and not one.undo and not one.goes_with:
            yield f"{one.name} changes something and stands before any pivot; give it undo=, goes_with= or pivot=True"


def _bad_companions(saga: _Saga) -> Iterator[str]:
    undoable: set[str] = set()
    for one in saga.reversible:
        if not isinstance(one, Step):
            continue
        if one.goes_with and one.undo:
            yield f"{one.name} has undo= and goes_with=; one of them is enough"
        if one.goes_with and one.goes_with not in undoable:
            yield f"{one.name} goes with {one.goes_with}, which is no earlier step with an undo"
        if one.undo:
            undoable.add(one.name)


def _badly_needing(saga: _Saga) -> Iterator[str]:
    """One choice passes by them, and `$.last.step` does not tell how many: the pivot must not be the next after it."""
    needing, named = saga.needing, saga.plan_type.__name__
    lists = {name for name, hint in get_type_hints(saga.plan_type).items() if get_origin(hint) in (tuple, list)}
    for one in needing:
        if one.needs not in lists:
            yield f"{one.name} needs {one.needs!r}, which is no list of {named}; name one"
    names = {one.name for one in needing}
    for one in saga.changes:
        if one.goes_with in names:
            yield f"{one.name} goes with {one.goes_with}, which may be passed by; give it undo=, or another to go with"
    first = saga.steps.index(needing[0]) if needing else 0
    last = first + len(needing)
    if saga.steps[first:last] != needing:
        yield f"{', '.join(one.name for one in needing)} say needs= and stand apart; put them side by side"
    elif needing and saga.pivot and last >= len(saga.reversible):
        where = f"at the pivot {saga.pivot.name} or beyond"
        yield f"{needing[-1].name} says needs= {where}; put another step or wait between them"


def _bad_waits(saga: _Saga) -> Iterator[str]:
    for wait in saga.waits:
        if wait.at_most <= timedelta():
            yield f"{wait.name} waits {wait.at_most}; give it some time"
        if isinstance(wait.within, timedelta) and wait.within > wait.at_most:
            yield f"{wait.name} waits {wait.within}, longer than its at_most={wait.at_most}"
    yield from _bad_undoing_by_the_cloud(saga)
    together = sum((wait.at_most for wait in saga.waits), timedelta())
    if together > saga.finish_by:
        yield f"waits may take {together} together, longer than finish_by={saga.finish_by}"


def _bad_undoing_by_the_cloud(saga: _Saga) -> Iterator[str]:
    pivot = len(saga.reversible)
    for wait in (one for one in saga.waits if one.cloud_undoes):
        position = saga.steps.index(wait)
        between = [one.name for one in saga.steps[pivot + 1 : position] if isinstance(one, Step)]
        if position < pivot:
            yield f"{wait.name} says cloud_undoes=, but no pivot stands before it; give the step an undo instead"
        elif between:
            yield f"{wait.name} says cloud_undoes=, but that would leave what {between[0]} did; put the wait before it"


def _bad_keeping(saga: _Saga) -> Iterator[str]:
    if not saga.kept:
        return
    for one in saga.kept:
        if one.undo or one.goes_with or one.pivot or one.needs is not None:
            yield f"{one.name} puts out of the way what is kept: nothing takes that back; give it do= alone"
    if saga.pivot:
        yield f"kept= stands for putting back, but from the pivot {saga.pivot.name} on nothing is put back"
    if saga.late is None or not saga.waits:
        yield "kept= is for a wait that is late: give it a wait, and late="
    if not any(one.undo for one in saga.changes):
        yield "kept= stands for putting back, but no step has an undo"


def _badly_removed(saga: _Saga) -> Iterator[str]:
    before = ("", *(one.name for one in saga.reversible))
    places = ("", *(one.name for one in saga.steps))
    for gone in saga.removed:
        one, reversible = gone.one, gone.after in before
        if gone.after not in places:
            where = f"stood after {gone.after}, which is no step or wait"
            yield f"removed {one.name} {where}; name the one before it, or ''"
        elif isinstance(one, Step) and reversible and not (one.undo or one.goes_with or one.pivot):
            kept = f"keep it as it was, with undo= or goes_with=, for {KEPT.days} days"
            yield f"removed {one.name} has lost its undo; {kept}"
        elif isinstance(one, Step) and not reversible and one.undo:
            yield f"removed {one.name} has an undo, but nothing is put back from the pivot on; take it away"


def forgotten(saga: _Saga, states: Iterable[str]) -> Iterator[str]:
    """What an earlier machine of the saga enters and this one does not know, each in a sentence.

    `states` are the Tasks of that machine. Its executions run for up to 30 days (`saga.compiler.LONGEST_RUN`), and an
    activity that does not know a state raises Transient until the operation holds.
    """
    for name in sorted({*states} - {*saga.change_of} - {*saga.wait_of} - RESERVED):
        what = "the undo of a step" if name.startswith("Undo") else "a step or wait"
        yield (
            f"{name}, {what} that executions may still enter for {KEPT.days} days, is unknown; "
            f"declare it in removed=, as it was (docs/upgrades.md)"
        )
