"""The operations as they are rehearsed: one module each, found because it is here; all that they hold in `ALL`.

An operation's module has `SCENARIOS`, each a request that uses what it can do, on a cloud with neighbours. The plain
one has the operation's name, the others that and a word: `resizeServerGroup/alarmed`. Other packages have theirs in
modules of their own, and name them `acme.rehearsed:rollOut`.
"""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib import import_module
from pkgutil import iter_modules

from rehearsal.scenarios.create_server_group import (
    CREATE,
    CREATES,
    CREATES_DISABLED,
    CREATES_HURRIED,
    CREATES_KEPT,
    CREATES_PARKED,
    CREATES_SICK,
)
from rehearsal.scenarios.destroy_server_group import DESTROYS, DESTROYS_HURRIED, DESTROYS_PROTECTED
from rehearsal.scenarios.disable_server_group import DISABLES, DISABLES_PROTECTED
from rehearsal.scenarios.enable_server_group import ENABLES
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, NEW, OURS, REGION, WHERE, furnished
from rehearsal.scenarios.resize_server_group import RESIZES
from rehearsal.scenarios.resume_asg_processes import RESUMES
from rehearsal.trials import Scenario

__all__ = [
    "ACCOUNT",
    "ALL",
    "CREATE",
    "CREATES",
    "CREATES_DISABLED",
    "CREATES_HURRIED",
    "CREATES_KEPT",
    "CREATES_PARKED",
    "CREATES_SICK",
    "DESTROYS",
    "DESTROYS_HURRIED",
    "DESTROYS_PROTECTED",
    "DISABLES",
    "DISABLES_PROTECTED",
    "ENABLES",
    "NEIGHBOUR",
    "NEW",
    "OURS",
    "PLAIN",
    "REGION",
    "RESIZES",
    "RESUMES",
    "WHERE",
    "furnished",
    "lagging",
    "named",
    "names",
    "one",
    "spelled",
]

PLAIN = "plain"


def _found() -> Iterator[Scenario]:
    for module in iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "SCENARIOS", ())


ALL: tuple[Scenario, ...] = tuple(_found())


_SPELLED: dict[str, tuple[str, Scenario]] = {}
"""Those of other packages by their names, and how to name them from outside."""


def named(name: str) -> tuple[Scenario, ...]:
    """The scenario of that name, those of a pattern as `createServerGroup*`, each operation's `plain` one, or `all`.

    `MODULE:NAME` finds those of another package's module in the same way. Raises ValueError.
    """
    module, separated, pattern = name.rpartition(":")
    known = _of_module(module) if separated else ALL
    found = tuple(one for one in known if _is(one, pattern))
    if not found:
        where = f"in {module}" if separated else "one of"
        raise ValueError(f"there is no operation {pattern!r}; name {where} all, {PLAIN}, {', '.join(names(known))}")
    return found


def _of_module(module: str) -> tuple[Scenario, ...]:
    try:
        found: tuple[Scenario, ...] = import_module(module).SCENARIOS
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{module} has no scenarios: {error}; it needs SCENARIOS, and a place on PYTHONPATH") from None
    _SPELLED.update({one.name: (f"{module}:{one.name}", one) for one in found})
    return found


def one(name: str) -> Scenario:
    """The scenario of that very name, of ours or of those that have been named before. Raises KeyError."""
    return {scenario.name: scenario for scenario in (*ALL, *(other for _, other in _SPELLED.values()))}[name]


def spelled(name: str) -> str:
    """How `named` finds the scenario of that name."""
    return _SPELLED[name][0] if name in _SPELLED else name


def _is(scenario: Scenario, name: str) -> bool:
    if name == PLAIN:
        return scenario.name == scenario.operation
    return name == "all" or fnmatchcase(scenario.name, name)


def names(scenarios: tuple[Scenario, ...] | None = None) -> tuple[str, ...]:
    """By which `named` knows them; ours unless said otherwise."""
    return tuple(one.name for one in (ALL if scenarios is None else scenarios))


def lagging(scenario: Scenario, lag: float) -> Scenario:
    """The same on a cloud whose reads show nothing that was written less than `lag` seconds ago."""
    return replace(scenario, manners=replace(scenario.manners, lag=lag)) if lag else scenario
