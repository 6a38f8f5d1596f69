"""The operations as they are rehearsed: one module each, found because it is here; all that they hold in `ALL`.

An operation's module has `SCENARIOS`, each a request that uses what it can do, on a cloud with neighbours. The plain
one has the operation's name, the others that and a word: `resizeServerGroup/alarmed`.
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
    "REGION",
    "RESIZES",
    "RESUMES",
    "WHERE",
    "furnished",
    "lagging",
    "named",
    "names",
]

PLAIN = "plain"


def _found() -> Iterator[Scenario]:
    for module in iter_modules(__path__):
        yield from getattr(import_module(f"{__name__}.{module.name}"), "SCENARIOS", ())


ALL: tuple[Scenario, ...] = tuple(_found())


def named(name: str) -> tuple[Scenario, ...]:
    """The scenario of that name, those of a pattern as `createServerGroup*`, each operation's `plain` one, or `all`.

    Raises ValueError.
    """
    found = tuple(one for one in ALL if _is(one, name))
    if not found:
        raise ValueError(f"there is no operation {name!r}; name one of all, {PLAIN}, {', '.join(names())}")
    return found


def _is(scenario: Scenario, name: str) -> bool:
    if name == PLAIN:
        return scenario.name == scenario.operation
    return name == "all" or fnmatchcase(scenario.name, name)


def names() -> tuple[str, ...]:
    """By which `named` knows them."""
    return tuple(one.name for one in ALL)


def lagging(scenario: Scenario, lag: float) -> Scenario:
    """The same on a cloud whose reads show nothing that was written less than `lag` seconds ago."""
    return replace(scenario, manners=replace(scenario.manners, lag=lag)) if lag else scenario
