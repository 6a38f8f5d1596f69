"""A world in which secrets are planted wherever a request can carry one, and in which all that leaves is kept.

What leaves: lines of logs as Lambda has them, histories of executions, answers of the API, events on the bus, letters
to receivers, and rows that may hold no secret. It is searched for each secret as it is, in base64 at every offset,
percent-encoded, and escaped.
"""

import base64
import json
import logging
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar
from urllib.parse import quote

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from botocore.exceptions import ClientError

from lambdas import handlers
from lambdas.engine.tasks import AnySaga, Sagas
from lambdas.error_codes import translating
from lambdas.errors import Transient
from lambdas.hub import Hub, Json
from rehearsal.faults import Call, Effect, Faults, Kind
from rehearsal.gateway import Answered, Gateway
from rehearsal.heralds import TellingWorld
from rehearsal.models.model import of_the_cloud
from rehearsal.trials import Scenario

T = TypeVar("T")


def plant(where: str) -> str:
    """A secret that is found again, and that looks like nothing that is hidden for its looks."""
    return f"pl4nt~{where}~ü/+q9~"


USER_DATA, STANDING, TEMPLATE, PARAMETER, UNKNOWN = map(plant, ("data", "stood", "tmpl", "param", "what"))
CALLBACK, CALLBACK_URL, WEBHOOK, WEBHOOK_URL, FORMER = map(plant, ("call", "callurl", "hook", "hookurl", "former"))
PLANTS = (USER_DATA, STANDING, TEMPLATE, PARAMETER, UNKNOWN, CALLBACK, CALLBACK_URL, WEBHOOK, WEBHOOK_URL, FORMER)
HEADERS = {
    name: plant(name)
    for name in ("Authorization", "X-Amz-Security-Token", "Cookie", "X-Api-Key", "Proxy-Authorization", "X-Orca-Token")
}
SECRETS = (*PLANTS, *HEADERS.values())
HOLDERS = ("request", "callback", "webhook#")
"""Rows that may hold secrets, by how their sort keys begin."""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def signing(secret: str) -> str:
    """A secret of Standard Webhooks, of at least 24 bytes."""
    return f"whsec_{encoded(secret.ljust(30, '.'))}"


def forms(secret: str) -> set[str]:
    """How it may be written; of base64 what does not depend on its neighbours."""
    data = secret.encode()
    inside = {base64.b64encode(b"\0" * before + data).decode()[4 if before else 0 : -4] for before in range(3)}
    safe = {one.replace("+", "-").replace("/", "_") for one in inside}
    escaped = {json.dumps(secret)[1:-1], ascii(secret)[1:-1], json.dumps(json.dumps(secret))[3:-3]}
    return {secret, quote(secret), quote(secret, safe=""), *inside, *safe, *escaped}


CALLING = {
    "Windlass-Callback": f"https://hooks.example.com/{quote(CALLBACK_URL, safe='')}",
    "Windlass-Callback-Secret": signing(CALLBACK),
}
FORMS = {secret: forms(secret) for secret in SECRETS}


def found(text: str, secrets: Mapping[str, Collection[str]] = FORMS) -> list[str]:
    """The secrets that the text tells."""
    return [secret for secret, ways in secrets.items() if any(one in text for one in ways)]


class Lines(logging.Handler):
    """What is logged, as Lambda writes it: with tracebacks, and with all that is said beside the message."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(LambdaPowertoolsFormatter())
        self.kept: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(self.format(record))


@contextmanager
def listening() -> Iterator[Lines]:
    """Everything that is logged meanwhile, by whatever logger, is kept and goes nowhere else."""
    lines, loggers = Lines(), [logging.getLogger(), logging.getLogger("windlass")]
    before = [(one, one.handlers, one.level) for one in loggers]
    for one in loggers:
        one.handlers = [lines]
        one.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        for one, handlers_then, level in before:
            one.handlers = handlers_then
            one.setLevel(level)


class PlantedWorld(TellingWorld):
    """Functions are entered as on Lambda, so that they log; callers come through the API's door."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.gateway = Gateway(self)
        self.answers: list[tuple[str, str]] = []
        """What was asked, and what was answered, headers and all."""

    def ask(self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answered:
        got = self.gateway(method, target, body, headers={**HEADERS, **(headers or {})})
        self.answers.append((f"{method} {target}", f"{got.status} {dict(got.headers)} {got.text}"))
        return got

    def _handler(self, function: str) -> Callable[[Hub, Sagas, Json], Json]:
        entered = super()._handler(function)
        return lambda hub, sagas, event: _run(lambda: handlers.logged(event, lambda: entered(hub, sagas, event)))

    def _quietly(self, where: str, act: Callable[[], object]) -> bool:
        return super()._quietly(where, lambda: _run(act))


@cache
def routes_that_read() -> tuple[str, ...]:
    """Paths of the API that can be asked without changing anything."""
    paths = json.loads(PlantedWorld().ask("GET", "/openapi.json").text)["paths"]
    return tuple(path for path, methods in paths.items() if "get" in methods)


def _run(act: Callable[[], T]) -> T:
    """As Lambda's runtime does: what a function raises is logged, with the lines that it came by, and no causes.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    try:
        return act()
    except Exception as error:
        trail = "".join(traceback.format_tb(error.__traceback__))
        logging.getLogger().error("[ERROR] %s: %s\nTraceback\n%s", type(error).__name__, error, trail)
        raise


def said_by_the_cloud(faults: Faults, call: Call, effect: Effect) -> Any:
    """Refused for good, in a sentence that repeats what was sent, as `lambdas.aws` tells of it."""
    data = text_of(USER_DATA)
    sentence = f"Value ({data}) for parameter userData is invalid. Invalid value '{data}': {quote(data)}"
    answer: Any = {"Error": {"Code": "InvalidParameterValue", "Message": sentence}}
    with translating("ec2", "launch template x", hidden=data):
        raise ClientError(answer, "CreateLaunchTemplate")


def never(faults: Faults, call: Call, effect: Effect) -> Any:
    """Fails as long as it is asked."""
    raise Transient("the cloud does not answer")


def bug(faults: Faults, call: Call, effect: Effect) -> Any:
    """Our own code stumbles over what was sent, and says so."""
    raise KeyError({"userData": text_of(USER_DATA), "parameters": PARAMETER, "template": TEMPLATE})


def strike(world: PlantedWorld, kind: Kind, *, times: int | None) -> None:
    """From the first change of the cloud on, so many of them go wrong; None: all."""
    struck: list[int] = []

    def model(call: Call) -> Kind | None:
        if call.reads or not of_the_cloud(call.name) or (times is not None and len(struck) >= times):
            return None
        struck.append(call.number)
        return kind

    world.faults.models.append(model)


def text_of(secret: str) -> str:
    """User data with that secret in it."""
    return encoded(f"#!/bin/sh\nvault login {secret}\n")


def planted(scenario: Scenario, saga: AnySaga) -> Json:
    """Its request, with a secret in each field that may hold one."""
    request = dict(scenario.request)
    for name in saga.request_type.secrets & {"userData"}:
        request[name] = text_of(USER_DATA)
    if "templateBody" in saga.request_type.secrets:
        request["templateBody"] = json.dumps({**json.loads(request["templateBody"]), "Metadata": {"token": TEMPLATE}})
        request["parameters"] = {**request["parameters"], "Password": PARAMETER}
    return request
