"""A recorded call as IAM sees it: actions on ARNs, with the keys that policies of ours ask for."""

from collections.abc import Iterator
from typing import Any

from lambdas.calls import actions, prefix_of
from tests.stacks.policies import Request
from tests.stacks.recorded_calls import HUB, REGION, Called
from tests.stacks.service_reference import arns_of, is_for, takes_resources

Json = dict[str, Any]
UNIQUE = "*"
"""Stands in for a part of an ARN that AWS gives."""


def requests_of(called: Called, account: str = HUB) -> Iterator[Request]:
    """What IAM is asked for the call; things of the clouds are that account's."""
    if called.service == "dynamodb":
        yield from _of_table(called)
        return
    for action in actions(called.service, called.operation):
        found = sorted({arn for arn in _arns(called, account) if is_for(action, arn)})
        for arn in found or [sample(action, account)]:
            yield Request(action, arn)


def sample(action: str, account: str) -> str:
    """An ARN as AWS's reference writes those of the action's first kind of resource."""
    if not takes_resources(action):
        return "*"
    known = {"Partition": "aws", "Region": REGION, "Account": account}
    arn = arns_of(action)[0]
    for name, value in known.items():
        arn = arn.replace(f"${{{name}}}", value)
    return arn.replace(".*", "shop/1")


def _of_table(called: Called) -> Iterator[Request]:
    parameters = called.parameters
    if called.operation == "TransactWriteItems":
        for item in parameters["TransactItems"]:
            [(verb, write)] = item.items()
            yield _item(_VERBS[verb], write)
    else:
        yield _item(f"dynamodb:{called.operation}", parameters)


_VERBS = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


def _item(action: str, parameters: Json) -> Request:
    """A condition on keys is asked for writes alone."""
    arn = f"arn:aws:dynamodb:{REGION}:{HUB}:table/{parameters['TableName']}"
    if "IndexName" in parameters:
        arn += f"/index/{parameters['IndexName']}"
    item = parameters.get("Key") or parameters.get("Item")
    return Request(action, arn, {"dynamodb:LeadingKeys": (kind_of(item["pk"]["S"]),)} if item else {})


def kind_of(key: str) -> str:
    """A partition key without what tells one from another of its kind."""
    kind, mark, _ = key.partition("#")
    return kind + mark


def _arns(called: Called, account: str) -> Iterator[str]:
    if called.service == "sqs":
        yield f"arn:aws:sqs:{REGION}:{HUB}:{called.parameters['QueueUrl'].rpartition('/')[2]}"
    elif called.service == "s3":
        yield f"arn:aws:s3:::{called.parameters['Bucket']}/{called.parameters['Key']}"
    elif called.service == "events":
        yield from (f"arn:aws:events:{REGION}:{HUB}:event-bus/{one['EventBusName']}" for one in _entries(called))
    else:
        yield from _named(called.service, called.parameters, account)


def _entries(called: Called) -> list[Json]:
    return list(called.parameters["Entries"])


def _named(service: str, parameters: Json, account: str) -> Iterator[str]:
    """By each parameter that names a thing; those of the tags' calls are in their entries."""
    for name, value in parameters.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and name == "Tags":
                yield from _named(service, one, account)
            elif isinstance(one, str) and (arn := _arn(service, name, one, account)):
                yield arn


def _arn(service: str, name: str, value: str, account: str) -> str | None:
    """Of ARNs those that are the service's own; of the fake's, whatever its number, they are that account's."""
    if value.startswith("arn:"):
        parts = value.split(":", 5)
        of_account = parts[4] and service not in ("stepfunctions", "lambda", "sns")
        ours = [*parts[:4], account if of_account else parts[4], parts[5]]
        return ":".join(ours) if parts[2] == prefix_of(service) else None
    pattern = _PATTERNS.get((service, name)) or (_by_prefix(value) if service == "ec2" else None)
    return pattern and pattern.format(region=REGION, account=account, value=value)


def _by_prefix(identity: str) -> str | None:
    """EC2's ids say what they are of."""
    kind = _KINDS.get(identity.partition("-")[0])
    of = "" if kind in ("image", "snapshot") else "{account}"
    return kind and f"arn:aws:ec2:{{region}}:{of}:{kind}/{{value}}"


_KINDS = {
    "ami": "image",
    "snap": "snapshot",
    "i": "instance",
    "lt": "launch-template",
    "sg": "security-group",
    "eni": "network-interface",
    "subnet": "subnet",
    "vpc": "vpc",
    "vol": "volume",
}
_GROUP = f"arn:aws:autoscaling:{{region}}:{{account}}:autoScalingGroup:{UNIQUE}:autoScalingGroupName/{{value}}"
_ELB = "arn:aws:elasticloadbalancing:{region}:{account}:"
_PATTERNS = {
    ("autoscaling", "AutoScalingGroupName"): _GROUP,
    ("autoscaling", "ResourceId"): _GROUP,
    ("autoscaling", "LaunchConfigurationName"): (
        f"arn:aws:autoscaling:{{region}}:{{account}}:launchConfiguration:{UNIQUE}:launchConfigurationName/{{value}}"
    ),
    ("cloudformation", "StackName"): f"arn:aws:cloudformation:{{region}}:{{account}}:stack/{{value}}/{UNIQUE}",
    ("cloudwatch", "AlarmName"): "arn:aws:cloudwatch:{region}:{account}:alarm:{value}",
    ("cloudwatch", "AlarmNames"): "arn:aws:cloudwatch:{region}:{account}:alarm:{value}",
    ("elb", "LoadBalancerName"): _ELB + "loadbalancer/{value}",
    ("elb", "LoadBalancerNames"): _ELB + "loadbalancer/{value}",
    ("elbv2", "Name"): _ELB + f"loadbalancer/app/{{value}}/{UNIQUE}",
    ("route53", "HostedZoneId"): "arn:aws:route53:::hostedzone/{value}",
    ("ssm", "Name"): "arn:aws:ssm:{region}:{account}:parameter{value}",
}
