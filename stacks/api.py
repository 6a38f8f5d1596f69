"""The door of those who sign: a REST API that asks IAM who calls, and hands everything to one function."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigateway import ResponseType
from constructs import Construct

from stacks.functions import KEPT

STAGE = "v1"
RATE, BURST = 500, 1000
"""Requests a second at each door: at 100 ms each half of what is reserved for the function, which leaves activities
theirs."""
RETRY_AFTER = 5
"""Seconds."""

_ACCESS = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "caller": "$context.identity.userArn",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "error": "$context.error.message",
    "trace": "$context.xrayTraceId",
}


class Api(Construct):
    """IAM authorisation on every method."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        function: lambda_.IFunction,
        key: kms.IKey,
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            description="Windlass: cloud operations",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # Access logs need the account's one role for them.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=removal,
            default_method_options=apigateway.MethodOptions(authorization_type=apigateway.AuthorizationType.IAM),
            deploy_options=stage(self, name, key, removal),
        )
        lead_to(self.api, function)
        answer_in_json(self.api)


def stage(
    scope: Construct, name: str, key: kms.IKey, removal: RemovalPolicy, more: Mapping[str, str] | None = None
) -> apigateway.StageOptions:
    """Of a door: braked, traced, and each request in its access log, with `more` of it."""
    group = logs.LogGroup(
        scope,
        "AccessLogs",
        log_group_name=f"/aws/apigateway/{name}",
        retention=KEPT,
        encryption_key=key,
        removal_policy=removal,
    )
    return apigateway.StageOptions(
        stage_name=STAGE,
        throttling_rate_limit=RATE,
        throttling_burst_limit=BURST,
        access_log_destination=apigateway.LogGroupLogDestination(group),
        access_log_format=apigateway.AccessLogFormat.custom(json.dumps({**_ACCESS, **(more or {})})),
        tracing_enabled=True,
        metrics_enabled=True,
        data_trace_enabled=False,
    )


def lead_to(api: apigateway.RestApi, function: lambda_.IFunction) -> None:
    """Whatever is asked, the function answers."""
    to_function = apigateway.LambdaIntegration(function, allow_test_invoke=False)
    api.root.add_method("ANY", to_function)
    api.root.add_proxy(default_integration=to_function, any_method=True)


def answer_in_json(api: apigateway.RestApi) -> None:
    """What API Gateway itself says, in the words of both faces: problem details, and Spring's `error` and `message`.

    Overload, and whatever goes wrong behind it, is 503 with Retry-After, never 429: Orca gives a stage up on a 4xx, and
    goes on trying only on 503. The status of DEFAULT_5XX counts for all that is not named.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    """
    for name, kind in (
        ("Throttled", ResponseType.THROTTLED),
        ("QuotaExceeded", ResponseType.QUOTA_EXCEEDED),
        ("Failed", ResponseType.INTEGRATION_FAILURE),
        ("TimedOut", ResponseType.INTEGRATION_TIMEOUT),
        ("OurFault", ResponseType.DEFAULT_5_XX),
    ):
        _response(api, name, kind, HTTPStatus.SERVICE_UNAVAILABLE)
    _response(api, "TooLarge", ResponseType.REQUEST_TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    _response(api, "TheirFault", ResponseType.DEFAULT_4_XX)


def _response(api: apigateway.RestApi, name: str, kind: ResponseType, status: HTTPStatus | None = None) -> None:
    """Without a status, its own: which one that is, API Gateway's templates cannot say."""
    is_later = status is HTTPStatus.SERVICE_UNAVAILABLE
    api.add_gateway_response(
        name,
        type=kind,
        status_code=str(status.value) if status else None,
        response_headers={"Retry-After": f"'{RETRY_AFTER}'"} if is_later else None,
        templates={"application/json": _body(status)},
    )


def _body(status: HTTPStatus | None) -> str:
    """`messageString` comes with its quotes."""
    told = {"title": status.phrase, "error": status.phrase, "status": status.value} if status else {}
    fixed = json.dumps({"type": "about:blank", **told})
    return f'{fixed[:-1]}, "detail": $context.error.messageString, "message": $context.error.messageString}}'
