"""Instances as members of their groups: what Auto Scaling and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud import Capacity
from lambdas.cloud.ec2_instances import Ec2Instances
from lambdas.cloud.members import Members
from lambdas.errors import NotFound, Rejected
from tests.contract.worlds import World, make_group

GROUP, NOBODY = "shop-prod-v001", "i-0123456789abcdef0"


@pytest.fixture
def members(world: World) -> Members:
    return world.cloud.of(Members)


def two(world: World, minimum: int = 0) -> tuple[str, str]:
    """The instances of a group that runs."""
    make_group(world, GROUP)
    world.cloud.groups.resize(GROUP, Capacity(minimum, 2, 4))
    first, second = (one.id for one in world.cloud.groups.find(GROUP).instances)
    return first, second


def there(world: World) -> tuple[list[str], Capacity]:
    found = world.cloud.groups.find(GROUP)
    return [one.id for one in found.instances], found.capacity


def test_one_that_is_terminated_leaves_the_group_with_one_fewer(world: World, members: Members) -> None:
    first, second = two(world)

    members.terminate(first)

    assert there(world) == ([second], Capacity(0, 1, 4))
    assert list(world.cloud.of(Ec2Instances).found([first, second])) == [second]


def test_one_that_no_group_has_is_not_found(members: Members) -> None:
    with pytest.raises(NotFound, match=NOBODY):
        members.terminate(NOBODY)


def test_a_group_never_has_fewer_than_its_minimum(world: World, members: Members) -> None:
    first, second = two(world, minimum=2)

    with pytest.raises(Rejected):
        members.terminate(first)
    with pytest.raises(Rejected):
        members.detach(GROUP, [first, second], decrement=True)
    assert there(world) == ([first, second], Capacity(2, 2, 4))


def test_detached_instances_run_on_without_a_group_that_has_so_many_fewer(world: World, members: Members) -> None:
    first, second = two(world)

    members.detach(GROUP, [first], decrement=True)

    assert there(world) == ([second], Capacity(0, 1, 4))
    assert {one.id: one.group for one in world.cloud.of(Ec2Instances).found([first, second]).values()} == {
        first: "",
        second: GROUP,
    }


def test_a_group_that_shall_have_as_many_launches_others(world: World, members: Members) -> None:
    first, second = two(world)

    members.detach(GROUP, [first], decrement=False)
    instances, capacity = there(world)

    assert capacity == Capacity(0, 2, 4)
    assert (len(instances), second in instances, first in instances) == (2, True, False)


def test_those_that_are_not_the_groups_are_no_error(world: World, members: Members) -> None:
    first, second = two(world)

    members.detach(GROUP, [NOBODY, first], decrement=True)
    members.detach("shop-prod-v404", [second], decrement=True)

    assert there(world)[0] == [second]


def test_a_tag_is_put_on_instances_and_taken_off_where_it_has_that_value(world: World) -> None:
    first, second = two(world)
    instances = world.cloud.of(Ec2Instances)

    def tags(instance: str) -> dict[str, str]:
        return {key: value for key, value in instances.found([instance])[instance].tags if key == "spinnaker:Detached"}

    instances.tag([first, second, NOBODY], "spinnaker:Detached", GROUP)
    assert tags(first) == tags(second) == {"spinnaker:Detached": GROUP}

    instances.tag([first], "spinnaker:Detached", "another")
    instances.untag([first, second, NOBODY], "spinnaker:Detached", GROUP)
    assert (tags(first), tags(second)) == ({"spinnaker:Detached": "another"}, {})


def test_minimum_and_maximum_are_set_alone_and_take_what_the_group_shall_have_with_them(
    world: World, members: Members
) -> None:
    two(world)

    members.least(GROUP, 1)
    members.most(GROUP, 3)
    assert there(world)[1] == Capacity(1, 2, 3)

    members.least(GROUP, 3)
    assert there(world)[1] == Capacity(3, 3, 3)
    members.least(GROUP, 0)
    members.most(GROUP, 1)
    assert there(world)[1] == Capacity(0, 1, 1)


@pytest.mark.parametrize("bound", ["least", "most"])
def test_a_group_that_is_not_there_has_no_bounds(members: Members, bound: str) -> None:
    with pytest.raises(NotFound):
        getattr(members, bound)("shop-prod-v404", 1)
