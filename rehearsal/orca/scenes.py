"""Deployments as they are rehearsed: a cluster with a group in traffic and one out of it, and Orca's stage for it."""

from collections.abc import Callable
from dataclasses import dataclass

from lambdas import accounts
from lambdas.accounts import Account
from lambdas.activities.traffic import DISABLED
from lambdas.cloud import Capacity
from lambdas.hub import Json
from lambdas.values import changed
from rehearsal.fake_cloud import Place, seeds
from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration, number_of
from rehearsal.orca.pipeline import Orca, Stage
from rehearsal.orca.strategies import DEFINITIONS, ROLLBACK
from rehearsal.world import World

ACCOUNT, BAKES, REGION = "test", "prod", "us-east-1"
"""Where is deployed, and whose the images are."""
OLDER, OLD, NEW = (f"shop-prod-v00{n}" for n in range(3))
"""Out of traffic; in traffic; what is deployed."""

DEPLOY: Json = {
    "type": "createServerGroup",
    "refId": "1",
    "requisiteStageRefIds": [],
    "user": "deployer@example.com",
    "cloudProvider": "aws",
    "provider": "aws",
    "account": ACCOUNT,
    "application": "shop",
    "stack": "prod",
    "freeFormDetails": "",
    "moniker": {"app": "shop", "stack": "prod", "detail": None, "cluster": "shop-prod", "sequence": None},
    "amiName": "shop-1.1.0-x86_64-20260201",
    "instanceType": "m5.large",
    "subnetType": "internal",
    "availabilityZones": {REGION: ["us-east-1a", "us-east-1b"]},
    "securityGroups": ["shop-web"],
    "targetGroups": ["shop-web"],
    "loadBalancers": [seeds.CLASSIC],
    "healthCheckType": "EC2",
    "healthCheckGracePeriod": "600",
    "cooldown": 10,
    "enabledMetrics": [],
    "instanceMonitoring": False,
    "ebsOptimized": False,
    "iamRole": "BaseIAMRole",
    "capacity": {"min": 1, "max": 1, "desired": 1},
    "useSourceCapacity": True,
    "terminationPolicies": ["Default"],
    "suspendedProcesses": [],
    "targetHealthyDeployPercentage": 100,
    "copySourceCustomBlockDeviceMappings": False,
    "useAmiBlockDeviceMappings": False,
    "associatePublicIpAddress": None,
    "spotPrice": None,
    "tags": {},
    "blockDevices": [],
    "rollback": {"onFailure": False},
    "comments": "x" * 2000,
}
"""A deploy stage as people write it with Deck: Clouddriver gets all of it."""

ROLL_BACK: Json = {
    "type": ROLLBACK,
    "rollbackType": "EXPLICIT",
    "cloudProvider": "aws",
    "credentials": ACCOUNT,
    "region": REGION,
    "regions": [REGION],
    "moniker": DEPLOY["moniker"],
    "rollbackContext": {
        "rollbackServerGroupName": OLD,
        "restoreServerGroupName": OLDER,
        "targetHealthyRollbackPercentage": 100,
        "delayBeforeDisableSeconds": 30,
    },
}


def world(made_by: Callable[[Place, str], None]) -> World:
    """With a cluster of two groups, whoever made them."""
    made = World()
    for name in (ACCOUNT, BAKES):
        accounts.put(made.table, Account(name, number_of(name), (REGION,)))
        made.cloud.seed(name, REGION)
    place = made.cloud.place(ACCOUNT, REGION)
    for name in (OLDER, OLD):
        made_by(place, name)
    _disable(place, OLDER)
    return made


def windlass(place: Place, name: str) -> None:
    """Made by an operation of some time ago."""
    seeds.neighbour(place, name, Capacity(1, 2, 4), operation="earlier")


def spinnaker(place: Place, name: str) -> None:
    """Made by Clouddriver before there was Windlass: no tag of ours, and a launch configuration."""
    seeds.neighbour(place, name, Capacity(1, 2, 4))
    settings = place.templates.things[name].settings
    place.templates.take(name, ALWAYS)
    place.shelf(CONFIGURATION).put(_configuration(name), Configuration(settings), ALWAYS)
    standing = place.groups.things[name]
    place.groups.put(name, changed(standing, launch_template=None, launch_configuration=_configuration(name)), ALWAYS)


def _configuration(name: str) -> str:
    """As Clouddriver names them: with the time (`DefaultLaunchConfigurationBuilder`)."""
    return f"{name}-12312025235959"


def _disable(place: Place, name: str) -> None:
    standing = place.groups.things[name]
    place.groups.put(name, changed(standing, suspended=frozenset(DISABLED)), ALWAYS)
    own = {one.id for one in standing.instances}
    for balancer, targets in tuple(place.behind.things.items()):
        place.behind.put(balancer, tuple(one for one in targets if one.instance not in own), ALWAYS)


def orca(here: World) -> Orca:
    return Orca(here, DEFINITIONS, account=ACCOUNT, region=REGION, bake_account=BAKES)


@dataclass(frozen=True)
class Scene:
    """A top stage."""

    type: str
    context: Json

    def stage(self) -> Stage:
        return Stage(self.type, "top", dict(self.context))


def deploys(strategy: str, **more: object) -> Scene:
    return Scene("createServerGroup", {**DEPLOY, "strategy": strategy, **more})


SCENES = {
    "redblack": deploys("redblack", maxRemainingAsgs=2, scaleDown=True, delayBeforeScaleDown=60),
    "rollingredblack": deploys("rollingredblack", targetPercentages=[50], suspendedProcesses=["Terminate"]),
    "highlander": deploys("highlander"),
    "rollback": Scene(ROLLBACK, ROLL_BACK),
}
