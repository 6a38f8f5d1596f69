"""executeCloudFormationChangeSet as it is rehearsed: a change set that is ready for a stack that stands."""

from dataclasses import replace

from lambdas.cloud.stacks import UPDATE, ChangeSet
from rehearsal.fake_cloud import stacks
from rehearsal.scenarios.deploy_cloud_formation import LATER, STACK, STANDING, stacked
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE
from rehearsal.trials import Scenario
from rehearsal.world import World

NAME = "longer"


def prepared(world: World) -> None:
    """Somebody has worked out what would change."""
    stacked(world)
    place = world.cloud.place(ACCOUNT, REGION)
    stack = stacks.named(place, STACK).id
    ready = ChangeSet(f"{stack}/{NAME}", NAME, stack, "CREATE_COMPLETE", "AVAILABLE")
    stacks.prepare(place, ready, replace(STANDING, template=LATER), UPDATE)


REQUEST = {**WHERE, "stackName": STACK, "changeSetName": NAME}
EXECUTES = Scenario("executeCloudFormationChangeSet", "executeCloudFormationChangeSet", REQUEST, prepared)

SCENARIOS = (EXECUTES,)
