"""Where Lambda enters the herald and the courier."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from lambdas import lines
from lambdas.errors import WindlassError
from lambdas.hub import Json
from lambdas.redaction import trail

logger = Logger(service="windlass")


def herald(event: Json, context: object) -> Json:
    """Records of the table's stream, or operations of which something was not told.

    Answers what failed: of the stream, the first record, from which on Lambda delivers again.
    """
    records = event["Records"]
    if "dynamodb" not in records[0]:
        return _failed(record["messageId"] for record in records if not _done(record, _caught_up))
    told = _told(records)
    return _failed(record["dynamodb"]["SequenceNumber"] for record in records[told : told + 1])


def courier(event: Json, context: object) -> Json:
    """Deliveries to make. Answers those that have to be asked for again."""
    return _failed(record["messageId"] for record in event["Records"] if not _done(record, _delivered))


def _failed(identifiers: Any) -> Json:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}


def _done(asked: Any, act: Callable[[Any], object]) -> bool:
    """Whether it is dealt with. Whatever it raises is logged, and what it has done stays so."""
    lines.install(logger.registered_handler)
    lines.begin()
    try:
        act(asked)
    except WindlassError as error:
        logger.warning("not told yet", error=f"{type(error).__name__}: {error}")
        return False
    except Exception as error:  # noqa: BLE001  logged without its sentence
        logger.error("our own bug", trail=trail(error))
        _count()
        return False
    return True


def _count() -> None:
    """Best effort: without its settings a function has no hub either."""
    from lambdas.engine import measures  # noqa: PLC0415  seldom
    from lambdas.environment import hub  # noqa: PLC0415  as below

    with suppress(Exception):
        measures.broken(hub(), "push")


def _told(records: list[Json]) -> int:
    """How many of them are dealt with, from the first one on."""
    told = 0

    def tell(records: list[Json]) -> None:
        from lambdas.push import herald as telling  # noqa: PLC0415  brings botocore, which an import must not

        nonlocal told
        for told in telling.changed(_office(), [_change(record["dynamodb"]) for record in records]):  # noqa: B007
            pass

    _done(records, tell)
    return told


def _change(record: Json) -> Any:
    from lambdas.dynamo import item_of  # noqa: PLC0415  as above
    from lambdas.push.herald import Change  # noqa: PLC0415  as above

    old, new = (item_of(record[name]) if name in record else None for name in ("OldImage", "NewImage"))
    return Change(old, new, float(record["ApproximateCreationDateTime"]))


def _caught_up(record: Json) -> None:
    from lambdas.push import herald as telling  # noqa: PLC0415  as above

    telling.catch_up(_office(), json.loads(record["body"])["operation"])


def _delivered(record: Json) -> None:
    from lambdas.push import courier as delivering  # noqa: PLC0415  as above

    body = json.loads(record["body"])
    delivering.deliver(_office(), body["operation"], body["delivery"])


@cache
def _office() -> Any:
    from lambdas.environment import office  # noqa: PLC0415  reads the environment, which an import must not

    return office()
