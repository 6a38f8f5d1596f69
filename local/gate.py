"""The way of every call into moto: named, faulted if a rule says so, serialised where moto is not safe, logged."""

from __future__ import annotations

import dataclasses
import json
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from local import locks
from local.calls import Call, CallLog, Environ, read_body, read_call
from local.clients import OWN_CALLS
from local.faults import Answer, FaultRule, Faults, RuleError, answer, error_answer
from local.fleet import Fleet
from local.functions import Functions
from local.settings import Settings

log = logging.getLogger(__name__)

CONTROL = "/_embedded/"
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class Gate:
    def __init__(self, app: App, functions: Functions, faults: Faults, log: CallLog, control: Control) -> None:
        self._app = app
        self._functions = functions
        self._faults = faults
        self._log = log
        self._control = control

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(CONTROL):
            return _send(self._control.answer(environ), start)
        call = read_call(environ)
        if call is None or call.app == OWN_CALLS:
            with locks.of_service(call.service if call else ""):
                return self._app(environ, start)
        return self._called(call, environ, start)

    def _called(self, call: Call, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        function = self._functions.host.function_of(call.app) or call.app
        rule = self._faults.striking(call, function, read_body(environ))
        status = _Status(start)
        try:
            return self._faulted(rule, call, environ, status) if rule else self._passed(call, environ, status)
        finally:
            self._log.add(call, function=function, status=status.code, fault=rule.do if rule else "")

    def _passed(self, call: Call, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        try:
            with locks.of_service(call.service):
                return self._app(environ, start)
        except Exception as error:  # whatever moto stumbles over reaches the caller as AWS's own failure
            log.exception("%s", call.api)
            message = f"{type(error).__name__}: {error}"
            return _send(error_answer(call, code="InternalFailure", message=message, status=500), start)

    def _faulted(self, rule: FaultRule, call: Call, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        match rule.do:
            case "throttle" | "refuse":
                return _send(answer(call, rule), start)
            case "refuse-after":
                self._carry_out(call, environ)
                return _send(answer(call, rule), start)
            case "delay":
                time.sleep(rule.delay)
                return self._passed(call, environ, start)
            case "kill-after":
                self._carry_out(call, environ)
        return self._killed(call, start)

    def _carry_out(self, call: Call, environ: Environ) -> None:
        """Let the call take effect and throw the answer away."""
        for _ in self._passed(call, environ, lambda *_: None):
            pass

    def _killed(self, call: Call, start: StartResponse) -> Iterable[bytes]:
        if self._functions.host.kill(call.app):
            start("500 Killed", [("Content-Length", "0"), ("Connection", "close")])
            return []
        return _send(error_answer(call, code="InternalFailure", message="no worker to kill", status=500), start)


class _Status:
    """Remembers the status that is sent."""

    def __init__(self, start: StartResponse) -> None:
        self._start = start
        self.code = 0

    def __call__(self, status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        self.code = int(status.split(maxsplit=1)[0])
        return self._start(status, headers, *rest)


def _send(answer: Answer, start: StartResponse) -> list[bytes]:
    start(f"{answer.status} Answer", answer.headers)
    return [answer.body]


class Control:
    """The routes under `/_embedded/`, by which tests and the demonstration steer the server."""

    def __init__(self, settings: Settings, functions: Functions, faults: Faults, log: CallLog, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self._log = log
        self.routes: dict[tuple[str, str], Callable[[Any, dict[str, str]], object]] = {
            ("GET", "health"): self._health,
            ("GET", "capacity"): lambda body, query: {"short": sorted(fleet.short)},
            ("PUT", "capacity"): self._set_capacity,
            ("GET", "faults"): lambda body, query: {"faults": faults.described()},
            ("POST", "faults"): lambda body, query: faults.add(FaultRule.parse(body)).described(),
            ("DELETE", "faults"): lambda body, query: faults.clear(),
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda body, query: log.clear(),
            ("GET", "workers"): lambda body, query: {"workers": functions.host.workers()},
            ("POST", "prewarm"): lambda body, query: {"warm": functions.prewarm(int((body or {}).get("count", 1)))},
        }

    def answer(self, environ: Environ) -> Answer:
        name = environ["PATH_INFO"].removeprefix(CONTROL).strip("/")
        route = self.routes.get((environ["REQUEST_METHOD"], name))
        if route is None:
            known = ", ".join(f"{method} {CONTROL}{path}" for method, path in self.routes)
            return _json(404, {"message": f"no such route; there are {known}"})
        try:
            body = json.loads(read_body(environ) or b"null")
            query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
            return _json(200, route(body, query))
        except (RuleError, ValueError, KeyError) as error:
            return _json(400, {"message": str(error)})

    def _health(self, body: Any, query: dict[str, str]) -> object:
        return {"endpoint": self._settings.endpoint, "api": self._settings.api_port}

    def _set_capacity(self, body: Any, query: dict[str, str]) -> object:
        """Instance types, or `type/zone`, of which there are none from now on."""
        self._fleet.short = frozenset(body["short"])
        return {"short": sorted(self._fleet.short)}

    def _calls(self, body: Any, query: dict[str, str]) -> object:
        after = float(query.get("after", 0))
        records = self._log.records(api=query.get("api", ""), function=query.get("function", ""), after=after)
        return {"counts": self._log.counts(), "calls": [dataclasses.asdict(record) for record in records]}


def _json(status: int, body: object) -> Answer:
    encoded = json.dumps(body, default=str).encode()
    return Answer(status, [("Content-Type", "application/json"), ("Content-Length", str(len(encoded)))], encoded)
