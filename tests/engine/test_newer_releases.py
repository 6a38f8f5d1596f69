"""What a release does that meets the work of a newer one: it waits for that, and never guesses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas import entrypoint
from lambdas.cloud import Cloud
from lambdas.engine.tasks import by_name
from lambdas.errors import Transient
from lambdas.rows import control_of
from rehearsal.scenarios import CREATES_SICK
from rehearsal.world import World
from saga import step, wait_until
from saga.compiler import Json
from tests.rehearsal import toy

TASK: Json = {"saga": "CreateServerGroup", "operation": "one", "execution": "one", "last": {"step": "", "did": ""}}
ROW: Json = {
    "id": "one",
    "saga": "CreateServerGroup",
    "version": 1,
    "account": "prod",
    "region": "us-east-1",
    "application": "shop",
    "cluster": "shop",
    "caller": "me",
    "door": "windlass",
    "accepted": 1.0,
    "finish_by": 2.0,
}


def planned() -> tuple[World, str, Json]:
    """An operation with a plan, in the midst of its wait."""
    world = CREATES_SICK.world()
    operation = world.submit(CREATES_SICK.operation, CREATES_SICK.request | {"healthyWithin": 3600})
    world.run(operation, until=lambda: "InstancesHealthy" in world.executions(operation)[0].path)
    return world, operation, dict(world.table.get(("op#" + operation, "plan"))["plan"])  # type: ignore[arg-type, index]


NEWER: dict[str, Json] = {
    "no saga TurnServerGroup": {"saga": "TurnServerGroup", "step": "Plan"},
    "no state Polish of": {"step": "Polish"},
    "no state UndoPolish of": {"step": "UndoPolish"},
}


@pytest.mark.parametrize("told", NEWER)
def test_what_it_does_not_know_it_leaves_to_a_retry(told: str) -> None:
    world, operation, plan = planned()
    cloud = world.cloud.snapshot()

    with pytest.raises(Transient, match=told):
        entrypoint.activity(world.hub, world.sagas, TASK | {"operation": operation, "plan": plan} | NEWER[told])

    assert world.cloud.snapshot() == cloud


def test_so_it_does_with_a_wait() -> None:
    world, operation, plan = planned()
    event = TASK | {"operation": operation, "execution": operation, "plan": plan, "token": "token"}

    with pytest.raises(Transient, match="no wait Polished of CreateServerGroup"):
        entrypoint.engine(world.hub, world.sagas, event | {"step": "Polished"})


@pytest.mark.parametrize("state", ["ScaleUp", "UndoCopyAlarms"])
def test_so_it_does_with_a_plan_of_a_newer_schema(state: str) -> None:
    world, operation, plan = planned()
    cloud = world.cloud.snapshot()
    world.clock.drain(200)  # the cloud has settled, nothing is healthy
    event = TASK | {"operation": operation, "execution": operation, "step": state, "plan": plan | {"schema": 2}}

    with pytest.raises(Transient, match="the plan has schema 2, this release knows 1"):
        entrypoint.activity(world.hub, world.sagas, event)

    assert world.cloud.snapshot().keys() == cloud.keys()


@pytest.mark.parametrize("newer", [{"status": "PRESERVED"}, {"status": "RUNNING", "mark": "ADMIRED"}])
def test_so_it_does_with_a_row_of_a_newer_kind(newer: Json) -> None:
    with pytest.raises(Transient, match=r"this release knows no '(PRESERVED|ADMIRED)' of a control row"):
        control_of(ROW | newer)


def test_what_a_newer_release_adds_to_a_row_comes_along_unseen() -> None:
    assert control_of(ROW | {"status": "RUNNING", "sparkle": "much"}).status == "RUNNING"


def test_an_operation_of_the_newer_release_waits_until_its_code_is_there() -> None:
    """A machine is deployed after its functions' aliases have moved; whoever goes back moves them first."""
    world = World([NEW])
    world.cloud.seed("prod", "us-east-1")
    world.sagas = by_name([toy.TOY])
    operation = world.submit(toy.TOY.operation, toy.REQUEST)
    world.clock.drain(timedelta(minutes=10).total_seconds())

    assert not world.over(operation)

    world.sagas = by_name([NEW])
    result = world.run(operation)

    assert result.end == "SUCCEEDED"
    assert result.path[-4:] == ["Polish", "Shines", "Finish", "Succeeded"]


def polish(plan: toy.ToyPlan, cloud: Cloud) -> str:
    return "polished"


def unpolished(plan: toy.ToyPlan, cloud: Cloud) -> str | None:
    return None


NEW = replace(
    toy.TOY,
    steps=(
        *toy.TOY.steps,
        step("Polish", do=polish, undo=polish),
        wait_until("Shines", check=unpolished, within=timedelta(minutes=1)),
    ),
)
