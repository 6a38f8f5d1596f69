"""Of every operation there is the book says who asked, which thing each step changed, and from what to what."""

import json
import re
from typing import Any

import pytest

from rehearsal.fake_cloud.snapshots import Snapshot
from rehearsal.heralds import TellingWorld
from rehearsal.scenarios import ALL
from rehearsal.trials import Scenario
from rehearsal.world import CALLER
from statemachines import ALL as SAGAS
from tests.audit.test_written import book, played

Json = dict[str, Any]
PLAYS = {one.operation: one for one in reversed(ALL)}
"""The first scenario of each operation."""
LASTING = sorted(PLAYS.keys() - {"rebootInstances"})
"""Operations after which something is other than before."""
BY_ITSELF = {
    "deleteCloudFormation": {"longer"},  # a change set of the stack
    "deleteScalingPolicy": {"shop-prod-v001-loud"},  # an alarm that still names the policy
    "detachInstances": {"shop-web", "shop-classic"},
    "resizeServerGroup": {"shop-web"},
    "terminateInstanceAndDecrementServerGroup": {"shop-web", "shop-classic"},
}
"""What the cloud changes by itself where a thing is changed: it registers a group's instances, and takes them out."""
NOTHING = ("no ", "nothing ", "skipped: ", "target groups deleted: none")
"""How a step begins that did nothing."""
INSTANCE = re.compile(r"\bi-[0-9a-f]{17}\b")


def ended(scenario: Scenario) -> tuple[TellingWorld, Json, Snapshot]:
    """The entry of its end, and all that stood in the cloud before and that stands there now."""
    standing: list[Snapshot] = []
    world = played(scenario, lambda world: standing.append(world.cloud.snapshot()))
    (entry,) = (one for one in book(world, world.operation) if one["kind"] == "succeeded")
    return world, entry, standing[0]


def name_of(resource: str) -> str:
    """Of `prod/us-east-1 target group arn:…:targetgroup/shop-web/0a1b` that of the target group."""
    return re.sub(r".*:targetgroup/([^/]+)/.*", r"\1", resource.rsplit(" ", maxsplit=1)[-1]).rpartition("/")[2]


def test_all_operations_are_played() -> None:
    assert PLAYS.keys() == {saga.operation for saga in SAGAS}


@pytest.mark.parametrize("operation", sorted(PLAYS))
def test_each_step_that_did_something_names_the_thing(operation: str) -> None:
    world, entry, before = ended(PLAYS[operation])
    saga = world.sagas[entry["plan"] and world.control(world.operation).saga]
    changing = {one.name for one in saga.changes}
    things = {name_of(one) for one in (*before, *world.cloud.snapshot())}
    told = {one["name"]: one["did"] for one in entry["journal"] if one["name"] in changing}

    assert told.keys() == changing
    for name, did in told.items():
        named = INSTANCE.search(did) or any(thing in did for thing in things)
        assert named or did.startswith(NOTHING), f"{name}: {did}"


@pytest.mark.parametrize("operation", LASTING)
def test_what_stood_before_and_stands_now_is_told_of_everything_that_changed(operation: str) -> None:
    world, entry, before = ended(PLAYS[operation])
    after = world.cloud.snapshot()
    changed = {name_of(one) for one in before.keys() | after.keys() if before.get(one) != after.get(one)}

    assert entry["asked"]["caller"] == CALLER.principal
    assert entry["before"] != entry["after"]
    text = json.dumps([entry["before"], entry["after"], entry["journal"]])
    assert {one for one in changed if one not in text} - BY_ITSELF.get(operation, set()) == set()
