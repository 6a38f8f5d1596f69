"""The state machines as the stack deploys them, which functions they call, and which modules those run."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from saga import Saga, Step, Wait
from saga.compiler import compile_saga, function_of
from stacks import machine_policy

AnySaga = Saga[Any, Any, Any]
_HOLE = re.compile(r"\$\{(\w+)Function\}")


@dataclass(frozen=True)
class Definition:
    """One compiled saga."""

    saga: str
    text: str
    """Compact JSON with `${…Function}` holes."""
    earlier: tuple[str, ...] = ()
    """Functions that only executions of earlier releases call: those of steps that the saga has no more."""

    @cached_property
    def states(self) -> dict[str, Any]:
        return dict(json.loads(self.text)["States"])

    @property
    def holes(self) -> dict[str, str]:
        """The function that each hole is filled with: `{"ServerGroupsFunction": "ServerGroups"}`."""
        return {f"{name}Function": name for name in sorted(set(_HOLE.findall(self.text)))}


def definitions(sagas: Iterable[AnySaga]) -> tuple[Definition, ...]:
    """Every saga compiled, in order of name. Raises what `saga.rules` finds wrong with one, and AgainstPolicy."""
    ordered = sorted(sagas, key=lambda saga: saga.name)
    twice = {one.name for one, other in pairwise(ordered) if one.name == other.name}
    if twice or not ordered:
        raise ValueError(f"two operations are called {min(twice)}" if twice else "a deployment needs an operation")
    return tuple(_definition(saga) for saga in ordered)


def _definition(saga: AnySaga) -> Definition:
    compiled = compile_saga(saga)
    machine_policy.demanded(saga.name, compiled)
    # Compact: a template may have 1 MB, and every machine of the hub is in it.
    return Definition(saga.name, json.dumps(compiled, separators=(",", ":"), ensure_ascii=False), _earlier(saga))


def _earlier(saga: AnySaga) -> tuple[str, ...]:
    steps = (gone.one for gone in saga.removed if isinstance(gone.one, Step))
    return tuple(sorted({function_of(one.do).removesuffix("Function") for one in steps}))


def activities(sagas: Sequence[AnySaga]) -> dict[str, str]:
    """The functions of activities that any machine calls, and their modules.

    `{"ServerGroups": "lambdas.activities.server_groups"}`. Raises ValueError where two modules would be one function.
    """
    found: dict[str, str] = {}
    for activity in (one for saga in sagas for one in _acting(saga)):
        name, module = function_of(activity).removesuffix("Function"), activity.__module__
        if found.setdefault(name, module) != module:
            raise ValueError(f"{module} and {found[name]} would both be the function {name}: rename one module")
    return dict(sorted(found.items()))


def planning(sagas: Iterable[AnySaga]) -> frozenset[str]:
    """The functions of the sagas' plans, which dry runs ask."""
    return frozenset(function_of(saga.plan).removesuffix("Function") for saga in sagas)


def undoing(machines: Iterable[Definition]) -> frozenset[str]:
    """The functions that any machine calls to put something back."""
    states = (one for machine in machines for name, one in machine.states.items() if name.startswith("Undo"))
    return frozenset(name for one in states for name in _HOLE.findall(one.get("Resource", "")))


def modules(sagas: Iterable[AnySaga]) -> set[str]:
    """Every module that the sagas' requests, plans, steps and checks are in."""
    found = set()
    for saga in sagas:
        looks = [one.check for one in saga.wait_of.values()] + [saga.left, saga.evidence, saga.guards]
        found |= {one.__module__ for one in (saga.request_type, *_acting(saga), *filter(None, looks))}
    return found


def checking(sagas: Iterable[AnySaga]) -> set[str]:
    """The modules of their checks, which the engine and the sweep run."""
    checks = (one for saga in sagas for one in (*(wait.check for wait in saga.wait_of.values()), saga.left))
    return {check.__module__ for check in checks if check is not None}


def _acting(saga: AnySaga) -> Iterator[Callable[..., Any]]:
    yield saga.plan
    for one in (*saga.ever, *saga.kept):
        if not isinstance(one, Wait):
            yield from filter(None, (one.do, one.undo))
