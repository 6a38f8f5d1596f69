"""deployCloudFormation as it is rehearsed: a stack is updated, or cannot be; one is created; change sets are made."""

import json
from dataclasses import replace

from lambdas.cloud.stacks import Specification
from lambdas.rows import Status
from rehearsal.fake_cloud import stacks
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

STACK, NEW = "shop-queues", "shop-topics"
TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
LATER = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Dead": {"Type": "AWS::SQS::Queue"}}})
BROKEN = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Comment": stacks.BREAKS}}})
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
FAILS = replace(
    UPDATES,
    name="deployCloudFormation/fails",
    request=UPDATES.request | {"templateBody": BROKEN},
    ends=Status.ROLLED_BACK,
)
"""CloudFormation puts it back by itself. Not swept each day: it looks for what is left of nothing, in 15,000 runs;
`executeCloudFormationChangeSet/fails` goes the same way over the pivot in a fifth of them."""

SCENARIOS = (UPDATES, CREATES, PREPARES, REVIEWS)
