"""Single faults at botocore's events, over moto: the real adapters survive what the fake ones do.

By default each request of createServerGroup and of destroyServerGroup that changes the cloud loses its answer.
`make sweep-moto`: every request of both, the table's too, fails before its effect and after it, and the Lambda dies
there: some 600 runs. Nothing is copied from another group: moto knows scaling policies by their names alone, so that
a copy would take the original's place.
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rehearsal.fake_cloud import Manners
from rehearsal.faults import Call
from rehearsal.scenarios import OURS, WHERE
from rehearsal.trials import Fault, Golden, Scenario, golden_of, run
from rehearsal.verdicts import problems
from rehearsal.world import World
from tests.rehearsal.moto_world import fresh, made_before

EVERYTHING = os.environ.get("SWEEP") == "all"
READS = ("Describe", "Get", "Query", "BatchGet")
NEIGHBOUR = "shop-prod-v000"
QUIET = 30.0
"""Seconds: over moto nothing lands late."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def furnished(world: World) -> None:
    made_before(world, NEIGHBOUR, "earlier")
    made_before(world, OURS, "earlier")


CREATES = Scenario(
    "createServerGroup over moto",
    "createServerGroup",
    {
        **WHERE,
        "application": "shop",
        "stack": "prod",
        "image": "shop-1.0.0",
        "instanceType": "t3.micro",
        "capacity": {"min": 1, "desired": 2, "max": 4},
        "subnetType": "internal",
        "securityGroups": ["shop-web"],
        "targetGroups": ["shop-web"],
        "loadBalancers": ["shop-classic"],
        "userData": "IyEvYmluL3NoCg==",
        "suspendedProcesses": ["AZRebalance"],
        "lifecycleHooks": [{"name": "warm", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}],
        "enabledMetrics": ["GroupTotalInstances"],
    },
    furnished,
    manners=Manners(),
    quiescence=QUIET,
)
DESTROYS = Scenario(
    "destroyServerGroup over moto",
    "destroyServerGroup",
    {**WHERE, "serverGroupName": OURS},
    furnished,
    manners=Manners(),
    quiescence=QUIET,
)
KINDS = ("before", "after", "kill_before", "kill_after") if EVERYTHING else ("after",)


def golden(scenario: Scenario) -> Golden:
    with fresh() as makes:
        return golden_of(replace(scenario, makes=makes))


def struck(call: Call) -> bool:
    service, _, operation = call.name.partition(".")
    return EVERYTHING or (service != "dynamodb" and not operation.startswith(READS))


@pytest.mark.parametrize("scenario", [CREATES, DESTROYS], ids=lambda scenario: scenario.operation)
def test_whatever_request_goes_wrong_the_operation_succeeds_and_is_done_once(scenario: Scenario) -> None:
    story = golden(scenario)
    chosen = [call for call in story.calls if struck(call)]
    assert len(chosen) >= 5

    for call in chosen:
        for kind in KINDS:
            with fresh() as makes:
                here = replace(scenario, makes=makes)
                assert list(problems(here, story, run(here, (Fault(call.number, kind),)))) == [], f"{kind} at {call}"
