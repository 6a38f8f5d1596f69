"""AWS calls as lines of its CLI, quoted for a shell, each with the thing's ARN and a line that looks at it."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_PLAIN = re.compile(r"[A-Za-z0-9_][\w.:/@+=,-]*")
"""Texts that the CLI takes as they are: no option, and no file or address to read."""


@dataclass(frozen=True)
class Thing:
    """What a parameter names: its ARN, and the call that shows it."""

    arn: str
    look: str


_ASG = Thing(
    "arn:{partition}:autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{name}",
    "autoscaling describe-auto-scaling-groups --auto-scaling-group-names {name}",
)
_ELB = "arn:{partition}:elasticloadbalancing:{region}:{account}:"
_EC2 = "arn:{partition}:ec2:{region}:{account}:"
_ALARM = Thing(
    "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", "cloudwatch describe-alarms --alarm-names {name}"
)
THINGS: Mapping[tuple[str, str], Thing] = {
    ("autoscaling", "AutoScalingGroupName"): _ASG,
    ("autoscaling", "LaunchConfigurationName"): Thing(
        "arn:{partition}:autoscaling:{region}:{account}:launchConfiguration:*:launchConfigurationName/{name}",
        "autoscaling describe-launch-configurations --launch-configuration-names {name}",
    ),
    ("cloudformation", "StackName"): Thing(
        "arn:{partition}:cloudformation:{region}:{account}:stack/{name}/*",
        "cloudformation describe-stacks --stack-name {name}",
    ),
    ("cloudwatch", "AlarmName"): _ALARM,
    ("cloudwatch", "AlarmNames"): _ALARM,
    ("ec2", "GroupId"): Thing(_EC2 + "security-group/{name}", "ec2 describe-security-groups --group-ids {name}"),
    ("ec2", "ImageId"): Thing("arn:{partition}:ec2:{region}::image/{name}", "ec2 describe-images --image-ids {name}"),
    ("ec2", "InstanceIds"): Thing(_EC2 + "instance/{name}", "ec2 describe-instances --instance-ids {name}"),
    ("ec2", "InstanceId"): Thing(_EC2 + "instance/{name}", "ec2 describe-instances --instance-ids {name}"),
    ("ec2", "LaunchTemplateId"): Thing(
        _EC2 + "launch-template/{name}", "ec2 describe-launch-templates --launch-template-ids {name}"
    ),
    ("ec2", "LaunchTemplateName"): Thing(
        _EC2 + "launch-template/*", "ec2 describe-launch-templates --launch-template-names {name}"
    ),
    ("ec2", "NetworkInterfaceId"): Thing(
        _EC2 + "network-interface/{name}", "ec2 describe-network-interfaces --network-interface-ids {name}"
    ),
    ("ec2", "SnapshotId"): Thing(
        "arn:{partition}:ec2:{region}::snapshot/{name}", "ec2 describe-snapshots --snapshot-ids {name}"
    ),
    ("elb", "LoadBalancerName"): Thing(
        _ELB + "loadbalancer/{name}", "elb describe-load-balancers --load-balancer-names {name}"
    ),
    ("elbv2", "ListenerArn"): Thing("{name}", "elbv2 describe-listeners --listener-arns {name}"),
    ("elbv2", "LoadBalancerArn"): Thing("{name}", "elbv2 describe-load-balancers --load-balancer-arns {name}"),
    ("elbv2", "TargetGroupArn"): Thing("{name}", "elbv2 describe-target-groups --target-group-arns {name}"),
    ("route53", "HostedZoneId"): Thing(
        "arn:{partition}:route53:::hostedzone/{name}", "route53 list-resource-record-sets --hosted-zone-id {name}"
    ),
}
"""By boto3's name of the service, and the parameter."""


@dataclass(frozen=True)
class Place:
    """Where lines are to act."""

    partition: str
    region: str

    def line(self, call: Json) -> str:
        """The call as a line to paste."""
        command = f"aws {call['service']} {call['call'].replace('_', '-')}"
        return f"{command} {_options(call['parameters'])} --region {shlex.quote(self.region)}".replace("  ", " ")

    def arns(self, call: Json) -> list[str]:
        """The ARNs of what it changes, `*` where only AWS knows a part."""
        return [self._filled(thing.arn, name, call["account"]) for thing, name in _things(call)]

    def looks(self, call: Json) -> list[str]:
        """Lines that show what it changes."""
        region = shlex.quote(self.region)
        return [f"aws {thing.look.format(name=shlex.quote(name))} --region {region}" for thing, name in _things(call)]

    def _filled(self, arn: str, name: str, account: str) -> str:
        if name.startswith("arn:"):
            return name
        return arn.format(partition=self.partition, region=self.region, account=account, name=name)


def _things(call: Json) -> list[tuple[Thing, str]]:
    known = ((THINGS.get((call["service"], name)), value) for name, value in call["parameters"].items())
    return [
        (thing, name)
        for thing, value in known
        if thing is not None
        for name in (value if isinstance(value, list) else [value])
        if isinstance(name, str)
    ]


def _options(parameters: Json) -> str:
    """One option each where all are plain; else the whole input as JSON, which the CLI reads in no other way."""
    if all(_is_plain(value) for value in parameters.values()):
        return " ".join(_option(name, value) for name, value in parameters.items())
    return f"--cli-input-json {shlex.quote(json.dumps(parameters, separators=(',', ':')))}"


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) and _is_plain(one) for one in value)
    if isinstance(value, str):
        return bool(_PLAIN.fullmatch(value)) and "://" not in value
    return isinstance(value, bool | int)


def _option(name: str, value: Any) -> str:
    from botocore import xform_name  # noqa: PLC0415  seldom

    option = xform_name(name, "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    words = value if isinstance(value, list) else [str(value)]
    return f"--{option} {shlex.join(words)}"
