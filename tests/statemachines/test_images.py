"""Operations on machine images and snapshots as a whole: the states they enter, and what stands afterwards."""

from functools import partial

import pytest

from lambdas.cloud.amis import Amis
from lambdas.errors import Rejected
from lambdas.rows import Status
from rehearsal.fake_cloud import Place, amis, differences, seeds
from rehearsal.scenarios import ACCOUNT, REGION, named
from rehearsal.scenarios.allow_launch import ALLOWS, OTHERS, TARGET
from rehearsal.scenarios.delete_image import DELETES_IMAGE
from rehearsal.scenarios.delete_snapshot import DELETES_SNAPSHOT, NEEDED
from rehearsal.scenarios.upsert_image_tags import TAGS
from rehearsal.trials import Scenario
from rehearsal.world import World

BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["NothingLeft", "PutBack", "RolledBack"]
STEPS = {
    "allowLaunch": ["ShareImage", "RemoveTags", "CopyTags"],
    "upsertImageTags": ["PutTags"],
    "deleteImage": ["DeregisterImage"],
    "deleteSnapshot": ["DeleteSnapshot"],
}
IMAGE = seeds.GOOD_IMAGE
CHANGES = ("amis.tag", "amis.untag")


def begun(scenario: Scenario, **fields: object) -> tuple[World, str]:
    world = scenario.world()
    return world, world.submit(scenario.operation, scenario.request | fields)


def ports(world: World) -> tuple[Amis, Amis]:
    """The owner's and the target's."""
    owner, target = (world.cloud.cloud(account, REGION).of(Amis) for account in (ACCOUNT, TARGET))
    return owner, target


@pytest.mark.parametrize("operation", STEPS)
def test_it_succeeds(operation: str) -> None:
    world, one = begun(named(operation)[0])

    assert world.run(one).path == [*BEGIN, *STEPS[operation], *END]


def test_a_shared_image_is_launched_by_the_target_with_its_owners_tags() -> None:
    world, one = begun(ALLOWS)

    world.run(one)

    owner, target = ports(world)
    assert owner.launchers(IMAGE) == tuple(sorted((OTHERS, world.cloud.place(TARGET, REGION).id)))
    assert world.cloud.cloud(TARGET, REGION).images.by_name("shop-1.0.0-*")[0].id == IMAGE
    assert target.tags(IMAGE) == owner.tags(IMAGE) == (("base", "ubuntu"), ("version", "1.0.0"))


@pytest.mark.parametrize("step", ["RemoveTags", "CopyTags"])
def test_a_refusal_by_the_target_takes_the_owners_permission_back(step: str) -> None:
    world = ALLOWS.world()
    before = world.cloud.snapshot()
    world.faults.on(lambda name: name in CHANGES, lambda call: _refused if call.where == step else None)

    result = world.run(world.submit(ALLOWS.operation, ALLOWS.request))

    assert result.path[-3:] == BACK
    assert result.control.status is Status.ROLLED_BACK
    assert differences(before, world.cloud.snapshot()) == []


@pytest.mark.parametrize(
    ("scenario", "fields", "reason"),
    [
        (ALLOWS, {"amiName": "no-such"}, "image no-such does not exist in us-east-1 of account prod"),
        (TAGS, {"amiName": "no-such"}, "image no-such does not exist in us-east-1 of account prod"),
        (DELETES_SNAPSHOT, {"snapshotId": NEEDED}, f"snapshot {NEEDED} is needed by image {IMAGE}; delete that first"),
    ],
    ids=["sharing", "tagging", "a snapshot in use"],
)
def test_what_cannot_be_done_is_refused_before_anything_is(
    scenario: Scenario, fields: dict[str, object], reason: str
) -> None:
    world, one = begun(scenario, **fields)
    before = world.cloud.snapshot()

    result = world.run(one)

    assert result.control.status is Status.ROLLED_BACK
    assert reason in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


@pytest.mark.parametrize("scenario", [ALLOWS, DELETES_IMAGE], ids=lambda one: one.name)
def test_an_image_of_another_owner_is_left_to_that_owner(scenario: Scenario) -> None:
    world = scenario.world()
    world.cloud.place(ACCOUNT, REGION).id = OTHERS

    result = world.run(world.submit(scenario.operation, scenario.request))

    assert f"belongs to account {seeds.OWNER}: only that account can" in (result.control.error or "")


def test_an_image_that_the_target_may_launch_already_is_left_alone() -> None:
    world = ALLOWS.world()
    world.cloud.place(TARGET, REGION).images.update(world.cloud.place(ACCOUNT, REGION).images)
    world.cloud.place(ACCOUNT, REGION).id = OTHERS
    before = world.cloud.snapshot()

    result = world.run(world.submit(ALLOWS.operation, ALLOWS.request))

    assert result.control.status is Status.SUCCEEDED
    assert differences(before, world.cloud.snapshot()) == []


@pytest.mark.parametrize("scenario", [DELETES_IMAGE, DELETES_SNAPSHOT], ids=lambda one: one.name)
def test_what_is_gone_already_is_deleted(scenario: Scenario) -> None:
    world = scenario.world()
    for key in ("first", "second"):
        result = world.run(world.submit(scenario.operation, scenario.request, key=key))

        assert result.control.status is Status.SUCCEEDED


def test_a_tag_that_somebody_changes_meanwhile_is_left_and_said() -> None:
    world = ALLOWS.world()
    target = world.cloud.place(TARGET, REGION)
    theirs = partial(_theirs, target)
    world.faults.on(lambda name: name == "amis.tag", lambda call: theirs if call.where == "CopyTags" else None)

    result = world.run(world.submit(ALLOWS.operation, ALLOWS.request))

    assert result.control.status is Status.ROLLED_BACK
    assert ports(world)[1].tags(IMAGE) == (("checked", "yes"), ("version", "theirs"))
    assert ports(world)[0].launchers(IMAGE) == (OTHERS,)


def _refused(*_: object) -> None:
    raise Rejected("AWS refuses")


def _theirs(target: Place, *_: object) -> None:
    amis.tag(target, IMAGE, {"version": "theirs"})
    raise Rejected("AWS refuses")
