"""API Gateway before the API's function, in virtual time: an HTTP request in, a status and a body out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lambdas.api.app import answer, api
from lambdas.api.doors import Doors
from lambdas.hub import Json
from rehearsal.faults import Killed
from rehearsal.world import CALLER, World

IAM, MUTUAL_TLS = "iam0000000", "mtls000000"
"""Ids of the two APIs."""
API = "api"
"""Where the calls are made that the API makes."""
DIED = '{"message": "Internal server error"}'
"""What API Gateway says where the function has not answered."""


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def proxy_event(
    method: str,
    target: str,
    text: str | None,
    *,
    headers: Mapping[str, str] | None = None,
    arn: str | None = CALLER.principal,
    stage: str = "",
    certificate: Json | None = None,
) -> Json:
    """The event of a REST API's proxy integration: of the door that asks for a certificate, where one is given.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    url = urlsplit(target)
    query = parse_qsl(url.query, keep_blank_values=True)
    return {
        "resource": "/{proxy+}",
        "path": url.path,
        "httpMethod": method,
        "headers": {"content-type": "application/json", **(headers or {})},
        "multiValueHeaders": {},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query} or None,
        "requestContext": {
            "apiId": MUTUAL_TLS if certificate else IAM,
            "identity": {"clientCert": certificate, "userArn": None} if certificate else {"userArn": arn},
            "path": f"{stage}{url.path}",
            "stage": stage.strip("/"),
        },
        "body": text,
        "isBase64Encoded": False,
    }


def answered(app: APIGatewayRestResolver, event: Json) -> Answered:
    got = answer(app, event, None)
    return Answered(
        got["statusCode"], {name: values[0] for name, values in got["multiValueHeaders"].items()}, got["body"]
    )


class Gateway:
    """The front door of a world. A function that dies on the way is a 502, whatever it did before."""

    def __init__(self, world: World, arn: str = CALLER.principal) -> None:
        self.world, self.arn = world, arn

    def __call__(
        self, method: str, target: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answered:
        text = None if body is None else json.dumps(body)
        event = proxy_event(method, target, text, headers=headers, arn=self.arn)
        try:
            with self.world.workers.at_work(API), self.world.faults.invocation(API):
                return answered(self._app, event)
        except Killed:
            return Answered(502, {}, DIED)

    @cached_property
    def _app(self) -> APIGatewayRestResolver:
        return api(lambda: self.world.hub, self.world.sagas, Doors(IAM))
