"""Gradual releases: CodeDeploy moves each function's alias to its new version in parts, while two alarms watch.

The alarms say that a release is bad, whatever users ask for: our own code is wrong, or executions end in none of the
three ways. When one rings, CodeDeploy puts the aliases back, and CloudFormation with them the whole stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
"""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.grants import arn, statement

OFF = "off"
GRADUAL = "Canary10Percent5Minutes"
"""A tenth of all calls for five minutes, then all: the alarms judge each minute. All functions shift at once, so a
release takes five minutes longer than without."""
WAYS = {
    **{f"Canary10Percent{minutes}Minutes": f"CANARY_10_PERCENT_{minutes}_MINUTES" for minutes in (5, 10, 15, 30)},
    "Linear10PercentEvery1Minute": "LINEAR_10_PERCENT_EVERY_1_MINUTE",
    **{f"Linear10PercentEvery{minutes}Minutes": f"LINEAR_10_PERCENT_EVERY_{minutes}_MINUTES" for minutes in (2, 3, 10)},
}
"""CodeDeploy's own: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html"""

_MOVES = ("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias")


class Shifts(Construct):
    """One application, one role, and for each function a deployment group: 2 resources and one for each function."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        way: str,
        prefix: str,
        aliases: Mapping[str, lambda_.Alias],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        application = codedeploy.LambdaApplication(self, "Application", application_name=f"{prefix}functions")
        role = self._role(prefix)
        for function, alias in aliases.items():
            codedeploy.LambdaDeploymentGroup(
                self,
                function,
                application=application,
                deployment_group_name=function,
                alias=alias,
                deployment_config=getattr(codedeploy.LambdaDeploymentConfig, WAYS[way]),
                role=role,
                alarms=list(alarms),
            )

    def _role(self, prefix: str) -> iam.IRole:
        """What CodeDeploy's own policy for Lambda allows, but for buckets and hooks, which no shift of ours has.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
        """
        # By the prefix of their names: the aliases wait for the role, so that it must not refer to them.
        moves = statement(_MOVES, arn("lambda", f"function:{prefix}*"))
        policy = iam.PolicyDocument(statements=[moves, statement(("cloudwatch:DescribeAlarms",), "*")])
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            inline_policies={"Shift": policy},
        )
        return role.without_policy_updates()
