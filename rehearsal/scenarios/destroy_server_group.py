"""destroyServerGroup as it is rehearsed: plainly, in a hurry, in a protected cluster, with a launch configuration."""

from dataclasses import replace
from datetime import timedelta

from lambdas import accounts
from lambdas.accounts import Account, Limits
from lambdas.engine.intake import Caller
from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, OURS, REGION, WHERE, furnished, in_service, protected
from rehearsal.scenarios.update_launch_config import configured
from rehearsal.trials import Scenario
from rehearsal.world import World


def braked(world: World) -> None:
    """As `furnished`, in an account of which no group goes out of service unasked."""
    furnished(world)
    accounts.put(world.table, Account(ACCOUNT, seeds.OWNER, (REGION,), limits=Limits(groups=0)))


DESTROYS = Scenario("destroyServerGroup", "destroyServerGroup", {**WHERE, "serverGroupName": OURS}, furnished)
DESTROYS_PROTECTED = replace(DESTROYS, name="destroyServerGroup/protected", prepare=protected, invariants=(in_service,))
DESTROYS_BRAKED = replace(
    DESTROYS,
    name="destroyServerGroup/braked",
    prepare=braked,
    decider=Caller("arn:aws:iam::123456789012:role/second-person"),
)
"""Nothing may go out of service without a second person."""
DESTROYS_CONFIGURED = Scenario(
    "destroyServerGroup/configured", "destroyServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}, configured
)
"""Somebody else's from the days of launch configurations."""
HURRY = timedelta(minutes=5)
"""Shorter than a throttle, or a few deaths of a Lambda."""
DESTROYS_HURRIED = replace(DESTROYS, name="destroyServerGroup/hurried", finish_within=HURRY, hurried=True)

SCENARIOS = (DESTROYS, DESTROYS_BRAKED, DESTROYS_CONFIGURED, DESTROYS_HURRIED, DESTROYS_PROTECTED)
