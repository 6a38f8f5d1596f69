"""JSON as text: copies that share nothing, and the size that Step Functions measures."""

import json
from typing import Any

import orjson

Json = Any
"""What JSON can hold. Typed no closer: it enters here, and paths reach anywhere into it."""

LIMIT = 262_144
"""Bytes of UTF-8 that a state's input, output or result may have."""

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
decode = json.JSONDecoder().decode

_ONLY_JSON = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def copied(value: Json) -> tuple[Json, int]:
    """The value once through its text, and the bytes of that. A TypeError or ValueError for what JSON cannot hold."""
    try:
        text = orjson.dumps(value, option=_ONLY_JSON)
    except TypeError:  # or it is one of what orjson refuses: large integers, keys that are no strings, lone surrogates
        written = encode(value)
        return decode(written), size(written)
    return orjson.loads(text), len(text)


def measured(value: Json) -> int:
    """The bytes of its text alone."""
    try:
        return len(orjson.dumps(value, option=_ONLY_JSON))
    except TypeError:
        return size(encode(value))


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))
