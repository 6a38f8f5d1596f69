"""deployCloudFormation as it is rehearsed: a stack is updated; a new one created; change sets are made for both."""

import json
from dataclasses import replace

from lambdas.cloud.stacks import Specification
from rehearsal.fake_cloud import stacks
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STACK, NEW = "shop-queues", "shop-topics"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
LATER = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Dead": {"Type": "AWS::SQS::Queue"}}})
STANDING = Specification(STACK, TEMPLATE, parameters=(("Days", "7"),), tags=(("team", "shop"),))
"""What the stack is made of that stands there."""


def stacked(world: World) -> None:
    """A stack that somebody has made."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    stacks.put(place, stacks.named(place, STACK), STANDING)
    # For whoever walks the activities without a request in the table.
    world.cloud.secrets.texts |= {"templateBody": LATER, "parameters": json.dumps({"Days": "14"})}


UPDATES = Scenario(
    "deployCloudFormation",
    "deployCloudFormation",
    {
        **WHERE,
        "stackName": STACK,
        "templateBody": LATER,
        "parameters": {"Days": "14"},
        "tags": {"team": "shop"},
    },
    stacked,
)
CREATES = replace(UPDATES, name="deployCloudFormation/new", request=UPDATES.request | {"stackName": NEW})
PREPARES = replace(
    UPDATES, name="deployCloudFormation/changeSet", request=UPDATES.request | {"changeSetName": "longer"}
)
REVIEWS = replace(CREATES, name="deployCloudFormation/review", request=CREATES.request | {"changeSetName": "first"})

SCENARIOS = (UPDATES, CREATES, PREPARES, REVIEWS)
