"""The operations as they are rehearsed: each with a request that uses what it can do, on a cloud with neighbours."""

import json
from dataclasses import replace
from datetime import timedelta

from lambdas import accounts
from lambdas.accounts import Account, Protected
from lambdas.cloud import Alarm, Capacity, ScalingPolicy, ScheduledAction
from lambdas.hub import Json
from lambdas.rows import Status
from rehearsal.fake_cloud import seeds
from rehearsal.trials import Occupied, Scenario
from rehearsal.world import World

ACCOUNT, REGION = "prod", "us-east-1"
NEIGHBOUR = "shop-prod-v000"
"""Somebody else's, and it stays as it is whatever becomes of the operation beside it."""
OURS, EARLIER = "shop-prod-v001", "earlier"
"""What an operation of Windlass made some time ago, and that operation."""
NEW = "shop-prod-v002"
ALARM = "shop-errors"
WHERE = {"account": ACCOUNT, "region": REGION}

CREATE: Json = {
    **WHERE,
    "application": "shop",
    "stack": "prod",
    "image": "shop-1.1.0-x86_64-20260201",
    "instanceType": "m5.large",
    "capacity": {"min": 1, "desired": 2, "max": 4},
    "subnetType": "internal",
    "securityGroups": ["shop-web"],
    "targetGroups": ["shop-web"],
    "loadBalancers": [seeds.CLASSIC],
    "userData": "IyEvYmluL3NoCg==",
    "suspendedProcesses": ["AZRebalance"],
    "lifecycleHooks": [{"name": "warm", "lifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}],
    "enabledMetrics": ["GroupTotalInstances"],
    "tags": {"team": "shop"},
    "source": {**WHERE, "asgName": NEIGHBOUR},
}


def furnished(world: World) -> None:
    """Two serving groups that scale themselves, somebody else's and one of Windlass's, and one of another cluster."""
    place = world.cloud.seed(ACCOUNT, REGION, neighbours=(NEIGHBOUR, "cart-prod-v007"))
    seeds.neighbour(place, OURS, Capacity(2, 2, 4), operation=EARLIER)
    cloud = world.cloud.cloud(ACCOUNT, REGION)
    for name, operation in ((NEIGHBOUR, ""), (OURS, EARLIER)):
        cloud.scaling.put_policy(name, ScalingPolicy("up", json.dumps({"PolicyType": "SimpleScaling"})))
        alarm = {"MetricName": "CPUUtilization", "Dimensions": [{"Name": "AutoScalingGroupName", "Value": name}]}
        cloud.scaling.put_alarm(name, Alarm(f"{name}-busy", "up", json.dumps(alarm)), operation)
        cloud.scaling.put_scheduled_action(name, ScheduledAction("night", json.dumps({"Recurrence": "0 2 * * *"})))


def suspended(world: World) -> None:
    """As `furnished`, with a process that somebody suspended."""
    furnished(world)
    world.cloud.cloud(ACCOUNT, REGION).groups.suspend(OURS, ["Terminate"])


def disabled(world: World) -> None:
    """As `furnished`, with ours out of traffic."""
    furnished(world)
    cloud = world.cloud.cloud(ACCOUNT, REGION)
    cloud.groups.suspend(OURS, ["Launch", "Terminate", "AddToLoadBalancer"])
    instances = [one.id for one in cloud.groups.find(OURS).instances]
    cloud.load_balancers.deregister(seeds.target_group(REGION), instances)
    cloud.load_balancers.deregister_classic(seeds.CLASSIC, instances)
    world.clock.drain(world.cloud.place(ACCOUNT, REGION).manners.drain)


def protected(world: World) -> None:
    """As `furnished`, in a protected cluster: the neighbour keeps it in service."""
    furnished(world)
    accounts.put(world.table, Account(ACCOUNT, seeds.OWNER, (REGION,), protected=(Protected("shop", "prod"),)))


def in_service(world: World) -> str | None:
    """The protected cluster has a group behind its target group."""
    place = world.cloud.place(ACCOUNT, REGION)
    targets = place.behind.get(seeds.target_group(REGION)) or ()
    serving = {place.instances[one.instance].group for one in targets if one.instance in place.instances}
    return None if serving & {NEIGHBOUR, OURS} else "the protected cluster has nothing in traffic"


def alarmed(world: World) -> None:
    """As `furnished`, while an alarm fires for a time."""
    furnished(world)
    states = world.cloud.place(ACCOUNT, REGION).states
    states[ALARM] = "ALARM"
    world.clock.at(40, lambda: states.update({ALARM: "OK"}))


def healed(world: World) -> None:
    """A person finds out what ails the instances."""
    world.cloud.place(ACCOUNT, REGION).never_healthy.clear()


def hooked(world: World) -> str | None:
    """No instance of the new group starts before its hooks stand."""
    place = world.cloud.place(ACCOUNT, REGION)
    group = place.groups.get(NEW)
    if group is not None and group.instances and not group.deleting and not place.hooks.get(NEW):
        return f"{NEW} has instances and no hooks"
    return None


def out_of_traffic(world: World) -> str | None:
    """No instance of the new group is behind a load balancer."""
    place = world.cloud.place(ACCOUNT, REGION)
    for balancer, targets in place.behind.things.items():
        if any(place.instances[one.instance].group == NEW for one in targets):
            return f"{NEW} starts disabled and has an instance in {balancer}"
    return None


CREATES = Scenario("createServerGroup", "createServerGroup", CREATE, furnished, invariants=(hooked,))
CREATES_DISABLED = Scenario(
    "createServerGroup/disabled",
    "createServerGroup",
    CREATE | {"startDisabled": True},
    furnished,
    invariants=(hooked, out_of_traffic),
)
CREATES_JUDGED = replace(
    CREATES,
    name="createServerGroup/judged",
    request=CREATE | {"health": {"ignore": ["elb"], "percentage": 50, "stableFor": 20}},
)
SICK = CREATE | {"image": "broken-1.0.0-x86_64-20260301", "healthyWithin": 20}
"""Its instances run and never pass a health check."""
# Not in ALL: most of its calls are the sweep's looks for what is left, and a refusal leads back by the same way.
CREATES_SICK = replace(CREATES, name="createServerGroup/sick", request=SICK, ends=Status.ROLLED_BACK)
CREATES_KEPT = replace(
    CREATES_SICK,
    name="createServerGroup/kept",
    request=SICK | {"onUnhealthy": "KEEP_DISABLED"},
    ends=Status.NEEDS_ATTENTION,
)
CREATES_PARKED = replace(
    CREATES,
    name="createServerGroup/parked",
    request=SICK | {"onUnhealthy": "PARK"},
    cure=healed,
)
RESIZES = Scenario(
    "resizeServerGroup",
    "resizeServerGroup",
    {**WHERE, "serverGroupName": NEIGHBOUR, "capacity": {"min": 2, "desired": 4, "max": 6}},
    furnished,
)
RESIZES_ALARMED = replace(
    RESIZES,
    name="resizeServerGroup/alarmed",
    request=RESIZES.request | {"holdOnAlarms": [ALARM]},
    prepare=alarmed,
)
DESTROYS = Scenario("destroyServerGroup", "destroyServerGroup", {**WHERE, "serverGroupName": OURS}, furnished)
RESUMES = Scenario(
    "resumeAsgProcesses",
    "resumeAsgProcesses",
    {**WHERE, "serverGroupName": OURS, "processes": ["Terminate", "AZRebalance"]},
    suspended,
)
ENABLES = Scenario("enableServerGroup", "enableServerGroup", {**WHERE, "serverGroupName": OURS}, disabled)
DISABLES = Scenario("disableServerGroup", "disableServerGroup", {**WHERE, "serverGroupName": OURS}, furnished)
DISABLES_A_PART = Scenario(
    "disableServerGroup/part",
    "disableServerGroup",
    {**WHERE, "serverGroupName": OURS, "desiredPercentage": 50},
    furnished,
)
DISABLES_PROTECTED = replace(DISABLES, name="disableServerGroup/protected", prepare=protected, invariants=(in_service,))
DESTROYS_PROTECTED = replace(DESTROYS, name="destroyServerGroup/protected", prepare=protected, invariants=(in_service,))
RESIZES_PREEMPTING = replace(
    RESIZES,
    name="resizeServerGroup/preempting",
    request=RESIZES.request | {"preempt": True},
    occupied=Occupied("disableServerGroup", {**WHERE, "serverGroupName": NEIGHBOUR}, "TakeOutOfLoadBalancers"),
)
"""Somebody paused a disable half-way through; it is put back first."""
HURRY = timedelta(minutes=5)
"""Shorter than a throttle, or a few deaths of a Lambda."""
CREATES_HURRIED = replace(CREATES, name="createServerGroup/hurried", finish_within=HURRY, hurried=True)
DESTROYS_HURRIED = replace(DESTROYS, name="destroyServerGroup/hurried", finish_within=HURRY, hurried=True)
ALL = (
    *(CREATES, CREATES_DISABLED, CREATES_HURRIED, CREATES_JUDGED, CREATES_KEPT, CREATES_PARKED),
    *(RESIZES, RESIZES_ALARMED, RESIZES_PREEMPTING, DESTROYS, DESTROYS_HURRIED, DESTROYS_PROTECTED),
    *(ENABLES, DISABLES, DISABLES_A_PART, DISABLES_PROTECTED, RESUMES),
)


def named(name: str) -> tuple[Scenario, ...]:
    """The scenario of that name, those of that operation, or `all`. Raises ValueError."""
    found = tuple(one for one in ALL if name in ("all", one.name, one.operation))
    if not found:
        raise ValueError(f"there is no operation {name!r}; name one of all, {', '.join(names())}")
    return found


def names() -> tuple[str, ...]:
    """By which `named` knows them."""
    return tuple(dict.fromkeys(name for one in ALL for name in (one.operation, one.name)))


def lagging(scenario: Scenario, lag: float) -> Scenario:
    """The same on a cloud whose reads show nothing that was written less than `lag` seconds ago."""
    return replace(scenario, manners=replace(scenario.manners, lag=lag)) if lag else scenario
