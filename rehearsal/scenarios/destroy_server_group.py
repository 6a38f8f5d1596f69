"""destroyServerGroup as it is rehearsed: plainly, in a hurry, and in a protected cluster."""

from dataclasses import replace
from datetime import timedelta

from rehearsal.scenarios.region import OURS, WHERE, furnished, in_service, protected
from rehearsal.trials import Scenario

DESTROYS = Scenario("destroyServerGroup", "destroyServerGroup", {**WHERE, "serverGroupName": OURS}, furnished)
DESTROYS_PROTECTED = replace(DESTROYS, name="destroyServerGroup/protected", prepare=protected, invariants=(in_service,))
HURRY = timedelta(minutes=5)
"""Shorter than a throttle, or a few deaths of a Lambda."""
DESTROYS_HURRIED = replace(DESTROYS, name="destroyServerGroup/hurried", finish_within=HURRY, hurried=True)

SCENARIOS = (DESTROYS, DESTROYS_HURRIED, DESTROYS_PROTECTED)
