"""The real hub, put together from the environment that the template gives a function.

Machines and functions are found by computed names: in the template the machines depend on the functions, so no function
can be given a machine's ARN.
"""

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from botocore.config import Config

from lambdas.audit.aws import Bucket
from lambdas.audit.scribe import Scribe
from lambdas.aws.visits import AwsVisits
from lambdas.brakes import YIELDS, Brakes
from lambdas.dynamo import DynamoTable
from lambdas.engine import hands
from lambdas.functions import LambdaFunctions
from lambdas.hub import Hub, Settings
from lambdas.impatient import Impatient
from lambdas.permissions import session_policies
from lambdas.push.aws import EventBridge, QueuedPush, Sns
from lambdas.push.letters import Https
from lambdas.push.office import Office
from lambdas.sessions import BRIEF, ONCE, PATIENT, WHOLE_FUNCTION, clouds, noted, own
from lambdas.step_functions import StepFunctions
from lambdas.sweeper import QueuedSweeper
from lambdas.values import changed

ALIAS = "live"
"""Every call goes to the alias, so that a release shifts it gradually."""


@cache
def hub() -> Hub:
    """This process's hub. Nothing is connected before its first use."""
    return hub_of(os.environ)


@cache
def answering_hub() -> Hub:
    """The API's: a caller waits, and whatever Step Functions or the queue do not take at once the sweep does later."""
    hub = hub_of(os.environ, hands_on=BRIEF)
    return changed(hub, machines=Impatient(hub.machines, hub.now))


@cache
def sweeping_hub() -> Hub:
    """The sweep's: it leaves a part of every budget to whoever acts, and does what is the same for many for several at
    a time. Nothing is tried twice, for whatever hangs keeps all else waiting, and the next sweep tries again.
    """
    return changed(hub_of(os.environ, sweeps=True, hands_on=BRIEF), each=ThreadPoolExecutor(hands.MOST).map)


def hub_of(environ: Mapping[str, str], *, sweeps: bool = False, hands_on: Config = PATIENT) -> Hub:
    """The hub of that environment, the sweep's or another's; `hands_on` is for Step Functions and the sweep's queue.

    Besides `Settings.of`: `AWS_REGION`, `WINDLASS_ACCOUNT` (twelve digits), `WINDLASS_MACHINE_PREFIX` and
    `WINDLASS_FUNCTION_PREFIX` (both `windlass-` unless said otherwise), `WINDLASS_SWEEP_QUEUE` and
    `WINDLASS_TELLINGS`, `WINDLASS_ERRANDS` (URLs); and as `session_policies`.
    """
    settings = Settings.of(environ)
    region = environ["AWS_REGION"]
    table = DynamoTable(own("dynamodb", region, ONCE), settings.table, kept=settings.kept)
    policy = session_policies(environ)
    brakes = Brakes(table, time.time, yields=YIELDS if sweeps else 0.0)
    return Hub(
        table=table,
        machines=StepFunctions(own("stepfunctions", region, hands_on), machine_arns(environ), environ),
        functions=LambdaFunctions(own("lambda", region, WHOLE_FUNCTION), function_arns(environ)),
        sweeper=QueuedSweeper(own("sqs", region, hands_on), environ.get("WINDLASS_SWEEP_QUEUE", "")),
        cloud=clouds(table, brakes, policy=policy, settling=settings.settling),
        noting=noted(table, brakes, policy=policy, settling=settings.settling),
        brakes=brakes,
        now=time.time,
        settings=settings,
        push=_push(environ),
    )


@cache
def visits() -> AwsVisits:
    """What the Reader makes the dry call of an account with."""
    return AwsVisits(own, os.environ["AWS_REGION"], session_policies(os.environ))


@cache
def office() -> Office:
    """What herald and courier of this process work with."""
    return office_of(os.environ)


def office_of(environ: Mapping[str, str]) -> Office:
    """Besides `Settings.of`: `AWS_REGION`, `WINDLASS_BUS`, `WINDLASS_BOOK` (names), `WINDLASS_TELLINGS`,
    `WINDLASS_ERRANDS` (URLs).
    """
    from statemachines import Registered  # noqa: PLC0415  the registry is no business of other functions

    region, settings = environ["AWS_REGION"], Settings.of(environ)
    table = DynamoTable(own("dynamodb", region, ONCE), settings.table, kept=settings.kept)
    return Office(
        table=table,
        bus=EventBridge(own("events", region), environ["WINDLASS_BUS"]),
        letters=Https(settings.reach),
        topics=Sns(lambda place: own("sns", place)),
        push=_push(environ),
        scribe=Scribe(table, Bucket(own("s3", region), environ["WINDLASS_BOOK"]), time.time),
        sagas=Registered(environ),
        now=time.time,
        source=settings.source,
        pause=settings.redelivery,
    )


def _push(environ: Mapping[str, str]) -> QueuedPush:
    return QueuedPush(
        own("sqs", environ["AWS_REGION"]), environ.get("WINDLASS_TELLINGS", ""), environ.get("WINDLASS_ERRANDS", "")
    )


class Arns(dict[str, str]):
    """ARNs computed from names: `arns["CreateServerGroup"]`."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self._pattern = pattern

    def __missing__(self, name: str) -> str:
        return self._pattern.format(name=name)


def machine_arns(environ: Mapping[str, str]) -> Arns:
    prefix = environ.get("WINDLASS_MACHINE_PREFIX", "windlass-")
    return Arns(f"{_place('states', environ)}:stateMachine:{prefix}{{name}}")


def function_arns(environ: Mapping[str, str]) -> Arns:
    prefix = environ.get("WINDLASS_FUNCTION_PREFIX", "windlass-")
    return Arns(f"{_place('lambda', environ)}:function:{prefix}{{name}}:{ALIAS}")


def _place(service: str, environ: Mapping[str, str]) -> str:
    region = environ["AWS_REGION"]
    return f"arn:{partition(region)}:{service}:{region}:{environ['WINDLASS_ACCOUNT']}"


def partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    special = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    return next((name for start, name in special.items() if region.startswith(f"{start}-")), "aws")
