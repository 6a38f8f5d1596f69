"""deleteLoadBalancer and upsertLoadBalancer as a whole: the states they enter, and what stands afterwards."""

from dataclasses import replace

import pytest

from lambdas.rows import Status
from rehearsal.fake_cloud import balancers, classic_balancers, differences
from rehearsal.scenarios.delete_load_balancer import DELETES, DELETES_CLASSIC
from rehearsal.scenarios.region import ACCOUNT, REGION
from rehearsal.trials import Scenario
from rehearsal.world import Result, World

BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]


def run(scenario: Scenario, world: World, **fields: object) -> Result:
    return world.run(world.submit(scenario.operation, scenario.request | fields, key=str(fields)))


def standing(world: World, name: str) -> balancers.Standing | None:
    found: balancers.Standing | None = world.cloud.place(ACCOUNT, REGION).shelf(balancers.KIND).get(name)
    return found


def targets(world: World) -> list[str]:
    return sorted(world.cloud.place(ACCOUNT, REGION).shelf(balancers.TARGETS).things)


def test_one_goes_with_its_target_groups_but_those_that_others_send_to() -> None:
    world = DELETES.world()

    result = run(DELETES, world)

    assert result.path == [*BEGIN, "DeleteLoadBalancer", "DeleteTargetGroups", *END]
    assert standing(world, "shop-api") is None
    assert standing(world, "cart-api") is not None
    assert targets(world) == ["shop-shared"]


def test_a_classic_one_goes() -> None:
    world = DELETES_CLASSIC.world()

    assert run(DELETES_CLASSIC, world).control.status is Status.SUCCEEDED
    assert world.cloud.place(ACCOUNT, REGION).shelf(classic_balancers.KIND).get("shop-old") is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"loadBalancerName": "nobody"}, "load balancer nobody does not exist in us-east-1; name one that does"),
        ({"loadBalancerType": "network"}, "is of type application, not network; say loadBalancerType application"),
    ],
)
def test_what_is_not_there_or_another_type_is_refused(fields: dict[str, object], sentence: str) -> None:
    world = DELETES.world()
    before = world.cloud.snapshot()

    result = run(DELETES, world, **fields)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert sentence in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_absence_is_success_to_clouddriver() -> None:
    result = run(DELETES, DELETES.world(), loadBalancerName="nobody", tolerant=True)

    assert result.control.status is Status.SUCCEEDED


def test_one_that_is_protected_is_refused_before_anything() -> None:
    world = DELETES.world()
    found = standing(world, "shop-api")
    assert found is not None
    protected = tuple((key, "true" if key == balancers.PROTECTION else value) for key, value in found.attributes)
    balancers.put(world.cloud.place(ACCOUNT, REGION), replace(found, attributes=protected))
    before = world.cloud.snapshot()

    result = run(DELETES, world)

    assert result.path[-2:] == ["PutBack", "RolledBack"]
    assert "take its deletion protection off first" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []
