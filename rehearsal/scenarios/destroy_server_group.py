"""destroyServerGroup as it is rehearsed: plainly, in a hurry, and in a protected cluster."""

from dataclasses import replace
from datetime import timedelta

from lambdas import accounts
from lambdas.accounts import Account, Limits
from lambdas.engine.intake import Caller
from rehearsal.fake_cloud import seeds
from rehearsal.scenarios.region import ACCOUNT, OURS, REGION, WHERE, furnished, in_service, protected
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
HURRY = timedelta(minutes=5)
"""Shorter than a throttle, or a few deaths of a Lambda."""
DESTROYS_HURRIED = replace(DESTROYS, name="destroyServerGroup/hurried", finish_within=HURRY, hurried=True)

SCENARIOS = (DESTROYS, DESTROYS_BRAKED, DESTROYS_HURRIED, DESTROYS_PROTECTED)
