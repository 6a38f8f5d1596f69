"""What is generated from a saga and committed: the machine that the stack deploys, and the page that people read."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from saga import Saga
from saga.compiler import compile_saga
from statemachines import reference
from statemachines.artefacts.page import page

WIDTH = 120
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def artefacts(saga: Saga[Any, Any, Any]) -> dict[Path, str]:
    """The texts by their paths in the repository."""
    name = snake(saga.name)
    story = importlib.import_module(reference(saga).partition(":")[0]).__doc__ or ""
    return {
        Path("statemachines", "compiled", f"{name}.asl.json"): machine(saga),
        Path("docs", "operations", f"{name}.md"): page(saga, story),
    }


def machine(saga: Saga[Any, Any, Any]) -> str:
    """JSON to be reviewed: what fits in a line stands in one."""
    return _folded(compile_saga(saga), "", WIDTH) + "\n"


def _folded(value: Any, indent: str, room: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= room or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    parts = [*_parts(value, deeper)]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return opened + ",".join(f"\n{deeper}{part}" for part in parts) + f"\n{indent}{closed}"


def _parts(value: dict[str, Any] | list[Any], indent: str) -> Iterator[str]:
    """Members, the one after the other; one more character is the comma."""
    members = value.items() if isinstance(value, dict) else (("", one) for one in value)
    for name, one in members:
        key = f"{json.dumps(name)}: " if name else ""
        yield key + _folded(one, indent, WIDTH - len(indent) - len(key) - 1)


def snake(name: str) -> str:
    """The module, machine and page of an operation are found by one name."""
    return _WORD.sub("_", name).lower()
