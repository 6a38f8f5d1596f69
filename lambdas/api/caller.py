"""Who calls: the principal that API Gateway authenticated, and whom it speaks for."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from lambdas.api.problems import Problem
from lambdas.engine.intake import Caller

_ASSUMED = re.compile(r"^arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.+$")


def caller_of(event: Mapping[str, Any], delegates: Sequence[str]) -> Caller:
    """The authenticated caller; whom it names as its user counts only if it is one of the delegates."""
    principal = _principal(event)
    return Caller(principal, _header(event, "X-SPINNAKER-USER") if _is_any(principal, delegates) else None)


def trace_of(event: Mapping[str, Any]) -> str | None:
    """The caller's own id of what this belongs to."""
    return _header(event, "X-SPINNAKER-EXECUTION-ID") or _header(event, "traceparent")


def delegates_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Principals that may speak for others: ARNs or patterns in `WINDLASS_DELEGATES`, separated by commas."""
    return tuple(filter(None, (one.strip() for one in environment.get("WINDLASS_DELEGATES", "").split(","))))


def _principal(event: Mapping[str, Any]) -> str:
    identity = (event.get("requestContext") or {}).get("identity") or {}
    arn = identity.get("userArn")
    if not arn:
        raise Problem(403, "the request carries no identity; sign it with AWS credentials")
    return _role(arn)


def _role(arn: str) -> str:
    """A role's sessions are one principal: a retry may come from another session, and its key must still be known."""
    found = _ASSUMED.match(arn)
    return f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}" if found else arn


def _is_any(principal: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(principal, one) for one in patterns)


def _header(event: Mapping[str, Any], name: str) -> str | None:
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name.lower() and value), None)
