"""The Reader on AWS: what it calls is what it declares, and what it keeps is what stands there."""

import pytest

from lambdas import fleet, reader
from lambdas.calls import actions
from lambdas.hub import Hub
from lambdas.values import built
from rehearsal.memory_table import MemoryTable
from tests.contract import worlds
from tests.contract.recording import REGION, Recorder, seeding
from tests.contract.worlds import make_group


def test_the_reader_calls_what_it_declares_and_nothing_else(aws: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    world, table = worlds.of_aws(monkeypatch), MemoryTable()
    region = world.region
    make_group(world, desired=2, target_groups=(region.target_group,), load_balancers=(region.classic,))
    hub = built(Hub, {"table": table, "cloud": lambda *_: world.cloud, "now": lambda: 1_000.0})
    world.configure("old-shop")
    seeding("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="shop-old-v000",
        LaunchConfigurationName="old-shop",
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=[f"{REGION}a"],
    )
    aws.calls.clear()

    reader.read(hub, reader.Wanted("prod", REGION, "shop"), 1_060.0)

    assert {action for call in aws.calls for action in actions(*call)} == {*reader.READS}
    (row,) = fleet.group_rows(table, "prod", REGION, "shop")
    (old, group), looks = fleet.groups_in(row), fleet.all_looks(table, "prod", REGION, "shop")
    assert (group.name, [*group.capacity], len(group.instances)) == ("shop-prod-v001", [2, 2, 2], 2)
    assert {name: len(one.targets) for name, one in looks.balancers.items()} == {
        region.target_group: 2,
        region.classic: 2,
    }
    assert (old.template, looks.images) == ("old-shop", {"shop-prod-v001@1": region.image, "old-shop": region.image})
