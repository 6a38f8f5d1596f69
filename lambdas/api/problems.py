"""What goes wrong on the way to an operation, and how each face says it.

Windlass's own routes answer problem details (RFC 9457), Clouddriver's the attributes of Spring's error body
(kork-web's `GenericExceptionHandlers.java`). Overload is 503 on both: Orca repeats a POST after 503, never after 429.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from math import ceil
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from pydantic import BaseModel

from lambdas.api.rights import Forbidden
from lambdas.engine.freezes import Frozen
from lambdas.engine.intake import KeyReused, TooLarge
from lambdas.engine.opting import Changed
from lambdas.engine.preemption import CannotPreempt
from lambdas.engine.revocation import TooSoon
from lambdas.engine.signals import NotNow, NotYou
from lambdas.errors import NotFound, Rejected, Retryable
from lambdas.redaction import trail


class FieldView(BaseModel):
    field: str
    message: str


class ProblemView(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldView]


class SpringView(BaseModel):
    """Spring's error attributes, as Clouddriver answers them."""

    timestamp: datetime
    status: int
    error: str
    message: str
    errors: list[str] = []


RETRY_AFTER = 2
"""Seconds; Orca itself waits as long between two tries of createServerGroup."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FieldError:
    """One thing to change in a request."""

    field: str
    message: str


class Problem(Exception):
    """An answer that is not the one asked for."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[FieldError] = (), *, again: float | None = None
    ) -> None:
        """`again`: when it may be asked once more, in epoch seconds."""
        super().__init__(detail)
        self.status, self.detail, self.errors, self.again = status, detail, tuple(errors), again


def sentences(found: Sequence[str]) -> Problem:
    """The answer to a request whose model says what is wrong: `field: sentence`, or a sentence about all of it."""
    parts = [one.partition(": ") for one in found]
    errors = [FieldError(field, said) if said else FieldError("body", field) for field, _, said in parts]
    return Problem(400, f"the request is not valid: {'; '.join(found)}", errors)


def invalid(messages: Sequence[str]) -> Problem:
    """Clouddriver's answer to a description that its validator refuses."""
    return Problem(400, "Validation Failed", [FieldError("", one) for one in messages])


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911  a line for each error
    """What the caller is told of an error; our own bug is logged and told as such."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error.errors())
        case NotFoundError():
            return Problem(404, "there is no such route; see /docs")
        case NotFound():
            return Problem(404, str(error))
        case TooSoon() | Frozen():
            return Problem(409, str(error), again=error.until)
        case NotYou() | Forbidden():
            return Problem(403, str(error))
        case NotNow() | CannotPreempt() | Changed():
            return Problem(409, str(error))
        case TooLarge():
            return Problem(413, str(error), [FieldError(error.field, f"has {error.size} bytes")])
        case KeyReused() | Rejected():
            return Problem(422, str(error))
        case Retryable():
            return Problem(503, f"nothing was accepted; send the same request again: {error}")
    log.error("broken: %s", trail(error))
    return Problem(500, "this is a bug of Windlass; it was recorded")


def own(problem: Problem) -> Response[str]:
    """Problem details."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [{"field": one.field, "message": one.message} for one in problem.errors],
    }
    return _answer(problem, body, "application/problem+json")


def clouddrivers(problem: Problem) -> Response[str]:
    """Spring's error attributes, as Clouddriver sends them."""
    body: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "status": problem.status,
        "error": HTTPStatus(problem.status).phrase,
        "message": problem.detail,
    }
    if problem.errors:
        body["errors"] = [f"{one.field}: {one.message}" if one.field else one.message for one in problem.errors]
    return _answer(problem, body, "application/json")


def _answer(problem: Problem, body: Mapping[str, Any], content_type: str) -> Response[str]:
    return Response(problem.status, content_type, json.dumps(body), dict(_headers(problem)))


def _headers(problem: Problem) -> Iterator[tuple[str, str]]:
    if problem.again is not None:
        yield "Retry-After", format_datetime(datetime.fromtimestamp(ceil(problem.again), UTC), usegmt=True)
    elif problem.status == 503:
        yield "Retry-After", str(RETRY_AFTER)


def _of_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Our own answer that fits no model is our bug, whatever the validator calls it."""
    if any(one["loc"][:1] == ("response",) for one in errors):
        log.error("broken: an answer does not fit its model: %s", [(one["loc"], one["type"]) for one in errors])
        return Problem(500, "this is a bug of Windlass; it was recorded")
    found = [FieldError(_path(one["loc"]), _said(one)) for one in errors]
    return Problem(400, "the request is not valid: " + "; ".join(f"{one.field}: {one.message}" for one in found), found)


def _said(error: Mapping[str, Any]) -> str:
    """With the value, where it is a parameter: of a body nothing is repeated, which may hold a secret."""
    said = str(error["msg"])
    return f"{said}, not {error['input']!r}" if error["loc"][:1] == ("query",) and error.get("input") else said


def _path(location: Sequence[Any]) -> str:
    """`body`, `query` and `path` say nothing that the caller does not know."""
    inside = location[1:] if location[:1] in (("body",), ("query",), ("path",)) else location
    return ".".join(map(str, inside)) or "body"
