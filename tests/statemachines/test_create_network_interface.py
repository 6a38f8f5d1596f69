"""createNetworkInterface as a whole: what it makes, what it refuses, what stands afterwards."""

from typing import Any

import pytest

from lambdas.table import Key
from rehearsal.fake_cloud import differences
from rehearsal.scenarios.create_network_interface import CREATES_INTERFACE as PLAIN


def test_an_interface_is_made_and_its_id_told_by_zone() -> None:
    world = PLAIN.world()

    result = world.run(world.submit(PLAIN.operation, PLAIN.request))

    (made,) = [one.name for one in world.cloud.deeds if one.kind == "network interface"]
    step = world.table.get(Key(f"op#{result.id}", "step#CreateInterface")) or {}
    assert result.path == ["Plan", "Recovering", "CreateInterface", "Finish", "Succeeded"]
    assert step["results"]["successfulResults"] == {"us-east-1a": {"networkInterfaceId": made}}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subnetType": "lost"}, "Rejected: no subnet in us-east-1a has the purpose lost; name one that some has"),
        ({"vpcId": "vpc-0"}, "Rejected: no subnet in us-east-1a has the purpose internal; name one that some has"),
        ({"securityGroups": ["lost"]}, "Rejected: security group lost does not exist in VPC"),
    ],
)
def test_what_is_not_there_is_refused(fields: dict[str, Any], said: str) -> None:
    world = PLAIN.world()
    before = world.cloud.snapshot()

    result = world.run(world.submit(PLAIN.operation, PLAIN.request | fields))

    step = world.table.get(Key(f"op#{result.id}", "step#Plan")) or {}
    assert result.path == ["Plan", "PutBack", "RolledBack"]
    assert step["error"].startswith(said)
    assert differences(before, world.cloud.snapshot()) == []
