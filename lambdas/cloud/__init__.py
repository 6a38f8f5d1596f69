"""The cloud as activities see it: values, and a narrow port for each noun.

`lambdas.aws` implements them with boto3, `rehearsal.fake_cloud.FakeCloud` in memory; one contract suite runs against
both. Every method makes one kind of call (reads may page) and raises only what `errors.py` names: `NotFound` and
`AlreadyExists` where the docstring says so, else `Rejected` or a `Retryable`. Names and ids are AWS's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambdas.nouns import More, N, none
from lambdas.values import changed

OPERATION_TAG = "windlass:operation"
"""On everything an operation creates; the value is the operation's id. Whoever deletes looks at it first."""

Tags = tuple[tuple[str, str], ...]
"""Sorted (key, value) pairs: a mapping that can be compared and frozen."""


@dataclass(frozen=True)
class Capacity:
    """How many instances a group may, must and should have."""

    min: int
    desired: int
    max: int

    def __str__(self) -> str:
        return f"{self.min}/{self.desired}/{self.max}"


EMPTY = Capacity(0, 0, 0)


# Images, network, load balancing: what a plan looks up.


@dataclass(frozen=True)
class Image:
    id: str
    name: str
    owner: str
    created: str
    """ISO 8601, so that the newest is the greatest."""
    architecture: str = "x86_64"


@dataclass(frozen=True)
class Subnet:
    id: str
    zone: str
    vpc: str
    tags: Tags = ()
    """`immutable_metadata` holds Spinnaker's purpose: `{"purpose": "internal", "target": "ec2"}`."""


@dataclass(frozen=True)
class SecurityGroup:
    id: str
    name: str
    vpc: str


@dataclass(frozen=True)
class TargetGroup:
    arn: str
    name: str
    vpc: str


class Images(Protocol):
    def by_ids(self, ids: Sequence[str]) -> tuple[Image, ...]:
        """The images of these ids that exist and may be launched; none of them is an error."""

    def by_name(self, pattern: str, owners: Sequence[str] = ()) -> tuple[Image, ...]:
        """Images whose name matches (`*` and `?` as in EC2's filters), in any order."""

    def parameter(self, name: str) -> str:
        """The value of a Systems Manager parameter. Raises NotFound."""


class Network(Protocol):
    def zones(self) -> tuple[str, ...]:
        """The Region's availability zones."""

    def subnets(self, ids: Sequence[str] = ()) -> tuple[Subnet, ...]:
        """All subnets, or those of these ids that exist."""

    def security_groups(self, names_or_ids: Sequence[str]) -> tuple[SecurityGroup, ...]:
        """Security groups with one of these names or ids, in every VPC."""


@dataclass(frozen=True)
class Health:
    """One instance as one source sees it."""

    instance: str
    healthy: bool
    reason: str = ""


class LoadBalancers(Protocol):
    """Target groups (ELBv2) and classic load balancers."""

    def target_groups(self, names_or_arns: Sequence[str]) -> tuple[TargetGroup, ...]:
        """Those that exist."""

    def classic(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those names that are classic load balancers."""

    def target_health(self, target_group: str) -> tuple[Health, ...]:
        """Every target registered with the group (by ARN), healthy or not; one that drains is not. Raises NotFound."""

    def classic_health(self, load_balancer: str) -> tuple[Health, ...]:
        """Every instance registered with the load balancer; one that drains is not. Raises NotFound."""

    def draining(self, target_group: str) -> tuple[str, ...]:
        """Instances that were taken out of the group and still answer connections made before. Raises NotFound."""

    def draining_classic(self, load_balancer: str) -> tuple[str, ...]:
        """As `draining`, for a classic load balancer."""

    def register(self, target_group: str, instances: Sequence[str]) -> None:
        """Register instances with a target group (by ARN); those registered already stay. Raises NotFound."""

    def deregister(self, target_group: str, instances: Sequence[str]) -> None:
        """Take instances out of a target group; absent ones are no error. Raises NotFound for the group."""

    def register_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        """As `register`, for a classic load balancer."""

    def deregister_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        """As `deregister`, for a classic load balancer."""


class Instances(Protocol):
    def console(self, instance: str) -> str:
        """What the instance wrote to its console after its last start, stop or reboot: at most 64 KB of text, which may
        hold anything. Empty where there is nothing yet. Raises NotFound.
        """


# Launch templates.


@dataclass(frozen=True)
class BlockDevice:
    device: str
    virtual_name: str | None = None
    size_gib: int | None = None
    volume_type: str | None = None
    delete_on_termination: bool = True
    iops: int | None = None
    throughput_mib: int | None = None
    snapshot: str | None = None
    encrypted: bool | None = None
    kms_key: str | None = None


@dataclass(frozen=True)
class LaunchSettings:
    """What an instance of the group is made from. User data stays in the encrypted table: here is where it lies."""

    image: str
    instance_type: str
    security_groups: tuple[str, ...] = ()
    """Ids."""
    key_pair: str | None = None
    instance_profile: str | None = None
    """Name or ARN."""
    user_data: str | None = None
    """Reference for `Secrets.text`; the text is base64 as EC2 takes it."""
    block_devices: tuple[BlockDevice, ...] = ()
    spot_price: str | None = None
    """The highest price in dollars an hour, empty where there is none; None is on demand."""
    monitoring: bool = False
    ebs_optimized: bool = False
    public_ip: bool | None = None
    """None: the subnet decides."""
    imds_v2: bool = True
    credit_specification: str | None = None
    """`unlimited` or `standard`, for burstable types."""
    tags: Tags = ()
    """For instances and volumes."""
    volume_tags: Tags = ()
    """For volumes, besides `tags`."""
    kernel: str | None = None
    ramdisk: str | None = None
    ipv6: bool | None = None
    """Whether the first interface gets an IPv6 address; None: the subnet decides."""
    enclave: bool = False
    placement: Tags = ()
    """In EC2's words: `Tenancy`, `GroupName` …"""
    licenses: tuple[str, ...] = ()
    """ARNs of license configurations."""
    capacity_reservation: Tags = ()
    """In EC2's words: `CapacityReservationPreference`, `CapacityReservationId` …"""


@dataclass(frozen=True)
class LaunchTemplate:
    name: str
    id: str
    tags: Tags

    @property
    def operation(self) -> str | None:
        """Which operation made it."""
        return dict(self.tags).get(OPERATION_TAG)


class LaunchTemplates(Protocol):
    def create(self, name: str, settings: LaunchSettings, user_data: str | None, tags: Tags, token: str) -> None:
        """Create; the same token again is the same creation. Raises AlreadyExists."""

    def find(self, name: str) -> LaunchTemplate:
        """Raises NotFound."""

    def image(self, name: str, version: str) -> str:
        """The image of that version (a number, `$Default` or `$Latest`); empty where it names none. Raises NotFound."""

    def delete(self, name: str) -> None:
        """Raises NotFound."""

    def made_by(self, operation: str) -> tuple[str, ...]:
        """Names of the templates that carry the operation's tag."""


# Server groups.


@dataclass(frozen=True)
class Instance:
    id: str
    lifecycle: str
    """Auto Scaling's lifecycle state: `Pending`, `InService`, `Terminating` …"""
    healthy: bool

    @property
    def in_service(self) -> bool:
        return self.lifecycle == "InService" and self.healthy


@dataclass(frozen=True)
class GroupSettings:
    """All of a group but its size: that comes last."""

    subnets: tuple[str, ...] = ()
    """Ids; where empty, `zones` count."""
    zones: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    """ARNs."""
    load_balancers: tuple[str, ...] = ()
    """Names of classic load balancers."""
    health_check_type: str = "EC2"
    health_check_grace: int = 600
    """Seconds."""
    cooldown: int = 10
    """Seconds."""
    termination_policies: tuple[str, ...] = ("Default",)
    capacity_rebalance: bool = False
    tags: Tags = ()
    """All propagate to instances at launch."""
    mixed: str | None = None
    """The mixed instances policy without its launch template, as canonical JSON in Auto Scaling's own words."""


@dataclass(frozen=True)
class Group:
    """A server group as it stands."""

    name: str
    capacity: Capacity
    settings: GroupSettings
    launch_template: str | None = None
    """Name; None where the group uses something else."""
    launch_template_version: str = "1"
    """A number, `$Default` or `$Latest`."""
    launch_configuration: str | None = None
    instances: tuple[Instance, ...] = ()
    suspended: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()
    deleting: bool = False
    arn: str = ""

    @property
    def operation(self) -> str | None:
        """Which operation made it."""
        return dict(self.settings.tags).get(OPERATION_TAG)


@dataclass(frozen=True)
class LifecycleHook:
    name: str
    transition: str
    """`autoscaling:EC2_INSTANCE_LAUNCHING` or `…TERMINATING`."""
    role: str | None = None
    target: str | None = None
    """ARN of the queue or topic to notify."""
    metadata: str | None = None
    heartbeat: int = 3600
    """Seconds."""
    default_result: str = "ABANDON"


@dataclass(frozen=True)
class ScalingPolicy:
    """A scaling policy as Auto Scaling describes it, without its group and ARN."""

    name: str
    specification: str
    """The rest as canonical JSON in Auto Scaling's own words, ready to be put on another group."""


@dataclass(frozen=True)
class Alarm:
    """A metric alarm that triggers a scaling policy."""

    name: str
    policy: str
    """Name of the policy it triggers."""
    specification: str
    """The rest as canonical JSON in CloudWatch's own words, without the actions."""
    operation: str | None = None
    """Which operation made it."""


@dataclass(frozen=True)
class ScheduledAction:
    name: str
    specification: str
    """The rest as canonical JSON in Auto Scaling's own words."""


@dataclass(frozen=True)
class ScalingActivity:
    """One thing Auto Scaling did or tried, newest first in a list."""

    status: str
    """`Successful`, `InProgress`, `Failed` …"""
    message: str


GROUPS_OF_A_PAGE = 50
"""Names that one DescribeAutoScalingGroups takes without a MaxRecords:
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html
"""


class Groups(Protocol):
    def find(self, name: str) -> Group:
        """The group with its instances. Raises NotFound."""

    def found(self, names: Sequence[str]) -> dict[str, Group]:
        """Those of these groups that exist, by name, read in pages of `GROUPS_OF_A_PAGE`."""

    def all(self) -> tuple[Group, ...]:
        """All groups with their instances, a hundred a call."""

    def configured(self, names: Sequence[str]) -> dict[str, str]:
        """The images of these launch configurations (at most 50) that exist, by name."""

    def names(self, prefix: str) -> tuple[str, ...]:
        """Names of all groups that begin so, those being deleted included."""

    def standing(self) -> int:
        """How many instances all groups together should have."""

    def made_by(self, operation: str) -> tuple[str, ...]:
        """Names of the groups that carry the operation's tag."""

    def create(self, name: str, launch_template: str, settings: GroupSettings) -> None:
        """Create at 0/0/0 with the template's version 1. Raises AlreadyExists, NotFound for the template."""

    def resize(self, name: str, capacity: Capacity) -> None:
        """Set minimum, desired and maximum. Raises NotFound."""

    def delete(self, name: str) -> None:
        """Delete with all instances; deletion goes on after the answer. Raises NotFound."""

    def suspend(self, name: str, processes: Sequence[str]) -> None:
        """Raises NotFound."""

    def resume(self, name: str, processes: Sequence[str]) -> None:
        """Raises NotFound."""

    def enable_metrics(self, name: str, metrics: Sequence[str]) -> None:
        """Collect these group metrics each minute. Raises NotFound."""

    def put_hook(self, name: str, hook: LifecycleHook) -> None:
        """Raises NotFound."""

    def hooks(self, name: str) -> tuple[LifecycleHook, ...]:
        """Empty for an absent group."""

    def activities(self, name: str) -> tuple[ScalingActivity, ...]:
        """The newest scaling activities, at most 20. Empty for an absent group."""


class Scaling(Protocol):
    """Scaling policies, their alarms and scheduled actions."""

    def policies(self, group: str) -> tuple[ScalingPolicy, ...]:
        """Empty for an absent group."""

    def put_policy(self, group: str, policy: ScalingPolicy) -> None:
        """Raises NotFound for the group."""

    def scheduled_actions(self, group: str) -> tuple[ScheduledAction, ...]:
        """Empty for an absent group."""

    def put_scheduled_action(self, group: str, action: ScheduledAction) -> None:
        """Raises NotFound for the group."""

    def alarms(self, group: str) -> tuple[Alarm, ...]:
        """Alarms that trigger the group's policies and nothing else, but those Auto Scaling makes for itself."""

    def alarms_made_by(self, operation: str, prefix: str) -> tuple[str, ...]:
        """Names of the alarms of that prefix that the operation made."""

    def alarm_states(self, names: Sequence[str]) -> dict[str, str]:
        """`OK`, `ALARM` or `INSUFFICIENT_DATA` by name, of those that exist; composite ones too."""

    def put_alarm(self, group: str, alarm: Alarm, operation: str) -> None:
        """Put the alarm on the group's policy; marked as the operation's. Raises NotFound for the policy."""

    def delete_alarms(self, names: Sequence[str]) -> None:
        """Absent ones are no error."""


class Secrets(Protocol):
    def text(self, reference: str) -> str:
        """What a plan refers to and does not hold, from the operation's encrypted row: a text, else JSON.

        Raises NotFound.
        """


class Names(Protocol):
    """Sequence numbers of a cluster, kept in Windlass's own table."""

    def last(self, cluster: str) -> int | None:
        """The highest sequence ever reserved for the cluster, or None."""


@dataclass(frozen=True)
class Departures:
    """The groups of a cluster that operations of Windlass are taking out of service."""

    version: int
    groups: tuple[tuple[str, str], ...]
    """Each group's name, and the operation."""


class Clusters(Protocol):
    """The clusters of the account's Region, kept in Windlass's own table."""

    def protects(self, group: str) -> bool:
        """Whether the group's cluster is one whose last healthy group must stay in service."""

    def departures(self, group: str) -> Departures:
        """Which groups of that group's cluster are being taken out of service, this one included."""

    def depart(self, group: str, seen: Departures) -> None:
        """Note that this operation takes the group out. Raises Conflict if anybody has noted another since `seen`."""

    def unfinished(self, operation: str) -> bool:
        """Whether that operation is at work still."""

    def lose(self, group: str, going: Callable[[], int], standing: Callable[[], int]) -> str:
        """Note that so many instances of the group go out of service; what is to be said of it.

        `standing` counts those of all groups, and is asked only where it matters. Raises Braked where too much of the
        account goes within ten minutes, Conflict where others note theirs just now.
        """


def nowhere(account: str) -> "Cloud":
    """For a cloud from which no other account is reached."""
    raise LookupError(f"account {account} is not reached from this cloud")


@dataclass(frozen=True)
class Cloud:
    """One account's Region, as an activity of one operation gets it."""

    account: str
    """Windlass's name of the account."""
    region: str
    groups: Groups
    launch_templates: LaunchTemplates
    images: Images
    instances: Instances
    network: Network
    load_balancers: LoadBalancers
    scaling: Scaling
    secrets: Secrets
    names: Names
    clusters: Clusters
    operation: str = ""
    """The id of the operation at work: what creations are tagged with and client tokens made from."""
    undoing: bool = False
    """Whether a change is being taken back, which no brake keeps from happening."""
    findings: list[str] = field(default_factory=list, compare=False)
    """What an undo left alone, and why; the journal keeps it."""
    results: dict[str, Any] = field(default_factory=dict, compare=False)
    """What a step found out that callers read, in the words of Clouddriver's result objects; the journal keeps it."""
    earlier: Callable[[], tuple[Mapping[str, Any], ...]] = field(default=lambda: (), compare=False)
    """For a plan: what the steps of the operations before it in its batch have found out, the last first."""
    more: More = field(default_factory=lambda: More(none), compare=False)
    account_id: str = ""
    """AWS's twelve digits."""
    reach: Callable[[str], "Cloud"] = field(default=nowhere, compare=False)
    """The same Region of another account in the same hands, its calls braked as that account's."""

    def of(self, kind: type[N]) -> N:
        """The port of a noun that not every cloud needs (`lambdas.nouns`)."""
        return self.more.of(kind)

    def other(self, account: str) -> "Cloud":
        """The same Region of another account, which operates for this operation too; what it finds is told as one.

        Raises Rejected for an account that is not known or not opened for the Region.
        """
        there = self.reach(account)
        return changed(there, undoing=self.undoing, findings=self.findings, results=self.results)
