"""Specifications as AWS describes them, which say more than was asked for: defaults, and what an update left alone.

States of `restoring` and `parts` are compared. What is so already is what has all that was asked for.
"""

import json
from collections.abc import Mapping
from typing import Any


def seen(there: str | None, before: str | None, after: str | None) -> str | None:
    """What stands there, as `after` where it has all that this asks for, and is not what stood there before."""
    if there is None or after is None or there == before:
        return there
    return after if has(json.loads(there), json.loads(after)) else there


def has(there: Any, asked: Any) -> bool:
    """Whether all that is asked for is there. Lists have the same members, in any order."""
    if isinstance(asked, Mapping):
        return isinstance(there, Mapping) and all(name in there and has(there[name], asked[name]) for name in asked)
    if isinstance(asked, list):
        return isinstance(there, list) and len(there) == len(asked) and _members(list(there), asked)
    return bool(there == asked)


def _members(there: list[Any], asked: list[Any]) -> bool:
    for one in asked:
        found = next((place for place, other in enumerate(there) if has(other, one)), None)
        if found is None:
            return False
        del there[found]
    return True


def written(specification: Mapping[str, Any]) -> str:
    """As canonical JSON, without what is empty."""
    kept = {name: value for name, value in specification.items() if value not in (None, "", [], {}, ())}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def read(specification: str) -> dict[str, Any]:
    """The inverse of `written`."""
    told: dict[str, Any] = json.loads(specification)
    return told
