"""JSONPath: reading from a state's data, its context object or its variables, and writing a result into the data.

A path is compiled once. Definite paths (names and indexes) give the one value or fail; the others (wildcards, slices,
unions, `..`, filters) give the list of all they find, which may be empty.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from .failures import Failure, Unreadable
from .filters import FilterSyntaxError, compile_filter
from .jsontext import Json, encode


class Scope(Protocol):
    """What an expression can see besides the state's data."""

    variables: Mapping[str, Json]

    def context(self) -> dict[str, Json]: ...

    @property
    def lasting(self) -> dict[str, Json]:
        """What of the context object stays the same for the whole execution."""

    @property
    def rng(self) -> random.Random: ...


Read = Callable[[Json, Scope], Json]
Write = Callable[[Json, Json], Json]
Select = Callable[[Json], list[Json]]
Part = str | int | Select

_NAME = re.compile(r"[^.\[\](),\s]+")
_ROOT = re.compile(r"\$\$|\$[A-Za-z_]\w*|\$")
_QUOTED = re.compile(r"'((?:\\'|[^'])*)'|\"((?:\\\"|[^\"])*)\"")
_INTEGERS = re.compile(r"-?\d+(?:\s*,\s*-?\d+)*")
_SLICE = re.compile(r"(-?\d*):(-?\d*)(?::(\d+))?")


class PathSyntaxError(ValueError):
    """Not a path that Step Functions or this interpreter knows."""


def reader(text: str, field: str) -> Read:
    """Compile a whole path; `field` is where it stands in the definition, for the message when nothing is found."""
    return _whole(reader_at(text, 0, field), text, field)


def finder(text: str, field: str) -> Read:
    """The same for whoever only asks whether something is there: a LookupError where nothing is."""
    root, parts, end = _parse(text, 0)
    origin, find = _origin(root, parts), _finder(parts)
    look: Read = lambda data, scope: find(data if origin is None else origin(scope))  # noqa: E731
    return _whole((look, end), text, field)


def reader_at(text: str, start: int, field: str) -> tuple[Read, int]:
    """Compile the path that begins there, and say where it ends."""
    root, parts, end = _parse(text, start)
    path, origin = text[start:end], _origin(root, parts)

    def missing(data: Json) -> Unreadable:
        where = f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input"
        return Unreadable(f"{where} '{encode(data)}'")

    if all(isinstance(part, str) for part in parts):
        return _by_names(origin, [str(part) for part in parts], missing), end
    find = _finder(parts)

    def read(data: Json, scope: Scope) -> Json:
        try:
            return find(data if origin is None else origin(scope))
        except LookupError:
            raise missing(data) from None

    return read, end


def _by_names(origin: Callable[[Scope], Json] | None, names: list[str], missing: Callable[[Json], Unreadable]) -> Read:
    """As nearly all paths are: in one call."""

    def read(data: Json, scope: Scope) -> Json:
        try:
            value = data if origin is None else origin(scope)
            for name in names:
                value = value[name]
        except (LookupError, TypeError):
            raise missing(data) from None
        return value

    return read


def _whole(compiled: tuple[Read, int], text: str, field: str) -> Read:
    read, end = compiled
    if end != len(text):
        raise PathSyntaxError(f"{field}: {text!r} is not understood from {text[end:]!r}")
    return read


def _origin(root: str, parts: list[Part]) -> Callable[[Scope], Json] | None:
    """What the path begins at; None: the state's data."""
    if root == "$":
        return None
    if root == "$$" and parts and parts[0] in ("Execution", "StateMachine"):
        return lambda scope: scope.lasting
    if root == "$$":
        return lambda scope: scope.context()
    return lambda scope: scope.variables[root[1:]]


def _finder(parts: list[Part]) -> Callable[[Json], Json]:
    """The value at the parts; LookupError when a definite path leads nowhere."""
    if not any(callable(part) for part in parts):
        return lambda value: _walk(value, parts)
    return lambda value: _search(value, parts)


def _walk(value: Json, parts: list[Part]) -> Json:
    for part in parts:
        value = _step(value, part)
    return value


def _step(value: Json, part: Part) -> Json:
    """One level down: names only into objects, indexes only into arrays."""
    if isinstance(part, str) and isinstance(value, dict):
        return value[part]
    if isinstance(part, int) and isinstance(value, list):
        return value[part]
    raise LookupError


def _search(value: Json, parts: list[Part]) -> list[Json]:
    found = [value]
    for part in parts:
        found = [below for node in found for below in _children(node, part)]
    return found


def _children(node: Json, part: Part) -> list[Json]:
    if callable(part):
        return part(node)
    try:
        return [_step(node, part)]
    except LookupError:
        return []


def _parse(text: str, at: int) -> tuple[str, list[Part], int]:
    match = _ROOT.match(text, at)
    if not match:
        raise PathSyntaxError(f"{text!r} is not a path")
    at = match.end()
    parts: list[Part] = []
    while at < len(text) and text[at] in ".[":
        part, at = _part(text, at)
        parts.append(part)
    return match.group(), parts, at


def _part(text: str, at: int) -> tuple[Part, int]:
    if text[at] == "[":
        return _bracket(text, at)
    if text.startswith("..", at):
        below, at = _bracket(text, at + 2) if text.startswith("[", at + 2) else _named(text, at + 2)
        return _deep(below), at
    return _named(text, at + 1)


def _named(text: str, at: int) -> tuple[Part, int]:
    match = _NAME.match(text, at)
    if not match:
        raise PathSyntaxError(f"{text!r} lacks a name at {at}")
    return (_all if match.group() == "*" else match.group()), match.end()


def _bracket(text: str, at: int) -> tuple[Part, int]:
    end = _closing(text, at)
    inside = text[at + 1 : end].strip()
    if inside == "*":
        return _all, end + 1
    if inside.startswith("?(") and inside.endswith(")"):
        return _matching(inside[2:-1]), end + 1
    if match := _SLICE.fullmatch(inside):
        return _slice(*match.groups()), end + 1
    if _INTEGERS.fullmatch(inside):
        return _one_or_union([int(index) for index in inside.split(",")]), end + 1
    names = [(match[1] if match[1] is not None else match[2]).replace("\\'", "'") for match in _QUOTED.finditer(inside)]
    if not names or _QUOTED.sub("", inside).strip(" ,"):
        raise PathSyntaxError(f"{text!r}: [{inside}] is not understood")
    return _one_or_union(list(names)), end + 1


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens there closes; brackets inside quotes do not count."""
    depth = 0
    while at < len(text):
        if text[at] in "'\"" and (quoted := _QUOTED.match(text, at)):
            at = quoted.end()
            continue
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        if depth == 0:
            return at
        at += 1
    raise PathSyntaxError(f"{text!r} has a bracket that never closes")


def _one_or_union(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    return lambda node: [below for part in parts for below in _children(node, part)]


def _all(node: Json) -> list[Json]:
    if isinstance(node, dict):
        return list(node.values())
    return list(node) if isinstance(node, list) else []


def _slice(start: str, stop: str, step: str | None) -> Select:
    bounds = slice(*(int(bound) if bound else None for bound in (start, stop, step)))
    return lambda node: node[bounds] if isinstance(node, list) else []


def _matching(condition: str) -> Select:
    try:
        holds = compile_filter(condition)
    except FilterSyntaxError as error:
        raise PathSyntaxError(str(error)) from error
    return lambda node: [item for item in _all(node) if holds(item)]


def _deep(part: Part) -> Select:
    """The part looked for at the node and at everything below it."""

    def select(node: Json) -> list[Json]:
        return _children(node, part) + [found for below in _all(node) for found in select(below)]

    return select


def writer(text: str | None) -> Write:
    """ResultPath: `(data, result)` gives new data; the old is never changed. None keeps the data as it is."""
    if text is None:
        return lambda data, result: data
    root, parts, end = _parse(text, 0)
    if root != "$" or end != len(text) or any(callable(part) for part in parts):
        raise PathSyntaxError(f"{text!r} is not a reference path into the state's data")
    if not parts:
        return lambda data, result: result
    if len(parts) == 1 and isinstance(parts[0], str):
        return _into_object(parts[0], text)
    return lambda data, result: _placed(data, parts, result, text)


def _into_object(key: str, path: str) -> Write:
    def write(data: Json, result: Json) -> Json:
        if not isinstance(data, dict):
            raise _mismatch(path, data)
        return {**data, key: result}

    return write


def _placed(data: Json, parts: list[Part], result: Json, path: str) -> Json:
    if not parts:
        return result
    first, rest = parts[0], parts[1:]
    if isinstance(first, str) and isinstance(data, dict):
        return {**data, first: _placed(data.get(first, {}), rest, result, path)}
    if isinstance(first, int) and isinstance(data, list) and -len(data) <= first < len(data):
        changed = list(data)
        changed[first] = _placed(data[first], rest, result, path)
        return changed
    raise _mismatch(path, data)


def _mismatch(path: str, data: Json) -> Failure:
    return Failure("States.ResultPathMatchFailure", f"Unable to apply ResultPath '{path}' to input '{encode(data)}'")
