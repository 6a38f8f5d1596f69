"""The Reader: it may be asked twice, run twice at a time and die anywhere; an older reading never replaces a newer."""

from itertools import count
from typing import Any

import pytest

from lambdas import fleet, reader
from lambdas.cloud import Capacity, Cloud, LaunchSettings
from lambdas.errors import Rejected, Throttled
from lambdas.fleet import Looks
from lambdas.hub import Hub
from lambdas.reader import Wanted
from lambdas.table import Item, Write
from lambdas.values import built, changed
from rehearsal.clock import Clock
from rehearsal.fake_cloud import PROMPT, FakeCloud, seeds
from rehearsal.fake_cloud.place import ALWAYS, CONFIGURATION, Configuration
from rehearsal.faults import Killed
from rehearsal.memory_table import MemoryTable

REGION = "us-east-1"
SHOP = Wanted("test", REGION, "shop")


class World:
    """A Reader's hub on a fake Region, with each table write and cloud read it makes."""

    def __init__(self) -> None:
        self.fake = FakeCloud(Clock(), PROMPT)
        self.place = self.fake.seed("test", REGION, neighbours=("shop-prod-v001", "mail-v000"))
        self.table = MemoryTable()
        self.hub = self.of(self.table)

    def of(self, table: Any, cloud: Any = None) -> Hub:
        """With what a Reader needs, and nothing else."""
        return built(Hub, {"table": table, "cloud": cloud or self.fake.cloud, "now": lambda: self.fake.clock.now})

    def read(self, wanted: Wanted = SHOP, hub: Hub | None = None) -> None:
        reader.read(hub or self.hub, wanted, self.fake.clock.now + 60)

    def later(self, seconds: float = 20) -> None:
        self.fake.clock.drain(seconds)

    def groups(self, application: str = "shop") -> list[str]:
        rows = fleet.group_rows(self.table, "test", REGION, application)
        return [one.name for row in rows for one in fleet.groups_in(row)]

    def looks(self, application: str = "shop") -> Looks:
        return fleet.all_looks(self.table, "test", REGION, application)

    def as_of(self) -> float:
        return float((self.table.get(fleet.place_key("test", REGION)) or {}).get("as_of", 0.0))

    def rows(self) -> dict[str, Item]:
        return {row["sk"]: row for row in self.table.rows()}


class Dying(MemoryTable):
    """Dies at its n-th write, before or after it."""

    def __init__(self, real: MemoryTable, at: int, *, after: bool) -> None:
        super().__init__()
        self._real, self._at, self._after, self._count = real, at, after, count(1)

    def get(self, key: Any) -> Any:
        return self._real.get(key)

    def of(self, pk: str, prefix: str = "") -> list[Item]:
        return self._real.of(pk, prefix)

    def write(self, *writes: Write) -> None:
        struck = next(self._count) == self._at
        if struck and not self._after:
            raise Killed
        self._real.write(*writes)
        if struck:
            raise Killed


@pytest.fixture
def world() -> World:
    return World()


def test_all_groups_of_the_region_are_kept_by_application(world: World) -> None:
    world.read()

    assert (world.groups(), world.groups("mail"), world.groups("nobody")) == (["shop-prod-v001"], ["mail-v000"], [])
    assert world.as_of() == world.fake.clock.now


def test_load_balancers_and_images_are_read_of_the_application_that_was_asked_for(world: World) -> None:
    world.read()

    looks = world.looks()
    assert set(looks.balancers) == {seeds.target_group(REGION), seeds.CLASSIC}
    assert [one.healthy for one in looks.balancers[seeds.CLASSIC].targets] == [True, True]
    assert looks.images == {"shop-prod-v001@1": seeds.GOOD_IMAGE}
    assert world.looks("mail") == Looks({}, {}, {})


def test_what_is_recent_is_not_read_again(world: World) -> None:
    world.read()
    seeds.neighbour(world.place, "shop-prod-v002")
    world.later(10)

    world.read()
    assert world.groups() == ["shop-prod-v001"]
    world.later(10)
    world.read()
    assert world.groups() == ["shop-prod-v001", "shop-prod-v002"]


def test_only_what_has_changed_is_written(world: World) -> None:
    world.read()
    before = world.rows()
    seeds.neighbour(world.place, "shop-prod-v002")
    world.later()

    world.read()

    changed = {sk for sk, row in world.rows().items() if row != before.get(sk)}
    assert changed == {"place", "digests", "groups#shop#00", "looks#shop#00"}


def test_where_nothing_has_changed_only_the_times_are_written(world: World) -> None:
    world.read()
    before = world.rows()
    world.later()

    world.read()

    assert {sk for sk, row in world.rows().items() if row != before[sk]} == {"place", "looks#shop#00"}


def test_groups_that_have_gone_are_kept_no_longer(world: World) -> None:
    world.read()
    world.fake.cloud("test", REGION).groups.delete("mail-v000")
    world.later()

    world.read()

    assert world.groups("mail") == []
    assert "groups#mail#00" not in world.rows()


def test_many_groups_of_an_application_are_several_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "OF_A_ROW", 2)
    names = [f"shop-prod-v{number:03}" for number in range(1, 6)]
    for name in names[1:]:
        seeds.neighbour(world.place, name, Capacity(0, 0, 0))
    world.read()
    assert world.groups() == names
    for name in names[2:]:
        world.fake.cloud("test", REGION).groups.delete(name)
    world.later()

    world.read()

    assert world.groups() == names[:2]
    assert sorted(sk for sk in world.rows() if "#shop" in sk) == ["groups#shop#00", "looks#shop#00"]


def test_a_page_unpacks_the_rows_that_it_shows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "OF_A_ROW", 2)
    for cluster in "bcde":
        seeds.neighbour(world.place, f"shop-{cluster}-v001", Capacity(0, 0, 0))
    world.read()
    rows = fleet.group_rows(world.table, "test", REGION, "shop")

    def shown(begin: str, most: int) -> tuple[list[int], list[str]]:
        numbers, groups = fleet.groups_from(rows, begin, most)
        return numbers, [one.cluster for one in groups]

    assert shown("", 1) == ([0], ["shop-b", "shop-c"])
    assert shown("", 2) == ([0, 1], ["shop-b", "shop-c", "shop-d", "shop-e"])
    assert shown("shop-d", 1) == ([1], ["shop-d", "shop-e"])
    assert shown("shop-e\0", 5) == ([2], ["shop-prod"])
    assert shown("shop-z", 5) == ([], [])


def test_no_name_is_taken_for_another_applications(world: World) -> None:
    seeds.neighbour(world.place, "shop#00-v001")
    world.read()

    assert (world.groups(), world.groups("shop#00")) == (["shop-prod-v001"], ["shop#00-v001"])


@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("after", [False, True])
def test_a_reader_that_dies_is_made_up_for_by_the_next(world: World, at: int, *, after: bool) -> None:
    world.read()
    seeds.neighbour(world.place, "shop-prod-v002")
    world.fake.cloud("test", REGION).groups.delete("mail-v000")
    world.later()
    try:
        world.read(hub=world.of(Dying(world.table, at, after=after)))
    except Killed:
        world.later(reader.ALONE)

    world.later(reader.ALONE)
    world.read()

    assert (world.groups(), world.groups("mail")) == (["shop-prod-v001", "shop-prod-v002"], [])
    assert world.as_of() == world.fake.clock.now


def test_an_older_reading_never_replaces_a_newer(world: World) -> None:
    """The first Reader is so slow that a second one is begun and done while the first one reads."""

    def slow(account: str, region: str, operation: str) -> Cloud:
        cloud = world.fake.cloud(account, region, operation)
        return changed(cloud, groups=Slow(cloud.groups))

    class Slow:
        def __init__(self, groups: Any) -> None:
            self._groups = groups

        def all(self) -> Any:
            found = self._groups.all()
            seeds.neighbour(world.place, "shop-prod-v002")
            world.later(reader.ALONE + 1)
            world.read()
            return found

    world.read(hub=world.of(world.table, slow))

    assert world.groups() == ["shop-prod-v001", "shop-prod-v002"]
    assert world.as_of() == world.fake.clock.now


def test_of_two_readers_one_reads_all_groups(world: World) -> None:
    listings = []

    def cloud(account: str, region: str, operation: str) -> Cloud:
        real = world.fake.cloud(account, region, operation)
        return changed(real, groups=Counting(real.groups))

    class Counting:
        def __init__(self, groups: Any) -> None:
            self._groups = groups

        def all(self) -> Any:
            listings.append(1)
            if len(listings) == 1:
                world.read(Wanted("test", REGION, "mail"), world.of(world.table, cloud))
            return self._groups.all()

    world.read(hub=world.of(world.table, cloud))

    assert listings == [1]


def test_why_a_region_cannot_be_read_is_kept_beside_what_is_known(world: World) -> None:
    world.read()
    known = world.as_of()
    world.later()

    def down(account: str, region: str, operation: str) -> Cloud:
        raise Rejected("account test is not known; put it first")

    world.read(hub=world.of(world.table, down))

    row = world.rows()["place"]
    assert (row["as_of"], row["error"]) == (known, "Rejected: account test is not known; put it first")
    assert world.groups() == ["shop-prod-v001"]
    world.read()
    assert "error" not in world.rows()["place"]


def test_a_throttled_load_balancer_ends_the_look_and_what_was_known_stays(world: World) -> None:
    world.read()
    before = world.looks()
    world.later()

    def throttled(account: str, region: str, operation: str) -> Cloud:
        cloud = world.fake.cloud(account, region, operation)
        return changed(cloud, load_balancers=Busy())

    class Busy:
        def target_health(self, name: str) -> Any:
            raise Throttled("Rate exceeded")

        classic_health = target_health

    world.read(hub=world.of(world.table, throttled))

    looks = world.looks()
    assert looks.balancers == before.balancers
    assert list(looks.missing.values()) == ["Throttled: Rate exceeded"]


def test_groups_of_a_launch_configuration_have_an_image_too(world: World) -> None:
    world.place.shelf(CONFIGURATION).put(
        "old-shop", Configuration(LaunchSettings(seeds.NEWER_IMAGE, "m5.large")), ALWAYS
    )
    world.place.group_is("shop-prod-v001", launch_template=None, launch_configuration="old-shop")

    world.read()

    assert world.looks().images == {"old-shop": seeds.NEWER_IMAGE}


def test_those_unread_longest_are_looked_at_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_BALANCERS", 1)
    world.read()
    first = set(world.looks().balancers)
    world.later()

    world.read()

    looks = world.looks().balancers
    assert (len(first), set(looks)) == (1, {seeds.target_group(REGION), seeds.CLASSIC})


def test_what_a_version_of_a_template_stands_for_is_read_once_and_default_each_time(world: World) -> None:
    asked: list[str] = []

    def cloud(account: str, region: str, operation: str) -> Cloud:
        real = world.fake.cloud(account, region, operation)
        return changed(real, launch_templates=Templates(real.launch_templates))

    class Templates:
        def __init__(self, templates: Any) -> None:
            self._templates = templates

        def image(self, name: str, version: str) -> str:
            asked.append(f"{name}@{version}")
            return str(self._templates.image(name, version))

    seeds.neighbour(world.place, "shop-prod-v002")
    world.place.group_is("shop-prod-v002", launch_template_version="$Default")
    hub = world.of(world.table, cloud)
    for _ in range(2):
        world.read(hub=hub)
        world.later()

    assert asked == ["shop-prod-v001@1", "shop-prod-v002@$Default", "shop-prod-v002@$Default"]
