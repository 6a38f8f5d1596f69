"""Lifecycle hooks over others: what Auto Scaling and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud import LifecycleHook
from lambdas.cloud.hooks import Hooks
from lambdas.errors import Conflict, NotFound
from tests.contract.worlds import World, make_group

PLAIN = LifecycleHook("drain", "autoscaling:EC2_INSTANCE_TERMINATING", heartbeat=60)
TELLING = LifecycleHook(
    "drain",
    "autoscaling:EC2_INSTANCE_LAUNCHING",
    "arn:aws:iam::123456789012:role/notify",
    "arn:aws:sqs:us-east-1:123456789012:ends",
    "to the point",
    300,
    "CONTINUE",
)


@pytest.fixture
def hooks(world: World) -> Hooks:
    return world.cloud.of(Hooks)


def test_a_hook_is_made_changed_and_deleted(world: World, hooks: Hooks) -> None:
    group = make_group(world)

    hooks.put(group, PLAIN)
    assert world.cloud.groups.hooks(group) == (PLAIN,)
    for _ in range(2):
        hooks.put(group, TELLING, over=PLAIN)
    assert world.cloud.groups.hooks(group) == (TELLING,)
    hooks.delete(group, "drain")
    assert world.cloud.groups.hooks(group) == ()


def test_a_target_that_goes_is_gone(world: World, hooks: Hooks) -> None:
    group = make_group(world)
    hooks.put(group, TELLING)

    hooks.put(group, PLAIN, over=TELLING)

    (found,) = world.cloud.groups.hooks(group)
    assert (found.target, found.heartbeat, found.default_result) == (None, 60, "ABANDON")


def test_what_is_gone_is_not_found(world: World, hooks: Hooks) -> None:
    group = make_group(world)
    for where in (group, "shop-v404"):
        with pytest.raises(NotFound):
            hooks.delete(where, "drain")
    with pytest.raises(NotFound):
        hooks.put("shop-v404", PLAIN)


def test_a_group_being_deleted_is_not_changed(world: World, hooks: Hooks) -> None:
    group = make_group(world)
    hooks.put(group, PLAIN)
    world.begin_deletion(group)

    with pytest.raises(Conflict):
        hooks.put(group, TELLING)
    with pytest.raises(Conflict):
        hooks.delete(group, "drain")
