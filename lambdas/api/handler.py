"""Where API Gateway enters.

An import of this module stays within that of boto3 and one client (`benchmarks/`): Powertools' resolver comes with it,
the models, the registry and boto3 come with the first request.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

if TYPE_CHECKING:
    from lambdas.hub import Hub


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    from lambdas.api.app import answer  # noqa: PLC0415  see above

    return answer(_app(), event, context)


@cache
def _app() -> APIGatewayRestResolver:
    from lambdas.api.app import api  # noqa: PLC0415  see above
    from lambdas.api.doors import Doors  # noqa: PLC0415
    from lambdas.authority import POLICIES  # noqa: PLC0415
    from statemachines import Registered  # noqa: PLC0415

    return api(_hub, Registered(), Doors.of(os.environ, POLICIES))


def _hub() -> "Hub":
    from lambdas.environment import answering_hub  # noqa: PLC0415  a request that touches no table needs no boto3

    return answering_hub()
