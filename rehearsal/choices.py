"""The rules of a Choice state, compiled to predicates."""

import operator
import re
from collections.abc import Callable
from datetime import datetime

from .failures import Unreadable
from .jsontext import Json
from .paths import Read, Scope, finder, reader

Test = Callable[[Json, Scope], bool]
Known = Callable[[Json], Json]
"""The operand as the kind of value an operator compares, or None when it is of another kind."""

_ORDERINGS: dict[str, Callable[[Json, Json], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def instant(value: Json) -> datetime | None:
    """The time that an ISO-8601 string with offset names, as Step Functions insists on it."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _text(value: Json) -> Json:
    return value if isinstance(value, str) else None


def _number(value: Json) -> Json:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Json) -> Json:
    return value if isinstance(value, bool) else None


_KINDS: dict[str, Known] = {"String": _text, "Numeric": _number, "Boolean": _boolean, "Timestamp": instant}
_QUESTIONS: dict[str, Callable[[Json], bool]] = {
    "IsNull": lambda value: value is None,
    "IsString": lambda value: _text(value) is not None,
    "IsNumeric": lambda value: _number(value) is not None,
    "IsBoolean": lambda value: _boolean(value) is not None,
    "IsTimestamp": lambda value: instant(value) is not None,
}
_COMPARISONS = {
    f"{kind}{how}": (known, compare)
    for kind, known in _KINDS.items()
    for how, compare in _ORDERINGS.items()
    if kind != "Boolean" or how == "Equals"
}


def compile_rule(rule: dict[str, Json]) -> Test:
    """And and Or stop at the first that decides, so `IsPresent` can stand before what needs it."""
    if "And" in rule:
        needed = [compile_rule(inner) for inner in rule["And"]]
        return lambda data, scope: all(test(data, scope) for test in needed)
    if "Or" in rule:
        options = [compile_rule(inner) for inner in rule["Or"]]
        return lambda data, scope: any(test(data, scope) for test in options)
    if "Not" in rule:
        refused = compile_rule(rule["Not"])
        return lambda data, scope: not refused(data, scope)
    return _comparison(rule)


def _comparison(rule: dict[str, Json]) -> Test:
    variable = rule["Variable"]
    for name, operand in rule.items():
        if name == "IsPresent":
            return _is_present(finder(variable, "Variable"), operand)
        if name in _QUESTIONS:
            return _is(_QUESTIONS[name], _valid(variable), operand)
        if name == "StringMatches":
            return _matches(_valid(variable), operand)
        if name in _COMPARISONS:
            return _compares(name, _valid(variable), _constant(operand))
        if name.removesuffix("Path") in _COMPARISONS:
            return _compares(name.removesuffix("Path"), _valid(variable), _valid(operand))
    raise ValueError(f"the choice rule {rule} compares nothing")


def _valid(path: str) -> Read:
    read = reader(path, "Variable")

    def read_valid(data: Json, scope: Scope) -> Json:
        try:
            return read(data, scope)
        except Unreadable:
            where = f"Invalid path '{path}': The choice state's condition path references an invalid value."
            raise Unreadable(where) from None

    return read_valid


def _constant(value: Json) -> Read:
    return lambda data, scope: value


def _is_present(find: Read, expected: bool) -> Test:
    def test(data: Json, scope: Scope) -> bool:
        try:
            find(data, scope)
        except LookupError:
            return not expected
        return expected

    return test


def _is(question: Callable[[Json], bool], read: Read, expected: bool) -> Test:
    return lambda data, scope: question(read(data, scope)) == expected


def _compares(name: str, left: Read, right: Read) -> Test:
    """False when either side is not of the operator's kind."""
    known, compare = _COMPARISONS[name]

    def test(data: Json, scope: Scope) -> bool:
        one, other = known(left(data, scope)), known(right(data, scope))
        return one is not None and other is not None and compare(one, other)

    return test


def _matches(read: Read, pattern: str) -> Test:
    """`*` stands for anything; a backslash takes its meaning away."""
    pieces = re.findall(r"\\[\\*]|\*|[^\\*]+|\\", pattern)
    expression = re.compile("".join(".*" if piece == "*" else re.escape(_bare(piece)) for piece in pieces), re.DOTALL)

    def test(data: Json, scope: Scope) -> bool:
        value = read(data, scope)
        return isinstance(value, str) and expression.fullmatch(value) is not None

    return test


def _bare(piece: str) -> str:
    return piece[1:] if piece in (r"\*", r"\\") else piece
