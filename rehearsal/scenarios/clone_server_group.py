"""cloneServerGroup as it is rehearsed: of a group with hooks and user data, and of one with a launch configuration."""

from dataclasses import replace

from lambdas.cloud import LifecycleHook
from rehearsal.fake_cloud.place import ALWAYS
from rehearsal.scenarios.create_server_group import hooked
from rehearsal.scenarios.region import ACCOUNT, NEIGHBOUR, REGION, WHERE, furnished
from rehearsal.scenarios.update_launch_config import configured
from rehearsal.trials import Scenario
from rehearsal.world import World

HOOK = LifecycleHook("warm", "autoscaling:EC2_INSTANCE_LAUNCHING")


def seasoned(world: World) -> None:
    """As `furnished`; the neighbour has a hook, user data, and a process that somebody suspended."""
    furnished(world)
    place = world.cloud.place(ACCOUNT, REGION)
    template = place.templates.get(NEIGHBOUR)
    if template is not None:
        place.templates.put(NEIGHBOUR, replace(template, user_data="IyEvYmluL3NoCg=="), ALWAYS)
    place.hooks.put(NEIGHBOUR, (HOOK,), ALWAYS)
    place.group_is(NEIGHBOUR, suspended=frozenset({"AZRebalance"}), metrics=frozenset({"GroupTotalInstances"}))


CLONES = Scenario(
    "cloneServerGroup",
    "cloneServerGroup",
    {
        **WHERE,
        "source": {**WHERE, "asgName": NEIGHBOUR},
        "image": "shop-1.1.0-x86_64-20260201",
        "zones": ["us-east-1a", "us-east-1b"],
        "capacity": {"max": 4},
    },
    seasoned,
    invariants=(hooked,),
)
CLONES_CONFIGURED = replace(CLONES, name="cloneServerGroup/configured", prepare=configured, invariants=())

SCENARIOS = (CLONES, CLONES_CONFIGURED)
