"""executeCloudFormationChangeSet as it is rehearsed: one is ready for a stack that stands, and comes about or fails."""

from dataclasses import replace

from lambdas.cloud.stacks import UPDATE, ChangeSet
from lambdas.rows import Status
from rehearsal.fake_cloud import stacks
from rehearsal.scenarios.deploy_cloud_formation import BROKEN, LATER, STACK, STANDING, stacked
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE
from rehearsal.trials import Scenario
from rehearsal.world import World

NAME = "longer"


def prepared(world: World, template: str = LATER) -> None:
    """Somebody has worked out what would change."""
    stacked(world)
    place = world.cloud.place(ACCOUNT, REGION)
    stack = stacks.named(place, STACK).id
    ready = ChangeSet(f"{stack}/{NAME}", NAME, stack, "CREATE_COMPLETE", "AVAILABLE")
    stacks.prepare(place, ready, replace(STANDING, template=template), UPDATE)


REQUEST = {**WHERE, "stackName": STACK, "changeSetName": NAME}
EXECUTES = Scenario("executeCloudFormationChangeSet", "executeCloudFormationChangeSet", REQUEST, prepared)
FAILS = replace(
    EXECUTES,
    name="executeCloudFormationChangeSet/fails",
    prepare=lambda world: prepared(world, BROKEN),
    ends=Status.ROLLED_BACK,
)
"""CloudFormation puts it back by itself."""

SCENARIOS = (EXECUTES, FAILS)
