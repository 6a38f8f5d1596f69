"""Any valid saga."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile
from typing import Any

from hypothesis import strategies as st

from saga import Late, Reservation, Saga, Step, Wait, step, wait_until

AnySaga = Saga[Any, Any, Any]
One = Step[Any, Any] | Wait[Any, Any]


@dataclass(frozen=True)
class Plan:
    """What may have to be done."""

    hooks: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    source: str = ""


LISTS = ("hooks", "policies")


def plan(request: object, cloud: object) -> Plan:
    """Decides the names."""
    return Plan()


def act(plan: object, cloud: object) -> str:
    """Changes something."""
    return "changed"


def check(plan: object, cloud: object) -> str | None:
    """Why it is not so."""
    return None


def late(plan: object) -> Late:
    return "KEEP_DISABLED"


def guards(request: object) -> tuple[str, ...]:
    return ("test/eu-west-1/server-group/shop-v001",)


def reserves(plan: object) -> Reservation:
    return Reservation("test/eu-west-1/server-group/shop-v002", "test/eu-west-1/shop", 2)


@st.composite
def sagas(draw: st.DrawFn) -> AnySaga:
    before = draw(st.lists(st.sampled_from(("undone", "companion", "wait")), max_size=6))
    after = draw(st.none() | st.lists(st.sampled_from(("forward", "wait")), max_size=3))
    undone = ["undone by the cloud"] * draw(st.integers(0, 2))
    kinds = [*before, *(["pivot", *undone, *after] if after is not None else [])] or ["undone"]
    steps: list[One] = []
    for number, kind in enumerate(kinds):
        steps.append(_one(kind, f"Step{number}", steps, draw))
    steps = _needing(steps, pivot=after is not None, draw=draw)
    undoable = any(isinstance(one, Step) and one.undo for one in steps)
    keeps = undoable and after is None and any(isinstance(one, Wait) for one in steps)
    aside = draw(st.integers(0, 3)) if keeps else 0
    return Saga(
        name="MakeThing",
        plan=plan,
        steps=tuple(steps),
        guards=draw(st.sampled_from((None, guards))),
        reserves=draw(st.sampled_from((None, reserves))),
        left=draw(st.sampled_from((None, check))) if undoable else None,
        late=late if aside else draw(st.sampled_from((None, late))),
        kept=tuple(step(f"Aside{number}", do=act) for number in range(aside)),
    )


def _needing(steps: list[One], *, pivot: bool, draw: st.DrawFn) -> list[One]:
    """Some steps side by side, before the pivot and not right before it, that a plan may have no need of."""
    last = [isinstance(one, Step) and one.pivot for one in steps].index(True) - 1 if pivot else len(steps)
    companied = {one.goes_with for one in steps if isinstance(one, Step)}
    runs = [
        list(
            takewhile(lambda one: isinstance(one, Step) and one.name not in companied, steps[first : max(first, last)])
        )
        for first in range(len(steps))
    ]
    block = draw(st.sampled_from([run for run in runs if run] or [[]]))
    needing = block[: draw(st.integers(0, len(block)))]
    return [
        replace(one, needs=draw(st.sampled_from(LISTS))) if one in needing and isinstance(one, Step) else one
        for one in steps
    ]


def _one(kind: str, name: str, earlier: list[One], draw: st.DrawFn) -> One:
    undoable = [one.name for one in earlier if isinstance(one, Step) and one.undo]
    if kind in ("wait", "undone by the cloud"):
        within = timedelta(minutes=draw(st.integers(1, 30)))
        return wait_until(name, check=check, within=within, cloud_undoes=kind != "wait")
    if kind == "companion" and undoable:
        return step(name, do=act, goes_with=draw(st.sampled_from(undoable)))
    if kind in ("undone", "companion"):
        return step(name, do=act, undo=act)
    return step(name, do=act, pivot=kind == "pivot")
