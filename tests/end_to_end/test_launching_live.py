"""updateLaunchTemplate as deployed: by Clouddriver's door, with everything of the version in use kept."""

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, plays

pytestmark = pytest.mark.xdist_group("embedded")


def relaunched(live: Live) -> tuple[str, Json]:
    group = live.standing("relaunch")
    body = {
        "credentials": "test",
        "region": HOME,
        "asgName": group,
        "amiName": "shop-1.1",
        "onDemandBaseCapacity": "1",
        "launchTemplateOverridesForInstanceType": [{"instanceType": "m5.large"}, {"instanceType": "m5.xlarge"}],
    }
    accepted = live.ask("POST", "/aws/ops/updateLaunchTemplate", body)
    return group, live.task_ended(accepted.json["id"])


@plays([relaunched])
def test_a_group_starts_from_a_new_version_within_a_policy(played: tuple[str, Json], live: Live) -> None:
    group, task = played
    assert (task["status"]["completed"], task["status"]["failed"]) == (True, False), task["status"]
    policy = live.group(group)["MixedInstancesPolicy"]
    started = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    found = live.aws("ec2").describe_launch_template_versions(
        LaunchTemplateName=started["LaunchTemplateName"], Versions=["1", "2"]
    )
    old, new = (one["LaunchTemplateData"] for one in found["LaunchTemplateVersions"])

    assert started["Version"] == "2"
    assert policy["InstancesDistribution"]["OnDemandBaseCapacity"] == 1
    assert [one["InstanceType"] for one in policy["LaunchTemplate"]["Overrides"]] == ["m5.large", "m5.xlarge"]
    assert new["ImageId"] == live.image("shop-1.1")
    assert {**new, "ImageId": old["ImageId"]} == old
