"""Every AWS call Windlass makes, and the IAM actions that allow it.

The contract suite records what is really called and compares it with this.
"""

from importlib import import_module
from pkgutil import iter_modules

from lambdas import cloud
from lambdas.nouns import NOUNS

CALLS: tuple[tuple[str, str], ...] = (
    ("autoscaling", "CreateAutoScalingGroup"),
    ("autoscaling", "DeleteAutoScalingGroup"),
    ("autoscaling", "DescribeAutoScalingGroups"),
    ("autoscaling", "DescribeLaunchConfigurations"),
    ("autoscaling", "DescribeLifecycleHooks"),
    ("autoscaling", "DescribePolicies"),
    ("autoscaling", "DescribeScalingActivities"),
    ("autoscaling", "DescribeScheduledActions"),
    ("autoscaling", "EnableMetricsCollection"),
    ("autoscaling", "PutLifecycleHook"),
    ("autoscaling", "PutScalingPolicy"),
    ("autoscaling", "PutScheduledUpdateGroupAction"),
    ("autoscaling", "ResumeProcesses"),
    ("autoscaling", "SuspendProcesses"),
    ("autoscaling", "UpdateAutoScalingGroup"),
    ("cloudwatch", "DeleteAlarms"),
    ("cloudwatch", "DescribeAlarms"),
    ("cloudwatch", "PutMetricAlarm"),
    ("dynamodb", "DeleteItem"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("dynamodb", "Query"),
    ("dynamodb", "TransactWriteItems"),
    ("dynamodb", "UpdateItem"),
    ("ec2", "CreateLaunchTemplate"),
    ("ec2", "DeleteLaunchTemplate"),
    ("ec2", "DescribeAvailabilityZones"),
    ("ec2", "DescribeImages"),
    ("ec2", "DescribeLaunchTemplateVersions"),
    ("ec2", "DescribeLaunchTemplates"),
    ("ec2", "DescribeSecurityGroups"),
    ("ec2", "DescribeSubnets"),
    ("ec2", "GetConsoleOutput"),
    ("elb", "DeregisterInstancesFromLoadBalancer"),
    ("elb", "DescribeInstanceHealth"),
    ("elb", "DescribeLoadBalancers"),
    ("elb", "RegisterInstancesWithLoadBalancer"),
    ("elbv2", "DeregisterTargets"),
    ("elbv2", "DescribeTargetGroups"),
    ("elbv2", "DescribeTargetHealth"),
    ("elbv2", "RegisterTargets"),
    ("events", "PutEvents"),
    ("lambda", "Invoke"),
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("sns", "Publish"),
    ("sqs", "SendMessage"),
    ("ssm", "GetParameter"),
    ("stepfunctions", "DescribeExecution"),
    ("stepfunctions", "SendTaskFailure"),
    ("stepfunctions", "SendTaskSuccess"),
    ("stepfunctions", "StartExecution"),
    ("sts", "AssumeRole"),
    ("sts", "GetCallerIdentity"),
)
"""(boto3's name of the service, operation); those of nouns are in `of_nouns`."""

_PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "stepfunctions": "states"}
_ACTIONS = {
    ("lambda", "Invoke"): ("lambda:InvokeFunction",),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    ("dynamodb", "TransactWriteItems"): (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
}


def actions(service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that allow a call.

    Names are those of https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    return _ACTIONS.get((service, operation), (f"{prefix_of(service)}:{operation}",))


def prefix_of(service: str) -> str:
    """How IAM calls boto3's service."""
    return _PREFIXES.get(service, service)


def of_nouns() -> tuple[tuple[str, str], ...]:
    """The calls that the nouns of `lambdas.cloud` declare."""
    for module in iter_modules(cloud.__path__):
        import_module(f"{cloud.__name__}.{module.name}")
    return tuple(sorted({call for noun in NOUNS.values() for call in noun.calls()}))
