"""What each function really calls: worlds played and requests sent, with the real adapters beside the fakes.

The fake answers; the adapter makes the same call through botocore, which checks and serialises it, and there it is
noted with its parameters and whose it is. Nothing leaves the process.
"""

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
from botocore.config import Config

from lambdas.audit.aws import Bucket
from lambdas.aws.groups import Groups
from lambdas.aws.images import Images
from lambdas.aws.instances import Instances
from lambdas.aws.launch_templates import LaunchTemplates
from lambdas.aws.load_balancers import LoadBalancers
from lambdas.aws.network import Network
from lambdas.aws.scaling import Scaling
from lambdas.dynamo import DynamoTable
from lambdas.environment import function_arns, machine_arns
from lambdas.functions import LambdaFunctions
from lambdas.nouns import NOUNS, adapted
from lambdas.push.aws import EventBridge, QueuedPush, Sns
from lambdas.step_functions import StepFunctions
from lambdas.sweeper import QueuedSweeper
from lambdas.table import Check, Delete, Key, Put, Update

REGION, HUB = "us-east-1", "123456789012"
Json = dict[str, Any]
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "WINDLASS_ACCOUNT": HUB,
    "WINDLASS_TABLE": "windlass-operations",
    "WINDLASS_BUS": "windlass-operations",
    "WINDLASS_BOOK": "windlass-book",
    **{
        f"WINDLASS_{name}": f"https://sqs.{REGION}.amazonaws.com/{HUB}/windlass-{name.lower()}"
        for name in ("SWEEP_QUEUE", "TELLINGS", "ERRANDS")
    },
}


class Called(NamedTuple):
    """One call as botocore was given it."""

    function: str
    service: str
    """boto3's name."""
    operation: str
    parameters: Json
    application: str = ""
    """Whose operation made it, where one is played."""


class Calls(list[Called]):
    """All calls, in order; `function` says whose the next one is."""

    def __init__(self) -> None:
        super().__init__()
        self.function: Callable[[], str] = lambda: "nobody"
        self.application = ""
        self._made: set[tuple[object, ...]] = set()

    def is_new(self, *what: object) -> bool:
        """Whether the function does that for the first time."""
        key = self.function(), *what
        known = key in self._made
        self._made.add(key)
        return not known

    def note(self, params: Json, model: Any, **_: Any) -> None:
        self.append(Called(self.function(), model.service_model.service_name, model.name, params, self.application))


RECORDER: list[Calls] = []
"""Whoever records at the moment."""


@cache
def client(service: str) -> Any:
    """Of boto3: each request is noted and answered with as little as an adapter can read."""
    session = boto3.Session("testing", "testing", "testing", region_name=REGION)
    made = session.client(service, config=Config(retries={"total_max_attempts": 1}))  # type: ignore[call-overload]
    made.meta.events.register("provide-client-params", _noted)
    made.meta.events.register("before-call", lambda **_: (SimpleNamespace(status_code=200), _answer(service)))
    return made


def _noted(**given: Any) -> None:
    RECORDER[-1].note(**given)


def _answer(service: str) -> Json:
    if service == "lambda":
        return {"Payload": io.BytesIO(b"{}")}
    return {"Items": [], "FailedEntryCount": 0, "status": "RUNNING"} if service in _OURS else {}


_OURS = ("dynamodb", "events", "stepfunctions")


class Clients(dict[str, Any]):
    def __missing__(self, service: str) -> Any:
        return client(service)


def adapter_of(name: str) -> Any:
    """The real port of that name, as `lambdas.environment` and `lambdas.sessions` make it; None: there is none."""
    if name in NOUNS:
        kind = NOUNS[name]
        return adapted(Clients()).of(kind) if kind.adapter else None
    return _PORTS[name]() if name in _PORTS else None


_PORTS: Mapping[str, Callable[[], Any]] = {
    "table": lambda: DynamoTable(client("dynamodb"), ENVIRONMENT["WINDLASS_TABLE"], pause=lambda _: None),
    "machines": lambda: StepFunctions(client("stepfunctions"), machine_arns(ENVIRONMENT), ENVIRONMENT),
    "functions": lambda: LambdaFunctions(client("lambda"), function_arns(ENVIRONMENT)),
    "sweeper": lambda: QueuedSweeper(client("sqs"), ENVIRONMENT["WINDLASS_SWEEP_QUEUE"]),
    "push": lambda: QueuedPush(client("sqs"), ENVIRONMENT["WINDLASS_TELLINGS"], ENVIRONMENT["WINDLASS_ERRANDS"]),
    "bus": lambda: EventBridge(client("events"), ENVIRONMENT["WINDLASS_BUS"]),
    "shelf": lambda: Bucket(client("s3"), ENVIRONMENT["WINDLASS_BOOK"]),
    "topics": lambda: Sns(lambda region: client("sns")),
    "groups": lambda: Groups(client("autoscaling")),
    "launch_templates": lambda: LaunchTemplates(client("ec2")),
    "images": lambda: Images(client("ec2"), client("ssm")),
    "instances": lambda: Instances(client("ec2")),
    "network": lambda: Network(client("ec2")),
    "load_balancers": lambda: LoadBalancers(client("elbv2"), client("elb")),
    "scaling": lambda: Scaling(client("autoscaling"), client("cloudwatch")),
}


def _kind(value: object) -> object:
    """Of what a call of the table is about: others of its kind need not be made again."""
    if isinstance(value, Key):
        return tuple(part.partition("#")[0] for part in value)
    if isinstance(value, Put | Update | Delete | Check):
        return type(value), _kind(value.key)
    if isinstance(value, str):
        return value.partition("#")[0]
    return type(value) if isinstance(value, int | float) else id(value)


class Beside:
    """A port that does what it did, and has the real adapter make the same call."""

    def __init__(self, port: Any, adapter: Any) -> None:
        self._port, self._adapter = port, adapter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or not hasattr(self._adapter, name):
            return found

        def both(*args: Any, **named: Any) -> Any:
            if RECORDER[-1].is_new(name, *map(_kind, args)):
                # What the adapter makes of an empty answer says nothing of the call.
                with suppress(Exception):
                    getattr(self._adapter, name)(*args, **named)
            return found(*args, **named)

        return both


def beside(name: str, port: Any) -> Any:
    adapter = adapter_of(name)
    return port if adapter is None else Beside(port, adapter)
