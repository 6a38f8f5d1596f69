"""One embedded AWS for the whole session, with a small stack of everything deployed in it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from local.clients import Clients
from local.deploy import deploy_template

REGION = "us-east-1"
BUCKET = "code-of-tests"
Json = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Embedded:
    endpoint: str
    api: str
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """The client of a caller called `test`: its calls are logged and can be faulted."""
        return Clients(self.endpoint, "test").get(service, REGION)

    def control(self, method: str, route: str, body: object = None) -> Any:
        return json.loads(request(method, f"{self.endpoint}/_embedded/{route}", body)[1])

    def invoke(self, payload: Json, function: str = "Work") -> tuple[Any, str | None]:
        """The answer of the deployed function's alias, and its error flag."""
        answer = self.client("lambda").invoke(FunctionName=self.outputs[function], Payload=json.dumps(payload))
        return json.loads(answer["Payload"].read()), answer.get("FunctionError")

    def seen(self, kind: str) -> list[Any]:
        """What the deployed handlers noted, in order."""
        items = self.client("dynamodb").query(
            TableName=self.outputs["Seen"],
            KeyConditionExpression="kind = :kind",
            ExpressionAttributeValues={":kind": {"S": kind}},
        )["Items"]
        return [json.loads(item["what"]["S"]) for item in items]


def request(method: str, url: str, body: object = None, **headers: str) -> tuple[int, str]:
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=content, method=method, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def eventually(find: Callable[[], Found], within: float = 15) -> Found:
    """The first true answer; the last one otherwise, for the assertion to show."""
    deadline = time.monotonic() + within
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def packed(**modules: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, source in modules.items():
            archive.writestr(f"{name}.py", source)
    return content.getvalue()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[str, str]]:
    port, api = free_port(), free_port()
    times = ["--healthy-after", "0.3", "--deleted-after", "0.3", "--minute", "1", "--retry-after", "0.2"]
    options = ["--port", str(port), "--api-port", str(api), *times]
    process = subprocess.Popen(
        [sys.executable, "-m", "local.server", *options],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
    )
    assert process.stdout is not None
    assert process.stdout.readline(), "the embedded AWS did not start"
    yield f"http://localhost:{port}", f"http://127.0.0.1:{api}"
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="session")
def aws(server: tuple[str, str]) -> Embedded:
    endpoint, api = server
    s3 = Clients(endpoint).get("s3", REGION)
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="code.zip", Body=packed(handlers=HANDLERS))
    return Embedded(endpoint, api, deploy_template("small", json.dumps(template()), endpoint))


HANDLERS = """
import functools, json, os, sys, time, uuid
import boto3

client = functools.cache(boto3.client)

def note(kind, what):
    client("dynamodb").put_item(TableName=os.environ["SEEN"], Item={
        "kind": {"S": kind}, "at": {"S": f"{time.time_ns():020}-{uuid.uuid4()}"}, "what": {"S": json.dumps(what)}})

def count(kind):
    return client("dynamodb").query(TableName=os.environ["SEEN"], KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": {"S": kind}}, Select="COUNT")["Count"]

class Stubborn(Exception):
    pass

def api(event, context):
    if event["path"] == "/broken":
        return "no proxy answer"
    return {"statusCode": 201, "headers": {"X-Colour": os.environ["COLOUR"]}, "body": json.dumps({
        "path": event["path"], "query": event["multiValueQueryStringParameters"], "body": event["body"],
        "parameters": event["pathParameters"], "caller": event["requestContext"]["identity"]["userArn"],
        "called": context.invoked_function_arn})}

def work(event, context):
    if "Records" in event:
        return records(event["Records"])
    do = event.get("do", "echo")
    if do == "describe":
        return {
            "function": context.function_name, "version": context.function_version, "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis(), "colour": os.environ["COLOUR"],
            "path": [p for p in sys.path if p.endswith("/local")], "pid": os.getpid()}
    if do == "raise":
        raise Stubborn("it will not")
    if do == "sleep":
        time.sleep(30)
    if do == "exit":
        os._exit(7)
    if do == "print":
        print("on standard output"); print("on standard error", file=sys.stderr)
    if do == "flaky":
        note(event["kind"], "attempt")
        if count(event["kind"]) < 3:
            raise Stubborn("not yet")
    if do == "groups":
        return len(client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"])
    if do == "group":
        return client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="none")
    if do == "note" or "detail-type" in event:
        note(event.get("kind") or event["detail-type"], event)
    return event

def records(batch):
    if batch[0]["eventSource"] == "aws:sqs":
        note("batch", [r["body"] for r in batch])
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in batch if r["body"].startswith("bad")]}
    for record in batch:
        key = record["dynamodb"]["Keys"]["id"]["S"]
        if key.startswith("flaky") and not count(key):
            note(key, "failed")
            raise Stubborn(key)
        if key == "stuck" and not count("let go"):
            raise Stubborn(key)
        note("stream", [record["eventName"], key])
"""


def template(colour: str = "blue", **more: Any) -> Json:
    """Two functions with aliases, table with stream, queue with dead letters, rules, machines and a REST API."""
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}},
        **_function("Api", "handlers.api", colour),
        **_function("Work", "handlers.work", colour),
        **_rest_api(),
        "Seen": _table("kind", "at"),
        "Things": _table("id", stream=True),
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 5,
                "RedrivePolicy": {"deadLetterTargetArn": _get("Dead", "Arn"), "maxReceiveCount": 2},
            },
        },
        "Told": {"Type": "AWS::SQS::Queue"},
        "OfQueue": _source(
            _get("Queue", "Arn"), FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=1
        ),
        "OfStream": _source(
            _get("Things", "StreamArn"),
            StartingPosition="TRIM_HORIZON",
            FilterCriteria={"Filters": [{"Pattern": json.dumps({"eventName": ["INSERT", "REMOVE"]})}]},
        ),
        "Others": _table("id", stream=True),
        "OfOthers": _source(_get("Others", "StreamArn"), StartingPosition="TRIM_HORIZON", ParallelizationFactor=4),
        "OnEvent": _rule("work", {"source": ["test"]}, [{"Arn": {"Ref": "WorkLive"}, "Id": "work"}]),
        "OnStart": _rule(
            "start", {"source": ["start"]}, [{"Arn": {"Ref": "Held"}, "Id": "held", "InputPath": "$.detail"}]
        ),
        "OnStatus": _rule("told", {"source": ["aws.states"]}, [{"Arn": _get("Told", "Arn"), "Id": "told"}]),
        "EachMinute": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": "rate(1 minute)",
                "Targets": [
                    {"Arn": {"Ref": "WorkLive"}, "Id": "work", "Input": '{"do": "note", "kind": "minute"}'},
                ],
            },
        },
        "Held": _machine(HELD),
        "Short": _machine({"StartAt": "Wait", "TimeoutSeconds": 1, "States": {"Wait": HELD["States"]["Hold"]}}),
        "Text": _machine({"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": 'a "b"', "End": True}}}),
        **more,
    }
    shown = {
        "Seen": {"Ref": "Seen"},
        "Things": {"Ref": "Things"},
        "Others": {"Ref": "Others"},
        "Work": {"Ref": "WorkLive"},
        "Api": {"Ref": "ApiLive"},
        "WorkName": {"Ref": "Work"},
        "Queue": {"Ref": "Queue"},
        "Dead": {"Ref": "Dead"},
        "Told": {"Ref": "Told"},
        "Held": {"Ref": "Held"},
        "Short": {"Ref": "Short"},
        "Text": {"Ref": "Text"},
    }
    outputs = {name: {"Value": value} for name, value in shown.items()}
    outputs["Seen"]["Export"] = {"Name": "small-seen"}
    return {"Resources": resources, "Outputs": outputs}


HELD: Json = {
    "StartAt": "Do",
    "States": {
        "Do": {"Type": "Task", "Resource": "${Work}", "ResultPath": "$.did", "Next": "Hold"},
        "Hold": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": "${Work}",
                "Payload": {"do": "note", "kind.$": "$$.Execution.Name", "token.$": "$$.Task.Token"},
            },
            "TimeoutSeconds": 60,
            "ResultPath": "$.held",
            "End": True,
        },
    },
}


def _function(name: str, handler: str, colour: str) -> Json:
    properties = {
        "Handler": handler,
        "Runtime": "python3.12",
        "Timeout": 3,
        "Role": _get("Role", "Arn"),
        "Code": {"S3Bucket": BUCKET, "S3Key": "code.zip"},
        "Environment": {"Variables": {"AWS_MAX_ATTEMPTS": "2", "COLOUR": colour, "SEEN": {"Ref": "Seen"}}},
    }
    version = f"{name}Version{colour}"
    return {
        name: {"Type": "AWS::Lambda::Function", "Properties": properties},
        version: {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": name}}},
        f"{name}Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {
                "FunctionName": {"Ref": name},
                "Name": "live",
                "FunctionVersion": _get(version, "Version"),
            },
        },
    }


def _rest_api() -> Json:
    path = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${ApiLive}/invocations"
    integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": path}}
    return {
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "small"}},
        "Any": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "ParentId": _get("Rest", "RootResourceId"),
                "PathPart": "{proxy+}",
            },
        },
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "ResourceId": {"Ref": "Any"},
                "HttpMethod": "ANY",
                "AuthorizationType": "AWS_IAM",
                "Integration": integration,
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["Method"],
            "Properties": {"RestApiId": {"Ref": "Rest"}},
        },
        "Late": {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "ResponseType": "DEFAULT_5XX",
                "StatusCode": "503",
                "ResponseParameters": {"gatewayresponse.header.Retry-After": "'5'"},
                "ResponseTemplates": {"application/json": '{"status": 503, "message": $context.error.messageString}'},
            },
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "prod",
            },
        },
    }


def _table(*keys: str, stream: bool = False) -> Json:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    properties = {
        "KeySchema": schema,
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": {"SSEEnabled": True},
        "Replicas": [{"Region": {"Ref": "AWS::Region"}}],
    }
    viewed = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}} if stream else {}
    return {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties | viewed}


def _source(arn: Json, **more: Any) -> Json:
    properties = {"EventSourceArn": arn, "FunctionName": {"Ref": "WorkLive"}, "BatchSize": 10, **more}
    return {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}


def _rule(name: str, pattern: Json, targets: list[Json]) -> Json:
    return {"Type": "AWS::Events::Rule", "Properties": {"Name": name, "EventPattern": pattern, "Targets": targets}}


def _machine(definition: Json) -> Json:
    properties = {
        "RoleArn": _get("Role", "Arn"),
        "DefinitionString": json.dumps(definition),
        "DefinitionSubstitutions": {"Work": {"Ref": "WorkLive"}},
        "TracingConfiguration": {"Enabled": True},
    }
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}


def _get(name: str, attribute: str) -> Json:
    return {"Fn::GetAtt": [name, attribute]}
