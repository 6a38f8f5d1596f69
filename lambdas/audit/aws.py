"""The book in S3: a bucket whose objects are locked, so that what was put there stays as it is."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.error_codes import translating

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SERVICE = "s3"
THERE = "PreconditionFailed"
"""What S3 says where a key that was to be new is not:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""


class Bucket:
    """`lambdas.audit.scribe.Shelf`."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, body: bytes) -> bool:
        with translating(SERVICE, f"page {key}"):
            try:
                self._client.put_object(
                    Bucket=self._name, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*"
                )
            except ClientError as error:
                if error.response["Error"].get("Code") != THERE:
                    raise
                return False
        return True

    def get(self, key: str) -> bytes:
        with translating(SERVICE, f"page {key}"):
            return self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
