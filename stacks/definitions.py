"""The committed state machines, and which functions they call."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks import ROOT

COMPILED = ROOT / "statemachines" / "compiled"

ENGINE = "Engine"
_HOLE = re.compile(r"\$\{(\w+)Function\}")
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Definition:
    """One compiled saga."""

    saga: str
    text: str
    """Compact JSON with `${…Function}` holes."""

    @property
    def states(self) -> dict[str, Any]:
        return dict(json.loads(self.text)["States"])

    @property
    def holes(self) -> dict[str, str]:
        """The function that each hole is filled with: `{"ServerGroupsFunction": "ServerGroups"}`."""
        return {f"{name}Function": name for name in sorted(set(_HOLE.findall(self.text)))}


def definitions(compiled: Path = COMPILED) -> tuple[Definition, ...]:
    """Every compiled saga, in order of name."""
    found = tuple(_read(path) for path in sorted(compiled.glob("*.asl.json")))
    if not found:
        raise FileNotFoundError(f"{compiled} holds no compiled state machine; run `python -m statemachines`")
    return found


def activities(machines: tuple[Definition, ...]) -> dict[str, str]:
    """The functions of activities that any machine calls, and their modules: `{"ServerGroups": "server_groups"}`."""
    called = {name for machine in machines for name in machine.holes.values()} - {ENGINE}
    return {name: snake(name) for name in sorted(called)}


def undoing(machines: tuple[Definition, ...]) -> frozenset[str]:
    """The functions that any machine calls to put something back."""
    states = (one for machine in machines for name, one in machine.states.items() if name.startswith("Undo"))
    return frozenset(name for one in states for name in _HOLE.findall(one.get("Resource", "")))


def snake(name: str) -> str:
    return _WORD.sub("_", name).lower()


def _read(path: Path) -> Definition:
    saga = "".join(word.capitalize() for word in path.name.removesuffix(".asl.json").split("_"))
    # Compact: a template may have 1 MB, and every machine of the hub is in it.
    return Definition(saga, json.dumps(json.loads(path.read_text()), separators=(",", ":"), ensure_ascii=False))
