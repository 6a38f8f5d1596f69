"""A VPC for the functions, where a deployment names its subnets: what goes out of them goes by its routes."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from aws_cdk import Aws
from aws_cdk import aws_lambda as lambda_
from constructs import Node

from lambdas.permissions import listed
from stacks.functions import HubFunction
from stacks.grants import allow, arn, deny

MANAGES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
LOOKS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
"""What Lambda does with a function's role when it connects the function:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""
_MOST = {"subnets": 16, "securityGroups": 5}
"""https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"""


@dataclass(frozen=True)
class Network:
    """Subnets of one VPC, and what their traffic may do."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]

    @classmethod
    def of(cls, node: Node) -> "Network | None":
        """From the context `subnets` and `securityGroups`, ids with commas: both or none. Raises ValueError."""
        given = {name: listed(str(node.try_get_context(name) or "")) for name in _MOST}
        if not any(given.values()):
            return None
        for name, prefix in (("subnets", "subnet"), ("securityGroups", "sg")):
            _check(name, given[name], prefix)
        return cls(given["subnets"], given["securityGroups"])

    def connect(self, one: HubFunction, own: Collection[str]) -> None:
        """Run the function there. Its role is Lambda's to manage interfaces with, and not the code's, but for what of
        that the code does itself (`own`).
        """
        function = one.function.node.default_child
        if not isinstance(function, lambda_.CfnFunction):
            raise TypeError(f"{one.name} is no function of CloudFormation's")
        function.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(self.subnets), security_group_ids=list(self.security_groups)
        )
        # The global endpoint of STS has none in a VPC.
        one.function.add_environment("AWS_STS_REGIONAL_ENDPOINTS", "regional")
        # A subnet that another account shares has that one's number; DeleteNetworkInterface wants all or one by its id.
        allow(one.role, MANAGES, f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}:*:*/*")
        allow(one.role, LOOKS, "*")  # Describe* take no resource
        here = {"ArnEquals": {"lambda:SourceFunctionArn": arn("lambda", f"function:{one.function_name}")}}
        deny(one.role, {*MANAGES, *LOOKS} - {*own}, "*", conditions=here)  # nothing of it, wherever


def _check(name: str, ids: tuple[str, ...], prefix: str) -> None:
    if not ids:
        raise ValueError(f"a VPC is given by halves: context {name} is missing; give {' and '.join(_MOST)}, or neither")
    if wrong := [one for one in ids if not re.fullmatch(rf"{prefix}-[0-9a-f]{{8,17}}", one)]:
        raise ValueError(f"context {name}: {', '.join(wrong)} is no id; say for example {prefix}-0a1b2c3d4e5f60718")
    if len(ids) > _MOST[name]:
        raise ValueError(f"context {name} has {len(ids)} ids; Lambda takes {_MOST[name]} at most")
