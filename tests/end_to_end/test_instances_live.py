"""Instances of a deployed Windlass's groups: out of a load balancer, secured, detached, ended; and their interfaces."""

from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

WHERE: Json = {"account": "test", "region": HOME}


def served(live: Live) -> Json:
    """A group of three: one leaves its load balancer, one is detached, one ends with its place; all are secured."""
    group = live.standing("crews", DesiredCapacity=3, MinSize=2, TargetGroupARNs=[live.target_group("shop-tg")])
    first, second, third = _instances(live, group)
    named = WHERE | {"serverGroupName": group}
    ended = [
        live.run("updateInstances", named | {"securityGroups": ["shop"]}),
        live.run("rebootInstances", WHERE | {"instanceIds": [first]}),
        live.run(
            "deregisterInstancesFromLoadBalancer",
            named | {"instanceIds": [first], "targetGroupNames": ["shop-tg"], "waitFor": "deregistered"},
        ),
        live.run("detachInstances", named | {"instanceIds": [second], "decrementDesiredCapacity": True}),
        live.run(
            "terminateInstanceAndDecrementServerGroup",
            named | {"instance": third, "adjustMinIfNecessary": True, "setMaxToNewDesired": True},
        ),
        live.run("terminateInstances", WHERE | {"instanceIds": [second]}),
    ]
    return {"group": group, "instances": (first, second, third), "ended": ended, "stands": live.group(group)}


def _instances(live: Live, group: str) -> list[str]:
    def serving() -> list[str]:
        found = live.group(group).get("Instances", [])
        return [one["InstanceId"] for one in found if one["LifecycleState"] == "InService"]

    target = live.target_group("shop-tg")
    eventually(lambda: len(serving()) == 3 and set(serving()) <= set(live.targets(target)))
    return serving()


@plays([served])
def test_instances_are_worked_on_one_by_one(played: Json, live: Live) -> None:
    (first, second, third), stands = played["instances"], played["stands"]

    assert [one["status"] for one in played["ended"]] == ["SUCCEEDED"] * 6, [told(one) for one in played["ended"]]
    assert (stands["MinSize"], stands["DesiredCapacity"], stands["MaxSize"]) == (1, 1, 1)
    assert [one["InstanceId"] for one in stands["Instances"]] == [first]
    assert first not in {
        one for one, state in live.targets(live.target_group("shop-tg")).items() if state != "draining"
    }
    states = _described(live, [first, second, third])
    assert [one["State"]["Name"] for one in states] == ["running", "terminated", "terminated"]
    assert {one["GroupName"] for one in states[0]["SecurityGroups"]} == {"shop"}
    assert {"Key": "spinnaker:Detached", "Value": played["group"]} in states[1]["Tags"]


def _described(live: Live, instances: list[str]) -> list[Any]:
    found = live.aws("ec2").describe_instances(InstanceIds=instances)["Reservations"]
    every = {one["InstanceId"]: one for reservation in found for one in reservation["Instances"]}
    return [every[one] for one in instances]


def made(live: Live) -> Json:
    """An interface by Clouddriver's door."""
    description: Json = {
        "credentials": "test",
        "availabilityZonesGroupedByRegion": {HOME: [f"{HOME}a"]},
        "subnetType": "internal",
        "networkInterface": {"description": "of the batch", "securityGroupNames": ["shop"], "tags": {"owner": "shop"}},
    }
    body = [{"createNetworkInterfaceDescription": description}]
    return live.task_ended(live.client.post("/aws/ops", body, expect=200)["id"])


@plays([made])
def test_an_interface_is_made_and_its_id_told_by_zone(played: Json, live: Live) -> None:
    assert played["status"]["failed"] is False, played
    (result,) = [one for one in played["resultObjects"] if "successfulResults" in one]
    made_there = result["successfulResults"][f"{HOME}a"]["networkInterfaceId"]
    (found,) = live.aws("ec2").describe_network_interfaces(NetworkInterfaceIds=[made_there])["NetworkInterfaces"]
    assert (found["Description"], found["SubnetId"]) == ("of the batch", live.subnets()[0])
    assert [one["GroupName"] for one in found["Groups"]] == ["shop"]
    assert {"Key": "owner", "Value": "shop"} in found["TagSet"]
