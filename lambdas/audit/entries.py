"""What is written into the book: of an operation at each of its events, and of each setting that a person changes.

No secret: fields of a request that hold one (`Request.secrets`) are left out, task tokens, callbacks and evidence are
not looked at, of a webhook only the host is told.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lambdas.engine.tasks import AnySaga, Sagas, plan_of
from lambdas.errors import Transient
from lambdas.push.events import ACTS, SETTINGS, Kind
from lambdas.push.told import Told
from lambdas.redaction import HIDDEN
from lambdas.rows import Control
from lambdas.table import Item

Json = dict[str, Any]
_ASKED = ("caller", "user", "door", "trace", "key", "priority", "start_by", "finish_by", "batch", "after")
_STANDS = (
    "status",
    "step",
    "attempt",
    "pivoted",
    "mark",
    "decided",
    "skip",
    "error",
    "held",
    "recoveries",
    "execution",
)
_OF_A_STEP = ("name", "attempts", "started", "ended", "did", "error", "trouble", "findings", "results")
_OF_A_HOLD = ("state", "since", "held", "reason", "decision", "by")
_UNTOLD = frozenset(("pk", "sk", "secret", "former", "external_id", "version", "due", "roll", "accepted"))


def of_operation(rows: Sequence[Item], sagas: Sagas, row: Control, one: Told) -> Json:
    """What is known of the operation as this is told of it; `rows` are those of its partition."""
    saga = _saga(sagas, row.saga)
    plan = next((item["plan"] for item in rows if item["sk"] == "plan"), None)
    found: Json = {
        "id": one.id,
        "at": _iso(one.at),
        "kind": one.kind.value,
        "operation": one.operation,
        "about": {name: getattr(row, name) for name in ("name", "account", "region", "application", "cluster")},
        "asked": _some(vars(row), _ASKED),
        "stands": _some(vars(row), _STANDS),
    }
    if one.kind is Kind.ACCEPTED:
        return found | {"request": _request(rows, saga)}
    before, after = _difference(saga, plan)
    more = {"plan": plan, "before": before, "after": after} if one.kind in WHOLE else {}
    return found | more | {"journal": list(_journal(rows)), "holds": list(_holds(rows))}


WHOLE = frozenset((Kind.HELD, Kind.UNDOING, *(kind for kind in Kind if kind.ends)))
"""Where the plan is told too: an operation that ended, or that somebody has to decide of."""


def of_setting(old: Item | None, new: Item | None, at: float) -> Json | None:
    """What a change of that row is to an auditor; None: nothing, or no setting."""
    row = new or old or {}
    if row.get("sk") != ACTS and not str(row.get("sk")).startswith(SETTINGS):
        return None
    before, after = _shown(old), _shown(new)
    found = {"id": _told_apart(row, at, before, after), "at": _iso(at), "setting": row["pk"], "row": row["sk"]}
    if row["sk"] == ACTS:
        known = (old or {}).get("acts", [])
        return found | {"kind": "acted", "acts": [one for one in (new or {}).get("acts", []) if one not in known]}
    kind = "removed" if new is None else "changed" if old else "made"
    return found | {"kind": kind, "by": row.get("by"), "before": before, "after": after}


def _request(rows: Sequence[Item], saga: AnySaga | None) -> Json | None:
    """Of an operation that this release does not know nobody can say which fields are secret."""
    found = next((item.get("request") for item in rows if item["sk"] == "request"), None)
    if found is None or saga is None:
        return None
    secrets = saga.request_type.secrets
    return {name: HIDDEN if name in secrets and value else value for name, value in found.items()}


def _difference(saga: AnySaga | None, plan: Json | None) -> tuple[Any, Any]:
    if saga is None or plan is None or saga.difference is None:
        return None, None
    try:
        return saga.difference(plan_of(saga, plan))
    except (Transient, ValueError):
        return None, None  # another release's plan


def _journal(rows: Sequence[Item]) -> Iterator[Json]:
    steps = (item for item in rows if item["sk"].startswith("step#"))
    return (_some(item, _OF_A_STEP) for item in sorted(steps, key=lambda item: item.get("ended") or 0))


def _holds(rows: Sequence[Item]) -> Iterator[Json]:
    return (_some(item, _OF_A_HOLD) for item in rows if item["sk"].startswith("wait#") and item.get("kind") == "hold")


def _saga(sagas: Sagas, name: str) -> AnySaga | None:
    try:
        return sagas[name]
    except KeyError:
        return None


def _some(values: Mapping[str, Any], names: Sequence[str]) -> Json:
    return {name: values[name] for name in names if values.get(name) not in (None, "", (), [])}


def _told_apart(row: Item, at: float, *images: Json | None) -> str:
    """The stream's times are whole seconds, in which a row may change twice."""
    digest = hashlib.sha256(json.dumps(images, sort_keys=True).encode()).hexdigest()
    return f"{row['pk']} {row['sk']} {at:.0f} {digest[:16]}"


def _shown(row: Item | None) -> Json | None:
    if row is None:
        return None
    told = {name: value for name, value in row.items() if name not in _UNTOLD}
    return told | ({"url": urlsplit(row["url"]).hostname} if "url" in row else {})


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
