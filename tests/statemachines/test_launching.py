"""updateLaunchTemplate and updateLaunchConfig as wholes: their paths, what stands afterwards, what they leave alone."""

from collections.abc import Callable

import pytest

from lambdas.cloud.launching import Launching, Start
from lambdas.rows import Status
from rehearsal.fake_cloud import Place, differences, seeds
from rehearsal.scenarios import ACCOUNT, NEIGHBOUR, REGION
from rehearsal.scenarios.update_launch_config import OLD, UPDATES_CONFIGURATION
from rehearsal.scenarios.update_launch_template import MIXED, UPDATES, UPDATES_MIXED, UPDATES_SHARES
from rehearsal.sweep import golden_of
from rehearsal.trials import Scenario
from rehearsal.world import World

BEGIN, END = ["Guard", "Plan", "Recovering"], ["Finish", "Succeeded"]
BACK = ["UndoUpdateGroup", "UndoCreateVersion", "NothingLeft", "PutBack", "RolledBack"]


def place(world: World) -> Place:
    return world.cloud.place(ACCOUNT, REGION)


def start(world: World) -> Start:
    return Start.of(world.cloud.cloud(ACCOUNT, REGION).groups.find(NEIGHBOUR))


def ran(scenario: Scenario, meanwhile: Callable[[World], object] | None = None) -> tuple[World, Status, list[str]]:
    """The scenario, with something done while the version is made."""
    world = scenario.world()
    if meanwhile:
        changing = next(call for call in golden_of(scenario).calls if call.name == "template_versions.create")
        world.faults.before(changing.number, lambda: meanwhile(world))
    result = world.run(world.submit(scenario.operation, scenario.request))
    return world, result.control.status, result.path


def moved(world: World) -> None:
    """Somebody else lets the group start from something else."""
    world.cloud.cloud(ACCOUNT, REGION, "").of(Launching).use(NEIGHBOUR, Start(NEIGHBOUR, "$Latest"))


@pytest.mark.parametrize(
    ("scenario", "step"), [(UPDATES, "CreateVersion"), (UPDATES_CONFIGURATION, "CreateConfiguration")]
)
def test_what_new_instances_start_from_is_made_then_used(scenario: Scenario, step: str) -> None:
    _, status, path = ran(scenario)

    assert status is Status.SUCCEEDED
    assert path == [*BEGIN, step, "UpdateGroup", *END]


def test_the_group_starts_from_a_version_that_differs_as_asked_and_keeps_the_rest() -> None:
    world, _, _ = ran(UPDATES)

    template = place(world).templates.get(NEIGHBOUR)
    assert template is not None
    ((number, made),) = template.later
    assert start(world) == Start(NEIGHBOUR, "2")
    assert number == 2
    assert (made.settings.image, made.settings.instance_type) == (seeds.NEWER_IMAGE, "t3.large")
    assert (made.settings.credit_specification, made.user_data) == ("unlimited", "IyEvYmluL3NoCg==")
    assert made.settings.security_groups == template.settings.security_groups


def test_a_group_becomes_one_of_several_types() -> None:
    world, _, _ = ran(UPDATES_MIXED)

    found = start(world)
    assert (found.template, found.version) == (NEIGHBOUR, "2")
    assert found.policy == (
        '{"InstancesDistribution":{"OnDemandBaseCapacity":1},'
        '"Overrides":[{"InstanceType":"m5.large"},{"InstanceType":"m5.xlarge"}]}'
    )


def test_shares_alone_make_no_version() -> None:
    world, _, path = ran(UPDATES_SHARES)

    template = place(world).templates.get(NEIGHBOUR)
    assert template is not None
    assert template.later == ()
    assert path == [*BEGIN, "CreateVersion", "UpdateGroup", *END]
    assert start(world).policy == MIXED.replace(
        '"OnDemandBaseCapacity":1', '"OnDemandBaseCapacity":1,"OnDemandPercentageAboveBaseCapacity":50'
    )


def test_a_group_that_somebody_changed_meanwhile_is_left_and_the_version_deleted() -> None:
    world, status, path = ran(UPDATES, moved)

    template = place(world).templates.get(NEIGHBOUR)
    assert template is not None
    assert template.later == ()
    assert status is Status.ROLLED_BACK
    assert path == [*BEGIN, "CreateVersion", "UpdateGroup", *BACK]
    assert start(world) == Start(NEIGHBOUR, "$Latest")


def test_refused_by_the_cloud_everything_is_as_before() -> None:
    world = UPDATES.world()
    before = world.cloud.snapshot()

    request = UPDATES.request | {"keyPair": "gone"}
    place(world).key_pairs = set()
    result = world.run(world.submit(UPDATES.operation, request))

    assert result.control.status is Status.ROLLED_BACK
    assert result.path == [*BEGIN, "CreateVersion", "UpdateGroup", *BACK]
    assert differences(before, world.cloud.snapshot()) == []


def test_nothing_different_from_a_launch_configuration_makes_none_and_names_it() -> None:
    world = UPDATES_CONFIGURATION.world()

    request = UPDATES_CONFIGURATION.request | {"image": seeds.GOOD_IMAGE, "instanceType": "m3.large"}
    result = world.run(world.submit(UPDATES_CONFIGURATION.operation, request))

    assert result.control.status is Status.SUCCEEDED
    assert start(world) == Start(configuration=OLD)
    assert list(place(world).shelf("launch configuration").things) == [OLD]


@pytest.mark.parametrize(
    ("scenario", "other", "remedy"),
    [(UPDATES, UPDATES_CONFIGURATION, "updateLaunchConfig"), (UPDATES_CONFIGURATION, UPDATES, "updateLaunchTemplate")],
)
def test_a_group_of_the_other_kind_is_refused_with_the_operation_to_post(
    scenario: Scenario, other: Scenario, remedy: str
) -> None:
    world = other.world()

    result = world.run(world.submit(scenario.operation, scenario.request))

    assert result.control.status is Status.ROLLED_BACK
    assert result.control.error is not None
    assert remedy in result.control.error
