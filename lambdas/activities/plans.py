"""The plans: identities, intent, and what stood there before. Made once; steps and undos get nothing else.

They pass through the state machine, so they are small and hold no secret: user data is a reference and a digest.
"""

from dataclasses import dataclass
from datetime import timedelta

from lambdas.cloud import Capacity, GroupSettings, LaunchSettings, LifecycleHook
from lambdas.requests.health import OnUnhealthy

ASG, TARGET_GROUP, ELB = "asg", "targetGroup", "elb"
"""Who may call an instance healthy: Auto Scaling, the group's target groups, its classic load balancers."""
PROVIDERS = (ASG, TARGET_GROUP, ELB)

USER_DATA = "userData"
"""Where the user data lies: the field of the operation's encrypted request."""


@dataclass(frozen=True)
class Copy:
    """Something of the source group and what it is called on the new one."""

    source: str
    name: str


@dataclass(frozen=True)
class HealthRule:
    """What the caller means by healthy."""

    providers: tuple[str, ...] = PROVIDERS
    """Those that count, as far as the group has them; empty: it is enough that there are so many instances."""
    percentage: int = 100
    """Of the instances wanted."""
    stable_for: timedelta = timedelta()
    on_unhealthy: OnUnhealthy = "ROLL_BACK"

    def needed(self, wanted: int) -> int:
        """How many must be healthy. As Orca rounds (`WaitForUpInstancesTask`): half up, and never to none."""
        rounded = (self.percentage * wanted + 50) // 100
        return rounded or min(self.percentage, wanted, 1)


@dataclass(frozen=True)
class CreatePlan:
    account: str
    region: str
    cluster: str
    """`shop-prod`."""
    group: str
    """`shop-prod-v042`."""
    sequence: int | None
    """The number the name uses up; None where the name was asked for, with a number or without one."""
    launch_template: str
    launch: LaunchSettings
    settings: GroupSettings
    capacity: Capacity
    wait_for: str
    healthy_within: timedelta
    user_data_digest: str | None = None
    """SHA-256 of the user data's text."""
    suspended: tuple[str, ...] = ()
    hooks: tuple[LifecycleHook, ...] = ()
    metrics: tuple[str, ...] = ()
    ancestor: str | None = None
    """The newest group of the cluster so far."""
    source: str | None = None
    """The group that is copied from."""
    policies: tuple[Copy, ...] = ()
    alarms: tuple[Copy, ...] = ()
    scheduled_actions: tuple[Copy, ...] = ()
    health: HealthRule | None = None
    """None: every provider, all instances, at once."""
    schema: int = 1


@dataclass(frozen=True)
class ResizePlan:
    account: str
    region: str
    group: str
    before: Capacity
    target: Capacity
    wait_for: str
    healthy_within: timedelta
    only_from_before: bool = False
    """Refuse where `parts` of the capacity are no longer `before`'s."""
    tolerant: bool = False
    """An absent group is success."""
    skipped: str | None = None
    """Why there is nothing to do."""
    overridden: bool = False
    """The traffic guard, by the request."""
    health: HealthRule | None = None
    """None: every provider, all instances, at once."""
    parts: tuple[str, ...] = ("min", "desired", "max")
    """What of the capacity must still be as `before`, with `only_from_before`."""
    schema: int = 1


@dataclass(frozen=True)
class Registration:
    """Instances of the group that were registered with one load balancer."""

    balancer: str
    """ARN of a target group, or name of a classic load balancer."""
    instances: tuple[str, ...]


@dataclass(frozen=True)
class DestroyPlan:
    account: str
    region: str
    group: str
    arn: str = ""
    """Tells the group from a later one of the same name."""
    skipped: str | None = None
    """Why nothing has to be taken out of traffic first: the group is absent or being deleted."""
    processes: tuple[str, ...] = ()
    """Those that were not suspended before, and have to be."""
    target_groups: tuple[Registration, ...] = ()
    load_balancers: tuple[Registration, ...] = ()
    alarms: tuple[str, ...] = ()
    """Alarms that Windlass made for the group."""
    launch_template: str | None = None
    """Goes with the group, unless another group uses it."""
    launch_configuration: str | None = None
    """The same, of a group that has no launch template."""
    overridden: bool = False
    """The traffic guard, by the request."""
    schema: int = 1


@dataclass(frozen=True)
class TrafficPlan:
    """Of a group that goes into traffic, or out of it."""

    account: str
    region: str
    group: str
    wait_for: str
    within: timedelta
    """How long the wait may take."""
    arn: str = ""
    """Tells the group from a later one of the same name."""
    processes: tuple[str, ...] = ()
    """Those that have to be suspended, or resumed."""
    target_groups: tuple[Registration, ...] = ()
    """What has to be taken out of them, or put into them."""
    load_balancers: tuple[Registration, ...] = ()
    known: tuple[str, ...] = ()
    """The group's instances when planned."""
    chosen: tuple[str, ...] | None = None
    """The instances to take out, where these are only a part."""
    skipped: str | None = None
    """Why there is nothing to do."""
    overridden: bool = False
    """The traffic guard, by the request."""
    health: HealthRule | None = None
    """Of a group that goes into traffic; None: every provider, all instances, at once."""
    schema: int = 1


@dataclass(frozen=True)
class ResumePlan:
    account: str
    region: str
    group: str
    processes: tuple[str, ...] = ()
    """Those asked for that were suspended."""
    skipped: str | None = None
    """Why there is nothing to do."""
    schema: int = 1


@dataclass(frozen=True)
class SuspendPlan(ResumePlan):
    """As `ResumePlan`; its processes are those asked for that ran."""


def of_plan(plan: CreatePlan | ResizePlan | DestroyPlan | TrafficPlan) -> tuple[str, ...]:
    """What a wait looks at."""
    return (plan.group,)


def within(plan: TrafficPlan) -> timedelta:
    """How long the caller is ready to wait until the group is in traffic, or out of it."""
    return plan.within


def healthy_within(plan: CreatePlan | ResizePlan) -> timedelta:
    """How long the caller is ready to wait for health."""
    return plan.healthy_within


def stable_for(plan: CreatePlan | ResizePlan | TrafficPlan) -> timedelta:
    """How long the group must stay healthy until the caller believes it."""
    return plan.health.stable_for if plan.health else timedelta()


def on_unhealthy(plan: CreatePlan | ResizePlan | TrafficPlan) -> OnUnhealthy:
    """What becomes of a group that is not healthy in time."""
    return plan.health.on_unhealthy if plan.health else "ROLL_BACK"
