"""Attributes and metrics of server groups: what Auto Scaling and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.attributes import Attributes, GroupAttributes
from lambdas.errors import Conflict, NotFound
from tests.contract.worlds import World, make_group


@pytest.fixture
def attributes(world: World) -> GroupAttributes:
    return world.cloud.of(GroupAttributes)


def test_attributes_that_are_told_are_set_and_the_others_stay(world: World, attributes: GroupAttributes) -> None:
    group = make_group(world, cooldown=10, health_check_grace=600, desired=1)

    attributes.update(group, Attributes(300, 60, "ELB", ("OldestInstance", "Default"), capacity_rebalance=True))
    attributes.update(group, Attributes(cooldown=0))

    found = world.cloud.groups.find(group)
    assert (found.settings.cooldown, found.settings.health_check_grace, found.settings.health_check_type) == (
        0,
        60,
        "ELB",
    )
    assert found.settings.termination_policies == ("OldestInstance", "Default")
    assert found.settings.capacity_rebalance is True
    assert (found.capacity.desired, found.launch_template) == (1, group)


def test_metrics_are_collected_no_more_as_often_as_that_is_said(world: World, attributes: GroupAttributes) -> None:
    group = make_group(world)
    world.cloud.groups.enable_metrics(group, ["GroupMinSize"])
    world.cloud.groups.enable_metrics(group, ["GroupMaxSize"])

    for _ in range(2):
        attributes.disable_metrics(group, ["GroupMinSize"])

    assert world.cloud.groups.find(group).metrics == {"GroupMaxSize"}


def test_no_metric_and_no_attribute_is_none_of_them(world: World, attributes: GroupAttributes) -> None:
    group = make_group(world)
    world.cloud.groups.enable_metrics(group, ["GroupMinSize"])
    before = world.cloud.groups.find(group)

    attributes.disable_metrics(group, [])
    attributes.update(group, Attributes())

    assert world.cloud.groups.find(group) == before


def test_an_absent_group_is_not_found(attributes: GroupAttributes) -> None:
    with pytest.raises(NotFound):
        attributes.update("shop-v404", Attributes(cooldown=1))
    with pytest.raises(NotFound):
        attributes.disable_metrics("shop-v404", ["GroupMinSize"])


def test_a_group_being_deleted_is_not_changed(world: World, attributes: GroupAttributes) -> None:
    group = make_group(world)
    world.begin_deletion(group)

    with pytest.raises(Conflict):
        attributes.update(group, Attributes(cooldown=1))
    with pytest.raises(Conflict):
        attributes.disable_metrics(group, ["GroupMinSize"])
