"""The API put together: both faces, one table, one way to answer what goes wrong."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from lambdas.api import (
    accounts,
    authorisation,
    batch_signals,
    changes,
    clouddriver,
    clusters,
    dora,
    events,
    evidence,
    export,
    freezes,
    guards,
    metric_holds,
    operations,
    page,
    receivers,
    runbook,
)
from lambdas.api.desk import Desk, parsed
from lambdas.api.doors import Doors
from lambdas.api.problems import clouddrivers, own, problem_of
from lambdas.engine import measures
from lambdas.engine.tasks import Sagas
from lambdas.hub import Hub


def api(hub_of: Callable[[], Hub], sagas: Sagas, doors: Doors) -> APIGatewayRestResolver:
    """The resolver of all routes; the hub is asked for with the first request that needs it."""
    app = APIGatewayRestResolver(json_body_deserializer=parsed)
    desk = Desk(app, hub_of, sagas, doors)
    app.use([_authorised(desk)])
    app.exception_handler(Exception)(_told(desk))
    own_faces = (export, batch_signals, operations, evidence, runbook, guards, freezes, changes, events, clusters)
    for face in (page, clouddriver, *own_faces, dora, receivers, metric_holds, authorisation, accounts):
        face.add(desk)
    return app


def answer(app: APIGatewayRestResolver, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The answer of API Gateway's proxy integration."""
    return app.resolve(_as_json(event), context)


def _as_json(event: Mapping[str, Any]) -> dict[str, Any]:
    """Every body is JSON whatever the caller calls it: `curl -d` says it were a form."""
    headers = {key: value for key, value in (event.get("headers") or {}).items() if key.lower() != "content-type"}
    return {**event, "headers": headers}


def _authorised(desk: Desk) -> Callable[..., Any]:
    """Never open: a request without an identity is answered by no route, nor one whose caller lacks what it needs."""

    def authorised(app: APIGatewayRestResolver, next_middleware: Callable[..., Any]) -> Any:
        _ = desk.caller
        desk.authorise(app.context["_route"].func, app.context["_route_args"])
        return next_middleware(app)

    return authorised


def _told(desk: Desk) -> Callable[[Exception], Response[str]]:
    """Each face says in its own words what went wrong."""

    def told(error: Exception) -> Response[str]:
        path = str(desk.event.get("path", "")).strip("/").split("/")
        say = clouddrivers if "ops" in path[:2] or path[0] == "task" else own
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _count(desk)
        return say(problem)

    return told


def _count(desk: Desk) -> None:
    """Best effort: without its settings a function has no hub either."""
    with suppress(Exception):
        measures.broken(desk.hub, "api")
