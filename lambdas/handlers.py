"""Where Lambda enters: two lines each over plain functions of a hub, and a log line with the operation's id."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import entrypoint, lines
from lambdas import projector as projecting
from lambdas import reader as reading
from lambdas import sweep as sweeping
from lambdas.accounts import account_of
from lambdas.dry_calls import VERIFY, Visits, findings
from lambdas.engine import hands, measures
from lambdas.engine.tasks import Sagas
from lambdas.errors import Broken, WindlassError
from lambdas.hub import ExecutionState, Hub, Json
from lambdas.nudges import Nudges, happened, nudged_in
from lambdas.redaction import trail
from lambdas.table import Item

logger = Logger(service="windlass")
RESERVE = 20.0
"""Seconds in which a sweep begins nothing more: the longest that its last read can hang, and its own last write."""


def activity(event: Json, context: object) -> Json:
    """A Task of a saga's module: Plan, a step, an undo."""
    return logged(event, lambda: entrypoint.activity(_hub(), _sagas(), event))


def engine(event: Json, context: object) -> Json:
    """A Task of the engine: Guard, a wait, a hold, an end."""
    return logged(event, lambda: entrypoint.engine(_hub(), _sagas(), event))


def sweep(event: Json, context: Any) -> Json | None:
    """Asked for by the rule or by a delayed message: it looks at all that is due either way. Or dealt lanes by another
    sweep: at these alone."""
    _about()
    hub = _sweeping_hub()
    until = hub.now() + _seconds_left(context) - RESERVE
    if hands.LANES in event:
        return sweeping.by_hand(hub, _sagas(), event, until=until)
    sweeping.sweep(hub, _sagas(), until=until, nudged=nudged_in(event.get("Records", ())))
    return None


def nudge(event: Json, context: object) -> None:
    """Events of Auto Scaling, as their queue has them. What fails is gone: nothing depends on it."""
    _nudges().tell(_hub(), [happened(json.loads(record["body"])) for record in event["Records"]])


def reader(event: Json, context: object) -> Json:
    """Asked for by the API: read an application's groups anew, which nobody waits for; or an account's dry call."""
    hub = _sweeping_hub()
    if VERIFY in event:
        return {"findings": [vars(one) for one in findings(_visits(), account_of(event[VERIFY]), hub.each)]}
    reading.read(hub, reading.Wanted(**event), hub.now() + _seconds_left(context) - RESERVE)
    return {}


def _seconds_left(context: Any) -> float:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""
    return float(context.get_remaining_time_in_millis()) / 1000


def projector(event: Json, context: object) -> Json:
    """Records of the table's stream, or one status event of Step Functions.

    Answers the first record that failed, from which on Lambda delivers again.
    """
    _about()
    if "Records" not in event:
        detail = event["detail"]
        state = ExecutionState(detail["status"], detail.get("error") or "", detail.get("cause") or "")
        projecting.ended(_hub(), _sagas(), detail["name"], state)
        return {}
    for record in event["Records"]:
        if not _projected(record["dynamodb"]):
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def _projected(record: Json) -> bool:
    old, new = (_image(record.get(name)) for name in ("OldImage", "NewImage"))
    try:
        projecting.changed(_hub(), _sagas(), old, new)
    except WindlassError as error:
        item = new or old or {}
        logger.warning("a change waits to be followed", item=item.get("pk"), error=f"{type(error).__name__}: {error}")
        return False
    except Exception as error:  # noqa: BLE001  logged without its sentence
        # Raised, it would bring the whole batch again; told, only what comes from here on.
        logger.error("our own bug", item=(new or old or {}).get("pk"), trail=trail(error))
        measures.broken(_hub(), "projector", (new or old or {}).get("pk", "").removeprefix("op#"))
        return False
    return True


def logged(event: Json, act: Callable[[], Json]) -> Json:
    """One line for each attempt: what, of which operation, and how it ended."""
    about: dict[str, Any] = {name: event.get(name) for name in ("operation", "saga", "step", "execution")}
    _about(**about)
    try:
        answer = act()
    except Broken as error:
        logger.error("broken", **about, error=type(error).__name__, trail=trail(error))
        raise
    except WindlassError as error:
        logger.info("failed", **about, error=f"{type(error).__name__}: {error}")
        raise
    logger.info("done", **about, did=answer.get("did"))
    return answer


def _about(**known: Any) -> None:
    """What the lines of this invocation are about, as far as it says."""
    lines.install(logger.registered_handler)
    lines.begin(**known)


def _image(attributes: Json | None) -> Item | None:
    from lambdas.dynamo import item_of  # noqa: PLC0415  brings botocore, which an import must not

    return None if attributes is None else item_of(attributes)


@cache
def _nudges() -> Nudges:
    """What this process remembers."""
    return Nudges()


@cache
def _sagas() -> Sagas:
    from statemachines import Registered  # noqa: PLC0415  at the first event

    return Registered()


def _visits() -> Visits:
    from lambdas.environment import visits  # noqa: PLC0415  as below

    return visits()


def _sweeping_hub() -> Hub:
    from lambdas.environment import sweeping_hub  # noqa: PLC0415  as below

    return sweeping_hub()


def _hub() -> Hub:
    from lambdas.environment import hub  # noqa: PLC0415  reads the environment, which an import must not

    return hub()
