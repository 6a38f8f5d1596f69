"""Clouddriver's operations that AWS itself has taken the ground from: refused, each with the reason.

`attachClassicLinkVpc` links an EC2-Classic instance to a VPC. AWS retired EC2-Classic on 15 August 2022, so
there is nothing to link: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/vpc-migrate.html
"""

from collections.abc import Mapping

_CLASSIC_LINK = (
    "attachClassicLinkVpc: AWS has retired EC2-Classic and with it ClassicLink, so no instance can be linked to a VPC; "
    "launch it in the VPC"
)

RETIRED: Mapping[str, str] = {
    "attachClassicLinkVpc": _CLASSIC_LINK,
    "attachClassicLinkVpcDescription": _CLASSIC_LINK,
}
"""Why each is refused, by its names."""
