"""Where a smoke is played: the embedded AWS, or an account of AWS that may be spoilt."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from local.client import Client
from local.settings import ACCOUNT
from local.stage import ROOT, serving

CDK = ROOT / "node_modules" / ".bin" / "cdk"
STACK = "Windlass"
PREFIX = "windlass-smoke-"
HERALD, WRITTEN = f"{PREFIX}Herald", 5.0
"""The function that keeps the audit's book, and seconds until what it has begun is over."""
EMBEDDED = "the embedded AWS"
SETTINGS = (f"prefix={PREFIX}", "removal=destroy", "apiConcurrency=0", "gradual=off")
"""Settings of the stack: a new account may have too few executions to reserve some."""


class Refused(Exception):
    """The smoke cannot go on here; the message says why and what to do."""


@dataclass(frozen=True)
class Place:
    """An account in a Region, by the credentials of `session`."""

    name: str
    session: boto3.Session
    account: str
    region: str
    folder: Path
    """For what is synthesised."""
    endpoint: str | None = None
    """Of all services, where it is not AWS's own."""
    served_at: str | None = None
    """Where the API is served, if not at the stack's output."""
    settings: tuple[str, ...] = ()
    """Of the stack beside `SETTINGS`, each `name=value`."""

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]  # by any name

    def cdk(self, *arguments: str) -> None:
        """Run the CDK CLI; Refused with the end of what it said."""
        done = subprocess.run(
            [str(CDK), *arguments], cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
            raise Refused(f"cdk {arguments[0]} exited {done.returncode}:\n{last}")

    def synthesised(self) -> tuple[str, ...]:
        """The CLI's arguments by which it takes what `synth` wrote."""
        return (STACK, "--app", str(self.folder / "assembly"))

    def synth(self) -> None:
        settings = [part for one in SETTINGS + self.settings for part in ("--context", one)]
        self.cdk("synth", "--quiet", "--output", str(self.folder / "assembly"), *settings)

    def outputs(self) -> dict[str, str]:
        """Of the stack; none where there is no such stack."""
        try:
            (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return {}
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    def empty_buckets(self) -> None:
        """Of the stack: one that has anything in it is not deleted. Whoever writes into them is stopped before."""
        s3, cloudformation = self.client("s3"), self.client("cloudformation")
        self.client("lambda").put_function_concurrency(FunctionName=HERALD, ReservedConcurrentExecutions=0)
        time.sleep(WRITTEN)
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK):
            for one in page["StackResourceSummaries"]:
                if one["ResourceType"] == "AWS::S3::Bucket":
                    _empty(s3, one["PhysicalResourceId"])

    def api(self) -> Client:
        """A caller whose requests are signed, as the IAM door demands."""
        return Client((self.served_at or self.outputs()["ApiUrl"]).rstrip("/"), sign=self._signer())

    def _signer(self) -> Callable[[str, str, str | None, Mapping[str, str]], Mapping[str, str]]:
        def sign(method: str, url: str, body: str | None, headers: Mapping[str, str]) -> Mapping[str, str]:
            request = AWSRequest(method, url, headers=dict(headers), data=body)
            SigV4Auth(self._keys(), "execute-api", self.region).add_auth(request)
            return dict(request.headers.items())

        return sign

    def _keys(self) -> Credentials:
        keys = self.session.get_credentials()
        if keys is None:
            raise Refused("there are no credentials: say which with --profile, or by AWS's environment variables")
        return keys

    def _environment(self) -> dict[str, str]:
        frozen = self._keys().get_frozen_credentials()
        given = {
            "AWS_ACCESS_KEY_ID": frozen.access_key,
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
            "AWS_SESSION_TOKEN": frozen.token or "",
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint or "",
            "CDK_VALIDATION": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
            "CI": "true",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
        return inherited | {name: value for name, value in given.items() if value}


def _empty(s3: Any, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


@contextmanager
def embedded(folder: Path) -> Iterator[Place]:
    """An embedded AWS of its own, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(folder=folder, workers=2) as (endpoint, api):
        region = "us-east-1"
        session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=region)
        yield Place(EMBEDDED, session, ACCOUNT, region, folder, endpoint, api, _NEAR)


_NEAR = ("settling=1", "activityTimeout=5")
"""The embedded AWS reads its own writes, and its functions are near."""


def real(folder: Path, account: str, *, profile: str | None, region: str | None) -> Place:
    """The account that the credentials are of. Refused unless it is the one that was named."""
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.region_name is None:
            raise Refused("no Region is known: say which with --region")
        found = session.client("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"the credentials do not work: {error}") from error
    if found != account:
        raise Refused(f"the credentials are of account {found}, not of {account}: nothing was done")
    folder.mkdir(parents=True, exist_ok=True)
    return Place("AWS", session, account, session.region_name, folder)
