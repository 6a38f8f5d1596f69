"""Where the audit's book stands: a bucket in which what was put is neither written anew nor deleted before its time."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lambdas.audit.book import FOLDER
from stacks.grants import Grantee, allow
from stacks.settings import Lock


class Book(Construct):
    """Encrypted with our key, whose data keys the bucket keeps for a while: hardly any page costs a request to KMS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, lock: Lock, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=_retention(lock),
            removal_policy=removal,
        )

    def grant(self, scribe: Grantee) -> None:
        """It may put pages that are not there yet, and read one that another has put first. Nothing may delete one."""
        allow(scribe, ("s3:GetObject", "s3:PutObject"), self.bucket.arn_for_objects(f"{FOLDER}/*"))


def _retention(lock: Lock) -> s3.ObjectLockRetention | None:
    days = Duration.days(lock.days)
    match lock.mode:
        case "governance":
            return s3.ObjectLockRetention.governance(days)
        case "compliance":
            return s3.ObjectLockRetention.compliance(days)
    return None
