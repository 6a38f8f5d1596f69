"""Scaling policies and metric alarms: what AWS and the fake cloud alike do and refuse."""

import json

import pytest

from lambdas.cloud.alarms import Alarms
from lambdas.cloud.policies import Policies
from lambdas.errors import Conflict, NotFound
from tests.contract.worlds import World, make_group

SIMPLE = '{"AdjustmentType":"ChangeInCapacity","Cooldown":60,"PolicyType":"SimpleScaling","ScalingAdjustment":1}'
MORE = SIMPLE.replace('"ScalingAdjustment":1', '"ScalingAdjustment":2')
TOPIC = "arn:aws:sns:us-east-1:123456789012:people"


def alarm(*actions: str, threshold: float = 90.0) -> str:
    told = {
        "ActionsEnabled": True,
        "AlarmActions": list(actions),
        "AlarmDescription": "hot",
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "AutoScalingGroupName", "Value": "shop-prod-v001"}],
        "EvaluationPeriods": 2,
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
        "Period": 60,
        "Statistic": "Average",
        "Threshold": threshold,
        "TreatMissingData": "missing",
    }
    return json.dumps({name: value for name, value in told.items() if value}, sort_keys=True, separators=(",", ":"))


@pytest.fixture
def policies(world: World) -> Policies:
    return world.cloud.of(Policies)


@pytest.fixture
def alarms(world: World) -> Alarms:
    return world.cloud.of(Alarms)


def test_a_policy_is_made_and_replaced_under_its_arn(world: World, policies: Policies) -> None:
    group = make_group(world)

    first = policies.put(group, "up", SIMPLE)
    assert policies.put(group, "up", MORE) == first != ""

    found = policies.find(group, "up")
    assert (found.arn, json.loads(found.specification), found.alarms) == (first, json.loads(MORE), ())
    assert [one.name for one in world.cloud.scaling.policies(group)] == ["up"]


def test_a_policy_knows_the_alarms_that_set_it_off_and_they_outlive_it(
    world: World, policies: Policies, alarms: Alarms
) -> None:
    group = make_group(world)
    arn = policies.put(group, "up", SIMPLE)
    alarms.put("hot", alarm(arn))
    alarms.put("loud", alarm(TOPIC, arn))
    alarms.put("other", alarm(TOPIC))

    assert policies.find(group, "up").alarms == ("hot", "loud")
    policies.delete(group, "up")

    with pytest.raises(NotFound):
        policies.find(group, "up")
    hot, loud, other = alarms.found(("hot", "loud", "other"))
    assert (hot.specification, loud.specification, other.specification) == (alarm(), alarm(TOPIC), alarm(TOPIC))


def test_what_is_gone_is_not_found(world: World, policies: Policies) -> None:
    group = make_group(world)
    for where in (group, "shop-v404"):
        for look in (policies.find, policies.delete):
            with pytest.raises(NotFound):
                look(where, "up")
    with pytest.raises(NotFound):
        policies.put("shop-v404", "up", SIMPLE)


def test_a_group_being_deleted_keeps_its_policies(world: World, policies: Policies) -> None:
    group = make_group(world)
    policies.put(group, "up", SIMPLE)
    world.begin_deletion(group)

    with pytest.raises(Conflict):
        policies.put(group, "up", MORE)
    with pytest.raises(Conflict):
        policies.delete(group, "up")


def test_an_alarm_is_made_with_tags_replaced_and_deleted(alarms: Alarms) -> None:
    alarms.put("hot", alarm(TOPIC), (("team", "shop"),))
    for _ in range(2):
        alarms.put("hot", alarm(threshold=80.0), (("team", "cart"),))

    (found,) = alarms.found(("hot", "cold"))
    assert (found.name, found.specification) == ("hot", alarm(threshold=80.0))
    assert alarms.tags(found.arn) == (("team", "shop"),)

    for _ in range(2):
        alarms.delete(("hot", "cold"))
    assert alarms.found(("hot",)) == ()


def test_no_alarms_are_none_of_them(alarms: Alarms) -> None:
    alarms.put("hot", alarm(TOPIC))

    assert alarms.found(()) == ()


def test_the_mark_of_an_operation_is_part_of_an_alarms_description(world: World, alarms: Alarms) -> None:
    alarms.put("hot", alarm().replace('"hot"', '"hot windlass:operation=op7"'))

    assert world.cloud.scaling.alarms_made_by("op7", "") == ("hot",)
    assert json.loads(alarms.found(("hot",))[0].specification)["AlarmDescription"] == "hot windlass:operation=op7"
