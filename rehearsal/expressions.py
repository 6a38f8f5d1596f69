"""What stands in a definition and is evaluated on data: paths, calls of intrinsic functions, payload templates."""

import re

from .failures import Unreadable
from .intrinsics import INTRINSICS, Intrinsic
from .jsontext import Json
from .paths import PathSyntaxError, Read, Scope, reader, reader_at

_CALL = re.compile(r"\s*(States\.\w+)\s*\(")
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_TEXT = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_BLANK = re.compile(r"\s*")
_CONSTANTS = {"true": True, "false": False, "null": None}


def expression(text: str, field: str) -> Read:
    """A path or a call."""
    if not isinstance(text, str):
        raise PathSyntaxError(f"{field}: {text!r} is not a path")
    if not _CALL.match(text):
        return reader(text, field)
    read, end = _argument(text, 0, field)
    if text[end:].strip():
        raise PathSyntaxError(f"{field}: {text!r} is not understood from {text[end:]!r}")
    return read


def template(tree: Json) -> Read:
    """A payload template: in objects, a name that ends in `.$` holds an expression. Constant parts are shared."""
    return _compiled(tree) or (lambda data, scope: tree)


def _compiled(tree: Json) -> Read | None:
    """None when nothing in it is dynamic."""
    if isinstance(tree, dict):
        return _object(tree)
    if isinstance(tree, list):
        return _list(tree)
    return None


def _object(tree: dict[str, Json]) -> Read | None:
    fields = [_field(key, value) for key, value in tree.items()]
    if all(read is None for _, read, _ in fields):
        return None

    def read_object(data: Json, scope: Scope) -> Json:
        return {key: constant if read is None else read(data, scope) for key, read, constant in fields}

    return read_object


def _field(key: str, value: Json) -> tuple[str, Read | None, Json]:
    if key.endswith(".$"):
        return key[:-2], expression(value, key), None
    return key, _compiled(value), value


def _list(tree: list[Json]) -> Read | None:
    items = [(_compiled(item), item) for item in tree]
    if all(read is None for read, _ in items):
        return None
    return lambda data, scope: [constant if read is None else read(data, scope) for read, constant in items]


def _argument(text: str, at: int, field: str) -> tuple[Read, int]:
    at = _skip_blank(text, at)
    if match := _CALL.match(text, at):
        return _call(text, match, field)
    if text.startswith("$", at):
        return reader_at(text, at, field)
    if match := _TEXT.match(text, at):
        return _constant(_unescaped(match[1])), match.end()
    if match := _LITERAL.match(text, at):
        return _constant(_number_or_word(match.group())), match.end()
    raise PathSyntaxError(f"{field}: {text!r} is not understood from {text[at:]!r}")


def _call(text: str, match: re.Match[str], field: str) -> tuple[Read, int]:
    name = match[1]
    if name not in INTRINSICS:
        raise PathSyntaxError(f"{field}: there is no intrinsic function {name}")
    arguments, end = _arguments(text, match.end(), field)
    intrinsic = INTRINSICS[name]
    if not intrinsic.least <= len(arguments) <= intrinsic.most:
        raise PathSyntaxError(f"{field}: {name} does not take {len(arguments)} arguments")
    return _calling(intrinsic, arguments, text[match.start(1) : end]), end


def _arguments(text: str, at: int, field: str) -> tuple[list[Read], int]:
    arguments: list[Read] = []
    at = _skip_blank(text, at)
    while not text.startswith(")", at):
        if arguments:
            if not text.startswith(",", at):
                raise PathSyntaxError(f"{field}: {text!r} lacks a comma or a closing parenthesis at {at}")
            at += 1
        read, at = _argument(text, at, field)
        arguments.append(read)
        at = _skip_blank(text, at)
    return arguments, at + 1


def _calling(intrinsic: Intrinsic, arguments: list[Read], source: str) -> Read:
    def read(data: Json, scope: Scope) -> Json:
        values = [argument(data, scope) for argument in arguments]
        try:
            return intrinsic.call(scope.rng, *values)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            cause = f"The function '{source}' had the following error: {error}"
            raise Unreadable(cause, "States.IntrinsicFailure") from error

    return read


def _constant(value: Json) -> Read:
    return lambda data, scope: value


def _unescaped(text: str) -> str:
    """Quotes and backslashes; escaped braces are Format's to read."""
    return re.sub(r"\\(['\\])", r"\1", text)


def _number_or_word(token: str) -> Json:
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    return float(token) if set(token) & set(".eE") else int(token)


def _skip_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at
