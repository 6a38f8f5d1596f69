"""The one key: table, queues, logs, bus, histories of executions and audit are encrypted with it.

Whoever may use the key reads what Windlass keeps, so its policy names services, each for things of this stack alone;
functions use it through those services that they call (`DataKey.use`), nothing else does.
"""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.grants import Grantee, allow, arn

REUSED = Duration.hours(1)
"""For so long SQS encrypts with one data key: a request to KMS an hour for each queue and each function at it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"""
READS_AND_WRITES = ("kms:Decrypt", "kms:GenerateDataKey")
_LOGS_NEED = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


class DataKey(kms.Key):
    """`prefix` is that of the names of everything that is encrypted with it."""

    def __init__(self, scope: Construct, construct_id: str, *, prefix: str, removal: RemovalPolicy) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Windlass: all that it keeps",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        self._allow_logs(prefix)
        self._allow_events()

    def use(self, grantee: Grantee, *services: str) -> None:
        """Let the grantee read and write what these services keep with the key."""
        through = [f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}" for service in services]
        allow(grantee, READS_AND_WRITES, self.key_arn, conditions={"StringEquals": {"kms:ViaService": through}})

    def _allow_logs(self, prefix: str) -> None:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html; what Step Functions logs
        of encrypted machines is brought by log delivery, for which that page and CDK know of no condition.
        https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        """
        groups = [
            arn("logs", f"log-group:/aws/{who}/{prefix}*") for who in ("lambda", "apigateway", "vendedlogs/states")
        ]
        self._allow(f"logs.{Aws.REGION}", _LOGS_NEED, {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}})
        self._allow("delivery.logs", ("kms:Decrypt",))

    def _allow_events(self) -> None:
        """The bus, and rules that send to encrypted queues.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-key-policy.html
        """
        needs = (*READS_AND_WRITES, "kms:DescribeKey")
        self._allow("events", needs, {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}})

    def _allow(self, service: str, actions: tuple[str, ...], conditions: dict[str, object] | None = None) -> None:
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                actions=list(actions),
                resources=["*"],
                conditions=conditions,
            )
        )


def encrypt(queue: sqs.Queue, key: kms.IKey) -> None:
    """With our key. Told so, CDK would let each consumer use the key for whatever it likes, by patterns of actions."""
    written: sqs.CfnQueue = queue.node.default_child  # type: ignore[assignment]  # of a queue it always is
    written.kms_master_key_id, written.kms_data_key_reuse_period_seconds = key.key_arn, REUSED.to_seconds()
    written.sqs_managed_sse_enabled = None
