"""Instances in service discovery as a whole: found, kept from being found, put back."""

from typing import Any

from lambdas.activities.discovery import DiscoveryPlan
from lambdas.cloud.discovery import OUT_OF_SERVICE, UP, Discovery
from lambdas.rows import Status
from lambdas.table import Key
from rehearsal.fake_cloud import discovery
from rehearsal.scenarios.discovery import DISABLES, ENABLES
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, OUR_INSTANCES, REGION
from rehearsal.trials import Scenario
from rehearsal.world import Result, World
from statemachines.disable_instances_in_discovery import DISABLE_INSTANCES_IN_DISCOVERY

STRANGER = "i-0fedcba9876543210"


def said(world: World) -> dict[str, str]:
    return world.cloud.cloud(ACCOUNT, REGION).of(Discovery).statuses(OUR_INSTANCES)


def ran(scenario: Scenario, world: World, **fields: Any) -> Result:
    request = {**scenario.request, **fields}
    return world.run(world.submit(scenario.operation, request, key=f"{scenario.name}{fields}"))


def why(world: World, result: Result, step: str) -> str:
    return str((world.table.get(Key(f"op#{result.id}", f"step#{step}")) or {})["error"])


def test_instances_are_kept_from_being_found_and_found_again() -> None:
    world = DISABLES.world()

    out = ran(DISABLES, world)
    assert out.path == ["Guard", "Plan", "Recovering", "SetStatus", "Finish", "Succeeded"]
    assert said(world) == dict.fromkeys(OUR_INSTANCES, OUT_OF_SERVICE)

    assert ran(ENABLES, world).control.status is Status.SUCCEEDED
    assert said(world) == dict.fromkeys(OUR_INSTANCES, UP)


def test_those_that_are_not_registered_are_passed_over_as_far_as_that_is_allowed() -> None:
    world = DISABLES.world()

    refused = ran(DISABLES, world, instanceIds=[*OUR_INSTANCES, STRANGER])
    passed = ran(DISABLES, world, instanceIds=[*OUR_INSTANCES, STRANGER], targetHealthyDeployPercentage=60)

    assert why(world, refused, "Plan") == (
        f"Rejected: 1 of 3 instances are not registered with discovery ({STRANGER}), and 100 % have to be; "
        "name those that are"
    )
    assert passed.control.status is Status.SUCCEEDED
    plan = DiscoveryPlan("prod", REGION, OUT_OF_SERVICE, (), (STRANGER,))
    assert DISABLE_INSTANCES_IN_DISCOVERY.results is not None
    assert DISABLE_INSTANCES_IN_DISCOVERY.results(plan) == {"discoverySkippedInstanceIds": [STRANGER]}


def test_what_somebody_else_has_said_since_stays() -> None:
    world = ENABLES.world()
    place = world.cloud.place(ACCOUNT, REGION)

    def theirs(call: Any) -> None:
        if (call.name, call.where) == ("discovery.statuses", "Plan"):
            discovery.registered(place, OUR_INSTANCES[1], "STARTING")

    world.faults.watch(theirs)
    result = ran(ENABLES, world)

    assert result.path[-5:] == ["SetStatus", "UndoSetStatus", "NothingLeft", "PutBack", "RolledBack"]
    assert said(world) == {OUR_INSTANCES[0]: OUT_OF_SERVICE, OUR_INSTANCES[1]: "STARTING"}


def test_the_last_instances_of_a_protected_cluster_are_found() -> None:
    world = DISABLES.world()
    world.run(world.submit("destroyServerGroup", {"account": ACCOUNT, "region": REGION, "serverGroupName": NEIGHBOUR}))

    result = ran(DISABLES, world)

    assert "cluster shop-prod in us-east-1 is protected" in why(world, result, "SetStatus")
    assert said(world) == dict.fromkeys(OUR_INSTANCES, UP)
