"""What a request names, looked up once: image, subnets, security groups, load balancers.

What is unknown is Rejected in a sentence that names the thing, the value and the remedy.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from lambdas.cloud import Cloud, Group, Image, LaunchSettings, Subnet
from lambdas.cloud.launching import Launching, Start, TemplateVersions
from lambdas.errors import NotFound, Rejected
from lambdas.requests import OfOneServerGroup, Request
from lambdas.requests.create_server_group import CreateServerGroup, ImageChoice
from lambdas.requests.upsert_load_balancer import UpsertLoadBalancer

PURPOSE_TAG = "immutable_metadata"
"""Spinnaker's: `{"purpose": "internal", "target": "ec2"}` (Clouddriver's `SubnetAnalyzer`)."""


def image(choice: ImageChoice, cloud: Cloud) -> Image:
    """The one image, the newest where several match."""
    if choice.id:
        return _image_of_id(choice.id, "name one that does", cloud)
    if choice.parameter:
        return _image_of_id(_parameter(choice.parameter, cloud), f"correct parameter {choice.parameter}", cloud)
    if choice.name:
        return _image_of_name(choice.name, cloud)
    return _newest(
        cloud.images.by_name(choice.pattern or "", (choice.owner or "",)),
        f"no image of owner {choice.owner} matches {choice.pattern} in {_where(cloud)}; correct owner or pattern",
    )


def alarms_exist(request: Request, cloud: Cloud) -> None:
    """Raises Rejected for an alarm that is to hold the operation and does not exist: nothing would ever hold it."""
    wanted = request.hold_on_alarms
    found = cloud.scaling.alarm_states(wanted) if wanted else {}
    if missing := [name for name in wanted if name not in found]:
        raise Rejected(
            f"holdOnAlarms: alarm {', '.join(missing)} does not exist in {_where(cloud)}; name one that does"
        )


def group_of(request: OfOneServerGroup, cloud: Cloud) -> Group:
    """The server group that a request is about, and that stays. Raises Rejected."""
    alarms_exist(request, cloud)
    name = request.server_group_name
    try:
        found = cloud.groups.find(name)
    except NotFound:
        raise Rejected(f"server group {name} does not exist in {_where(cloud)}; name one that does") from None
    if found.deleting:
        raise Rejected(f"server group {name} in {_where(cloud)} is being deleted; name one that stays")
    return found


def stands(group: str, cloud: Cloud) -> bool:
    """Whether the server group is there to stay: what goes with a group needs no looking after."""
    try:
        return not cloud.groups.find(group).deleting
    except NotFound:
        return False


def _image_of_id(wanted: str, remedy: str, cloud: Cloud) -> Image:
    found = cloud.images.by_ids((wanted,))
    return _newest(found, f"image {wanted} does not exist in {_where(cloud)}, or may not be launched there; {remedy}")


def _parameter(name: str, cloud: Cloud) -> str:
    try:
        return cloud.images.parameter(name)
    except NotFound:
        raise Rejected(f"parameter {name} does not exist in {_where(cloud)}; name one that holds an image id") from None


def _image_of_name(name: str, cloud: Cloud) -> Image:
    """The account's own image wins: anybody can publish one of that name."""
    own = cloud.images.by_name(name, ("self",))
    found = own or cloud.images.by_name(name)
    owners = sorted({one.owner for one in found})
    if len(owners) > 1:
        raise Rejected(f"images named {name} belong to {' and '.join(owners)}; name an id, or owner and pattern")
    return _newest(found, f"no image is named {name} in {_where(cloud)}; name one that exists there")


def _newest(found: Iterable[Image], otherwise: str) -> Image:
    newest = max(found, key=lambda one: (one.created, one.id), default=None)
    if newest is None:
        raise Rejected(otherwise)
    return newest


def subnets(request: CreateServerGroup, cloud: Cloud) -> tuple[Subnet, ...]:
    """The group's subnets, all in one VPC; none where the request only names zones."""
    if not (request.subnet_ids or request.subnet_type or request.subnet_tags):
        _zones_exist(request.zones, cloud)
        return ()
    found = _subnets_of(request, cloud)
    vpcs = sorted({one.vpc for one in found})
    if len(vpcs) > 1:
        raise Rejected(f"the subnets are in different VPCs ({', '.join(vpcs)}); a server group is in one")
    return found


def _subnets_of(request: CreateServerGroup, cloud: Cloud) -> tuple[Subnet, ...]:
    if request.subnet_ids:
        return _subnets_of_ids(request, cloud)
    if request.subnet_type:
        fitting = [one for one in _in_zones(request.zones, cloud) if has_purpose(one, request.subnet_type)]
        said = f"purpose {request.subnet_type} (tag {PURPOSE_TAG})"
        found: Iterable[Subnet] = _one_in_each_zone(fitting)
    else:
        said = "tags " + ", ".join(f"{name}={value}" for name, value in sorted(request.subnet_tags.items()))
        found = [
            one for one in _in_zones(request.zones, cloud) if request.subnet_tags.items() <= dict(one.tags).items()
        ]
    if not found:
        where = f"zones {', '.join(request.zones)} of {_where(cloud)}" if request.zones else _where(cloud)
        raise Rejected(f"no subnet in {where} has {said}; correct it, or tag the subnets")
    return tuple(sorted(found, key=lambda one: one.id))


def subnets_of_balancer(request: UpsertLoadBalancer, cloud: Cloud) -> tuple[Subnet, ...]:
    """A load balancer's subnets, all in one VPC: those named, or one in each zone of that purpose."""
    if request.subnet_ids:
        found = _subnets_of_ids(request, cloud)
    elif request.subnet_type:
        known = _in_zones(request.zones, cloud)
        found = tuple(_one_in_each_zone(one for one in known if has_purpose(one, request.subnet_type or "", "elb")))
    else:
        raise Rejected("a load balancer needs subnets, since EC2-Classic is gone; say subnetType or subnetIds")
    if not found:
        raise Rejected(f"no subnet in {_where(cloud)} is for load balancers of purpose {request.subnet_type}; tag some")
    if len({one.vpc for one in found}) > 1:
        raise Rejected("the subnets are in different VPCs; a load balancer is in one")
    return found


def _subnets_of_ids(request: CreateServerGroup | UpsertLoadBalancer, cloud: Cloud) -> tuple[Subnet, ...]:
    found = {one.id: one for one in cloud.network.subnets(request.subnet_ids)}
    for wanted in request.subnet_ids:
        if wanted not in found:
            raise Rejected(f"subnet {wanted} does not exist in {_where(cloud)}; name one that does")
        if request.zones and found[wanted].zone not in request.zones:
            raise Rejected(f"subnet {wanted} is in {found[wanted].zone}, which is not among the zones asked for")
    return tuple(found[wanted] for wanted in dict.fromkeys(request.subnet_ids))


def _in_zones(zones: Sequence[str], cloud: Cloud) -> list[Subnet]:
    return [one for one in cloud.network.subnets() if not zones or one.zone in zones]


def purpose(subnet: Subnet) -> str | None:
    """Spinnaker's purpose of the subnet, if it has one."""
    said = _metadata(subnet).get("purpose")
    return said if isinstance(said, str) else None


def has_purpose(subnet: Subnet, purpose: str, target: str = "ec2") -> bool:
    """Subnets for load balancers say `elb`."""
    said = _metadata(subnet)
    return said.get("purpose") == purpose and said.get("target") in (None, target)


def _metadata(subnet: Subnet) -> Mapping[str, object]:
    return _read(dict(subnet.tags).get(PURPOSE_TAG, "{}"))


@lru_cache(maxsize=64)
def _read(metadata: str) -> Mapping[str, object]:
    """Many subnets say the same."""
    try:
        said = json.loads(metadata)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _one_in_each_zone(found: Iterable[Subnet]) -> list[Subnet]:
    """As Clouddriver does for a purpose (`AsgBuilder.java`)."""
    by_zone = {one.zone: one for one in sorted(found, key=lambda one: one.id, reverse=True)}
    return list(by_zone.values())


def _zones_exist(zones: Sequence[str], cloud: Cloud) -> None:
    known = cloud.network.zones()
    for zone in zones:
        if zone not in known:
            raise Rejected(f"zone {zone} does not exist in {_where(cloud)}; it has {', '.join(known)}")


def security_groups(wanted: Sequence[str], vpc: str | None, cloud: Cloud) -> tuple[str, ...]:
    """Their ids; in the subnets' VPC, where it is known."""
    if not wanted:
        return ()
    known = [one for one in cloud.network.security_groups(wanted) if vpc in (None, one.vpc)]
    where = f"VPC {vpc}" if vpc else _where(cloud)
    ids = (_only({one.id for one in known if name in (one.id, one.name)}, name, where) for name in wanted)
    return tuple(dict.fromkeys(ids))


def _only(ids: set[str], name: str, where: str) -> str:
    if not ids:
        raise Rejected(f"security group {name} does not exist in {where}; name one that does")
    if len(ids) > 1:
        raise Rejected(f"security group {name} is ambiguous in {where} ({', '.join(sorted(ids))}); name its id")
    return ids.pop()


def target_groups(wanted: Sequence[str], vpc: str | None, cloud: Cloud) -> tuple[str, ...]:
    """Their ARNs."""
    if not wanted:
        return ()
    known = cloud.load_balancers.target_groups(wanted)
    by_name = {one.name: one for one in known} | {one.arn: one for one in known}
    for name in wanted:
        if name not in by_name:
            raise Rejected(f"target group {name} does not exist in {_where(cloud)}; name one that does")
        if vpc and by_name[name].vpc != vpc:
            raise Rejected(f"target group {name} is in VPC {by_name[name].vpc}, the subnets are in {vpc}")
    return tuple(dict.fromkeys(by_name[name].arn for name in wanted))


def launch(group: Group, cloud: Cloud) -> LaunchSettings:
    """What the group's instances start from, but for the user data."""
    start = Start.of(group)
    try:
        if start.configuration:
            return cloud.of(Launching).configuration(start.configuration)
        return cloud.of(TemplateVersions).find(start.template or "", start.version or "$Default").settings
    except NotFound as error:
        raise Rejected(f"server group {group.name} starts from what is not there: {error}") from None


def load_balancers(wanted: Sequence[str], cloud: Cloud) -> tuple[str, ...]:
    """Classic load balancers: themselves, if they are all there."""
    known = cloud.load_balancers.classic(wanted) if wanted else ()
    for name in wanted:
        if name not in known:
            raise Rejected(f"classic load balancer {name} does not exist in {_where(cloud)}; name one that does")
    return tuple(dict.fromkeys(wanted))


def _where(cloud: Cloud) -> str:
    return f"{cloud.region} of account {cloud.account}"
