"""The Tasks of a state machine as values: what a Lambda is asked to do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from lambdas.errors import Transient
from lambdas.hub import Hub, Json
from lambdas.rows import plan_key
from saga import Saga, Step, Wait

AnySaga = Saga[Any, Any, Any]
Sagas = Mapping[str, AnySaga]
"""By name."""

GUARD, PLAN, LEFT = "Guard", "Plan", "NothingLeft"
LEFT_WITHIN = 3600.0
"""Seconds that an undo chain may need until nothing is left; then a person is asked."""


class Ended(NamedTuple):
    """An attempt that ended well: its step says so in what it answers, and the machine tells the next state."""

    attempt: str
    """Its name on the control row, in `live`."""
    at: float
    """Epoch seconds."""


class Task(NamedTuple):
    """One Task's payload."""

    saga: AnySaga
    step: str
    operation: str
    execution: str = ""
    plan: Json | None = None
    token: str = ""
    error: str = ""
    cause: str = ""
    ended: Ended | None = None
    """The attempt of the state before, where that was a step or an undo."""
    tells: bool = True
    """Whether the machine tells the next state what this one answers; those compiled earlier do not."""
    beyond: bool = False
    """Whether its machine has passed the pivot, whatever the row says: that may have been restored from before."""
    entered: str = ""
    """When a hold was entered, the same in each of its retries; empty in machines compiled earlier."""

    @property
    def reason(self) -> str:
        """Why the machine came here: `Name: sentence`."""
        return f"{self.error}: {self.cause}" if self.error else ""


def task_of(event: Json, sagas: Sagas) -> Task:
    """Parse a payload. Raises Transient for a saga that this release does not know: it may be too old."""
    saga, last = saga_named(event["saga"], sagas), event.get("last") or {}
    error, cause = _failure(event["failed"]) if event.get("failed") else ("", "")
    return Task(
        saga,
        event["step"],
        event["operation"],
        event.get("execution") or event["operation"],
        event.get("plan"),
        event.get("token", ""),
        error,
        cause,
        Ended(last["attempt"], last["ended"]) if "attempt" in last else None,
        "last" in event,
        "step" in last and last["step"] in saga.beyond,
        event.get("entered", ""),
    )


def _failure(failed: Json) -> tuple[str, str]:
    return failed.get("error", ""), _sentence(failed.get("cause", ""))


def _sentence(cause: str) -> str:
    """Lambda wraps an exception's message in JSON, with a stack trace; Step Functions' own causes are plain.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    if not cause.startswith("{"):
        return cause
    try:
        wrapped = json.loads(cause)
    except ValueError:
        return cause
    return str(wrapped.get("errorMessage", cause)) if isinstance(wrapped, dict) else cause


def saga_named(name: str, sagas: Sagas) -> AnySaga:
    if name not in sagas:
        raise Transient(f"this release knows no saga {name}; a newer one is being deployed, or the old one is gone")
    return sagas[name]


def change_of(saga: AnySaga, state: str) -> tuple[Step[Any, Any], bool]:
    """The step of that state, and whether the state is its undo."""
    if state not in saga.change_of:
        raise Transient(f"this release knows no state {state} of {saga.name}; a newer one may be on its way")
    return saga.change_of[state]


def wait_of(saga: AnySaga, state: str) -> Wait[Any, Any]:
    if state not in saga.wait_of:
        raise Transient(f"this release knows no wait {state} of {saga.name}; a newer one may be on its way")
    return saga.wait_of[state]


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""Built at the first use of a type: building costs a thousand times what parsing does."""


def _adapter(of: Any) -> TypeAdapter[Any]:
    if of not in _ADAPTERS:
        _ADAPTERS[of] = TypeAdapter(of)
    return _ADAPTERS[of]


_LAST: dict[Any, tuple[Json, Any]] = {}
"""By type, the plan parsed last: the next state's is mostly the same, and to compare takes a tenth of parsing."""


def plan_of(saga: AnySaga, plan: Json) -> Any:
    """The plan as its saga's type. Raises Transient where it is newer than this release."""
    of = saga.plan_type
    if of in _LAST and _LAST[of][0] == plan:
        return _LAST[of][1]
    known = getattr(of, "schema", 1)
    if plan.get("schema", 1) > known:
        raise Transient(f"the plan has schema {plan['schema']}, this release knows {known}")
    parsed = _adapter(of).validate_python(plan)
    _LAST[of] = plan, parsed
    return parsed


def plan_json(saga: AnySaga, plan: Any) -> Json:
    dumped: Json = _adapter(saga.plan_type).dump_python(plan, mode="json")
    return dumped


def request_of(saga: AnySaga, request: Json) -> Any:
    return _adapter(saga.request_type).validate_python(request)


def stored_plan(hub: Hub, operation: str) -> Json | None:
    """The plan as written once, or None."""
    row = hub.table.get(plan_key(operation))
    return None if row is None else dict(row["plan"])


def by_name(sagas: Sequence[AnySaga]) -> dict[str, AnySaga]:
    return {saga.name: saga for saga in sagas}
