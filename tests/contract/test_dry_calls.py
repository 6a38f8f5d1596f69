"""The dry call of an account over AWS: roles that trust, roles that do not, and Regions where nothing answers."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError
from moto.sts.responses import TokenResponse

from lambdas.accounts import Account
from lambdas.aws.visits import AwsVisits
from lambdas.dry_calls import Finding, findings
from lambdas.errors import Throttled
from local import trust
from tests.contract.recording import REGION, Recorder, recorded

HUB, THERE = "123456789012", "222222222222"
NAME, EXTERNAL = "windlass-target", "windlass/prod"
ROLE = f"arn:aws:iam::{THERE}:role/{NAME}"
PROD = Account("prod", THERE, (REGION, "eu-west-1"), ROLE, EXTERNAL)
Trusting = Callable[..., None]


@pytest.fixture
def trusting(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> Trusting:
    """Make the target account's role, with that trust policy."""
    monkeypatch.setattr(TokenResponse, "assume_role", trust._assume_role)

    def made(principal: str = f"arn:aws:iam::{HUB}:root", external: str | None = EXTERNAL) -> None:
        monkeypatch.setenv("MOTO_ACCOUNT_ID", THERE)
        condition = {"Condition": {"StringEquals": {"sts:ExternalId": [external]}}} if external else {}
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"} | condition
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        boto3.client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=policy)
        monkeypatch.delenv("MOTO_ACCOUNT_ID")

    return made


def own(service: str, region: str, config: Config) -> Any:
    return recorded(service) if region == REGION else boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]


def declared(account: Account, application: Callable[[], str] = str) -> str:
    return f"what the Reader declares, in {account.id}"


VISITS = AwsVisits(own, REGION, declared)


def test_a_role_that_trusts_the_hub_and_demands_its_external_id_is_fine(aws: Recorder, trusting: Trusting) -> None:
    trusting()

    assert findings(VISITS, PROD) == ()
    assert {("sts", "AssumeRole"), ("sts", "GetCallerIdentity")} <= aws.calls
    assert aws.parameters("AssumeRole") == {
        "RoleArn": ROLE,
        "RoleSessionName": "windlass-dry-call",
        "DurationSeconds": 900,
        "ExternalId": "windlass/prod-of-another-account",
        "Policy": f"what the Reader declares, in {THERE}",
    }


def test_the_hub_s_own_account_needs_no_role(aws: Recorder) -> None:
    assert findings(VISITS, Account("hub", HUB, (REGION,))) == ()


@pytest.mark.parametrize(
    ("account", "field", "said"),
    [
        (Account("hub", THERE, (REGION,)), "id", f"the hub's own, {HUB}, not {THERE}: name its role"),
        (
            Account("hub", HUB, (REGION,), f"arn:aws:iam::{HUB}:role/windlass-x", EXTERNAL),
            "role",
            f"{HUB} is the hub's own account, where its functions act themselves: leave the role out",
        ),
    ],
)
def test_the_hub_s_own_account_is_told_from_others(aws: Recorder, account: Account, field: str, said: str) -> None:
    (found,) = findings(VISITS, account)

    assert (found.field, said in found.says) == (field, True)
    assert ("sts", "AssumeRole") not in aws.calls


@pytest.mark.parametrize(
    "policy",
    [
        None,
        {"principal": "arn:aws:iam::333333333333:root"},
        {"external": "windlass/cart"},
    ],
    ids=["no role", "another hub", "another external id"],
)
def test_a_role_that_does_not_let_the_hub_in_is_one_finding(trusting: Trusting, policy: dict[str, str] | None) -> None:
    if policy is not None:
        trusting(**policy)

    assert findings(VISITS, PROD) == (
        Finding(
            "role",
            f"{ROLE} does not let the hub in (AccessDenied): there is no such role, or its trust policy names "
            "another hub or another external id; deploy the template of `make target-template` in 222222222222 with "
            "HubAccount=123456789012 and ExternalIds=windlass/prod",
        ),
    )


def test_a_role_that_asks_for_no_external_id_is_refused(trusting: Trusting) -> None:
    trusting(external=None)

    (found,) = findings(VISITS, PROD)

    assert found.field == "role"
    assert found.says.startswith(f"{ROLE} lets the hub in whatever external id it says, so that any account's name")
    assert "demand sts:ExternalId windlass/prod" in found.says


def test_a_role_of_another_account_than_was_said_is_told(trusting: Trusting) -> None:
    trusting()

    (found,) = findings(VISITS, Account("prod", "444444444444", (REGION,), ROLE, EXTERNAL))

    assert found == Finding("id", f"{ROLE} is of account {THERE}, not of 444444444444: say {THERE}")


def silent(service: str, region: str, config: Config) -> Any:
    client = own(service, region, config)

    def answers_nothing(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url=f"https://{service}.{region}.amazonaws.com")

    if region != REGION:
        client.meta.events.register_first("before-send", answers_nothing)
    return client


def test_a_region_where_nothing_answers_is_named(trusting: Trusting) -> None:
    trusting()

    (found,) = findings(AwsVisits(silent, REGION), PROD)

    assert found == Finding(
        "regions.1",
        f"Region eu-west-1 of {THERE} cannot be reached (ConnectTimeoutError): enable it in that account and in the "
        "hub's, or take it out of regions",
    )


class Answering:
    """What AWS says instead, by operation: an error's code."""

    def __init__(self, **codes: str) -> None:
        self._codes = codes

    def __call__(self, service: str, region: str, config: Config) -> Any:
        client = boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]
        client.meta.events.register_first("before-send", self._answer)
        return client

    def _answer(self, request: Any, **_: object) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        code = next((code for operation, code in self._codes.items() if f"Action={operation}" in body), None)
        if code is None:
            return None
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>as AWS says</Message></Error></ErrorResponse>"
        return AWSResponse(request.url, 403, HTTPHeaders(), _Raw(text.encode()))


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Any:
        yield self._content


HERE = Account("hub", HUB, (REGION,))


@pytest.mark.parametrize(
    ("answers", "field", "said"),
    [
        (
            {"DescribeAutoScalingGroups": "AccessDenied"},
            "regions.0",
            "the hub's Reader may not read Auto Scaling in us-east-1 (AccessDenied)",
        ),
        ({"DescribeAutoScalingGroups": "InvalidClientTokenId"}, "regions.0", "be reached (InvalidClientTokenId)"),
    ],
)
def test_a_region_that_may_not_be_read_is_named(aws: object, answers: dict[str, str], field: str, said: str) -> None:
    (found,) = findings(AwsVisits(Answering(**answers), REGION), HERE)

    assert (found.field, said in found.says) == (field, True), found


def test_what_time_would_cure_is_no_finding(aws: object) -> None:
    with pytest.raises(Throttled, match=r"Region us-east-1: .*Throttling"):
        findings(AwsVisits(Answering(DescribeAutoScalingGroups="Throttling"), REGION), HERE)
