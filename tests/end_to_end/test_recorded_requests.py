"""Real request bodies of Clouddriver's callers, posted over HTTP to the deployed API."""

from typing import Any

import pytest

from local.client import Answer, Json
from tests.end_to_end.live import Live, fixture, needs_fixtures, plays

pytestmark = [pytest.mark.xdist_group("embedded"), needs_fixtures()]

FOREIGN = {"kato.tasks": [{"id": str(n), "history": "x" * 1000} for n in range(2000)], "moniker": {"app": "app"}}
"""2 MB of what Orca sends along."""
SHRUNK = "app-main-v001"
"""The server group that fixture 26 names."""


def post(live: Live, number: str, body: Any = None) -> Answer:
    given = fixture(number)
    method, path = given["route"].split()
    return live.ask(method, path, body or given["body"])


@pytest.mark.parametrize("number", ["02", "05", "06", "12"])
def test_an_invalid_body_gets_clouddrivers_own_code(live: Live, number: str) -> None:
    expect = fixture(number)["expect"]

    got = post(live, number)

    assert got.status == expect["status"], got.text
    assert got.json["message"] == expect["message"]
    assert len(got.json["errors"]) == expect["errorsCount"]
    assert got.json["errors"][0].endswith(expect["errors[0]_endsWith"])


def basic_creation(live: Live) -> tuple[Answer, Json]:
    accepted = post(live, "01")
    return accepted, live.task_ended(accepted.json["id"])


@plays([basic_creation])
def test_a_recorded_creation_ends_with_the_result_that_clouddriver_gives(
    played: tuple[Answer, Json], live: Live
) -> None:
    (accepted, task), expect = played, fixture("01")["expect"]

    assert accepted.status == expect["status"], accepted.text
    assert accepted.json["resourceUri"] == expect["resourceUri"].replace("{id}", accepted.json["id"])
    assert (task["status"]["completed"], task["status"]["failed"]) == (True, False), task["status"]
    assert expect["resultObject"].items() <= task["resultObjects"][0].items()
    group = live.group("myAwsApp-myStack-v000", "us-west-1")
    assert sorted(group["AvailabilityZones"]) == ["us-west-1a", "us-west-1c"]
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (1, 1, 1)


def resize_without_capacity(live: Live) -> Json:
    return live.task_ended(post(live, "15").json["id"])


@plays([resize_without_capacity])
def test_a_legacy_resize_that_asks_for_nothing_is_skipped_success(played: Json, live: Live) -> None:
    did = live.view(played["id"])["steps"][-3]["did"]

    assert played["status"]["failed"] is False, played["status"]
    assert did == "skipped: server group myasg-stack-v000 is not there"


def scale_down(live: Live) -> list[tuple[Answer, Json]]:
    """As recorded, then once more with all that Orca could send along."""
    live.aws("ec2").create_launch_template(
        LaunchTemplateName=SHRUNK, LaunchTemplateData={"ImageId": live.image("shop-1.0"), "InstanceType": "m5.large"}
    )
    scaling = live.aws("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=SHRUNK,
        LaunchTemplate={"LaunchTemplateName": SHRUNK, "Version": "$Default"},
        VPCZoneIdentifier=live.subnets()[0],
        MinSize=1,
        MaxSize=1,
        DesiredCapacity=1,
    )
    scaling.suspend_processes(AutoScalingGroupName=SHRUNK, ScalingProcesses=["Terminate"])
    body = fixture("26")["body"]
    with_context = [{name: FOREIGN | description for name, description in one.items()} for one in body]
    answers = [post(live, "26"), post(live, "26", with_context)]
    return [(answer, live.task_ended(answer.json["id"])) for answer in answers]


@plays([scale_down])
def test_orcas_batch_gets_the_same_answer_with_two_megabytes_of_foreign_context(
    played: list[tuple[Answer, Json]], live: Live
) -> None:
    for accepted, task in played:
        assert accepted.status == fixture("26")["expect"]["status"], accepted.text
        assert accepted.json == {"id": accepted.json["id"], "resourceUri": f"/task/{accepted.json['id']}"}
        assert (task["status"]["completed"], task["status"]["failed"]) == (True, False), task["status"]
        assert [one["name"] for one in task["sagaIds"]] == ["ResumeAsgProcesses", "ResizeServerGroup"]

    group = live.group(SHRUNK)
    assert (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) == (0, 0, 0)
    assert group["SuspendedProcesses"] == []


OTHERS = ("16", "19", "21", "22", "25")
"""Bodies about things that are not there, or not all: accepted, and told in the task."""


def others(live: Live) -> dict[str, tuple[Answer, Json]]:
    accepted = {number: post(live, number) for number in OTHERS}
    return {number: (one, live.task_ended(one.json["id"])) for number, one in accepted.items()}


@plays([others])
def test_every_other_recorded_body_is_accepted_and_its_task_ends_with_a_result_or_the_reason(
    played: dict[str, tuple[Answer, Json]],
) -> None:
    for number, (accepted, task) in played.items():
        assert accepted.status == fixture(number).get("expect", {}).get("status", 200), (number, accepted.text)
        assert accepted.json["resourceUri"] == f"/task/{task['id']}"
        assert task["status"]["completed"] is True, (number, task["status"])
        told = [one["message"] for one in task["resultObjects"] if one.get("type") == "EXCEPTION"]
        assert bool(told) == task["status"]["failed"], (number, task["resultObjects"])
