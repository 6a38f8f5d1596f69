"""Which API is called, by whom: read from a raw request, and remembered in a bounded log."""

from __future__ import annotations

import collections
import functools
import io
import re
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session

Environ = dict[str, Any]

_APP = re.compile(r"\bapp/(\S+)")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
# IAM and the APIs' own documentation name these two otherwise than their signatures do.
_PREFIXES = {"monitoring": "cloudwatch", "eventbridge": "events"}
_REST_MODELS = {"lambda": "lambda", "apigateway": "apigateway", "s3": "s3"}


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    region: str
    protocol: str
    access_key: str
    app: str

    @property
    def api(self) -> str:
        return f"{self.service}:{self.operation}"


def read_call(environ: Environ) -> Call | None:
    """None for what is not a signed AWS call. Leaves the body readable for the next reader."""
    credential = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    if credential is None:
        return None
    access_key, region, signed_for = credential.groups()
    service = _PREFIXES.get(signed_for, signed_for)
    protocol, operation = _operation(environ, service)
    app = _APP.search(environ.get("HTTP_USER_AGENT", ""))
    return Call(service, operation, region, protocol, access_key, app[1] if app else "")


def _operation(environ: Environ, service: str) -> tuple[str, str]:
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return "json", target.rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(read_body(environ).decode()).get("Action", ["?"])[0]
        return ("ec2" if service == "ec2" else "query"), action
    return ("rest-xml" if service == "s3" else "rest-json"), _rest_operation(environ, service)


def read_body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _rest_operation(environ: Environ, service: str) -> str:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    query = set(parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    for verb, pattern, keys, name in _rest_routes(service):
        if verb == method and keys <= query and pattern.fullmatch(path):
            return name
    return f"{method} {path}"


@functools.cache
def _rest_routes(service: str) -> tuple[tuple[str, re.Pattern[str], set[str], str], ...]:
    """Verb, path and query keys of the service's operations, the most literal first, from botocore's own model."""
    if service not in _REST_MODELS:
        return ()
    model = botocore.session.get_session().get_service_model(_REST_MODELS[service])
    routes = [(model.operation_model(name).http, name) for name in model.operation_names]
    routes.sort(key=lambda route: -len(re.sub(r"\{[^}]*\}", "", route[0]["requestUri"])))
    return tuple((http["method"], _path_pattern(http["requestUri"]), _query_keys(http), name) for http, name in routes)


def _query_keys(http: dict[str, Any]) -> set[str]:
    return set(parse_qs(http["requestUri"].partition("?")[2], keep_blank_values=True))


def _path_pattern(uri: str) -> re.Pattern[str]:
    path = unquote(uri.partition("?")[0]).rstrip("/")
    parts = re.split(r"(\{[^}]+\})", path)
    return re.compile("".join(_part_pattern(part) for part in parts) + "/?")


def _part_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    return ".+" if part.endswith("+}") else "[^/]+"


@dataclass(frozen=True)
class CallRecord:
    at: float
    api: str
    region: str
    worker: str
    function: str
    status: int
    fault: str


class CallLog:
    """The last calls in full, and since the start how often each function made each call."""

    def __init__(self, kept: int = 20_000) -> None:
        self._records: collections.deque[CallRecord] = collections.deque(maxlen=kept)
        self._counts: collections.Counter[tuple[str, str]] = collections.Counter()
        self._lock = threading.Lock()

    def add(self, call: Call, *, function: str, status: int, fault: str) -> None:
        record = CallRecord(time.time(), call.api, call.region, call.app, function, status, fault)
        with self._lock:
            self._records.append(record)
            self._counts[function, call.api] += 1

    def records(self, *, api: str = "", function: str = "", after: float = 0) -> list[CallRecord]:
        with self._lock:
            kept = list(self._records)
        return [r for r in kept if api in r.api and function in r.function and r.at > after]

    def counts(self) -> dict[str, dict[str, int]]:
        by_function: dict[str, dict[str, int]] = {}
        with self._lock:
            for (function, api), count in sorted(self._counts.items()):
                by_function.setdefault(function, {})[api] = count
        return by_function

    def clear(self) -> None:
        with self._lock:
            self._records.clear()
            self._counts.clear()
