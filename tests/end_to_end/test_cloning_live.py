"""cloneServerGroup as deployed: by Clouddriver's door, of the latest of the cluster, with its user data."""

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, plays

pytestmark = pytest.mark.xdist_group("embedded")

SECRET = "ZWNobyBzZWNyZXQ="


def cloned(live: Live) -> tuple[str, Json]:
    source = live.standing("cloned", DefaultCooldown=77)
    data = {"ImageId": live.image("shop-1.0"), "InstanceType": "m5.large", "UserData": SECRET}
    live.aws("ec2").create_launch_template_version(LaunchTemplateName=source, LaunchTemplateData=data)
    live.aws("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=source, LaunchTemplate={"LaunchTemplateName": source, "Version": "2"}
    )
    body = {
        "credentials": "test",
        "application": "cloned",
        "stack": "prod",
        "amiName": "shop-1.1",
        "availabilityZones": {HOME: ["us-east-1a"]},
    }
    accepted = live.ask("POST", "/aws/ops/cloneServerGroup", body)
    return source, live.task_ended(accepted.json["id"])


@plays([cloned])
def test_a_clone_differs_from_its_source_only_where_it_is_said(played: tuple[str, Json], live: Live) -> None:
    source, task = played
    assert (task["status"]["completed"], task["status"]["failed"]) == (True, False), task["status"]
    name = task["resultObjects"][0]["serverGroupNameByRegion"][HOME]
    made, old = live.group(name), live.group(source)
    template = made["LaunchTemplate"]["LaunchTemplateName"]
    found = live.aws("ec2").describe_launch_template_versions(LaunchTemplateName=template, Versions=["1"])
    data = found["LaunchTemplateVersions"][0]["LaunchTemplateData"]

    assert (name, made["DefaultCooldown"]) == ("cloned-prod-v001", 77)
    assert made["AvailabilityZones"] == ["us-east-1a"]
    assert [made[size] for size in ("MinSize", "DesiredCapacity", "MaxSize")] == [
        old[size] for size in ("MinSize", "DesiredCapacity", "MaxSize")
    ]
    assert (data["ImageId"], data["UserData"]) == (live.image("shop-1.1"), SECRET)
    assert SECRET not in str(task)
