"""The intrinsic functions `States.*`, on values.

https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html. What that page leaves open (rounding of
each argument, empty pieces of a split, objects inside Format) follows what real executions were recorded to do.
"""

import base64
import hashlib
import math
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .jsontext import Json, decode, encode

MOST_ITEMS = 1000
"""A range may have no more items than this."""

LONGEST_TEXT = 10_000
"""Characters that Base64 and Hash functions take."""

_DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@dataclass(frozen=True)
class Intrinsic:
    """A function of the execution's own randomness and its arguments, which may be this many."""

    call: Callable[..., Json]
    least: int
    most: float


def _format(rng: random.Random, pattern: str, *values: Json) -> str:
    remaining = iter(values)
    text = "".join(_filled(pattern, remaining))
    if next(remaining, _NOTHING) is not _NOTHING:
        raise ValueError("there are more arguments than {} in the template")
    return text


_NOTHING = object()


def _filled(pattern: str, values: Iterator[Json]) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        if pattern[at] == "\\" and at + 1 < len(pattern) and pattern[at + 1] in "{}\\'":
            yield pattern[at + 1]
            at += 2
        elif pattern.startswith("{}", at):
            value = next(values, _NOTHING)
            if value is _NOTHING:
                raise ValueError("there are fewer arguments than {} in the template")
            yield shown(value)
            at += 2
        else:
            yield pattern[at]
            at += 1


def shown(value: Json) -> str:
    """As Format writes it: strings bare, and objects the way Java prints a map."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    return encode(value)


def _string_to_json(rng: random.Random, text: str) -> Json:
    return decode(text.strip()) if text.strip() else None


def _json_to_string(rng: random.Random, value: Json) -> str:
    return encode(value)


def _array(rng: random.Random, *values: Json) -> list[Json]:
    return list(values)


def _partition(rng: random.Random, items: list[Json], size: Json) -> list[list[Json]]:
    step = _whole(size)
    if step < 1:
        raise ValueError(f"chunks of {size} items do not exist")
    return [_items(items)[start : start + step] for start in range(0, len(items), step)]


def _contains(rng: random.Random, items: list[Json], wanted: Json) -> bool:
    return encode(wanted) in map(encode, _items(items))


def _range(rng: random.Random, first: Json, last: Json, step: Json) -> list[int]:
    start, end, by = _whole(first), _whole(last), _whole(step)
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MOST_ITEMS:
        raise ValueError(f"a range may have {MOST_ITEMS} items, not {len(numbers)}")
    return list(numbers)


def _get_item(rng: random.Random, items: list[Json], index: Json) -> Json:
    at = _whole(index)
    if not 0 <= at < len(_items(items)):
        raise IndexError(f"there is no item {at} among {len(items)}")
    return items[at]


def _length(rng: random.Random, items: list[Json]) -> int:
    return len(_items(items))


def _unique(rng: random.Random, items: list[Json]) -> list[Json]:
    first: dict[str, Json] = {}
    for item in _items(items):
        first.setdefault(encode(item), item)
    return list(first.values())


def _base64_encode(rng: random.Random, text: str) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _base64_decode(rng: random.Random, text: str) -> str:
    return base64.b64decode(_short(text), validate=True).decode()


def _hash(rng: random.Random, value: Json, algorithm: str) -> str:
    if algorithm not in _DIGESTS:
        raise ValueError(f"{algorithm!r} is not one of {', '.join(_DIGESTS)}")
    text = value if isinstance(value, str) else encode(value)
    return hashlib.new(_DIGESTS[algorithm], _short(text).encode()).hexdigest()


def _merge(rng: random.Random, first: dict[str, Json], second: dict[str, Json], deep: bool) -> dict[str, Json]:
    if deep is not False or not isinstance(first, dict) or not isinstance(second, dict):
        raise TypeError("it takes two objects and false: only shallow merging is supported")
    return {**first, **second}


def _random(rng: random.Random, start: Json, end: Json, seed: Json = None) -> int:
    """A seed gives the same number every time, as on AWS; not the same number as AWS."""
    source = rng if seed is None else random.Random(_whole(seed))
    return source.randrange(_whole(start), _whole(end))


def _add(rng: random.Random, first: Json, second: Json) -> int:
    return _whole(first) + _whole(second)


def _split(rng: random.Random, text: str, separators: str) -> list[str]:
    """At each of the characters; what is empty between two of them is left out."""
    for other in separators[1:]:
        text = text.replace(other, separators[0])
    return [piece for piece in text.split(separators[0]) if piece]


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{encode(value)} is not a number")
    return math.floor(value + 0.5) if isinstance(value, float) else value


def _items(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{encode(value)} is not an array")
    return value


def _short(text: Json) -> str:
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise ValueError(f"it takes a string of at most {LONGEST_TEXT} characters")
    return text


INTRINSICS = {
    "States.Format": Intrinsic(_format, 1, math.inf),
    "States.StringToJson": Intrinsic(_string_to_json, 1, 1),
    "States.JsonToString": Intrinsic(_json_to_string, 1, 1),
    "States.Array": Intrinsic(_array, 0, math.inf),
    "States.ArrayPartition": Intrinsic(_partition, 2, 2),
    "States.ArrayContains": Intrinsic(_contains, 2, 2),
    "States.ArrayRange": Intrinsic(_range, 3, 3),
    "States.ArrayGetItem": Intrinsic(_get_item, 2, 2),
    "States.ArrayLength": Intrinsic(_length, 1, 1),
    "States.ArrayUnique": Intrinsic(_unique, 1, 1),
    "States.Base64Encode": Intrinsic(_base64_encode, 1, 1),
    "States.Base64Decode": Intrinsic(_base64_decode, 1, 1),
    "States.Hash": Intrinsic(_hash, 2, 2),
    "States.JsonMerge": Intrinsic(_merge, 3, 3),
    "States.MathRandom": Intrinsic(_random, 2, 3),
    "States.MathAdd": Intrinsic(_add, 2, 2),
    "States.StringSplit": Intrinsic(_split, 2, 2),
    "States.UUID": Intrinsic(_uuid, 0, 0),
}
