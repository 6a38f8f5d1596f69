"""Serves a deployed REST API over HTTP: proxy events in, proxy answers out, and the gateway's own errors."""

from __future__ import annotations

import base64
import concurrent.futures
import functools
import ipaddress
import json
import re
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from moto.apigateway.models import GatewayResponse, Method, RestAPI, apigateway_backends
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local import domains
from local.functions import Functions
from local.settings import ACCOUNT

LONGEST_BODY = 10 * 1024 * 1024
_OWN_ENDPOINT = re.compile(r"([a-z0-9]+)\.execute-api\.")
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    source: str
    domain: str = ""
    """The custom domain name by whose handshake it came."""
    certificate: dict[str, Any] | None = None
    """As events tell of the client's."""

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path) or "/"

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


@dataclass(frozen=True)
class Refusal:
    """An answer of the gateway itself, which the API may have its own template for."""

    kind: str
    status: int
    message: str

    def answered(self, api: RestAPI | None) -> Response:
        template = _template(api, self.kind, self.status)
        headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid.uuid4()))]
        if template is None:
            return Response(self.status, headers, _json({"message": self.message}))
        named = (template.response_parameters or {}).items()
        own = [(name.removeprefix(_HEADER), value.strip("'")) for name, value in named if name.startswith(_HEADER)]
        text = (template.response_templates or {}).get("application/json", '{"message":$context.error.messageString}')
        body = text.replace("$context.error.messageString", json.dumps(self.message))
        body = body.replace("$context.error.message", self.message).replace("$context.error.responseType", self.kind)
        return Response(int(template.status_code or self.status), [*headers, *own], body.encode())


_HEADER = "gatewayresponse.header."
_NO_ROUTE = Refusal("MISSING_AUTHENTICATION_TOKEN", 403, "Missing Authentication Token")
_TOO_LARGE = Refusal("REQUEST_TOO_LARGE", 413, "Request Too Long")
_TOO_LATE = Refusal("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out")
_BAD_ANSWER = Refusal("DEFAULT_5XX", 502, "Internal server error")
_NO_ANSWER = Refusal("API_CONFIGURATION_ERROR", 500, "Internal server error")
_NO_STAGE = Refusal("ACCESS_DENIED", 403, "Forbidden")


def _template(api: RestAPI | None, kind: str, status: int) -> GatewayResponse | None:
    own = api.gateway_responses if api else {}
    return own.get(kind) or own.get("DEFAULT_4XX" if status < 500 else "DEFAULT_5XX")


@dataclass(frozen=True)
class Route:
    pattern: re.Pattern[str]
    path: str
    resource: str

    @property
    def rank(self) -> tuple[bool, int]:
        """Literal segments win over parameters, and `{proxy+}` comes last."""
        return "+}" in self.path, self.path.count("{")


class RestApiHost:
    """APIs at their custom domain names, and at their own endpoints by `Host`; for whoever calls neither, one stage of
    one API at the root path, as a custom domain would map it.
    """

    def __init__(self, functions: Functions, region: str) -> None:
        self._functions = functions
        self._region = region
        self._chosen: tuple[str, str] | None = None
        self._slow = concurrent.futures.ThreadPoolExecutor(32, thread_name_prefix="integration")

    def choose(self, api: str, stage: str) -> None:
        self._chosen = api, stage

    def serve(self, request: Request) -> Response:
        api, stage, request = self._entered(request)
        if api is None:
            return _NO_STAGE.answered(None)
        if len(request.body) > LONGEST_BODY:
            return _TOO_LARGE.answered(api)
        hit = _match(_routes(tuple((r.id, r.get_path()) for r in list(api.resources.values()))), request.path)
        method = hit and self._method(api, hit[0], request.method)
        if hit is None or method is None:
            return _NO_ROUTE.answered(api)
        identity = _identity(request, signed=method.authorization_type == "AWS_IAM")
        if identity is None:
            return _NO_ROUTE.answered(api)
        event = _event(request, api=api.id, stage=stage, route=hit[0], parameters=hit[1], identity=identity)
        answer = self._integrated(method, event)
        return answer if isinstance(answer, Response) else answer.answered(api)

    def _entered(self, request: Request) -> tuple[RestAPI | None, str, Request]:
        apis = apigateway_backends[ACCOUNT][self._region].apis
        if request.domain:
            name, stage = domains.mapped(self._region, request.domain)
            return apis.get(name), stage, request
        if own := _OWN_ENDPOINT.match(request.header("Host")):
            api, (stage, _, rest) = apis.get(own[1]), request.target.lstrip("/").partition("/")
            is_shut = api is None or api.disableExecuteApiEndpoint or stage not in api.stages
            return None if is_shut else api, stage, replace(request, target=f"/{rest}")
        return *self._served(), request

    def _served(self) -> tuple[RestAPI | None, str]:
        apis = apigateway_backends[ACCOUNT][self._region].apis
        if self._chosen and self._chosen[0] in apis and self._chosen[1] in apis[self._chosen[0]].stages:
            return apis[self._chosen[0]], self._chosen[1]
        open_ = [api for api in list(apis.values()) if not api.disableExecuteApiEndpoint]
        staged = [(api, stage) for api in open_ for stage in list(api.stages)]
        return staged[0] if staged else (None, "")

    def _method(self, api: RestAPI, route: Route, verb: str) -> Method | None:
        methods = api.resources[route.resource].resource_methods
        return methods.get(verb) or methods.get("ANY")

    def _integrated(self, method: Method, event: dict[str, Any]) -> Response | Refusal:
        integration = method.method_integration
        if integration is None or integration.integration_type != "AWS_PROXY":
            return _NO_ANSWER
        arn = integration.uri.split("/functions/")[1].split("/invocations")[0]
        limit = float(integration.timeout_in_millis or 29_000) / 1000
        trace = event["headers"]["X-Amzn-Trace-Id"]
        work = self._slow.submit(self._functions.invoke, arn, json.dumps(event), trace=trace)
        try:
            done = work.result(limit)
        except TimeoutError:
            return _TOO_LATE
        except Exception:  # noqa: BLE001  a missing or throttled function looks the same to the gateway's caller
            return _NO_ANSWER
        return _response(done.payload) if done.error is None else _BAD_ANSWER


@functools.lru_cache(maxsize=32)
def _routes(resources: tuple[tuple[str, str], ...]) -> tuple[Route, ...]:
    routes = [Route(_pattern(path), path, resource) for resource, path in resources]
    return tuple(sorted(routes, key=lambda route: route.rank))


def _pattern(path: str) -> re.Pattern[str]:
    segments = [_segment(segment) for segment in path.split("/") if segment]
    return re.compile("".join(f"/{segment}" for segment in segments) + "/?" if segments else "/", re.DOTALL)


def _segment(segment: str) -> str:
    parameter = re.fullmatch(r"\{([\w.-]+)(\+?)\}", segment)
    if parameter is None:
        return re.escape(segment)
    return f"(?P<{parameter[1]}>{'.+' if parameter[2] else '[^/]+'})"


def _match(routes: tuple[Route, ...], path: str) -> tuple[Route, dict[str, str]] | None:
    for route in routes:
        if found := route.pattern.fullmatch(path):
            return route, found.groupdict()
    return None


def _identity(request: Request, *, signed: bool) -> dict[str, Any] | None:
    """Who calls. Signatures are not checked; a caller on this machine who did not sign is the user `local`."""
    anonymous = dict.fromkeys(
        ("accessKey", "accountId", "apiKey", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
         "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn")
    )  # fmt: skip
    identity = anonymous | {"sourceIp": request.source, "userAgent": request.header("User-Agent")}
    if request.certificate:
        identity["clientCert"] = request.certificate
    if not signed:
        return identity
    credential = _CREDENTIAL.search(request.header("Authorization"))
    if credential is None and not ipaddress.ip_address(request.source).is_loopback:
        return None
    key = credential[1] if credential else "local"
    arn, caller = _principal(key)
    own = {"accessKey": key, "accountId": arn.split(":")[4], "caller": caller, "user": caller, "userArn": arn}
    return identity | own


def _principal(access_key: str) -> tuple[str, str]:
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(access_key)
    if session is not None:
        return session.arn, session.user_id
    for user in list(iam_backends[ACCOUNT]["aws"].users.values()):
        if any(key.access_key_id == access_key for key in user.access_keys):
            return user.arn, user.id
    return f"arn:aws:iam::{ACCOUNT}:user/{access_key}", f"AIDA{access_key.upper()[:16]}"


def _event(
    request: Request, *, api: str, stage: str, route: Route, parameters: dict[str, str], identity: dict[str, Any]
) -> dict[str, Any]:
    trace = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    forwarded = [("X-Amzn-Trace-Id", trace), ("X-Forwarded-For", request.source), ("X-Forwarded-Proto", "http")]
    headers = [*request.headers, *forwarded]
    now = time.time()
    return {
        "resource": route.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers),
        "multiValueHeaders": _grouped(headers),
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": _grouped(request.query) or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api,
            "domainName": request.header("Host"),
            "domainPrefix": request.header("Host").split(".")[0],
            "extendedRequestId": uuid.uuid4().hex[:15],
            "httpMethod": request.method,
            "identity": identity,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "resourceId": route.resource,
            "resourcePath": route.path,
            "stage": stage,
        },
        "body": request.body.decode(errors="replace") if request.body else None,
        "isBase64Encoded": False,
    }


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups


def _response(payload: str) -> Response | Refusal:
    """The proxy answer of a function; whatever has another shape is a bad gateway."""
    try:
        answer = json.loads(payload)
        status = int(answer["statusCode"])
        body = answer.get("body") or ""
        content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        single = {name: [value] for name, value in (answer.get("headers") or {}).items()}
        grouped = {**single, **(answer.get("multiValueHeaders") or {})}
    except (ValueError, KeyError, TypeError, AttributeError):
        return _BAD_ANSWER
    headers = [(name, str(value)) for name, values in grouped.items() for value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Response(status, headers, content)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True


class _TlsServer(_Server):
    """Each handshake in its connection's own thread: who dallies keeps nobody waiting."""

    region: str

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        connection = domains.greeted(self.region, request)
        if connection is not None:
            super().process_request_thread(connection, client_address)


def listen(api: RestApiHost, *, host: str, port: int, domains_of: str = "") -> ThreadingHTTPServer:
    """Serve the API until the server is shut down; port 0 takes a free one. `domains_of`: over TLS, by the custom
    domain names of that Region.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "embedded", ""
        # Answers leave in one packet: unbuffered writes with Nagle's algorithm cost 40 ms each.
        wbufsize = -1
        disable_nagle_algorithm = True
        headers: Message

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = [(name, str(value)) for name, value in self.headers.items()]
            request = Request(self.command, self.path, sent, body, self.client_address[0])
            if isinstance(self.connection, ssl.SSLSocket):
                named, shown = domains.domain_of(self.connection), domains.client_certificate(self.connection)
                request = replace(request, domain=named, certificate=shown)
            response = api.serve(request)
            self.send_response_only(response.status)
            for name, value in response.headers:
                if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    server = _TlsServer((host, port), Handler) if domains_of else _Server((host, port), Handler)
    if isinstance(server, _TlsServer):
        server.region = domains_of
    threading.Thread(target=server.serve_forever, daemon=True, name="api").start()
    return server
