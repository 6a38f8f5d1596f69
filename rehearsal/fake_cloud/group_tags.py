"""Tags of groups. A group's settings hold them all; which of them instances do not get lies on a shelf of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.cloud.group_tags import GroupTag, GroupTags
from lambdas.errors import Rejected
from lambdas.values import changed
from rehearsal.fake_cloud.groups import standing
from rehearsal.fake_cloud.place import Place
from rehearsal.fake_cloud.port import Port, call, plays

MOST = 50
"""Tags of a group: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html"""


@dataclass(frozen=True)
class Kept:
    """A tag that the group keeps from its instances."""

    group: str
    key: str


@plays(GroupTags)
class FakeGroupTags(Port):
    @call
    def find(self, group: str) -> tuple[GroupTag, ...]:
        place = self.place
        found = place.groups.seen(group, place.now)
        kept = place.shelf("kept tag")
        return tuple(
            GroupTag(key, value, kept.seen(f"{group}/{key}", place.now) is None)
            for key, value in (found.settings.tags if found else ())
        )

    @call
    def put(self, group: str, tags: Sequence[GroupTag]) -> None:
        put(self.place, group, tags)
        self.place.note("tagged", "group", group, self.operation)

    @call
    def delete(self, group: str, keys: Sequence[str]) -> None:
        _are(self.place, group, {key: value for key, value in _of(self.place, group).items() if key not in keys})
        for key in keys:
            self.place.shelf("kept tag").take(f"{group}/{key}", self.place.now)
        self.place.note("untagged", "group", group, self.operation)


def put(place: Place, group: str, tags: Sequence[GroupTag]) -> None:
    """For seeds, too."""
    named = _of(place, group) | {one.key: one.value for one in tags}
    if len(named) > MOST:
        raise Rejected(f"group {group} would have {len(named)} tags; {MOST} are possible")
    _are(place, group, named)
    shelf = place.shelf("kept tag")
    for one in tags:
        if one.propagate:
            shelf.take(f"{group}/{one.key}", place.now)
        else:
            shelf.put(f"{group}/{one.key}", Kept(group, one.key), place.now)


def _of(place: Place, group: str) -> dict[str, str]:
    return dict(standing(place, group).settings.tags)


def _are(place: Place, group: str, tags: dict[str, str]) -> None:
    place.group_is(group, settings=changed(standing(place, group).settings, tags=tuple(sorted(tags.items()))))
