"""The one table: operations, journals, guards, accounts, and what is due.

The index `due` projects its keys and `lambdas.table.PROJECTED`, nothing else: the sweep reads every row itself before
it acts, lists of running operations need only ids, and a control row changes a dozen times without changing `due`.
Such a write is billed for the table alone. The lists by application and cluster answer with whole control rows, so
every write of one is billed for both as well. The list of everything, `rolls`, projects what lists are filtered by, of
which only the status ever changes: three more writes for an operation, and about 300 bytes.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations
"""

from typing import Literal

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk.aws_dynamodb import Attribute, AttributeType
from constructs import Construct

from lambdas.audit.scribe import PARTITION
from lambdas.table import ENROLLED, KEPT_UNTIL, PROJECTED
from stacks.grants import Grantee, allow

GET, QUERY = "dynamodb:GetItem", "dynamodb:Query"
# A transaction has no action of its own: each of its writes needs the plain one.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
PUT, UPDATE, DELETE = "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"

BRAKES, CLUSTERS, FLEET, FREEZES, GUARDS, OPERATIONS = "brake#*", "cluster#*", "fleet#*", "freezes", "guard#*", "op#*"
ACCOUNTS, OF_ACCOUNT, ALARMS, RECEIVERS, SWEEPS = "accounts", "account#*", "application#*", "app#*", "sweep"
BOOK = PARTITION
"""Partition keys of the items, as policies name them (docs/architecture.md)."""

# DynamoDB uses a customer managed key in the name of whoever uses the table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html#dynamodb-kms-authz
_KEY_USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

Index = Literal["due", "applications", "clusters", "rolls"]


class OperationsTable(Construct):
    """Encrypted with our own key, since it holds user data; restorable to any second; streamed to the projector.

    `protected`: nobody deletes it without taking that off first. Rows of operations say when they may go
    (`lambdas.table.KEPT_UNTIL`).
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, protected: bool, removal: RemovalPolicy
    ) -> None:
        super().__init__(scope, construct_id)
        self.key = key
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=Attribute(name="pk", type=AttributeType.STRING),
            sort_key=Attribute(name="sk", type=AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute=KEPT_UNTIL,
            deletion_protection=protected,
            removal_policy=removal,
        )
        self._index("due", hash_key="shard", range_key="due", projected=PROJECTED)
        self._index("applications", hash_key="application", range_key="accepted")
        self._index("clusters", hash_key="cluster", range_key="accepted")
        self._index("rolls", hash_key="roll", range_key="accepted", projected=ENROLLED)

    def _index(self, name: Index, *, hash_key: str, range_key: str, projected: tuple[str, ...] = ()) -> None:
        """An index of whole items, or of their keys and what is projected."""
        projection = dynamodb.ProjectionType.INCLUDE if projected else dynamodb.ProjectionType.ALL
        self.table.add_global_secondary_index(
            index_name=name,
            partition_key=Attribute(name=hash_key, type=AttributeType.STRING),
            sort_key=Attribute(name=range_key, type=AttributeType.NUMBER),
            projection_type=projection,
            non_key_attributes=list(projected) or None,
        )

    def reads(self, grantee: Grantee, *actions: str, indexes: tuple[Index, ...] = ()) -> None:
        """Let the grantee read items in these ways, and query these indexes."""
        allow(grantee, actions, self.table.table_arn)
        if indexes:
            allow(grantee, ("dynamodb:Query",), *(f"{self.table.table_arn}/index/{name}" for name in indexes))
        self._grant_key(grantee)

    def writes(self, grantee: Grantee, *actions: str, items: tuple[str, ...]) -> None:
        """Let the grantee, who reads as well, write items of these partition keys in these ways.

        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
        """
        keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(items)}}
        allow(grantee, actions, self.table.table_arn, conditions=keys)

    def _grant_key(self, grantee: Grantee) -> None:
        through_dynamodb = {"StringEquals": {"kms:ViaService": f"dynamodb.{Aws.REGION}.{Aws.URL_SUFFIX}"}}
        allow(grantee, _KEY_USE, self.key.key_arn, conditions=through_dynamodb)
