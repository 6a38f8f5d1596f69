"""The state machines: one per compiled saga, each with its own role; their failures are logged in one place.

A definition is a file of its own beside the template: in it forty of them would be more than CloudFormation takes.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from aws_cdk import RemovalPolicy, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.definitions import Definition
from stacks.functions import KEPT, HubFunction
from stacks.grants import arn, statement
from stacks.key import READS_AND_WRITES

OBSERVED = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""What Step Functions needs to log and to trace: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html"""

REUSED = 900
"""Seconds for which Step Functions encrypts with one data key, the longest that it takes."""


class FunctionsByName(Protocol):
    def __getitem__(self, name: str) -> HubFunction: ...


class Machine(Construct):
    """One operation's machine."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        definition: Definition,
        name: str,
        functions: FunctionsByName,
        log_group: logs.ILogGroup,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        called = {hole: functions[function].live for hole, function in definition.holes.items()}
        invoked = sorted({*definition.holes.values(), *definition.earlier})
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=name,
            state_machine_type=sfn.StateMachineType.STANDARD,
            definition_body=sfn.DefinitionBody.from_file(str(self._written(definition))),
            definition_substitutions={hole: alias.function_arn for hole, alias in called.items()},
            role=self._role(name, [functions[one].live for one in invoked], key),
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ERROR, include_execution_data=False),
            tracing_enabled=True,
        )
        self._encrypt(key)

    def _encrypt(self, key: kms.IKey) -> None:
        """Not by CDK's own means: each machine would add its line to the key's policy."""
        written: sfn.CfnStateMachine = self.machine.node.default_child  # type: ignore[assignment]  # it always is
        written.encryption_configuration = sfn.CfnStateMachine.EncryptionConfigurationProperty(
            type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=key.key_arn, kms_data_key_reuse_period_seconds=REUSED
        )

    def _role(self, name: str, called: Iterable[lambda_.IAlias], key: kms.IKey) -> iam.IRole:
        """With its policy inside: one of its own would be a tenth of the stack's resources."""
        # The alias and no version: every definition, those of running executions included, names only the alias.
        invokes = statement(("lambda:InvokeFunction",), *(alias.function_arn for alias in called))
        observed = statement(OBSERVED, "*")  # they have no resource types
        policy = iam.PolicyDocument(statements=[invokes, observed, *_uses(name, key)])
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            inline_policies={"Machine": policy},
        )
        return role.without_policy_updates()

    def _written(self, definition: Definition) -> Path:
        path = Path(Stage.of(self).outdir) / "definitions" / f"{definition.saga}.asl.json"  # type: ignore[union-attr]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(definition.text, encoding="utf-8")
        return path


def _uses(name: str, key: kms.IKey) -> Iterator[iam.PolicyStatement]:
    """The key, for this machine's history and for what is logged of it.

    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    machine = {"kms:EncryptionContext:aws:states:stateMachineArn": arn("states", f"stateMachine:{name}")}
    yield statement(READS_AND_WRITES, key.key_arn, conditions={"StringEquals": machine})
    delivery = {"kms:EncryptionContext:SourceArn": arn("logs", "*")}
    yield statement(("kms:GenerateDataKey",), key.key_arn, conditions={"StringEquals": delivery})


class MachineLogs(logs.LogGroup):
    """Failures only, without data: the journal and the execution history hold the story already, and for as long.

    Under `/aws/vendedlogs/` no log group needs room in the account's resource policy, which holds ten.
    https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, prefix: str, key: kms.IKey, removal: RemovalPolicy
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=f"/aws/vendedlogs/states/{prefix}machines",
            retention=KEPT,
            encryption_key=key,
            removal_policy=removal,
        )
