"""The HTTP door: a REST API that asks IAM who calls, and hands everything to one function."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigateway import ResponseType
from constructs import Construct

from stacks.functions import KEPT

STAGE = "v1"
RATE, BURST = 500, 1000
"""Requests a second: at 100 ms each half of what is reserved for the function, which leaves activities theirs."""

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
    """IAM authorisation on every method: there is no door without it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, function: lambda_.IFunction, removal: RemovalPolicy
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
            deploy_options=self._stage(name, removal),
        )
        to_function = apigateway.LambdaIntegration(function, allow_test_invoke=False)
        self.api.root.add_method("ANY", to_function)
        self.api.root.add_proxy(default_integration=to_function, any_method=True)
        self._answer_in_json()

    def _stage(self, name: str, removal: RemovalPolicy) -> apigateway.StageOptions:
        group = logs.LogGroup(
            self, "AccessLogs", log_group_name=f"/aws/apigateway/{name}", retention=KEPT, removal_policy=removal
        )
        return apigateway.StageOptions(
            stage_name=STAGE,
            throttling_rate_limit=RATE,
            throttling_burst_limit=BURST,
            access_log_destination=apigateway.LogGroupLogDestination(group),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS)),
            tracing_enabled=True,
            metrics_enabled=True,
            data_trace_enabled=False,
        )

    def _answer_in_json(self) -> None:
        """What API Gateway itself says, in the shape of our own errors.

        Overload is 503 with Retry-After, never 429: Orca gives a stage up on a 4xx and retries a 5xx.
        """
        for name, kind in (("Throttled", ResponseType.THROTTLED), ("QuotaExceeded", ResponseType.QUOTA_EXCEEDED)):
            self._response(name, kind, status="503", headers={"Retry-After": "'5'"})
        for name, kind in (
            ("Failed", ResponseType.INTEGRATION_FAILURE),
            ("TimedOut", ResponseType.INTEGRATION_TIMEOUT),
        ):
            self._response(name, kind, status="503", headers={"Retry-After": "'5'"})
        self._response("TheirFault", ResponseType.DEFAULT_4_XX)
        self._response("OurFault", ResponseType.DEFAULT_5_XX, headers={"Retry-After": "'5'"})

    def _response(
        self, construct_id: str, kind: ResponseType, *, status: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        shown = f'"status": {status}, ' if status else ""
        self.api.add_gateway_response(
            construct_id,
            type=kind,
            status_code=status,
            response_headers=headers,
            templates={"application/json": f'{{{shown}"message": $context.error.messageString}}'},
        )
