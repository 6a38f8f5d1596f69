"""upsertSecurityGroup as it is rehearsed: rules of a group that stands are changed in every way, and one is made."""

from dataclasses import replace

from lambdas.cloud.security_groups import Rule, SecurityGroup
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.security_groups import id_of, put
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

RULES = (
    Rule("tcp", 22, 22, "10.0.0.0/8", "from the office"),
    Rule("tcp", 80, 80, "0.0.0.0/0"),
    Rule("tcp", 443, 443, seeds.WEB),
)
STANDING = SecurityGroup(
    id_of(seeds.VPC, "shop-api"), "shop-api", seeds.VPC, "of the API", RULES, (("owner", "somebody"),)
)


def ruled(world: World) -> None:
    """A group with rules of each kind."""
    furnished(world)
    put(world.cloud.place(ACCOUNT, REGION), STANDING)


CHANGES = Scenario(
    "upsertSecurityGroup",
    "upsertSecurityGroup",
    {
        **WHERE,
        "name": "shop-api",
        "vpcId": seeds.VPC,
        "description": "of the API",
        "ingress": [
            {"ipProtocol": "tcp", "startPort": 80, "endPort": 80, "cidr": "0.0.0.0/0", "description": "everybody"},
            {"ipProtocol": "tcp", "startPort": 7001, "endPort": 7002, "securityGroup": "shop-web"},
            {"ipProtocol": "-1", "securityGroup": "shop-api"},
        ],
        "tags": {"owner": "shop", "team": "api"},
    },
    ruled,
)
MAKES = replace(CHANGES, name="upsertSecurityGroup/new", prepare=furnished)

SCENARIOS = (CHANGES, MAKES)
