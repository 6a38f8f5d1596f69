"""allowLaunch as it is rehearsed: an image of `prod` that `test` may not launch yet, but has tagged before."""

from dataclasses import replace

from rehearsal.fake_cloud import amis, seeds
from rehearsal.scenarios.region import ACCOUNT, REGION, WHERE, furnished
from rehearsal.trials import Scenario
from rehearsal.world import World

TARGET = "test"
OTHERS = "210987654321"
"""Somebody who may launch it already, and stays."""


def kept_apart(world: World) -> None:
    """The owner has tagged the image, and so has the target, otherwise."""
    furnished(world)
    owner, target = world.cloud.place(ACCOUNT, REGION), world.cloud.place(TARGET, REGION)
    amis.share(owner, seeds.GOOD_IMAGE, {OTHERS})
    amis.tag(owner, seeds.GOOD_IMAGE, {"version": "1.0.0", "base": "ubuntu"})
    amis.tag(target, seeds.GOOD_IMAGE, {"version": "0.9.0", "checked": "yes"})


def shared(world: World) -> None:
    """The target may launch the image, and knows none of its tags."""
    kept_apart(world)
    owner, target = world.cloud.place(ACCOUNT, REGION), world.cloud.place(TARGET, REGION)
    amis.share(owner, seeds.GOOD_IMAGE, {OTHERS, target.id})
    amis.tag(target, seeds.GOOD_IMAGE, {})


ALLOWS = Scenario(
    "allowLaunch",
    "allowLaunch",
    {**WHERE, "amiName": "shop-1.0.0-x86_64-20260101", "targetAccount": TARGET},
    kept_apart,
)
ALLOWED = replace(ALLOWS, name="allowLaunch/shared", prepare=shared)

SCENARIOS = (ALLOWS, ALLOWED)
