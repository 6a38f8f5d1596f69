"""The role for when Windlass itself is down: what no function may do, for named people, with MFA, for an hour.

None but it may stop or redrive an execution, throw messages away, delete the table, or write a row by hand: each of
them goes past what the engine promises (docs/permissions.md). Without the setting there is no such role.
"""

import re
from collections.abc import Iterable, Sequence

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct, Node

from lambdas.permissions import listed
from stacks.grants import allow, arn
from stacks.key import DataKey
from stacks.table import DELETE, GET, PUT, QUERY, UPDATE, OperationsTable

ENDS = ("states:RedriveExecution", "states:StopExecution")
LOOKS = ("states:DescribeExecution", "states:GetExecutionHistory")
PURGES = ("sqs:GetQueueAttributes", "sqs:PurgeQueue")
DELETES = ("dynamodb:DeleteTable", "dynamodb:DescribeTable", "dynamodb:UpdateTable")
"""The table's deletion protection has to be taken away first: `UpdateTable`."""
PURPOSE = "Windlass: break glass, when Windlass itself is down"
LONGEST = Duration.hours(1)
"""Of a session, and since the second factor was shown."""


def trusted(node: Node) -> tuple[str, ...]:
    """Who may break the glass: `breakGlass` of the context, ARNs of users and roles with commas. Raises ValueError.

    Each by name: an account's root would let in whoever an administrator there says.
    """
    given = listed(str(node.try_get_context("breakGlass") or ""))
    for one in given:
        if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=,.@/-]+", one):
            raise ValueError(
                f"context breakGlass={one!r} is no ARN of a user or a role; say arn:aws:iam::…:role/on-call"
            )
    return given


class BreakGlass(Construct):
    """`trusts`: ARNs of the users and roles that may assume the role.

    The role has no name of ours: names are the account's, and a hub stands in each Region; nor may it begin like those
    that the functions assume.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        prefix: str,
        trusts: Sequence[str],
        table: OperationsTable,
        queues: Iterable[sqs.IQueue],
        key: DataKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            description=PURPOSE,
            assumed_by=_with_mfa(trusts),
            max_session_duration=LONGEST,
        )
        allow(self.role, (*ENDS, *LOOKS), arn("states", f"execution:{prefix}*:*"))
        allow(self.role, ("states:ListExecutions",), arn("states", f"stateMachine:{prefix}*"))
        allow(self.role, PURGES, *(queue.queue_arn for queue in queues))
        allow(self.role, (GET, QUERY, "dynamodb:Scan", PUT, UPDATE, DELETE, *DELETES), table.table.table_arn)
        key.use(self.role, "dynamodb", "sqs")
        CfnOutput(self, "Arn", value=self.role.role_arn)


def _with_mfa(trusts: Sequence[str]) -> iam.IPrincipal:
    """Only with a second factor that was shown within the hour: a session without MFA has neither key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    shown = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": str(LONGEST.to_seconds())},
    }
    return iam.PrincipalWithConditions(iam.CompositePrincipal(*map(iam.ArnPrincipal, trusts)), shown)
