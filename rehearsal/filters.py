"""The conditions in `[?(...)]` of a JSONPath: comparisons of `@` paths and literals under `&&`, `||`, `!`."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from .jsontext import Json

Holds = Callable[[Json], bool]
Operand = Callable[[Json], Json]

_TOKEN = re.compile(
    r"""\s*(?:(?P<path>@(?:\.[\w-]+|\[\d+\]|\['[^']*'\])*)|(?P<text>'(?:\\'|[^'])*'|"[^"]*")"""
    r"""|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>true|false|null)"""
    r"""|(?P<mark>==|!=|<=|>=|<|>|&&|\|\||!|\(|\)))"""
)
_KEY = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']*)'\]")
_WORDS = {"true": True, "false": False, "null": None}
_ORDERINGS: dict[str, Callable[[Json, Json], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ABSENT = object()


class FilterSyntaxError(ValueError):
    """A condition that is not understood."""


def compile_filter(text: str) -> Holds:
    """A predicate on one item."""
    tokens = _Tokens(_tokens(text), text)
    holds = _either(tokens)
    if tokens.peek():
        raise tokens.error()
    return holds


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match or match.lastgroup is None:
            raise FilterSyntaxError(f"the filter {text!r} is not understood from {text[at:]!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


@dataclass
class _Tokens:
    left: list[tuple[str, str]]
    text: str

    def peek(self) -> str:
        return self.left[0][1] if self.left else ""

    def take(self) -> tuple[str, str]:
        if not self.left:
            raise self.error()
        return self.left.pop(0)

    def skip(self, mark: str) -> bool:
        if self.left and self.left[0] == ("mark", mark):
            self.left.pop(0)
            return True
        return False

    def error(self) -> FilterSyntaxError:
        return FilterSyntaxError(f"the filter {self.text!r} is not understood")


def _either(tokens: _Tokens) -> Holds:
    options = [_both(tokens)]
    while tokens.skip("||"):
        options.append(_both(tokens))
    return options[0] if len(options) == 1 else lambda item: any(holds(item) for holds in options)


def _both(tokens: _Tokens) -> Holds:
    needed = [_one(tokens)]
    while tokens.skip("&&"):
        needed.append(_one(tokens))
    return needed[0] if len(needed) == 1 else lambda item: all(holds(item) for holds in needed)


def _one(tokens: _Tokens) -> Holds:
    if tokens.skip("!"):
        refused = _one(tokens)
        return lambda item: not refused(item)
    if tokens.skip("("):
        holds = _either(tokens)
        if not tokens.skip(")"):
            raise tokens.error()
        return holds
    return _comparison(tokens)


def _comparison(tokens: _Tokens) -> Holds:
    left = _operand(tokens)
    mark = tokens.peek()
    if mark not in ("==", "!=", *_ORDERINGS):
        return lambda item: left(item) is not _ABSENT
    tokens.take()
    right = _operand(tokens)
    if mark in _ORDERINGS:
        return lambda item: _ordered(_ORDERINGS[mark], left(item), right(item))
    return lambda item: _same(left(item), right(item)) == (mark == "==")


def _operand(tokens: _Tokens) -> Operand:
    kind, token = tokens.take()
    if kind == "path":
        return _below(token)
    literals: dict[str, Callable[[], Json]] = {
        "text": lambda: token[1:-1].replace("\\'", "'"),
        "number": lambda: float(token) if set(token) & set(".eE") else int(token),
        "word": lambda: _WORDS[token],
    }
    if kind not in literals:
        raise tokens.error()
    value = literals[kind]()
    return lambda item: value


def _below(path: str) -> Operand:
    keys = [int(index) if index else name or quoted for name, index, quoted in _KEY.findall(path)]

    def read(item: Json) -> Json:
        for key in keys:
            if not isinstance(item, list if isinstance(key, int) else dict):
                return _ABSENT
            try:
                item = item[key]
            except LookupError:
                return _ABSENT
        return item

    return read


def _same(left: Json, right: Json) -> bool:
    return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)


def _ordered(compare: Callable[[Json, Json], bool], left: Json, right: Json) -> bool:
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (left, right))
    texts = isinstance(left, str) and isinstance(right, str)
    return (numbers or texts) and compare(left, right)
