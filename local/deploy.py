"""Deploys a synthesised CDK app with boto3: uploads the file assets, then creates or updates each stack in order."""

from __future__ import annotations

import functools
import io
import json
import sys
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from local.clients import Clients
from local.settings import ACCOUNT

Json = dict[str, Any]
_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


class DeployError(Exception):
    """A stack could not be deployed; the message names the resource and the reason."""


@dataclass(frozen=True)
class Target:
    endpoint: str
    region: str = "us-east-1"
    account: str = ACCOUNT

    def client(self, service: str) -> Any:
        return Clients(self.endpoint).within(self.account).get(service, self.region)

    def filled(self, text: str) -> str:
        values = {"AWS::AccountId": self.account, "AWS::Region": self.region, "AWS::Partition": "aws"}
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        return text


def deploy(assembly: Path, endpoint: str, *, region: str = "us-east-1") -> dict[str, dict[str, str]]:
    """The outputs of each stack by its name. A stack whose template is unchanged stays as it is."""
    target = Target(endpoint, region)
    manifest: Json = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    stacks = {name: artifact for name, artifact in manifest.items() if artifact["type"] == "aws:cloudformation:stack"}
    _upload_assets(assembly, stacks, target)
    _mark_bootstrapped(target)
    order = TopologicalSorter({name: set(s.get("dependencies", [])) & set(stacks) for name, s in stacks.items()})
    return dict(_deployed(assembly, stacks[name], target) for name in order.static_order())


def deploy_template(
    name: str,
    template: str,
    endpoint: str,
    *,
    region: str = "us-east-1",
    account: str = ACCOUNT,
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Create or update one stack and wait for its end."""
    cloudformation = Target(endpoint, region, account).client("cloudformation")
    try:
        _write(cloudformation, name, template, parameters)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeployError(f"stack {name}: {error.response['Error']['Message']}") from error
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    if stack["StackStatus"] not in _DONE:
        raise DeployError(f"stack {name} is {stack['StackStatus']}: {_reason(cloudformation, name)}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _write(cloudformation: Any, name: str, template: str, parameters: Mapping[str, str]) -> None:
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    wanted = {"TemplateBody": template, "Parameters": given, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    existing = _existing(cloudformation, name)
    if existing == "ROLLBACK_COMPLETE":
        cloudformation.delete_stack(StackName=name)
    if existing in {None, "ROLLBACK_COMPLETE"}:
        cloudformation.create_stack(StackName=name, **wanted)
    elif _body(cloudformation, name) != template:
        cloudformation.update_stack(StackName=name, **wanted)


def _body(cloudformation: Any, name: str) -> str:
    body = cloudformation.get_template(StackName=name)["TemplateBody"]
    return body if isinstance(body, str) else json.dumps(body)


def _existing(cloudformation: Any, name: str) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError:
        return None


def _reason(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"
        for event in failed[:3]
    )


def _deployed(assembly: Path, artifact: Json, target: Target) -> tuple[str, dict[str, str]]:
    properties = artifact["properties"]
    name = str(properties.get("stackName") or artifact["displayName"])
    template = (assembly / properties["templateFile"]).read_text()
    return name, deploy_template(name, template, target.endpoint, region=target.region)


def _upload_assets(assembly: Path, stacks: Json, target: Target) -> None:
    uploads: dict[tuple[str, str], Path] = {}
    for file in {assembly / f"{name}.assets.json" for name in stacks}:
        for asset in json.loads(file.read_text())["files"].values() if file.exists() else []:
            for place in asset["destinations"].values():
                key = target.filled(place["bucketName"]), target.filled(place["objectKey"])
                uploads[key] = assembly / asset["source"]["path"]
    for bucket in {bucket for bucket, _ in uploads}:
        _ensure_bucket(target, bucket)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda place: _upload(target, place, uploads[place]), uploads))


def _ensure_bucket(target: Target, bucket: str) -> None:
    place = {"CreateBucketConfiguration": {"LocationConstraint": target.region}}
    try:
        target.client("s3").create_bucket(Bucket=bucket, **({} if target.region == "us-east-1" else place))
    except ClientError as error:
        if "BucketAlready" not in error.response["Error"]["Code"]:
            raise


def _upload(target: Target, place: tuple[str, str], source: Path) -> None:
    """Asset keys are hashes of their content, so what is there already is the same."""
    s3, (bucket, key) = target.client("s3"), place
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=zipped(source) if source.is_dir() else source.read_bytes())


@functools.cache
def zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    # Stored, not compressed: it is unpacked again on the same machine within a second.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def _mark_bootstrapped(target: Target) -> None:
    """What CDK's templates check: that the environment has been bootstrapped."""
    target.client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
    )


if __name__ == "__main__":
    print(json.dumps(deploy(Path(sys.argv[1]), sys.argv[2]), indent=2))
