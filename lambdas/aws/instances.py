"""Instances on EC2."""

from typing import TYPE_CHECKING

from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


class Instances:
    """`lambdas.cloud.Instances`."""

    def __init__(self, client: "EC2Client") -> None:
        self._client = client

    def console(self, instance: str) -> str:
        # botocore decodes the base64. Without `Latest`, which only Nitro types know.
        with translating("ec2", f"instance {instance}"):
            return self._client.get_console_output(InstanceId=instance).get("Output", "")
