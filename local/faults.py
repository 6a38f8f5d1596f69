"""Faults that are injected from outside into the calls of chosen functions: rules, and answers in AWS's own formats."""

from __future__ import annotations

import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Literal, get_args
from xml.sax.saxutils import escape

from local.calls import Call

Deed = Literal["kill-before", "kill-after", "throttle", "refuse", "refuse-after", "delay"]

_THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded."),
    "dynamodb": ("ThrottlingException", "Rate exceeded"),
    "states": ("ThrottlingException", "Rate exceeded"),
    "lambda": ("TooManyRequestsException", "Rate Exceeded."),
}
_REFUSED = {
    "ec2": ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    "dynamodb": ("AccessDeniedException", "User is not authorized to perform this operation"),
    "states": ("AccessDeniedException", "User is not authorized to perform this operation"),
    "lambda": ("AccessDeniedException", "User is not authorized to perform this operation"),
}


class RuleError(Exception):
    """A fault rule that cannot be understood; the message says why."""


@dataclass
class FaultRule:
    """Holds for `times` calls, or for `seconds` from the first call it hits; once where neither is given."""

    api: str
    do: Deed
    function: str = ""
    about: str = ""
    """Only calls whose request holds this text: of several operations at once, the one that is meant."""
    after: int = 0
    times: int | None = None
    seconds: float | None = None
    delay: float = 0
    code: str = ""
    message: str = ""
    status: int = 0
    id: int = 0
    seen: int = 0
    hits: int = 0
    first_hit: float | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, body: object) -> FaultRule:
        if not isinstance(body, dict) or not isinstance(body.get("api"), str):
            raise RuleError('a fault rule is an object with at least "api" and "do"')
        if body.get("do") not in get_args(Deed):
            raise RuleError(f'"do" is {body.get("do")!r}, not one of {", ".join(get_args(Deed))}')
        unknown = set(body) - {
            "api",
            "do",
            "function",
            "about",
            "after",
            "times",
            "seconds",
            "delay",
            "code",
            "message",
            "status",
        }
        if unknown:
            raise RuleError(f"a fault rule has no field {', '.join(sorted(unknown))}")
        rule = cls(**body)
        if rule.times is None and rule.seconds is None:
            rule.times = 1
        return rule

    def take(self, call: Call, function: str, body: bytes = b"") -> bool:
        """Whether the rule strikes this call, which then counts as a hit."""
        if not self._aims_at(call.api) or self.function not in function or self._is_over():
            return False
        if self.about.encode() not in body:
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.hits += 1
        self.first_hit = self.first_hit or time.monotonic()
        return True

    def _aims_at(self, api: str) -> bool:
        return api.startswith(self.api[:-1]) if self.api.endswith("*") else api == self.api

    def _is_over(self) -> bool:
        if self.times is not None and self.hits >= self.times:
            return True
        return (
            self.seconds is not None
            and self.first_hit is not None
            and (time.monotonic() - self.first_hit > self.seconds)
        )

    def described(self) -> dict[str, object]:
        shown = {k: v for k, v in vars(self).items() if k not in {"first_hit"} and v not in (None, "")}
        return shown | {"over": self._is_over()}


class Faults:
    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, rule: FaultRule) -> FaultRule:
        with self._lock:
            rule.id = next(self._ids)
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def described(self) -> list[dict[str, object]]:
        with self._lock:
            return [rule.described() for rule in self._rules]

    def striking(self, call: Call, function: str, body: bytes = b"") -> FaultRule | None:
        if not self._rules:
            return None
        with self._lock:
            return next((rule for rule in self._rules if rule.take(call, function, body)), None)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def answer(call: Call, rule: FaultRule) -> Answer:
    """The error as the service would send it, so that botocore reads code and message from it."""
    table, fallback = (_THROTTLED, "Throttling") if rule.do == "throttle" else (_REFUSED, "AccessDenied")
    code, message = table.get(call.service, (fallback, "Rate exceeded" if rule.do == "throttle" else "Access denied"))
    return error_answer(call, code=rule.code or code, message=rule.message or message, status=rule.status)


def error_answer(call: Call, *, code: str, message: str, status: int = 0) -> Answer:
    request = "00000000-0000-4000-8000-000000000000"
    headers = [("x-amzn-RequestId", request)]
    if call.protocol in {"json", "rest-json"}:
        status = status or (429 if call.service == "lambda" and code == "TooManyRequestsException" else 400)
        body = json.dumps({"__type": code, "message": message, "Message": message})
        return _sent(status, [*headers, ("x-amzn-errortype", code)], "application/x-amz-json-1.0", body)
    status = status or (503 if call.service == "ec2" and code == "RequestLimitExceeded" else 400)
    return _sent(status, headers, "text/xml", _xml(call.protocol, code, message, request))


def _xml(protocol: str, code: str, message: str, request: str) -> str:
    code, message = escape(code), escape(message)
    if protocol == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
        return f"<Response>{error}<RequestID>{request}</RequestID></Response>"
    if protocol == "rest-xml":
        return f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request}</RequestId></Error>"
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>"


def _sent(status: int, headers: list[tuple[str, str]], content: str, body: str) -> Answer:
    encoded = body.encode()
    return Answer(status, [*headers, ("Content-Type", content), ("Content-Length", str(len(encoded)))], encoded)
