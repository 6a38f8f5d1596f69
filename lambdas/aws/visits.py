"""boto3's side of the dry call: a session in each Region by that Region's own STS, as operations have theirs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, cast

import boto3
from botocore import exceptions as botocore
from botocore.config import Config

from lambdas.accounts import Account
from lambdas.dry_calls import NotLetIn, Unreachable
from lambdas.error_codes import translated, translating
from lambdas.permissions import Policies

BRIEF = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2})
"""All of it within the 29 seconds that API Gateway waits, also where a Region does not answer."""
SESSION = "windlass-dry-call"
REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
DISABLED = {"RegionDisabledException", "InvalidClientTokenId", "UnrecognizedClientException", "OptInRequired"}
"""What a Region that is not enabled answers to credentials of an account.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html"""
SHORTEST = 900
"""Seconds that STS gives a session at least."""
_MAKING = Lock()
"""A session of boto3 is not safe to make clients from in several threads."""


class AwsVisits:
    """`lambdas.dry_calls.Visits`; `own` makes a client with the function's own role.

    `policy` gives that of a session in an account, as operations have it: what STS says of it is found out here.
    """

    def __init__(self, own: Callable[[str, str, Config], Any], region: str, policy: Policies | None = None) -> None:
        self._own, self._region, self._policy = own, region, policy

    def hub(self) -> str:
        with translating("sts", "the hub itself"):
            return _said(self._client("sts", self._region))

    def enter(self, account: Account, region: str) -> "AwsVisit":
        if account.role is None:
            return AwsVisit(lambda service: self._client(service, region), region)
        given = {"RoleArn": account.role, "RoleSessionName": SESSION, "DurationSeconds": SHORTEST}
        with _judging(region):
            known = {"ExternalId": account.external_id} if account.external_id else {}
            known |= {"Policy": self._policy(account)} if self._policy else {}
            keys = self._client("sts", region).assume_role(**given, **known)["Credentials"]
        return AwsVisit(lambda service: _client(keys, service, region), region)

    def _client(self, service: str, region: str) -> Any:
        client = self._own(service, region, BRIEF)
        with _MAKING:
            _ = client.meta  # the first use, which makes it
        return client


class AwsVisit:
    """`lambdas.dry_calls.Visit`."""

    def __init__(self, client: Callable[[str], Any], region: str) -> None:
        self._client, self._region = client, region

    def account(self) -> str:
        with _judging(self._region):
            return _said(self._client("sts"))

    def look(self) -> None:
        with _judging(self._region):
            self._client("autoscaling").describe_auto_scaling_groups(MaxRecords=1)


def _said(sts: Any) -> str:
    return str(sts.get_caller_identity()["Account"])


def _client(keys: dict[str, Any], service: str, region: str) -> Any:
    with _MAKING:
        return cast(Any, boto3.client)(
            service,
            region_name=region,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=BRIEF,
        )


@contextmanager
def _judging(region: str) -> Iterator[None]:
    """AWS's refusal and its silence are findings; whatever else goes wrong is our usual error."""
    try:
        yield
    except botocore.ClientError as error:
        code = error.response["Error"].get("Code", "Unknown")
        if code in REFUSALS:
            raise NotLetIn(code) from None
        if code in DISABLED:
            raise Unreachable(code) from None
        raise translated(error, "sts", f"Region {region}") from None
    except (botocore.ConnectionError, botocore.HTTPClientError) as error:
        raise Unreachable(type(error).__name__) from None
