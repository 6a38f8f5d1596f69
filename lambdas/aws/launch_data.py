"""Launch settings in EC2's notation: written, read, and changed in part.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
"""

from collections.abc import Mapping
from typing import Any

from lambdas.aws import tags as tagging
from lambdas.cloud import BlockDevice, LaunchSettings, Tags
from lambdas.cloud.launching import LaunchChange

Data = dict[str, Any]

PLAIN = {
    "image": "ImageId",
    "instance_type": "InstanceType",
    "key_pair": "KeyName",
    "kernel": "KernelId",
    "ramdisk": "RamDiskId",
    "ebs_optimized": "EbsOptimized",
}
"""Settings that are one value there as here."""


def written(settings: LaunchSettings, user_data: str | None) -> Data:
    """RequestLaunchTemplateData: what is left out is EC2's default."""
    data = {
        **{name: getattr(settings, field) for field, name in PLAIN.items()},
        "IamInstanceProfile": profile(settings.instance_profile),
        "UserData": user_data,
        "BlockDeviceMappings": [block_device(device) for device in settings.block_devices],
        "InstanceMarketOptions": _market(settings.spot_price),
        "Monitoring": {"Enabled": settings.monitoring},
        "MetadataOptions": _metadata(imds_v2=settings.imds_v2),
        "CreditSpecification": _credits(settings.credit_specification),
        "EnclaveOptions": {"Enabled": True} if settings.enclave else None,
        "Placement": _placement(settings.placement),
        "LicenseSpecifications": [{"LicenseConfigurationArn": arn} for arn in settings.licenses],
        "CapacityReservationSpecification": _reservation(dict(settings.capacity_reservation)),
        "TagSpecifications": _tagged(settings),
    }
    return given(data | _interface(settings))


def read(data: Mapping[str, Any]) -> LaunchSettings:
    """The settings of ResponseLaunchTemplateData, but for the user data."""
    interface = _first(data.get("NetworkInterfaces", ()))
    instance, volume = (_tags_of(data, kind) for kind in ("instance", "volume"))
    return LaunchSettings(
        image=data.get("ImageId", ""),
        instance_type=data.get("InstanceType", ""),
        security_groups=tuple(interface.get("Groups") or data.get("SecurityGroupIds", ())),
        key_pair=data.get("KeyName"),
        instance_profile=_profile_of(data.get("IamInstanceProfile", {})),
        block_devices=tuple(map(block_device_of, data.get("BlockDeviceMappings", ()))),
        spot_price=_price_of(data.get("InstanceMarketOptions", {})),
        monitoring=data.get("Monitoring", {}).get("Enabled", False),
        ebs_optimized=data.get("EbsOptimized", False),
        public_ip=interface.get("AssociatePublicIpAddress"),
        imds_v2=data.get("MetadataOptions", {}).get("HttpTokens") == "required",
        credit_specification=data.get("CreditSpecification", {}).get("CpuCredits"),
        tags=instance,
        volume_tags=tuple(tag for tag in volume if tag not in instance),
        kernel=data.get("KernelId"),
        ramdisk=data.get("RamDiskId"),
        ipv6=None if (count := interface.get("Ipv6AddressCount")) is None else count > 0,
        enclave=data.get("EnclaveOptions", {}).get("Enabled", False),
        placement=tuple(sorted((name, str(value)) for name, value in data.get("Placement", {}).items())),
        licenses=tuple(one["LicenseConfigurationArn"] for one in data.get("LicenseSpecifications", ())),
        capacity_reservation=_reservation_of(data.get("CapacityReservationSpecification", {})),
    )


def changed(data: Mapping[str, Any], change: LaunchChange, user_data: str | None) -> Data:
    """Request data like this response but for the change. What Windlass knows nothing of stays as it is."""
    said = change.said()
    new = _requestable(data) | {PLAIN[field]: value for field, value in said.items() if field in PLAIN}
    if change.instance_type:
        new.pop("InstanceRequirements", None)
    for field, name, render in (
        ("instance_profile", "IamInstanceProfile", profile),
        ("credit_specification", "CreditSpecification", _credits),
        ("monitoring", "Monitoring", lambda enabled: {"Enabled": enabled}),
        ("enclave", "EnclaveOptions", lambda enabled: {"Enabled": enabled}),
        ("block_devices", "BlockDeviceMappings", lambda devices: [block_device(one) for one in devices]),
        ("spot_price", "InstanceMarketOptions", lambda price: _market(price or None)),
    ):
        if field in said:
            new[name] = render(said[field])
    if change.imds_v2 is not None:
        new["MetadataOptions"] = new.get("MetadataOptions", {}) | _metadata(imds_v2=change.imds_v2)
    if change.user_data is not None:
        new["UserData"] = user_data
    return given(new | _rewired(new, change))


def _requestable(data: Mapping[str, Any]) -> Data:
    """What a response holds and a request may not is left out (botocore's two models compared)."""
    new = dict(data)
    if "MetadataOptions" in new:
        new["MetadataOptions"] = {name: value for name, value in new["MetadataOptions"].items() if name != "State"}
    if "Operator" in new:
        new["Operator"] = {name: value for name, value in new["Operator"].items() if name == "Principal"}
    new["NetworkInterfaces"] = [_interface_again(one) for one in new.get("NetworkInterfaces", ())]
    return new


def _interface_again(interface: Data) -> Data:
    addresses = [{"Ipv6Address": one["Ipv6Address"]} for one in interface.get("Ipv6Addresses", ())]
    return given({**interface, "Ipv6Addresses": addresses})


def _rewired(data: Data, change: LaunchChange) -> Data:
    """Security groups and addresses: at the first network interface, where there is one or has to be."""
    if change.security_groups is None and change.public_ip is None and change.ipv6 is None:
        return {}
    groups = data.get("SecurityGroupIds", []) if change.security_groups is None else list(change.security_groups)
    interfaces = data.get("NetworkInterfaces", [])
    if not interfaces and change.public_ip is None and change.ipv6 is None:
        return {"SecurityGroupIds": groups}
    first = dict(_first(interfaces)) or {"DeviceIndex": 0, "DeleteOnTermination": True, "Groups": groups}
    if change.security_groups is not None:
        first["Groups"] = groups
    first |= _addresses(change.public_ip, change.ipv6)
    others = [one for one in interfaces if one.get("DeviceIndex") != 0]
    return {"NetworkInterfaces": [given(first), *others], "SecurityGroupIds": []}


def _interface(settings: LaunchSettings) -> Data:
    """Security groups stand at the network interface as soon as a template describes one, else beside it."""
    groups = list(settings.security_groups)
    addresses = _addresses(settings.public_ip, settings.ipv6)
    if not addresses:
        return {"SecurityGroupIds": groups}
    return {"NetworkInterfaces": [given({"DeviceIndex": 0, "DeleteOnTermination": True, "Groups": groups} | addresses)]}


def _addresses(public: bool | None, ipv6: bool | None) -> Data:
    return given({"AssociatePublicIpAddress": public, "Ipv6AddressCount": None if ipv6 is None else int(ipv6)})


def _first(interfaces: Any) -> Data:
    return next((one for one in interfaces if one.get("DeviceIndex") == 0), {})


def profile(name_or_arn: str | None) -> dict[str, str] | None:
    if not name_or_arn:
        return None
    return {"Arn" if name_or_arn.startswith("arn:") else "Name": name_or_arn}


def _profile_of(profile: Mapping[str, str]) -> str | None:
    return profile.get("Name") or profile.get("Arn")


def _market(spot_price: str | None) -> Data | None:
    """Spot instances without a highest price have an empty one."""
    if spot_price is None:
        return None
    return given({"MarketType": "spot", "SpotOptions": given({"MaxPrice": spot_price})})


def _price_of(market: Mapping[str, Any]) -> str | None:
    return market.get("SpotOptions", {}).get("MaxPrice", "") if market.get("MarketType") == "spot" else None


def _metadata(*, imds_v2: bool) -> Data:
    return {"HttpTokens": "required" if imds_v2 else "optional"}


def _credits(specification: str | None) -> Data | None:
    return {"CpuCredits": specification} if specification else None


def _placement(placement: Tags) -> Data:
    return {name: int(value) if name == "PartitionNumber" else value for name, value in placement}


def _reservation(said: dict[str, str]) -> Data:
    preference = {"CapacityReservationPreference": said.pop("CapacityReservationPreference", None)}
    return given(preference | {"CapacityReservationTarget": said})


def _reservation_of(specification: Mapping[str, Any]) -> Tags:
    target = specification.get("CapacityReservationTarget", {})
    preference = {name: value for name, value in specification.items() if name != "CapacityReservationTarget"}
    return tuple(sorted({**preference, **target}.items()))


def block_device(device: BlockDevice) -> Data:
    if device.virtual_name:
        return {"DeviceName": device.device, "VirtualName": device.virtual_name}
    ebs = {
        "VolumeSize": device.size_gib,
        "VolumeType": device.volume_type,
        "DeleteOnTermination": device.delete_on_termination,
        "Iops": device.iops,
        "Throughput": device.throughput_mib,
        "SnapshotId": device.snapshot,
        "Encrypted": device.encrypted,
        "KmsKeyId": device.kms_key,
    }
    return {"DeviceName": device.device, "Ebs": given(ebs)}


def block_device_of(mapping: Mapping[str, Any]) -> BlockDevice:
    ebs = mapping.get("Ebs", {})
    return BlockDevice(
        device=mapping["DeviceName"],
        virtual_name=mapping.get("VirtualName"),
        size_gib=ebs.get("VolumeSize"),
        volume_type=ebs.get("VolumeType"),
        delete_on_termination=ebs.get("DeleteOnTermination", True),
        iops=ebs.get("Iops"),
        throughput_mib=ebs.get("Throughput"),
        snapshot=ebs.get("SnapshotId"),
        encrypted=ebs.get("Encrypted"),
        kms_key=ebs.get("KmsKeyId"),
    )


def _tagged(settings: LaunchSettings) -> list[Data]:
    volume = tuple(sorted({**dict(settings.tags), **dict(settings.volume_tags)}.items()))
    return [specified(kind, tags) for kind, tags in (("instance", settings.tags), ("volume", volume)) if tags]


def _tags_of(data: Mapping[str, Any], kind: str) -> Tags:
    specifications = (one for one in data.get("TagSpecifications", ()) if one.get("ResourceType") == kind)
    return tuple(tag for one in specifications for tag in tagging.parsed(one.get("Tags", ())))


def specified(kind: str, tags: Tags) -> Any:
    return {"ResourceType": kind, "Tags": tagging.rendered(tags)}


def given(parameters: Mapping[str, Any]) -> Data:
    return {name: value for name, value in parameters.items() if value not in (None, "", [], {})}
