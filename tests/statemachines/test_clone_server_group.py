"""cloneServerGroup as a whole: the steps of a creation, and everything of the source that is not said otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.cloud import Capacity, Group
from lambdas.rows import Status
from rehearsal.fake_cloud import Place, seeds
from rehearsal.fake_cloud.place import ALWAYS, Template
from rehearsal.scenarios import ACCOUNT, NEIGHBOUR, NEW, OURS, REGION
from rehearsal.scenarios.clone_server_group import CLONES, CLONES_CONFIGURED, HOOK
from rehearsal.scenarios.update_launch_template import MIXED
from rehearsal.trials import Scenario
from rehearsal.world import World
from tests.statemachines.test_create_server_group import STORY, WAY_BACK

COPYING = [*STORY[: STORY.index("SuspendProcesses")], *STORY[STORY.index("CopyScalingPolicies") :]]
STORIES = (STORY, COPYING)
"""Of a source with processes suspended, or with policies only."""


def place(world: World) -> Place:
    return world.cloud.place(ACCOUNT, REGION)


def cloned(scenario: Scenario = CLONES, **fields: Any) -> tuple[World, Group, Template]:
    world = scenario.world()
    return world, *clone_in(world, **(scenario.request | fields))


def clone_in(world: World, **request: Any) -> tuple[Group, Template]:
    said = {name: value for name, value in request.items() if value is not None}
    result = world.run(world.submit("cloneServerGroup", said))
    assert result.control.status is Status.SUCCEEDED, result.control.error
    assert result.path in STORIES
    group = world.cloud.cloud(ACCOUNT, REGION).groups.find(NEW)
    template = place(world).templates.get(group.launch_template or "")
    assert template is not None
    return group, template


def refused(scenario: Scenario = CLONES, **fields: Any) -> str:
    world = scenario.world()
    result = world.run(world.submit("cloneServerGroup", scenario.request | fields))
    assert result.control.status is Status.ROLLED_BACK
    assert result.path[-len(WAY_BACK) :] == WAY_BACK or NEW not in place(world).groups.things
    return result.control.error or ""


def test_what_is_not_said_is_the_sources() -> None:
    world, group, template = cloned()

    source = place(world).groups.get(NEIGHBOUR)
    assert source is not None
    assert group.capacity == Capacity(1, 2, 4)
    assert (group.settings.target_groups, group.settings.load_balancers) == (
        source.settings.target_groups,
        source.settings.load_balancers,
    )
    assert ("owner", "somebody else") in group.settings.tags
    assert (group.suspended, group.metrics) == (source.suspended, source.metrics)
    assert place(world).hooks.get(NEW) == (HOOK,)
    assert template.settings.image == seeds.NEWER_IMAGE
    assert template.settings.instance_type == "m5.large"
    assert template.settings.security_groups == (seeds.WEB,)
    assert template.user_data == "IyEvYmluL3NoCg=="


def test_zones_alone_mean_subnets_of_the_sources_purpose_there() -> None:
    _, group, _ = cloned()

    assert group.settings.subnets == tuple(seeds.subnet("internal", zone) for zone in "ab")


def test_without_zones_it_is_where_the_source_is() -> None:
    _, group, _ = cloned(zones=None)

    assert group.settings.subnets == tuple(seeds.subnet("internal", zone) for zone in "abc")


def test_what_is_said_is_not_the_sources() -> None:
    world, group, template = cloned(
        targetGroups=[],
        tags={"owner": "us"},
        suspendedProcesses=[],
        lifecycleHooks=[],
        userData="eA==",
        cooldown=7,
        keyPair="ours",
        spotPrice="0.5",
    )

    assert (group.settings.target_groups, group.settings.cooldown) == ((), 7)
    assert ("owner", "us") in group.settings.tags
    assert (group.suspended, place(world).hooks.get(NEW)) == (frozenset(), None)
    assert (template.user_data, template.settings.key_pair, template.settings.spot_price) == ("eA==", "ours", "0.5")


def test_a_launch_configuration_is_cloned_into_a_launch_template() -> None:
    _, group, template = cloned(CLONES_CONFIGURED)

    assert group.launch_configuration is None
    assert (template.settings.instance_type, template.user_data) == ("m3.large", "IyEvYmluL3NoCg==")


def test_the_newest_of_the_cluster_is_cloned_where_no_source_is_named() -> None:
    world = CLONES.world()
    standing = place(world).templates.get(OURS)
    assert standing is not None
    place(world).templates.put(OURS, replace(standing, settings=replace(standing.settings, key_pair="newest")), ALWAYS)

    _, template = clone_in(world, **CLONES.request | {"source": None, "application": "shop", "stack": "prod"})

    assert template.settings.key_pair == "newest"


def test_credits_and_prices_do_not_go_where_they_cannot() -> None:
    world = CLONES.world()
    template = place(world).templates.get(NEIGHBOUR)
    assert template is not None
    burstable = replace(template.settings, instance_type="t3.large", credit_specification="unlimited", spot_price="")
    place(world).templates.put(NEIGHBOUR, replace(template, settings=burstable), ALWAYS)

    group, made = clone_in(world, **CLONES.request | {"instanceType": "m5.xlarge", "onDemandBaseCapacity": 1})

    assert (made.settings.credit_specification, made.settings.spot_price) == (None, None)
    assert group.settings.mixed == '{"InstancesDistribution":{"OnDemandBaseCapacity":1}}'


def test_a_mixed_instances_policy_is_cloned_with_what_nobody_said() -> None:
    world = CLONES.world()
    source = place(world).groups.get(NEIGHBOUR)
    assert source is not None
    place(world).group_is(NEIGHBOUR, settings=replace(source.settings, mixed=MIXED))

    group, _ = clone_in(world, **CLONES.request)

    assert group.settings.mixed == MIXED


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"source": CLONES.request["source"] | {"asgName": "shop-prod-v900"}}, "source shop-prod-v900 does not exist"),
        ({"source": None, "application": "none"}, "cluster none has no server group"),
        ({"capacity": {"min": 9}}, "min (9) is greater than max (3)"),
        ({"unlimitedCpuCredits": True}, "m5.large has no CPU credits"),
    ],
)
def test_what_cannot_be_cloned_is_refused_in_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(**fields)
