"""createServerGroup: what a caller may say about a new server group."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from lambdas.accounts import Account
from lambdas.naming import ServerGroupName, moniker
from lambdas.requests import LARGEST, Json, Patience, Request, Value, WaitFor, key
from lambdas.requests.health import Health, OnUnhealthy
from lambdas.requests.health import contradictions as of_health
from lambdas.requests.mixing import Mixes

PROCESSES = (
    *("AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "Launch"),
    *("ReplaceUnhealthy", "ScheduledActions", "Terminate"),
)
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html"""
_PROCESS_BY_FOLDED = {process.lower(): process for process in PROCESSES}

BURSTABLE = re.compile(r"^t(2|3|3a|4g)\.")
"""Families with CPU credits, Clouddriver's `InstanceTypeUtils.java`:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html"""

MOST_USER_DATA = 16 * 1024
"""Bytes before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"""

RESERVED_TAGS = ("aws:", "windlass:")
SUBNET_OVERRIDE_TAG = "SPINNAKER_SUBNET_ID_OVERRIDE"
"""On groups whose subnets were given by id (Clouddriver's `BasicAmazonDeployHandler.groovy`)."""


def _process(value: object) -> object:
    """Clouddriver takes process names in any case."""
    return _PROCESS_BY_FOLDED.get(value.lower(), value) if isinstance(value, str) else value


Process = Annotated[
    Literal[
        "AddToLoadBalancer",
        "AlarmNotification",
        "AZRebalance",
        "HealthCheck",
        "InstanceRefresh",
        "Launch",
        "ReplaceUnhealthy",
        "ScheduledActions",
        "Terminate",
    ],
    BeforeValidator(_process),
]
Names = tuple[Annotated[str, Field(min_length=1)], ...]


class Size(Value):
    """How many instances."""

    min: int = Field(ge=0, le=LARGEST)
    """The fewest."""
    desired: int = Field(ge=0, le=LARGEST)
    """How many are wanted now."""
    max: int = Field(ge=0, le=LARGEST)
    """The most."""

    def contradictions(self) -> Iterator[str]:
        if self.min > self.max:
            yield f"min ({self.min}) is greater than max ({self.max})"
        elif not self.min <= self.desired <= self.max:
            yield f"desired ({self.desired}) is not within min and max ({self.min} to {self.max})"


class ImageChoice(Value):
    """Which image, in one of four ways; a plain text is an id (`ami-…`), a parameter (`ssm:…`) or a name."""

    id: str | None = None
    """The image's id."""
    name: str | None = None
    """Its exact name; of several the newest, the account's own first."""
    parameter: str | None = None
    """A Systems Manager parameter that holds its id."""
    owner: str | None = None
    """With `pattern`: the account that owns it (twelve digits, `self` or `amazon`)."""
    pattern: str | None = None
    """With `owner`: its name with `*` and `?`; the newest is taken."""

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("ssm:"):
            return {"parameter": value.removeprefix("ssm:")}
        return {"id": value} if value.startswith("ami-") else {"name": value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """As text too: of that pydantic's own schema knows nothing."""
        found = handler(core)
        told = handler.resolve_ref_schema(found)
        told["anyOf"] = [{"type": "string", "minLength": 1}, {"type": told.pop("type")}]
        return found

    def contradictions(self) -> Iterator[str]:
        if bool(self.owner) != bool(self.pattern):
            yield "owner and pattern go together"
        elif sum(map(bool, (self.id, self.name, self.parameter, self.pattern))) != 1:
            yield "give an id, a name, a parameter, or owner and pattern"


class BlockDeviceMapping(Value):
    """A volume: an EBS volume of a size, or an instance store by its virtual name."""

    device_name: str = Field(min_length=1)
    """E.g. `/dev/sdb`."""
    virtual_name: str | None = None
    """`ephemeral0` to `ephemeral23`: an instance store volume, without any EBS setting."""
    size: int | None = Field(None, ge=1, le=LARGEST)
    """GiB; required for an EBS volume that is not from a snapshot."""
    volume_type: str | None = None
    """`gp3`, `io2` …"""
    delete_on_termination: bool | None = None
    """Whether the volume goes with its instance; by default it does."""
    iops: int | None = Field(None, ge=1, le=LARGEST)
    """Operations a second."""
    throughput: int | None = Field(None, ge=1, le=LARGEST)
    """MiB a second."""
    snapshot_id: str | None = None
    """The snapshot it starts from."""
    encrypted: bool | None = None
    """Whether it is encrypted; by default the account decides."""
    kms_key_id: str | None = None
    """The key to encrypt with."""

    def contradictions(self) -> Iterator[str]:
        ebs = (self.size, self.volume_type, self.delete_on_termination, self.iops, self.snapshot_id)
        if self.virtual_name and any(one is not None for one in ebs):
            yield f"{self.device_name} is an instance store volume: leave out the EBS settings"
        if not self.virtual_name and not self.size and not self.snapshot_id:
            yield f"{self.device_name} needs a size in GiB"


class Hook(Value):
    """A lifecycle hook, in place before the first instance starts."""

    name: str | None = Field(None, min_length=1, max_length=255)
    """By default made from the group's name and its place in the list."""
    lifecycle_transition: Literal["autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"]
    """When it holds an instance."""
    role_arn: str | None = Field(None, alias="roleARN")
    """Role with which Auto Scaling notifies the target."""
    notification_target_arn: str | None = Field(None, alias="notificationTargetARN")
    """Queue or topic to notify."""
    notification_metadata: str | None = None
    """Text that goes with the notification."""
    heartbeat_timeout: int = Field(3600, ge=30, le=7200)
    """Seconds it holds: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"""
    default_result: Literal["ABANDON", "CONTINUE"] = "ABANDON"
    """What happens when nobody answers."""


class Source(Value):
    """The server group whose scaling is copied."""

    account: str = Field(min_length=1)
    """Must be the new group's own."""
    region: str = Field(min_length=1)
    """Must be the new group's own."""
    asg_name: str = Field(min_length=1)
    """Name of the server group."""
    use_source_capacity: bool = False
    """Take over its minimum, desired and maximum."""
    optional: bool = False
    """As Clouddriver does: copy nothing where it no longer exists."""


class Placement(Value):
    """Where in EC2 its instances are put."""

    affinity: str | None = None
    """`default` or `host`: whether an instance comes back to its dedicated host."""
    availability_zone: str | None = None
    """The zone of a dedicated host."""
    group_name: str | None = None
    """Name of a placement group."""
    host_id: str | None = None
    """A dedicated host."""
    host_resource_group_arn: str | None = None
    """A group of dedicated hosts."""
    partition_number: int | None = Field(None, ge=1, le=LARGEST)
    """The partition of a placement group."""
    spread_domain: str | None = None
    """Reserved by AWS."""
    tenancy: Literal["default", "dedicated", "host"] | None = None
    """Whether the hardware is shared."""


class License(Value):
    """A license configuration."""

    arn: str = Field(min_length=1)
    """Its ARN."""


class CapacityReservation(Value):
    """Which reserved capacity its instances use."""

    preference: Literal["open", "none", "capacity-reservations-only"] | None = None
    """`open`: any that fits; `none`: none."""
    id: str | None = None
    """This reservation."""
    resource_group_arn: str | None = None
    """Those of this group."""

    def contradictions(self) -> Iterator[str]:
        if sum(map(bool, (self.id, self.resource_group_arn))) > 1:
            yield "id and resourceGroupArn contradict each other; give one of them"


class CreateServerGroup(Mixes, Request):
    """Create a server group: the next of its cluster, made empty, furnished, and only then scaled up."""

    application: str = Field(min_length=1)
    """The application, first part of the name."""
    stack: str = ""
    """The stack, second part of the name."""
    free_form_details: str = ""
    """The detail, third part of the name."""
    sequence: int | None = Field(None, ge=0, le=999)
    """Take this number; by default the next of the cluster."""
    ignore_sequence: bool = False
    """Name it like its cluster, without a number."""

    image: ImageChoice
    """What its instances start from; resolved once."""
    instance_type: str = Field(min_length=1)
    """E.g. `m5.large`."""
    capacity: Size | None = None
    """How large it becomes; required unless `source.useSourceCapacity`."""

    subnet_ids: Names = ()
    """Its subnets by id."""
    subnet_type: str | None = None
    """Its subnets by Spinnaker's purpose (tag `immutable_metadata`), one in each zone."""
    subnet_tags: dict[str, str] = Field(default_factory=dict)
    """Its subnets by tags: all that have these."""
    zones: Names = ()
    """Availability zones; limits the subnets, or places the group in the default VPC."""
    security_groups: Names = ()
    """Names or ids."""
    associate_public_ip_address: bool | None = None
    """Whether instances get a public address; by default the subnet decides."""

    key_pair: str | None = None
    """Name of the SSH key pair."""
    iam_role: str | None = None
    """Name or ARN of the instance profile; `{{application}}` becomes the application's name."""
    user_data: str | None = Field(None, repr=False, json_schema_extra={"writeOnly": True})
    """User data in base64, at most 16 KiB before; kept encrypted and never shown."""
    block_devices: tuple[BlockDeviceMapping, ...] = ()
    """Volumes; by default those of the image."""
    spot_price: str | None = Field(None, pattern=r"^\d+(\.\d+)?$")
    """Spot instances at no more than so many dollars an hour; by default on demand."""
    instance_monitoring: bool = False
    """Detailed monitoring of instances."""
    ebs_optimized: bool = False
    """EBS optimisation, for types that do not have it always."""
    require_imds_v2: bool = Field(True, alias="requireIMDSv2")
    """Only version 2 of the instance metadata service (tokens)."""
    unlimited_cpu_credits: bool | None = None
    """For burstable types: `unlimited` (true) or `standard` (false) credits."""

    kernel_id: str | None = Field(None, min_length=1)
    """Kernel, of paravirtual images."""
    ramdisk_id: str | None = Field(None, min_length=1)
    """RAM disk, of paravirtual images."""
    associate_ipv6_address: bool | None = Field(None, alias="associateIPv6Address")
    """Whether instances get an IPv6 address; by default the subnet decides."""
    enable_enclave: bool = False
    """Whether instances can run Nitro enclaves."""
    placement: Placement | None = None
    """Placement group, tenancy, dedicated hosts."""
    license_specifications: tuple[License, ...] = ()
    """License configurations of its instances."""
    capacity_reservation: CapacityReservation | None = None
    """Reserved capacity to use; by default any that fits."""
    block_device_tags: dict[str, str] = Field(default_factory=dict)
    """Tags of volumes, besides `tags`."""

    target_groups: Names = ()
    """Names or ARNs of target groups."""
    load_balancers: Names = ()
    """Names of classic load balancers."""
    start_disabled: bool = False
    """Never take traffic until enabled: `AddToLoadBalancer` is suspended before the first instance starts."""
    health_check_type: Literal["EC2", "ELB"] = "EC2"
    """Whether Auto Scaling believes EC2 or the load balancer too."""
    health_check_grace_period: int = Field(600, ge=0, le=LARGEST)
    """Seconds in which a new instance is not judged."""
    cooldown: int = Field(10, ge=0, le=LARGEST)
    """Seconds between simple scaling activities."""
    termination_policies: Names = ("Default",)
    """Which instance goes first when it shrinks."""
    suspended_processes: tuple[Process, ...] = ()
    """Auto Scaling processes that are suspended from the start."""
    capacity_rebalance: bool = False
    """Replace Spot instances that are at risk."""
    lifecycle_hooks: tuple[Hook, ...] = Field((), max_length=50)
    """Lifecycle hooks."""
    enabled_metrics: Names = ()
    """Group metrics to collect each minute."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags of the group, its instances and volumes."""

    source: Source | None = None
    """A server group of the same account and Region to copy from."""
    copy_source_scaling_policies_and_actions: bool = True
    """Copy the source's scaling policies with their alarms, and its scheduled actions."""
    copy_source_custom_block_device_mappings: bool = False
    """Take the source's volumes over, unless `blockDevices` are given."""
    copy_source_subnet_id_overrides: bool = False
    """Take over the subnets that the source was given by id (its tag `SPINNAKER_SUBNET_ID_OVERRIDE`)."""

    wait_for: WaitFor = "healthy"
    """`healthy`: end when all instances are healthy, else put all back. `created`: when AWS took the size."""
    healthy_within: Patience = timedelta(minutes=30)
    """How long it may take until all are healthy: seconds or ISO 8601."""
    health: Health | None = None
    """What counts as healthy; by default every instance, to Auto Scaling and behind all its load balancers."""
    on_unhealthy: OnUnhealthy = "ROLL_BACK"
    """When `healthyWithin` is over. `ROLL_BACK`: nothing of it is left. `KEEP_DISABLED`: it stays, out of traffic, and
    the operation ends needing attention. `PARK`: it stays as it is, and a person decides."""

    clouddriver_names: ClassVar[frozenset[str]] = frozenset({"createServerGroup", "basicAmazonDeployDescription"})
    secrets: ClassVar[frozenset[str]] = frozenset({"userData"})

    @property
    def name(self) -> ServerGroupName:
        """The new group's name so far: without a number, or with the one asked for."""
        return ServerGroupName(self.application, self.stack, self.free_form_details, self.sequence)

    @property
    def cluster(self) -> str:
        return key(self.account, self.region, self.name.cluster)

    @property
    def owners(self) -> tuple[str, ...]:
        """What is copied of another group may be its secrets."""
        return self.application, *((moniker(self.source.asg_name)[0],) if self.source else ())

    @classmethod
    def of_clouddriver(cls, description: Json, accounts: Mapping[str, Account]) -> list[Self]:
        # The other module needs this one's rules; nobody needs it at Windlass's own door.
        from lambdas.requests.basic_amazon_deploy import requests_of  # noqa: PLC0415

        return [cls.normalised(fields) for fields in requests_of(description, accounts)]

    def contradictions(self) -> Iterator[str]:
        yield from self._naming()
        yield from self._size()
        yield from self._place()
        yield from self._source()
        yield from self._health()
        yield from self.mixing()
        for one in (self.instance_type, *(override.instance_type for override in self.overrides)):
            if self.unlimited_cpu_credits is not None and not BURSTABLE.match(one):
                yield f"unlimitedCpuCredits: {one} has no CPU credits; leave it out"
        if self.user_data and (found := wrong_user_data(self.user_data)):
            yield f"userData: {found}"
        for field, name in (
            *(("tags", one) for one in self.tags),
            *(("blockDeviceTags", one) for one in self.block_device_tags),
        ):
            if name.startswith(RESERVED_TAGS):
                yield f"{field}.{name}: tags that begin with {' or '.join(RESERVED_TAGS)} are reserved"

    def _naming(self) -> Iterator[str]:
        if self.sequence is not None and self.ignore_sequence:
            yield "sequence and ignoreSequence contradict each other; give one of them"
        try:
            str(self.name)
        except ValueError as error:
            yield str(error)

    def _size(self) -> Iterator[str]:
        from_source = self.source is not None and self.source.use_source_capacity
        if self.capacity is None and not from_source:
            yield "capacity: is required, or source.useSourceCapacity"
        if self.capacity is not None and from_source:
            yield "capacity and source.useSourceCapacity contradict each other; give one of them"
        wanted = self.capacity.desired if self.capacity else 0
        if wanted and self.wait_for == "healthy" and "Launch" in self.suspended_processes:
            yield (
                f"suspendedProcesses: with Launch suspended the group never reaches {wanted} instances; "
                "leave it out, or say waitFor created"
            )

    def _place(self) -> Iterator[str]:
        ways = [self.subnet_ids, self.subnet_type, self.subnet_tags]
        if not any(ways) and not self.zones:
            yield "subnetIds, subnetType, subnetTags or zones: say where the group goes"
        if sum(map(bool, ways)) > 1:
            yield "subnetIds, subnetType and subnetTags contradict each other; give one of them"
        if self.associate_public_ip_address and not any(ways):
            yield "associatePublicIpAddress: say which subnets, by subnetIds, subnetType or subnetTags"

    def _source(self) -> Iterator[str]:
        if self.source and (self.source.account, self.source.region) != (self.account, self.region):
            yield (
                f"source: {self.source.asg_name} is in {self.source.account}/{self.source.region}; "
                f"only a source in {self.account}/{self.region} can be copied"
            )

    def _health(self) -> Iterator[str]:
        yield from of_health(self.health, self.on_unhealthy, self.healthy_within, self.wait_for)
        judges = self.health.judges if self.health else ("asg",)
        registered = not self.start_disabled and "AddToLoadBalancer" not in self.suspended_processes
        if judges and "asg" not in judges and not registered:
            yield "health: no load balancer judges a group that starts disabled; let asg count"


def wrong_user_data(text: str) -> str | None:
    try:
        size = len(base64.b64decode(text, validate=True))
    except binascii.Error:
        return "is not base64"
    return f"has {size} bytes; EC2 takes {MOST_USER_DATA}" if size > MOST_USER_DATA else None
