"""createServerGroup as Clouddriver's callers write it: `BasicAmazonDeployDescription`, its rules, what becomes of it.

Rules, order, codes and texts are those of `BasicAmazonDeployDescriptionValidator.groovy`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import CapacityDescription, Description, Flag, Invalid, Json, Number, account_of
from lambdas.requests.create_server_group import BURSTABLE

Texts = tuple[str, ...] | None

PREFIX = "basicAmazonDeployDescription"

UNSUPPORTED = (
    *("kernelId", "ramdiskId", "classicLinkVpcId", "classicLinkVpcSecurityGroups", "blockDeviceTags"),
    *("associateIPv6Address", "enableEnclave", "placement", "licenseSpecifications"),
    *("onDemandAllocationStrategy", "onDemandBaseCapacity", "onDemandPercentageAboveBaseCapacity"),
    *("spotAllocationStrategy", "spotInstancePools", "launchTemplateOverridesForInstanceType"),
)
"""Fields that would change what is made: refused when set, since ignoring them would make something else."""
_MEANINGFUL_ZERO = ("onDemandBaseCapacity", "onDemandPercentageAboveBaseCapacity")
"""Any value of these makes a mixed instances policy, 0 too."""


class BlockDeviceDescription(Description):
    device_name: str | None = None
    virtual_name: str | None = None
    size: Number = None
    volume_type: str | None = None
    delete_on_termination: Flag = None
    iops: Number = None
    throughput: Number = None
    snapshot_id: str | None = None
    encrypted: Flag = None
    kms_key_id: str | None = None

    @property
    def _has_ebs_settings(self) -> bool:
        return self.delete_on_termination is not None or bool(
            self.iops or self.size or self.snapshot_id or self.volume_type
        )

    def problems(self) -> Iterator[str]:
        """Clouddriver's `BlockDeviceRules`; an absent name reads `null` there."""
        if not self.device_name:
            yield "Device name is required for block device"
        if self.virtual_name and self._has_ebs_settings:
            yield f"Ephemeral block device {self.device_name or 'null'} with EBS configuration parameters"
        if not self.virtual_name and not self.size:
            yield f"EBS device {self.device_name or 'null'} missing required value size"


class HookDescription(Description):
    name: str | None = None
    role_arn: str | None = Field(None, alias="roleARN")
    notification_target_arn: str | None = Field(None, alias="notificationTargetARN")
    notification_metadata: str | None = None
    lifecycle_transition: str | None = None
    heartbeat_timeout: Number = None
    default_result: str | None = None


class SourceDescription(Description):
    account: str | None = None
    region: str | None = None
    asg_name: str | None = None
    use_source_capacity: Flag = None


class BasicAmazonDeployDescription(Description):
    application: str | None = None
    stack: str | None = None
    free_form_details: str | None = None
    ami_name: str | None = None
    instance_type: str | None = None
    availability_zones: dict[str, Texts] | None = None
    subnet_type: str | None = None
    subnet_ids: Texts = None
    iam_role: str | None = None
    key_pair: str | None = None
    associate_public_ip_address: Flag = None
    cooldown: Number = None
    enabled_metrics: Texts = None
    health_check_grace_period: Number = None
    health_check_type: str | None = None
    spot_price: str | None = None
    suspended_processes: Texts = None
    termination_policies: Texts = None
    instance_monitoring: Flag = None
    ebs_optimized: Flag = None
    base64_user_data: str | None = Field(None, repr=False)
    sequence: Number = None
    ignore_sequence: Flag = None
    start_disabled: Flag = None
    block_devices: tuple[BlockDeviceDescription, ...] | None = None
    load_balancers: Texts = None
    target_groups: Texts = None
    security_groups: Texts = None
    lifecycle_hooks: tuple[HookDescription, ...] | None = None
    capacity: CapacityDescription | None = None
    source: SourceDescription | None = None
    copy_source_scaling_policies_and_actions: Flag = None
    tags: dict[str, str] | None = None
    capacity_rebalance: Flag = None
    require_imds_v2: Flag = Field(None, alias="requireIMDSv2")
    unlimited_cpu_credits: Flag = None

    @property
    def zones(self) -> dict[str, Texts]:
        return self.availability_zones or {}

    @property
    def takes_capacity_over(self) -> bool:
        return bool(self.source and self.source.use_source_capacity)


def requests_of(description: Json, accounts: Mapping[str, Account]) -> list[Json]:
    """The fields of one request for each Region, in order. Raises Invalid with everything Clouddriver would say."""
    read, account = BasicAmazonDeployDescription.read(description), account_of(description)
    found = [*_problems(read, accounts.get(account)), *_unsupported(description)]
    if found:
        raise Invalid(found)
    return [_fields(read, account, region) for region in read.zones]


def _problems(read: BasicAmazonDeployDescription, account: Account | None) -> Iterator[str]:
    for name, value in (
        ("application", read.application),
        ("amiName", read.ami_name),
        ("instanceType", read.instance_type),
        ("availabilityZones", read.zones),
    ):
        if not value:
            yield f"{PREFIX}.{name}.empty"
    if read.associate_public_ip_address and not read.subnet_type:
        yield f"{PREFIX}.associatePublicIpAddress.subnetType.not.supplied"
    if not any(read.zones.values()) and not read.subnet_type:
        yield f"{PREFIX}.availabilityZones.or.subnetType.not.supplied"
    if account and not set(read.zones) <= set(account.regions):
        yield "Region not configured"
    for device in read.block_devices or ():
        yield from device.problems()
    yield from _size_problems(read)
    if read.unlimited_cpu_credits is not None and not BURSTABLE.match(read.instance_type or ""):
        yield f"{PREFIX}.bursting.not.supported.by.instanceType"


def _size_problems(read: BasicAmazonDeployDescription) -> Iterator[str]:
    if read.takes_capacity_over:
        return
    capacity = read.capacity or CapacityDescription()
    yield from capacity.problems()
    if capacity.min is None or capacity.max is None:
        yield "capacity: min and max are required, or source.useSourceCapacity"


def _unsupported(description: Json) -> Iterator[str]:
    for name in UNSUPPORTED:
        value = description.get(name)
        if value or (value is not None and value != "" and name in _MEANINGFUL_ZERO):
            yield f"{name}: is not supported yet and would be ignored; leave it out"


def _fields(read: BasicAmazonDeployDescription, account: str, region: str) -> Json:
    """The request's fields; what was not said is left to the request's defaults."""
    said = {
        name: getattr(read, name)
        for name in (
            *("application", "sequence", "ignore_sequence", "instance_type", "key_pair"),
            *("iam_role", "associate_public_ip_address", "spot_price", "instance_monitoring", "ebs_optimized"),
            *("unlimited_cpu_credits", "security_groups", "target_groups", "load_balancers", "start_disabled"),
            *("health_check_type", "health_check_grace_period", "cooldown", "termination_policies"),
            *("suspended_processes", "capacity_rebalance", "copy_source_scaling_policies_and_actions"),
        )
    }
    stack, detail = _stack_and_detail(read.stack or "", read.free_form_details or "")
    fields = said | {
        "stack": stack,
        "free_form_details": detail,
        "account": account,
        "region": region,
        "image": read.ami_name,
        "zones": read.zones[region],
        "subnet_ids": read.subnet_ids,
        "subnet_type": None if read.subnet_ids else read.subnet_type,
        "user_data": read.base64_user_data,
        "block_devices": [_said(one) for one in read.block_devices or ()],
        "lifecycle_hooks": [_said(one) for one in read.lifecycle_hooks or ()],
        # Clouddriver collects group metrics only beside detailed monitoring (`AutoScalingWorker.java`).
        "enabled_metrics": read.enabled_metrics if read.instance_monitoring else None,
        "require_imds_v2": read.require_imds_v2 or False,
        "tags": {name: value for name, value in (read.tags or {}).items() if not name.startswith("aws:")},
        "source": _source(read.source),
        "capacity": _capacity(read),
        "wait_for": "created",  # Orca waits for health itself
    }
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _stack_and_detail(stack: str, detail: str) -> tuple[str, str]:
    """Clouddriver takes hyphens in a stack, since it looks at the whole name: what follows the first is the detail."""
    stack, _, rest = stack.partition("-")
    return stack, "-".join(part for part in (rest, detail) if part)


def _capacity(read: BasicAmazonDeployDescription) -> dict[str, Any] | None:
    """As CreateAutoScalingGroup: without a desired capacity, the minimum."""
    if read.takes_capacity_over or read.capacity is None:
        return None
    sizes = read.capacity
    return {"min": sizes.min, "max": sizes.max, "desired": sizes.min if sizes.desired is None else sizes.desired}


def _source(source: SourceDescription | None) -> dict[str, Any] | None:
    """Incomplete is none at all, unless the capacity is to come from it."""
    if source is None or not (source.use_source_capacity or (source.account and source.region and source.asg_name)):
        return None
    return {**_said(source), "optional": not source.use_source_capacity}


def _said(part: Description) -> dict[str, Any]:
    return {name: value for name, value in part.model_dump().items() if value is not None and value != ""}
