"""Tags of server groups: what Auto Scaling and the fake cloud alike do and refuse."""

import pytest

from lambdas.cloud.group_tags import GroupTag, GroupTags
from lambdas.errors import Conflict, NotFound, Rejected
from tests.contract.worlds import World, make_group

TEAM, COST = GroupTag("team", "shop"), GroupTag("cost", "4711", propagate=False)


@pytest.fixture
def tags(world: World) -> GroupTags:
    return world.cloud.of(GroupTags)


def test_tags_are_put_replaced_and_deleted_by_key(world: World, tags: GroupTags) -> None:
    group = make_group(world, tags=(("owner", "somebody"),))

    tags.put(group, [TEAM, COST])
    tags.put(group, [GroupTag("team", "cart", propagate=False)])
    assert tags.find(group) == (COST, GroupTag("owner", "somebody"), GroupTag("team", "cart", propagate=False))
    assert world.cloud.groups.find(group).settings.tags == (("cost", "4711"), ("owner", "somebody"), ("team", "cart"))

    for _ in range(2):
        tags.delete(group, ["team", "cost"])
    assert tags.find(group) == (GroupTag("owner", "somebody"),)


def test_a_group_that_keeps_a_tag_gives_it_again_when_told_so(world: World, tags: GroupTags) -> None:
    group = make_group(world)

    for tag in (COST, GroupTag("cost", "4711")):
        tags.put(group, [tag])

    assert tags.find(group) == (GroupTag("cost", "4711"),)


def test_nothing_is_no_call(world: World, tags: GroupTags) -> None:
    group = make_group(world)

    tags.put(group, [])
    tags.delete(group, [])

    assert tags.find(group) == ()


def test_an_absent_group_has_no_tags_and_gets_none(tags: GroupTags) -> None:
    assert tags.find("shop-v404") == ()
    with pytest.raises(NotFound):
        tags.put("shop-v404", [TEAM])
    with pytest.raises(NotFound):
        tags.delete("shop-v404", ["team"])


def test_a_group_being_deleted_is_not_changed(world: World, tags: GroupTags) -> None:
    group = make_group(world)
    world.begin_deletion(group)

    with pytest.raises(Conflict):
        tags.put(group, [TEAM])


def test_more_than_fifty_tags_are_refused(world: World, tags: GroupTags) -> None:
    group = make_group(world)

    with pytest.raises(Rejected):
        tags.put(group, [GroupTag(f"tag-{n}", "x") for n in range(51)])
