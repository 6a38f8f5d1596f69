"""upsertAsgLifecycleHook as it is rehearsed: a hook that stands is changed, and one that does not is made."""

from dataclasses import replace

from lambdas.cloud import LifecycleHook
from lambdas.hub import Json
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STANDING = LifecycleHook("drain", "autoscaling:EC2_INSTANCE_TERMINATING", heartbeat=60)
NEW: Json = {
    **WHERE,
    "serverGroupName": OURS,
    "roleARN": "arn:aws:iam::123456789012:role/notify",
    "notificationTargetARN": "arn:aws:sqs:us-east-1:123456789012:ends",
    "heartbeatTimeout": 300,
}


def hooked(world: World) -> None:
    """As `furnished`, with a hook."""
    furnished(world)
    world.cloud.cloud(ACCOUNT, REGION).groups.put_hook(OURS, STANDING)


REHOOKS = Scenario("upsertAsgLifecycleHook", "upsertAsgLifecycleHook", NEW | {"name": "drain"}, hooked)
HOOKS = replace(REHOOKS, name="upsertAsgLifecycleHook/new", request=NEW)

SCENARIOS = (REHOOKS, HOOKS)
