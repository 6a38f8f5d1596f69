"""Launch templates and configurations that are deleted by themselves: never one that a server group uses."""

from dataclasses import replace

import pytest

from lambdas.rows import Status
from rehearsal.fake_cloud import differences
from rehearsal.fake_cloud.place import Place
from rehearsal.scenarios import ACCOUNT, OURS, REGION, named
from rehearsal.scenarios.delete_launch_configuration import LEFT_OVER as CONFIGURATION
from rehearsal.scenarios.delete_launch_template import LEFT_OVER as TEMPLATE
from rehearsal.world import World

PATH = ["Guard", "Plan", "Recovering"]


def starts_from(place: Place, name: str) -> None:
    """Somebody lets the group start from the left-over."""
    if name == "deleteLaunchTemplate":
        place.group_is(OURS, launch_template="shop-prod-v000-old")
    else:
        place.group_is(OURS, launch_template=None, launch_configuration=CONFIGURATION)


def submitted(name: str) -> tuple[World, str]:
    (scenario,) = named(name)
    world = scenario.world()
    return world, world.submit(scenario.operation, scenario.request, key="once")


@pytest.mark.parametrize("name", ["deleteLaunchTemplate", "deleteLaunchConfiguration"])
def test_what_nobody_uses_goes(name: str) -> None:
    world, operation = submitted(name)
    before = world.cloud.snapshot()

    result = world.run(operation)

    assert result.path == [*PATH, f"D{name[1:]}", "Finish", "Succeeded"]
    (gone,) = differences(before, world.cloud.snapshot())
    assert gone.endswith("was there, is absent")


@pytest.mark.parametrize("name", ["deleteLaunchTemplate", "deleteLaunchConfiguration"])
def test_what_a_group_uses_is_refused_before_anything_happens(name: str) -> None:
    world, operation = submitted(name)
    starts_from(world.cloud.place(ACCOUNT, REGION), name)
    before = world.cloud.snapshot()

    result = world.run(operation)

    assert result.path == [*PATH[:2], "PutBack", "RolledBack"]
    assert f"is used by server group {OURS}; let it start from another first" in (result.control.error or "")
    assert differences(before, world.cloud.snapshot()) == []


def test_a_template_of_one_instance_type_of_a_mixed_policy_is_used() -> None:
    world, operation = submitted("deleteLaunchTemplate")
    place = world.cloud.place(ACCOUNT, REGION)
    mixed = f'{{"Overrides":[{{"LaunchTemplateSpecification":{{"LaunchTemplateId":"{TEMPLATE}"}}}}]}}'
    place.group_is(OURS, settings=replace(place.groups.things[OURS].settings, mixed=mixed))

    result = world.run(operation)

    assert result.control.status is Status.ROLLED_BACK
    assert f"is used by server group {OURS}" in (result.control.error or "")


def test_what_is_not_there_is_deleted_already() -> None:
    (scenario,) = named("deleteLaunchTemplate")
    world = scenario.world()

    result = world.run(world.submit(scenario.operation, scenario.request | {"launchTemplateId": "lt-404"}, key="none"))

    assert result.control.status is Status.SUCCEEDED
    assert TEMPLATE in {one.id for one in world.cloud.place(ACCOUNT, REGION).templates.things.values()}
