"""Instances one by one: what EC2 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud import SecurityGroup
from lambdas.cloud.ec2_instances import Ec2Instances
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.ec2_instances import touch
from tests.contract.recording import seeding
from tests.contract.worlds import AwsWorld, FakeWorld, World, make_group

NOBODY = "i-0123456789abcdef0"


@pytest.fixture
def instances(world: World) -> Ec2Instances:
    return world.cloud.of(Ec2Instances)


def two(world: World) -> tuple[str, str]:
    """The instances of a group that runs."""
    first, second = (one.id for one in world.cloud.groups.find(make_group(world, desired=2)).instances)
    return first, second


def protect(world: World, instance: str) -> None:
    if isinstance(world, AwsWorld):
        seeding("ec2").modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    elif isinstance(world, FakeWorld):
        touch(world.place, instance, protected=True)


def test_instances_are_found_with_their_group_and_those_that_do_not_exist_are_left_out(
    world: World, instances: Ec2Instances
) -> None:
    first, second = two(world)

    found = instances.found([second, NOBODY, first])

    assert {one.id: (one.state, one.group) for one in found.values()} == {
        first: ("running", "shop-prod-v001"),
        second: ("running", "shop-prod-v001"),
    }
    assert {one.security_groups for one in found.values()} == {(world.region.security_group,)}
    assert all(not key.startswith("aws:") for one in found.values() for key, _ in one.tags)


def test_a_reboot_keeps_the_instances_as_they_are(world: World, instances: Ec2Instances) -> None:
    first, second = two(world)
    before = instances.found([first, second])

    instances.reboot([first, second])

    assert instances.found([first, second]) == before


def test_a_reboot_of_one_that_does_not_exist_is_refused(world: World, instances: Ec2Instances) -> None:
    with pytest.raises(NotFound, match=NOBODY):
        instances.reboot([two(world)[0], NOBODY])


def test_a_terminated_instance_is_gone_and_an_absent_one_is_no_error(world: World, instances: Ec2Instances) -> None:
    first, second = two(world)

    instances.terminate([first, NOBODY])
    instances.terminate([first])

    assert list(instances.found([first, second])) == [second]


def test_protection_from_termination_is_seen_and_kept(world: World, instances: Ec2Instances) -> None:
    first, second = two(world)
    protect(world, first)

    assert (instances.protected(first), instances.protected(second)) == (True, False)
    with pytest.raises(Rejected, match="disableApiTermination"):
        instances.terminate([first])
    assert list(instances.found([first])) == [first]


def test_an_instance_that_does_not_exist_has_no_protection(instances: Ec2Instances) -> None:
    with pytest.raises(NotFound, match=NOBODY):
        instances.protected(NOBODY)


def another_group(world: World) -> str:
    """A security group that nobody uses."""
    if isinstance(world, AwsWorld):
        (known,) = world.cloud.network.security_groups([world.region.security_group])
        made = seeding("ec2").create_security_group(GroupName="shop-admin", Description="admin", VpcId=known.vpc)
        return str(made["GroupId"])
    assert isinstance(world, FakeWorld)
    made = SecurityGroup("sg-0123456789abcdef7", "shop-admin", seeds.VPC)
    world.place.security_groups[made.id] = made
    return made.id


def test_an_instance_has_the_security_groups_that_it_was_given_last(world: World, instances: Ec2Instances) -> None:
    first, second = two(world)
    own, other = world.region.security_group, another_group(world)

    instances.secure(first, [other, own])
    instances.secure(second, [other])

    found = instances.found([first, second])
    assert found[first].security_groups == tuple(sorted([own, other]))
    assert found[second].security_groups == (other,)


def test_a_security_group_or_an_instance_that_does_not_exist_is_refused(world: World, instances: Ec2Instances) -> None:
    first, _ = two(world)

    with pytest.raises(Rejected):
        instances.secure(first, ["sg-0aaaaaaaaaaaaaaaa"])
    with pytest.raises(NotFound, match=NOBODY):
        instances.secure(NOBODY, [world.region.security_group])
