"""The table of error codes: no gaps, no doubts, and messages that give nothing away."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.calls import CALLS as OWN
from lambdas.calls import actions, of_nouns
from lambdas.error_codes import TABLE, row, translated, translating
from lambdas.errors import (
    AlreadyExists,
    Broken,
    Conflict,
    NoCapacity,
    NotFound,
    Rejected,
    Throttled,
    Transient,
    WindlassError,
)

CALLS = (*OWN, *of_nouns())
SERVICES = sorted({service for service, _ in CALLS})
_session = botocore.session.get_session()


def answer(code: str, message: str = "", *, status: int = 400, operation: str = "DescribePolicies") -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)


def meaning(service: str, operation: str, code: str, message: str = "", *, status: int = 400) -> type[WindlassError]:
    return type(translated(answer(code, message, status=status, operation=operation), service, "group shop-v001"))


def modelled() -> Iterator[tuple[str, str, str]]:
    """(service, operation, code) of every error shape of every call we make, by shape and as it comes over the wire."""
    for service, operation in CALLS:
        model = _session.get_service_model(service)
        for shape in model.operation_model(operation).error_shapes:
            yield service, operation, shape.name
            yield service, operation, shape.metadata.get("error", {}).get("code", shape.name)


def test_every_error_that_botocore_models_has_a_row() -> None:
    gaps = [
        f"{service}:{operation} may answer {code}"
        for service, operation, code in modelled()
        if not row(service, operation, code)
    ]

    assert gaps == []


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_every_call_exists(service: str, operation: str) -> None:
    assert operation in _session.get_service_model(service).operation_names


def test_calls_are_listed_once_and_in_order() -> None:
    assert list(OWN) == sorted(set(OWN))


def test_every_row_counts_for_some_call() -> None:
    """A row behind a wider one, or of a call that is no longer made, would only look as if it did something."""
    idle = [one for one in TABLE if not any(_reached(one, code) for code in one.codes.split())]

    assert idle == []


def _reached(one: Any, code: str) -> bool:
    sentence = SENTENCES.get(one.says, one.says)
    return any(
        row(service, operation, code, sentence) is one
        for service, operation in CALLS
        if one.service in ("*", service) and (not one.operations or operation in one.operations.split())
    )


SENTENCES = {
    "launch template, with template (name|id) .*does not exist": (
        "The specified launch template, with template name shop-v001, does not exist."
    ),
    r"(Stack|ChangeSet) .*does not exist": "Stack with id shop does not exist",
    r"AutoScalingGroup (name )?not found|\bGroup \S+ not found": "AutoScalingGroup name not found - null",
}


def test_every_row_says_where_it_is_from() -> None:
    assert all(one.source for one in TABLE)


@pytest.mark.parametrize(
    ("operation", "sentence", "expected"),
    [
        ("UpdateAutoScalingGroup", "AutoScalingGroup name not found - null", NotFound),
        ("DeleteAutoScalingGroup", "AutoScalingGroup name not found - AutoScalingGroup 'x' not found", NotFound),
        ("DescribeLifecycleHooks", "AutoScalingGroup not found - AutoScaling Group x not found", NotFound),
        ("PutScalingPolicy", "Group shop-v001 not found", NotFound),
        ("UpdateAutoScalingGroup", "The AutoScaling group may not be modified while it is pending delete", Conflict),
        ("SuspendProcesses", "Processes may not be suspended while the AutoScaling group is pending delete", Conflict),
        (
            "CreateAutoScalingGroup",
            "You must use a valid fully-formed launch template. The specified launch template, with template name x, "
            "does not exist.",
            NotFound,
        ),
        (
            "CreateAutoScalingGroup",
            "You must use a valid fully-formed launch template. The image id '[ami-1]' does not exist",
            Rejected,
        ),
        ("CreateAutoScalingGroup", "The subnet ID 'subnet-1' does not exist", Rejected),
        ("DescribeAutoScalingGroups", "Rate exceeded", Throttled),
    ],
)
def test_auto_scaling_is_understood_by_its_sentences(
    operation: str, sentence: str, expected: type[WindlassError]
) -> None:
    assert meaning("autoscaling", operation, "ValidationError", sentence) is expected


@pytest.mark.parametrize(
    ("service", "operation", "code", "expected"),
    [
        ("autoscaling", "CreateAutoScalingGroup", "AlreadyExists", AlreadyExists),
        ("autoscaling", "CreateAutoScalingGroup", "AlreadyExistsFault", AlreadyExists),
        ("autoscaling", "CreateAutoScalingGroup", "LimitExceeded", NoCapacity),
        ("autoscaling", "PutLifecycleHook", "LimitExceeded", Rejected),
        ("autoscaling", "UpdateAutoScalingGroup", "ScalingActivityInProgress", Conflict),
        ("autoscaling", "DescribeAutoScalingGroups", "Throttling", Throttled),
        ("ec2", "CreateLaunchTemplate", "InvalidLaunchTemplateName.AlreadyExistsException", AlreadyExists),
        ("ec2", "DeleteLaunchTemplate", "InvalidLaunchTemplateName.NotFoundException", NotFound),
        ("ec2", "CreateLaunchTemplate", "InsufficientInstanceCapacity", NoCapacity),
        ("ec2", "CreateLaunchTemplate", "InvalidParameterValue", Rejected),
        ("ec2", "DescribeImages", "RequestLimitExceeded", Throttled),
        ("ec2", "DescribeImages", "UnauthorizedOperation", Transient),
        ("ec2", "DescribeImages", "InternalError", Transient),
        ("elbv2", "RegisterTargets", "InvalidTarget", Transient),
        ("elbv2", "DeregisterTargets", "InvalidTarget", NotFound),
        ("elbv2", "RegisterTargets", "TooManyTargets", NoCapacity),
        ("elb", "DescribeLoadBalancers", "DependencyThrottle", Throttled),
        ("dynamodb", "GetItem", "ProvisionedThroughputExceededException", Throttled),
        ("dynamodb", "Query", "ValidationException", Broken),
        ("stepfunctions", "StartExecution", "ExecutionLimitExceeded", NoCapacity),
        ("lambda", "Invoke", "TooManyRequestsException", Throttled),
        ("lambda", "Invoke", "ServiceException", Transient),
        ("sts", "AssumeRole", "AccessDenied", Transient),
        ("sts", "AssumeRole", "RegionDisabledException", Rejected),
    ],
)
def test_codes_mean_what_they_say(service: str, operation: str, code: str, expected: type[WindlassError]) -> None:
    assert meaning(service, operation, code) is expected


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("status", "expected"), [(400, Transient), (403, Transient), (429, Throttled), (500, Transient)]
)
def test_an_unknown_code_is_retried(service: str, status: int, expected: type[WindlassError]) -> None:
    assert meaning(service, "GetItem", "BrandNewCode", status=status) is expected


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://x"),
        ConnectTimeoutError(endpoint_url="https://x"),
        EndpointConnectionError(endpoint_url="https://x"),
        NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_transient(error: Exception) -> None:
    assert type(translated(error, "ec2", "images")) is Transient


def test_the_credentials_of_a_role_fail_as_what_they_are() -> None:
    failed = translated(answer("RegionDisabledException", operation="AssumeRole"), "autoscaling", "group shop-v001")

    assert (type(failed), "sts:AssumeRole" in str(failed)) == (Rejected, True)


def test_our_own_errors_pass_as_they_are() -> None:
    error = Conflict("group shop-v001 is guarded by operation 7f3a")

    assert translated(error, "ec2", "images") is error


def test_a_message_names_the_thing_the_call_and_awss_reason() -> None:
    said = str(translated(answer("ValidationError", "The subnet 'subnet-1' does not exist"), "autoscaling", "group x"))

    assert (
        said == "group x: autoscaling:DescribePolicies answered ValidationError: The subnet 'subnet-1' does not exist"
    )


def test_an_arn_is_repeated_whole() -> None:
    arn = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{'x' * 40}/0123456789abcdef"

    assert arn in str(translated(answer("TargetGroupNotFound", f"no {arn} here"), "elbv2", "target group"))


SECRET = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", min_size=8, max_size=300)


@given(SECRET)
def test_user_data_never_shows_in_a_message(secret: str) -> None:
    sentences = [
        f"Invalid value '{secret}' for userData",
        f"User data ({secret}) is not valid BASE64",
        f"Value ({secret}) for parameter is invalid.",
    ]
    for sentence in sentences:
        with pytest.raises(WindlassError) as raised, translating("ec2", "launch template x", hidden=secret):
            raise answer("InvalidParameterValue", sentence, operation="CreateLaunchTemplate")
        assert secret not in str(raised.value)


@given(st.sampled_from(["dynamodb", "stepfunctions", "lambda", "sqs", "sts"]), SECRET)
def test_services_that_are_given_secrets_are_not_quoted(service: str, secret: str) -> None:
    assume(secret not in str(translated(answer("ValidationException", "bad value"), service, "x")))

    assert secret not in str(translated(answer("ValidationException", f"bad value {secret}"), service, "x"))


def test_botocores_sentence_which_repeats_parameters_is_not_ours() -> None:
    error = ParamValidationError(report="Invalid type for parameter UserData, value: b64secret")

    with pytest.raises(Broken) as raised, translating("ec2", "launch template x"):
        raise error

    assert "b64secret" not in str(raised.value)
    assert raised.value.__suppress_context__
    assert raised.value.__cause__ is None


def test_iam_actions_are_named_as_iam_names_them() -> None:
    assert actions("ec2", "CreateLaunchTemplate") == ("ec2:CreateLaunchTemplate",)
    assert actions("elbv2", "RegisterTargets") == ("elasticloadbalancing:RegisterTargets",)
    assert actions("stepfunctions", "StartExecution") == ("states:StartExecution",)
    assert actions("lambda", "Invoke") == ("lambda:InvokeFunction",)
    assert "dynamodb:ConditionCheckItem" in actions("dynamodb", "TransactWriteItems")
