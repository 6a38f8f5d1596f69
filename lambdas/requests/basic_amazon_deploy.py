"""createServerGroup as Clouddriver's callers write it: `BasicAmazonDeployDescription`, its rules, what becomes of it.

Rules, order, codes and texts are those of `BasicAmazonDeployDescriptionValidator.groovy`. Some fields mean nothing
here, and are read past: `setLaunchTemplate` (a group always has a template), `useAmiBlockDeviceMappings` (an image's
volumes are there anyway, there are no defaults by instance type), `legacyUdf` and `userDataOverride` (there are no
providers of user data).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from pydantic import Field

from lambdas.accounts import Account
from lambdas.requests import CapacityDescription, Description, Flag, Invalid, Json, Number, account_of
from lambdas.requests.create_server_group import BURSTABLE, SUBNET_OVERRIDE_TAG
from lambdas.requests.mixing import MixesDescription

Texts = tuple[str, ...] | None

PREFIX = "basicAmazonDeployDescription"

DEAD = ("classicLinkVpcId", "classicLinkVpcSecurityGroups")
"""AWS has retired EC2-Classic and ClassicLink: refused when set, since there is nothing that they could mean."""


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


class PlacementDescription(Description):
    affinity: str | None = None
    availability_zone: str | None = None
    group_name: str | None = None
    host_id: str | None = None
    host_resource_group_arn: str | None = None
    partition_number: Number = None
    spread_domain: str | None = None
    tenancy: str | None = None


class LicenseDescription(Description):
    arn: str | None = None


class BasicAmazonDeployDescription(MixesDescription):
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
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    associate_ipv6_address: Flag = Field(None, alias="associateIPv6Address")
    enable_enclave: Flag = None
    placement: PlacementDescription | None = None
    license_specifications: tuple[LicenseDescription, ...] | None = None
    block_device_tags: dict[str, str] | None = None
    copy_source_custom_block_device_mappings: Flag = None
    copy_source_subnet_id_overrides: Flag = None
    include_account_lifecycle_hooks: Flag = None

    @property
    def zones(self) -> dict[str, Texts]:
        return self.availability_zones or {}

    @property
    def takes_capacity_over(self) -> bool:
        return bool(self.source and self.source.use_source_capacity)


def requests_of(description: Json, accounts: Mapping[str, Account]) -> list[Json]:
    """The fields of one request for each Region, in order. Raises Invalid with everything Clouddriver would say."""
    read, account = BasicAmazonDeployDescription.read(description), account_of(description)
    known = accounts.get(account)
    found = [*_problems(read, known), *dead(description)]
    if found:
        raise Invalid(found)
    return [fields_of(read, account, region, known) for region in read.zones]


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
    types = (read.instance_type or "", *read.override_types())
    if read.unlimited_cpu_credits is not None and not all(map(BURSTABLE.match, types)):
        yield f"{PREFIX}.bursting.not.supported.by.instanceType"
    if read.pools_wrong():
        yield f"{PREFIX}.spotInstancePools.not.supported.for.spotAllocationStrategy"


def _size_problems(read: BasicAmazonDeployDescription) -> Iterator[str]:
    if read.takes_capacity_over:
        return
    capacity = read.capacity or CapacityDescription()
    yield from capacity.problems()
    if capacity.min is None or capacity.max is None:
        yield "capacity: min and max are required, or source.useSourceCapacity"


def dead(description: Json) -> Iterator[str]:
    for name in DEAD:
        if description.get(name):
            yield f"{name}: AWS has retired EC2-Classic and ClassicLink; leave it out"


def fields_of(read: BasicAmazonDeployDescription, account: str, region: str, known: Account | None) -> Json:
    """The request's fields; what was not said is left to the request's defaults."""
    said = {
        name: getattr(read, name)
        for name in (
            *("application", "sequence", "ignore_sequence", "instance_type", "key_pair"),
            *("iam_role", "associate_public_ip_address", "spot_price", "instance_monitoring", "ebs_optimized"),
            *("unlimited_cpu_credits", "security_groups", "target_groups", "load_balancers", "start_disabled"),
            *("health_check_type", "health_check_grace_period", "cooldown", "termination_policies"),
            *("suspended_processes", "capacity_rebalance", "copy_source_scaling_policies_and_actions"),
            *("kernel_id", "ramdisk_id", "associate_ipv6_address", "enable_enclave"),
            *("copy_source_custom_block_device_mappings", "copy_source_subnet_id_overrides"),
        )
    }
    stack, detail = _stack_and_detail(read.stack or "", read.free_form_details or "")
    fields = (
        said
        | read.mixing()
        | {
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
            "lifecycle_hooks": [*(_said(one) for one in read.lifecycle_hooks or ()), *_hooks(read, region, known)],
            "placement": _said(read.placement) if read.placement else None,
            "license_specifications": [_said(one) for one in read.license_specifications or ()],
            "block_device_tags": read.block_device_tags or {},
            # Clouddriver collects group metrics only beside detailed monitoring (`AutoScalingWorker.java`).
            "enabled_metrics": read.enabled_metrics if read.instance_monitoring else None,
            "require_imds_v2": read.require_imds_v2 or False,
            "tags": _tags(read),
            "source": _source(read.source),
            "capacity": _capacity(read),
            "wait_for": "created",  # Orca waits for health itself
        }
    )
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def _tags(read: BasicAmazonDeployDescription) -> dict[str, str]:
    said = {name: value for name, value in (read.tags or {}).items() if not name.startswith("aws:")}
    return said | ({SUBNET_OVERRIDE_TAG: ",".join(read.subnet_ids)} if read.subnet_ids else {})


def _hooks(read: BasicAmazonDeployDescription, region: str, account: Account | None) -> Iterator[Json]:
    """The account's own, unless the caller wants none."""
    if account is None or read.include_account_lifecycle_hooks is False:
        return
    for one in account.hooks:
        places = {"{{region}}": region, "{{accountId}}": account.id}
        yield {name: _filled(value, places) for name, value in asdict(one).items() if value is not None}


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    for place, filling in places.items() if isinstance(value, str) else ():
        value = value.replace(place, filling)
    return value


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
