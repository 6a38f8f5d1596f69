"""Machine images and their snapshots: shared, tagged, deregistered, deleted."""

import json
from dataclasses import dataclass
from typing import Any

from lambdas.activities import lookups, restoring, tagging
from lambdas.activities.tagging import AWS_OWN, Retag
from lambdas.cloud import Cloud, Tags
from lambdas.cloud.amis import Ami, Amis, Snapshot
from lambdas.errors import NotFound, Rejected, RollBack
from lambdas.requests.allow_launch import AllowLaunch
from lambdas.requests.delete_image import DeleteImage
from lambdas.requests.delete_snapshot import DeleteSnapshot
from lambdas.requests.upsert_image_tags import UpsertImageTags

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "ec2:CreateTags",
    "ec2:DeleteSnapshot",
    "ec2:DeleteTags",
    "ec2:DeregisterImage",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeSnapshots",
    "ec2:DescribeTags",
    "ec2:ModifyImageAttribute",
)
READS = ("ec2:DescribeImageAttribute", "ec2:DescribeTags")


# Sharing with another account.


@dataclass(frozen=True)
class AllowLaunchPlan:
    account: str
    """Whose the image is."""
    region: str
    target: str
    """Who shall launch it: Windlass's name of the account."""
    target_id: str
    """The same in AWS's twelve digits."""
    image: Ami
    skipped: str | None = None
    """Why there is nothing to do."""
    allowed: bool = False
    """The target could launch it before."""
    removed: Retag | None = None
    """The target's own tags that the owner has not; None: no tags are copied."""
    copied: Retag | None = None
    """The owner's tags on the target's side."""
    schema: int = 1


def plan_allow(request: AllowLaunch, cloud: Cloud) -> AllowLaunchPlan:
    """Find the image, and how far the target account can use it already."""
    lookups.alarms_exist(request, cloud)
    target = cloud.other(request.target_account)
    image = next((one for one in cloud.of(Amis).find(request.ami_name) if one.owner == cloud.account_id), None)
    if image is None:
        return _skipped(_usable(request, cloud, target), cloud, target)
    if image.public or target.account_id == cloud.account_id:
        return _skipped(image, cloud, target)
    allowed = target.account_id in cloud.of(Amis).launchers(image.id)
    removed, copied = _copying(image.id, cloud, target)
    return AllowLaunchPlan(
        cloud.account, cloud.region, target.account, target.account_id, image, None, allowed, removed, copied
    )


def _usable(request: AllowLaunch, cloud: Cloud, target: Cloud) -> Ami:
    """The image of another owner that the target may launch already. Raises Rejected: nothing can be shared here."""
    if found := target.of(Amis).find(request.ami_name):
        return found[0]
    what, where = f"image {request.ami_name}", f"{cloud.region} of account {cloud.account}"
    if others := cloud.of(Amis).find(request.ami_name):
        raise Rejected(f"{what} belongs to account {others[0].owner}: only that account can share it; name it instead")
    raise Rejected(f"{what} does not exist in {where}; name one that does, or have its owner share it")


def _skipped(image: Ami, cloud: Cloud, target: Cloud) -> AllowLaunchPlan:
    reason = f"account {target.account} may launch image {image.id} already"
    return AllowLaunchPlan(cloud.account, cloud.region, target.account, target.account_id, image, reason)


def _copying(image: str, cloud: Cloud, target: Cloud) -> tuple[Retag | None, Retag | None]:
    """As Clouddriver: what the owner has not is deleted, unless the owner has no tags at all."""
    wanted, there = (_own(one.of(Amis).tags(image)) for one in (cloud, target))
    if not wanted:
        return None, None
    keys = {key for key, _ in wanted}
    removed = tuple(tag for tag in there if tag[0] not in keys)
    return Retag(image, before=removed), tagging.planned(image, there, wanted)


def _own(tags: Tags) -> Tags:
    return tuple(tag for tag in tags if not tag[0].startswith(AWS_OWN))


def allow(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Share the image with the target account, as its owner."""
    if plan.skipped or plan.allowed:
        return plan.skipped or f"image {plan.image.id} is shared with account {plan.target} already"
    try:
        if plan.target_id not in cloud.of(Amis).launchers(plan.image.id):
            cloud.of(Amis).allow(plan.image.id, plan.target_id)
    except NotFound:
        raise Rejected(f"image {plan.image.id} has been deregistered since this operation was planned") from None
    return f"shared image {plan.image.id} with account {plan.target} ({plan.target_id})"


def forbid(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Share the image no longer, unless it was shared before."""
    if plan.skipped or plan.allowed:
        return "nothing was shared"
    try:
        if plan.target_id in cloud.of(Amis).launchers(plan.image.id):
            cloud.of(Amis).forbid(plan.image.id, plan.target_id)
    except NotFound:
        return f"image {plan.image.id} is not there"
    return f"image {plan.image.id} is not shared with account {plan.target}"


def remove_tags(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Delete the target account's tags of the image that its owner has not."""
    return _retagged(plan, plan.removed, cloud)


def put_tags_back(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Put the target account's own tags back."""
    return _restored(plan, plan.removed, cloud)


def copy_tags(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Give the image the owner's tags in the target account: an account sees only its own."""
    return _retagged(plan, plan.copied, cloud)


def restore_tags(plan: AllowLaunchPlan, cloud: Cloud) -> str:
    """Give the target account's tags the values from before."""
    return _restored(plan, plan.copied, cloud)


def _retagged(plan: AllowLaunchPlan, retag: Retag | None, cloud: Cloud) -> str:
    return plan.skipped or "no tags to copy" if retag is None else tagging.apply(retag, cloud.other(plan.target))


def _restored(plan: AllowLaunchPlan, retag: Retag | None, cloud: Cloud) -> str:
    return "no tags were copied" if retag is None else tagging.restore(retag, cloud.other(plan.target))


def left_shared(plan: AllowLaunchPlan, cloud: Cloud) -> None:
    """Whether the image is shared, or tagged, although that was put back."""
    if plan.skipped:
        return
    for retag in (plan.removed, plan.copied):
        if retag is not None:
            tagging.left_behind(retag, cloud.other(plan.target))
    shared = () if plan.allowed else restoring.read(lambda: cloud.of(Amis).launchers(plan.image.id))
    if plan.target_id in (shared or ()):
        raise RollBack(f"image {plan.image.id} is shared with account {plan.target}")


def resolved(plan: AllowLaunchPlan) -> dict[str, Any]:
    """The image, as Clouddriver's `ResolvedAmiResult` has it."""
    image = plan.image
    return {
        "amiName": image.name,
        "region": plan.region,
        "amiId": image.id,
        "virtualizationType": image.virtualization,
        "ownerId": image.owner,
        "blockDeviceMappings": json.loads(image.devices),
        "isPublic": image.public,
        "architecture": image.architecture,
    }


def sharing(plan: AllowLaunchPlan) -> restoring.Difference:
    """Who may launch it, and the target's tags."""
    retags = [one for one in (plan.removed, plan.copied) if one]
    before, after = ({key: value for one in retags for key, value in side(one)} for side in (_before, _after))
    was = {"launch": plan.allowed or plan.skipped is not None, "tags": before}
    return was, {"launch": True, "tags": after}


# Tags.


@dataclass(frozen=True)
class RetagPlan:
    account: str
    region: str
    name: str
    images: tuple[Retag, ...]
    """Every image of that name."""
    schema: int = 1


def plan_tags(request: UpsertImageTags, cloud: Cloud) -> RetagPlan:
    """Find the images of that name, and the tags that they have."""
    lookups.alarms_exist(request, cloud)
    found = cloud.of(Amis).find(request.ami_name)
    if not found:
        raise Rejected(
            f"image {request.ami_name} does not exist in {cloud.region} of account {cloud.account}; name one that does"
        )
    wanted = tuple(request.tags.items())
    images = tuple(tagging.planned(one.id, cloud.of(Amis).tags(one.id), wanted) for one in found)
    return RetagPlan(cloud.account, cloud.region, request.ami_name, images)


def put_tags(plan: RetagPlan, cloud: Cloud) -> str:
    """Set the tags, unless somebody has changed them since they were read."""
    return "; ".join(tagging.apply(one, cloud) for one in plan.images)


def take_tags_back(plan: RetagPlan, cloud: Cloud) -> str:
    """Give the tags their values from before, or delete them, unless somebody has changed them since."""
    return "; ".join(tagging.restore(one, cloud) for one in plan.images)


def left_tagged(plan: RetagPlan, cloud: Cloud) -> None:
    """Whether tags are as this operation set them, although they were put back."""
    for one in plan.images:
        tagging.left_behind(one, cloud)


def tags_of(plan: RetagPlan) -> restoring.Difference:
    """The tags of each image."""
    return tuple({one.image: dict(side(one)) for one in plan.images} for side in (_before, _after))  # type: ignore[return-value]


def _before(retag: Retag) -> Tags:
    return retag.before


def _after(retag: Retag) -> Tags:
    return retag.after


# What ends.


@dataclass(frozen=True)
class EndPlan:
    """Of an image or a snapshot that goes."""

    account: str
    region: str
    thing: str
    """Its id."""
    before: Ami | Snapshot | None = None
    """None: there is none any more."""
    schema: int = 1


def plan_deregister(request: DeleteImage, cloud: Cloud) -> EndPlan:
    """Look at the image: only its owner can deregister it, and that cannot be taken back."""
    lookups.alarms_exist(request, cloud)
    found = cloud.of(Amis).find(request.image_id)
    if found and found[0].owner != cloud.account_id:
        raise Rejected(f"image {request.image_id} belongs to account {found[0].owner}: only that account can delete it")
    return EndPlan(cloud.account, cloud.region, request.image_id, found[0] if found else None)


def deregister(plan: EndPlan, cloud: Cloud) -> str:
    """Deregister the image. What was launched from it runs on, and its snapshots stay."""
    try:
        cloud.of(Amis).deregister(plan.thing)
    except NotFound:
        return f"image {plan.thing} is not there"
    return f"deregistered image {plan.thing}"


def plan_delete_snapshot(request: DeleteSnapshot, cloud: Cloud) -> EndPlan:
    """Look at the snapshot, and whether an image still needs it: what EC2 would refuse is refused before anything."""
    lookups.alarms_exist(request, cloud)
    found = restoring.read(lambda: cloud.of(Amis).snapshot(request.snapshot_id))
    if found is None:
        return EndPlan(cloud.account, cloud.region, request.snapshot_id)
    if found.owner != cloud.account_id:
        raise Rejected(f"snapshot {found.id} belongs to account {found.owner}: only that account can delete it")
    if users := cloud.of(Amis).made_of(found.id):
        raise Rejected(f"snapshot {found.id} is needed by image {', '.join(users)}; delete that first")
    return EndPlan(cloud.account, cloud.region, found.id, found)


def delete_snapshot(plan: EndPlan, cloud: Cloud) -> str:
    """Delete the snapshot."""
    try:
        cloud.of(Amis).delete_snapshot(plan.thing)
    except NotFound:
        return f"snapshot {plan.thing} is not there"
    return f"deleted snapshot {plan.thing}"


def ended(plan: EndPlan) -> restoring.Difference:
    """What there was; nothing is left of it."""
    return restoring.difference("image" if isinstance(plan.before, Ami) else "snapshot", plan.before, None)
