"""Who calls: the principal that a door has let in, and whom it speaks for."""

from collections.abc import Callable, Mapping
from typing import Any

from lambdas.api.doors import Doors
from lambdas.engine.intake import Caller

LONGEST_TRACE = 200
"""Characters kept of an id that somebody else chose."""


def caller_of(event: Mapping[str, Any], doors: Doors, now: Callable[[], float]) -> Caller:
    """The authenticated caller; whom it names as its user counts only if it is a delegate."""
    principal = doors.principal(event, now)
    return Caller(principal.name, _header(event, "X-SPINNAKER-USER") if principal.is_delegate else None)


def trace_of(event: Mapping[str, Any]) -> str | None:
    """The caller's own id of what this belongs to."""
    return _header(event, "X-SPINNAKER-EXECUTION-ID") or _header(event, "traceparent")


def traces_of(event: Mapping[str, Any]) -> dict[str, str]:
    """All that is known of it: a pipeline of Spinnaker, a trace of the caller's, the trace of X-Ray."""
    named = (("spinnaker", "X-SPINNAKER-EXECUTION-ID"), ("traceparent", "traceparent"), ("xray", "X-Amzn-Trace-Id"))
    return {name: found[:LONGEST_TRACE] for name, header in named if (found := _header(event, header))}


def _header(event: Mapping[str, Any], name: str) -> str | None:
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name.lower() and value), None)
