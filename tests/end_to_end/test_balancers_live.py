"""Load balancers over HTTP, through the deployed functions and their roles."""

from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import Live, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

WHERE: Json = {"account": "test", "region": "us-east-1"}


def target_group(name: str) -> Json:
    return {"name": name, "protocol": "HTTP", "port": 8080, "health": {"path": "/health"}}


def made_changed_and_deleted(live: Live) -> tuple[list[Json], Any, Any]:
    kind = {"name": "door-api", "loadBalancerType": "application", "internal": True, "subnetIds": live.subnets()[:2]}
    first = {"port": 80, "protocol": "HTTP", "actions": [{"targetGroup": "door-one"}]}
    rule = {
        "priority": 1,
        "conditions": [{"field": "path-pattern", "values": ["/two"]}],
        "actions": [{"targetGroup": "door-two"}],
    }
    other = first | {"port": 81, "rules": [rule]}
    upsert = WHERE | kind | {"listeners": [first], "targetGroups": [target_group("door-one")], "idleTimeout": 30}
    views = [live.run("upsertLoadBalancer", upsert)]
    groups = [target_group("door-one"), target_group("door-two")]
    views.append(live.run("upsertLoadBalancer", upsert | {"listeners": [other], "targetGroups": groups}))
    changed = _listeners(live)
    deletion = {"loadBalancerName": "door-api", "loadBalancerType": "application"}
    views.append(live.run("deleteLoadBalancer", WHERE | deletion))
    return views, changed, _standing(live)


def _standing(live: Live) -> list[str]:
    elb = live.aws("elbv2")
    names = [one["LoadBalancerName"] for one in elb.describe_load_balancers()["LoadBalancers"]]
    names += [one["TargetGroupName"] for one in elb.describe_target_groups()["TargetGroups"]]
    return [name for name in names if name.startswith("door-")]


def _listeners(live: Live) -> list[tuple[int, int]]:
    """Ports, and how many rules each has besides the default one."""
    elb = live.aws("elbv2")
    arn = elb.describe_load_balancers(Names=["door-api"])["LoadBalancers"][0]["LoadBalancerArn"]
    found = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    return [(one["Port"], len(elb.describe_rules(ListenerArn=one["ListenerArn"])["Rules"]) - 1) for one in found]


def classic_made(live: Live) -> tuple[Json, Json, Any]:
    listener = {"port": 80, "protocol": "HTTP", "instancePort": 8080}
    kind = {"name": "door-old", "loadBalancerType": "classic", "subnetIds": live.subnets()[:2]}
    said = {"listeners": [listener], "health": {"path": "/health"}, "crossZone": True, "deregistrationDelay": 30}
    made = live.run("upsertLoadBalancer", WHERE | kind | said)
    deleted = live.run("deleteLoadBalancer", WHERE | {"loadBalancerName": "door-old", "loadBalancerType": "classic"})
    return made, deleted, live.task(made["id"])


@plays([made_changed_and_deleted])
def test_one_is_made_gets_other_listeners_and_is_deleted(played: tuple[list[Json], Any, Any]) -> None:
    views, changed, gone = played

    assert [one["status"] for one in views] == ["SUCCEEDED"] * 3, [told(one) for one in views]
    assert changed == [(81, 1)]
    assert gone == []


@plays([classic_made])
def test_a_classic_one_is_made_tells_its_name_and_is_deleted(played: tuple[Json, Json, Any]) -> None:
    made, deleted, task = played

    assert [one["status"] for one in (made, deleted)] == ["SUCCEEDED"] * 2, [told(made), told(deleted)]
    (result,) = task["resultObjects"]
    assert result["loadBalancers"]["us-east-1"]["name"] == "door-old"
    assert "door-old" in result["loadBalancers"]["us-east-1"]["dnsName"]
