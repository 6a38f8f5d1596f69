"""Every operation that calls a person says what is left, and the lines that finish it."""

import json
import logging
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas import families, nouns
from lambdas.api.app import api
from lambdas.api.command_lines import Place
from lambdas.api.doors import Doors
from lambdas.engine.tasks import AnySaga, plan_of, stored_plan
from lambdas.errors import Rejected
from lambdas.redaction import HIDDEN
from lambdas.rows import Status
from lambdas.scribe import shown
from lambdas.values import changed
from rehearsal import scenarios
from rehearsal.failures import TaskError
from rehearsal.faults import Call, Effect, Faults, Kind
from rehearsal.gateway import IAM, Answered, answered, proxy_event
from rehearsal.scenarios import ACCOUNT, CREATES, NEW, REGION
from rehearsal.sweep import Scenario
from rehearsal.world import World
from tests.api.http_door import CALLER, new_door
from tests.shell_lines import faults as wrong_with

PLAIN = [one for one in scenarios.ALL if one.name == one.operation]
SECRET = "IyEvYmluL3NoCg=="
"""The user data of CREATES."""
DAY = 86_400.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def stuck(scenario: Scenario) -> tuple[World, str, AnySaga]:
    """The last change of the operation is refused although it took effect, and so is all that would end it."""
    world = scenario.world()
    saga = next(one for one in world.sagas.values() if one.operation == scenario.operation)
    world.faults.models.append(lambda call: refusal(world, saga, call))
    operation = world.submit(scenario.operation, scenario.request)
    world.wait(operation)
    return world, operation, saga


def refusal(world: World, saga: AnySaga, call: Call) -> Kind | None:
    if call.where not in saga.change_of or not is_change(call):
        return None
    step, undo = saga.change_of[call.where]
    if undo or world.control(world.operation).pivoted:
        return refused
    return refused_too_late if step is saga.changes[-1] else None


def is_change(call: Call) -> bool:
    known = call.port in families.SERVICES or call.port in nouns.NOUNS
    return known and families.family_of(call.name).endswith("changes")


def refused(faults: Faults, call: Call, effect: Effect) -> None:
    raise Rejected(f"rehearsed: {call.name}")


def refused_too_late(faults: Faults, call: Call, effect: Effect) -> None:
    effect()
    raise Rejected(f"rehearsed: {call.name}")


def runbook(world: World, operation: str) -> Answered:
    app = api(lambda: world.plain, world.sagas, Doors(IAM))
    return answered(app, proxy_event("GET", f"/operations/{operation}/runbook", None, arn=CALLER))


def lines(book: dict[str, Any]) -> list[str]:
    calls = [call for step in book["steps"] for call in step["calls"]]
    return [*book["before"], *(line for call in calls for line in (*call["look"], call["line"]))]


@pytest.mark.parametrize("scenario", PLAIN, ids=lambda one: one.name)
def test_every_operation_that_calls_a_person_says_what_finishes_it(scenario: Scenario) -> None:
    world, operation, _ = stuck(scenario)
    world.faults.models.clear()
    before = world.cloud.snapshot()

    got = runbook(world, operation)
    book = got.json

    assert (world.control(operation).status, got.status) == (Status.NEEDS_ATTENTION, 200)
    assert any(step["calls"] or step["words"] or step["trouble"] for step in book["steps"]), book
    assert [fault for line in lines(book) for fault in wrong_with(line)] == []
    assert SECRET not in got.text
    assert world.cloud.snapshot() == before


def test_who_has_put_a_creation_back_by_hand_is_told_that_nothing_is_left() -> None:
    world, operation, saga = stuck(CREATES)
    world.faults.models.clear()
    row, plan = world.control(operation), stored_plan(world.plain, operation)
    assert plan is not None

    for step in runbook(world, operation).json["steps"]:
        undo = saga.change_of[step["state"]][0].undo
        assert undo is not None
        undo(plan_of(saga, plan), world.plain.cloud(row.account, row.region, row.id))
        world.clock.drain(120)

    again = runbook(world, operation).json["steps"]
    assert [one["state"] for one in again if one["calls"] or one["words"]] == []


def test_what_is_left_of_a_creation_is_named_by_arn_and_removed_by_line() -> None:
    world, operation, _ = stuck(CREATES)
    world.faults.models.clear()
    book = runbook(world, operation).json

    calls = {step["state"]: step["calls"] for step in book["steps"]}
    (group,) = calls["UndoCreateEmptyGroup"]
    assert group["arns"] == [
        f"arn:aws:autoscaling:{REGION}:*:autoScalingGroup:*:autoScalingGroupName/{NEW}".replace("*", account(world), 1)
    ]
    assert group["line"] == (
        f"aws autoscaling delete-auto-scaling-group --auto-scaling-group-name {NEW} --force-delete --region {REGION}"
    )
    assert group["look"] == [
        f"aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {NEW} --region {REGION}"
    ]
    assert book["does"] == "put back what the operation could not"
    assert f"Values={operation}" in book["before"][1]


def account(world: World) -> str:
    return world.plain.cloud(ACCOUNT, REGION, "").account_id


def test_a_stranger_s_thing_of_the_same_name_has_no_line() -> None:
    world, operation, _ = stuck(CREATES)
    world.faults.models.clear()
    groups = world.cloud.place(ACCOUNT, REGION).groups
    group = groups.things[NEW]
    groups.things[NEW] = changed(group, settings=changed(group.settings, tags=(("owner", "somebody else"),)))
    world.clock.drain(120)

    steps = {one["state"]: one for one in runbook(world, operation).json["steps"]}

    assert steps["UndoCreateEmptyGroup"]["calls"] == []


def test_what_was_kept_as_the_request_asked_is_told_as_such() -> None:
    world = CREATES.world()
    request = {**CREATES.request, "image": "broken-1.0.0-x86_64-20260301", "onUnhealthy": "KEEP_DISABLED"}
    operation = world.submit(CREATES.operation, request)
    world.clock.drain(DAY)

    book = runbook(world, operation).json

    assert book["does"] == "remove what was kept, as the request asked, once nobody needs it any more"
    assert "UndoCreateEmptyGroup" in {one["state"] for one in book["steps"] if one["calls"]}


def test_an_operation_that_needs_nobody_has_nothing_to_do() -> None:
    world = CREATES.world()
    operation = world.submit(CREATES.operation, CREATES.request)
    world.clock.drain(DAY)

    book = runbook(world, operation).json

    assert (book["does"], book["steps"]) == ("nothing: the operation is SUCCEEDED, and needs nobody to finish it", [])


def test_there_is_none_of_an_operation_that_is_not_there() -> None:
    got = new_door().get("/operations/unknown/runbook")

    assert (got.status, got.json["detail"]) == (
        404,
        "there is no operation unknown; GET /operations lists those that run",
    )


def test_of_a_step_whose_function_does_not_answer_it_says_so() -> None:
    world, operation, _ = stuck(CREATES)
    world.faults.models.clear()
    world.invocations.append(dead)

    got = runbook(world, operation)

    assert got.status == 200
    assert {one["trouble"] for one in got.json["steps"]} == {"Transient: function did not answer"}


def dead(where: str) -> None:
    raise TaskError("Transient", "function did not answer")


HOSTILE = ["shop; rm -rf /", "$(reboot)", "a'b", "file:///etc/passwd", "-x", "https://x", "ü`id`"]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_thing_is_called_the_shell_and_the_cli_take_it_as_a_name(name: str) -> None:
    place = Place("aws", "us-east-1")
    parameters = {"AutoScalingGroupName": name}
    call = {
        "account": "123456789012",
        "service": "autoscaling",
        "call": "delete_auto_scaling_group",
        "parameters": parameters,
    }

    words = shlex.split(place.line(call))

    assert words[3] == "--cli-input-json"
    assert json.loads(words[4]) == {"AutoScalingGroupName": name}
    assert all(name in shlex.split(look) for look in place.looks(call))


def test_what_may_be_a_secret_is_hidden_and_shown_to_be() -> None:
    data, parameters = {"UserData": "abc", "ImageId": "ami-1"}, [{"ParameterValue": "x"}]

    assert shown({"LaunchTemplateData": data, "Parameters": parameters}) == {
        "LaunchTemplateData": {"UserData": HIDDEN, "ImageId": "ami-1"},
        "Parameters": HIDDEN,
    }
    assert shown({"Description": "password=hunter2x"}) == {"Description": HIDDEN}
