"""Machine images and snapshots: what EC2 and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.amis import Amis, Snapshot
from lambdas.errors import NotFound, Rejected
from rehearsal.fake_cloud import amis as fake
from tests.contract.recording import seeding
from tests.contract.worlds import AwsWorld, FakeWorld, World

OTHER = "210987654321"
NO_IMAGE, NO_SNAPSHOT = "ami-00000000000000bad", "snap-00000000000000bad"


@pytest.fixture
def amis(world: World) -> Amis:
    return world.cloud.of(Amis)


def snapshot(world: World, image: str | None) -> str:
    """One that an image needs, or none does."""
    if isinstance(world, FakeWorld):
        fake.keep(world.place, "snap-0123456789abcdef0", image)
        return "snap-0123456789abcdef0"
    ec2 = seeding("ec2")
    if image is not None:
        found = ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"][0]
        return str(found["Ebs"]["SnapshotId"])
    volume = ec2.create_volume(Size=1, AvailabilityZone="us-east-1a")["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])


def test_an_image_is_found_by_its_id_and_by_its_name(world: World, amis: Amis) -> None:
    by_id, by_name = (amis.find(one) for one in (world.region.image, world.region.image_name))

    assert by_id == by_name
    assert (by_id[0].id, by_id[0].name, by_id[0].owner) == (
        world.region.image,
        world.region.image_name,
        world.region.image_owner,
    )
    assert by_id[0].public is False
    assert amis.find(NO_IMAGE) == amis.find("no-such-image") == ()


def test_an_image_is_shared_with_an_account_and_no_longer(world: World, amis: Amis) -> None:
    image = world.region.image

    amis.allow(image, OTHER)
    amis.allow(image, OTHER)
    assert amis.launchers(image) == (OTHER,)

    amis.forbid(image, OTHER)
    amis.forbid(image, OTHER)
    assert amis.launchers(image) == ()


def test_tags_are_set_overwritten_and_deleted_where_the_value_is_that(world: World, amis: Amis) -> None:
    image = world.region.image

    amis.tag(image, (("a", "1"), ("b", "2")))
    amis.tag(image, (("b", "3"), ("c", "4")))
    assert amis.tags(image) == (("a", "1"), ("b", "3"), ("c", "4"))

    amis.untag(image, (("a", "1"), ("b", "another"), ("d", "absent")))
    assert amis.tags(image) == (("b", "3"), ("c", "4"))


def test_what_an_account_does_not_know_has_no_tags(amis: Amis) -> None:
    assert amis.tags(NO_IMAGE) == ()


def test_an_absent_image_is_not_found_by_any_change(amis: Amis) -> None:
    for change in (
        lambda: amis.launchers(NO_IMAGE),
        lambda: amis.allow(NO_IMAGE, OTHER),
        lambda: amis.forbid(NO_IMAGE, OTHER),
        lambda: amis.tag(NO_IMAGE, (("a", "1"),)),
        lambda: amis.untag(NO_IMAGE, (("a", "1"),)),
        lambda: amis.deregister(NO_IMAGE),
    ):
        with pytest.raises(NotFound):
            change()


def test_a_deregistered_image_is_gone(world: World, amis: Amis) -> None:
    amis.deregister(world.region.image)

    assert amis.find(world.region.image) == ()
    assert world.cloud.images.by_ids([world.region.image]) == ()
    with pytest.raises(NotFound):
        amis.deregister(world.region.image)


def test_a_snapshot_that_no_image_needs_is_deleted(world: World, amis: Amis) -> None:
    one = snapshot(world, None)
    assert amis.snapshot(one) == Snapshot(one, world.region.image_owner)
    assert tuple(amis.made_of(one)) == ()

    amis.delete_snapshot(one)

    for look in (amis.snapshot, amis.delete_snapshot):
        with pytest.raises(NotFound):
            look(one)


def test_a_snapshot_that_an_image_needs_is_refused(world: World, amis: Amis) -> None:
    one = snapshot(world, world.region.image)

    assert tuple(amis.made_of(one)) == (world.region.image,)
    with pytest.raises(Rejected, match="in use"):
        amis.delete_snapshot(one)


def test_an_absent_snapshot_is_not_found(amis: Amis) -> None:
    for look in (amis.snapshot, amis.delete_snapshot):
        with pytest.raises(NotFound):
            look(NO_SNAPSHOT)


def test_devices_are_told_in_the_words_of_clouddriver(world: World, amis: Amis) -> None:
    if isinstance(world, AwsWorld):
        assert '"deviceName":' in amis.find(world.region.image)[0].devices
