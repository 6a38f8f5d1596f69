"""Things kept in AWS's own words: a description as canonical JSON that a later call takes as its parameters."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any


def written(described: Mapping[str, Any], fields: Collection[str]) -> str:
    """The fields that are there and not empty, as canonical JSON."""
    kept = {name: described[name] for name in fields if described.get(name) not in (None, "", [], {})}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), default=datetime.isoformat)


def read(specification: str) -> dict[str, Any]:
    """The parameters that `written` kept."""
    parameters: dict[str, Any] = json.loads(specification)
    return parameters
