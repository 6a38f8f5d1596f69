"""`KatoService`: operations posted, tasks looked up. Which answers are tried again, and how often, is Orca's own."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lambdas.hub import Json
from rehearsal.clock import Clock
from rehearsal.gateway import Answered, Gateway

POSTS, PAUSE = 3, 1.0
"""Tries of a POST, and seconds between two of them (`KatoService.requestOperations`)."""
LOOKS, MOMENT = 5, 0.1
"""Tries of one look at a task, and seconds between them (`MonitorKatoTask`)."""
NOT_RETRYABLE = (400, 404)
"""Kork's `SpinnakerHttpException`: the same would be answered again."""
UNAVAILABLE = 503
GATEWAY_ERRORS = (429, 502, 503, 504)

Operations = Sequence[dict[str, Json]]


class HttpError(Exception):
    """`RetrofitError`: an answer that is none."""

    def __init__(self, method: str, answer: Answered) -> None:
        super().__init__(f"HTTP {answer.status} {answer.text}")
        self.method, self.status, self._text = method, answer.status, answer.text

    @property
    def again(self) -> bool:
        """Whether the task that met it goes on (`BaseRetrofitExceptionHandler`): a POST is repeated after 503 alone."""
        return self.status == UNAVAILABLE or (self.method == "GET" and self.status in GATEWAY_ERRORS)

    @property
    def details(self) -> Json:
        """What the stage shows of it (`SpinnakerServerExceptionHandler`)."""
        try:
            body = json.loads(self._text)
        except ValueError:
            body = {}
        errors = body.get("errors") or body.get("messages") or [body.get("message") or self._text]
        return {"error": body.get("error") or "Unexpected Task Failure", "errors": errors, "status": self.status}


@dataclass(frozen=True)
class Posted:
    """One request for operations."""

    operations: tuple[str, ...]
    """Their names."""
    id: str
    """Of the task; empty if there was no answer."""
    tries: int


class Look(NamedTuple):
    """One GET of a task."""

    at: float
    task: str
    status: int


class Kato:
    """One execution's calls. `stage` is the id and the start of the stage that makes them."""

    def __init__(self, clock: Clock, gateway: Gateway, execution: str) -> None:
        self._clock, self._gateway = clock, gateway
        self._headers = {
            "X-SPINNAKER-USER": "deployer@example.com",
            "X-SPINNAKER-ACCOUNTS": "prod,test",
            "X-SPINNAKER-APPLICATION": "shop",
            "X-SPINNAKER-EXECUTION-ID": execution,
            "X-SPINNAKER-EXECUTION-TYPE": "PIPELINE",
        }
        self.posted: list[Posted] = []
        self.looks: list[Look] = []

    def request(self, stage: tuple[str, float], operations: Operations, provider: str = "aws") -> str:
        """Have them done; the task's id. Raises HttpError."""
        target = f"/{provider}/ops?clientRequestId={request_id(stage, operations)}"
        names = tuple(name for one in operations for name in one)
        for tries in range(1, POSTS + 1):
            answer = self._gateway("POST", target, operations, headers=self._headers)
            if answer.status < 300:
                self.posted.append(Posted(names, answer.json["id"], tries))
                return str(answer.json["id"])
            if answer.status in NOT_RETRYABLE or tries == POSTS:
                self.posted.append(Posted(names, "", tries))
                raise HttpError("POST", answer)
            self._clock.drain(PAUSE)
        raise AssertionError("unreachable")

    def look(self, task: str) -> Json:
        """The task. Raises HttpError."""
        for tries in range(1, LOOKS + 1):
            answer = self._gateway("GET", f"/task/{task}", headers=self._headers)
            self.looks.append(Look(self._clock.now, task, answer.status))
            if answer.status < 300:
                found: Json = answer.json
                return found
            if answer.status in NOT_RETRYABLE or tries == LOOKS:
                raise HttpError("GET", answer)
            self._clock.drain(MOMENT)
        raise AssertionError("unreachable")

    def resume(self, task: str) -> Any:
        """Have it tried again; whatever is answered, the next look tells."""
        return self._gateway("POST", f"/task/{task}:resume", headers=self._headers)


def request_id(stage: tuple[str, float], payload: Operations) -> str:
    """`KatoService.requestId`: the same stage's same payload again is the same request."""
    written = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    signed = ", ".join(str(byte - 256 if byte > 127 else byte) for byte in written)
    name, started = stage
    return hashlib.sha256(f"{name}-{started * 1000:.0f}-[{signed}]".encode()).hexdigest()
