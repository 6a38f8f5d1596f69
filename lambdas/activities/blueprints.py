"""A new server group's settings, made from the request and what was looked up."""

from lambdas.activities import mixing
from lambdas.activities.plans import USER_DATA
from lambdas.cloud import OPERATION_TAG, BlockDevice, GroupSettings, LaunchSettings, LifecycleHook, Tags
from lambdas.naming import ServerGroupName
from lambdas.requests.create_server_group import (
    BlockDeviceMapping,
    CapacityReservation,
    CreateServerGroup,
    Hook,
    Placement,
)


def launch_settings(
    request: CreateServerGroup, *, image: str, security_groups: tuple[str, ...], tags: Tags
) -> LaunchSettings:
    return LaunchSettings(
        image=image,
        instance_type=request.instance_type,
        security_groups=security_groups,
        key_pair=request.key_pair,
        instance_profile=instance_profile(request.iam_role, request.application),
        user_data=USER_DATA if request.user_data else None,
        block_devices=tuple(block_device(one) for one in request.block_devices),
        # With a mixed instances policy the price is the policy's.
        spot_price=None if request.mixes else request.spot_price,
        monitoring=request.instance_monitoring,
        ebs_optimized=request.ebs_optimized,
        public_ip=request.associate_public_ip_address,
        imds_v2=request.require_imds_v2,
        credit_specification=credit_specification(unlimited=request.unlimited_cpu_credits),
        tags=tags,
        volume_tags=tuple(sorted(request.block_device_tags.items())),
        kernel=request.kernel_id,
        ramdisk=request.ramdisk_id,
        ipv6=request.associate_ipv6_address,
        enclave=request.enable_enclave,
        placement=_placement(request.placement),
        licenses=tuple(one.arn for one in request.license_specifications),
        capacity_reservation=_reservation(request.capacity_reservation),
    )


def _placement(placement: Placement | None) -> Tags:
    said = placement.model_dump(exclude_none=True, by_alias=True) if placement else {}
    return tuple(sorted((f"{name[0].upper()}{name[1:]}", str(value)) for name, value in said.items()))


def _reservation(reservation: CapacityReservation | None) -> Tags:
    said = reservation.model_dump(exclude_none=True, by_alias=True) if reservation else {}
    return tuple(sorted((f"CapacityReservation{name[0].upper()}{name[1:]}", value) for name, value in said.items()))


def block_device(one: BlockDeviceMapping) -> BlockDevice:
    return BlockDevice(
        device=one.device_name,
        virtual_name=one.virtual_name,
        size_gib=one.size,
        volume_type=one.volume_type,
        delete_on_termination=one.delete_on_termination is not False,
        iops=one.iops,
        throughput_mib=one.throughput,
        snapshot=one.snapshot_id,
        encrypted=one.encrypted,
        kms_key=one.kms_key_id,
    )


def instance_profile(role: str | None, application: str) -> str | None:
    """Clouddriver fills the application in, too."""
    return role.replace("{{application}}", application) if role else None


def credit_specification(*, unlimited: bool | None) -> str | None:
    if unlimited is None:
        return None
    return "unlimited" if unlimited else "standard"


def group_settings(
    request: CreateServerGroup,
    *,
    subnets: tuple[str, ...],
    target_groups: tuple[str, ...],
    load_balancers: tuple[str, ...],
    tags: Tags,
) -> GroupSettings:
    return GroupSettings(
        subnets=subnets,
        zones=() if subnets else request.zones,
        target_groups=target_groups,
        load_balancers=load_balancers,
        health_check_type=request.health_check_type,
        health_check_grace=request.health_check_grace_period,
        cooldown=request.cooldown,
        termination_policies=_default_last(request.termination_policies),
        capacity_rebalance=request.capacity_rebalance,
        tags=tags,
        mixed=mixing.policy(request, request.spot_price) if request.mixes else None,
    )


def _default_last(policies: tuple[str, ...]) -> tuple[str, ...]:
    """Auto Scaling takes `Default` only at the end of the list."""
    return tuple(sorted(dict.fromkeys(policies or ("Default",)), key=lambda policy: policy == "Default"))


def tags(request: CreateServerGroup, name: ServerGroupName, operation: str) -> Tags:
    """The caller's tags, Spinnaker's three, and whose work it is."""
    spinnaker = {
        "spinnaker:application": name.application,
        "spinnaker:stack": name.stack,
        "spinnaker:details": name.detail,
    }
    said = {key: value for key, value in spinnaker.items() if value}
    return tuple(sorted({**said, **request.tags, OPERATION_TAG: operation}.items()))


def hooks(request: CreateServerGroup, group: str) -> tuple[LifecycleHook, ...]:
    return tuple(_hook(one, f"{group}-hook-{place}") for place, one in enumerate(request.lifecycle_hooks))


def _hook(one: Hook, default_name: str) -> LifecycleHook:
    return LifecycleHook(
        name=one.name or default_name[-255:],
        transition=one.lifecycle_transition,
        role=one.role_arn,
        target=one.notification_target_arn,
        metadata=one.notification_metadata,
        heartbeat=one.heartbeat_timeout,
        default_result=one.default_result,
    )
