"""Tags of a server group: put and deleted, and put back by key."""

from dataclasses import dataclass

from lambdas.activities import lookups, parts, restoring
from lambdas.activities.expectations import needed, unless_gone
from lambdas.cloud import Cloud
from lambdas.cloud.group_tags import GroupTag, GroupTags
from lambdas.requests.delete_asg_tags import DeleteAsgTags
from lambdas.requests.upsert_server_group_tags import UpsertServerGroupTags

ACTIONS = (
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeTags",
    "cloudwatch:DescribeAlarms",
)
READS = ("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeTags")

Tagged = dict[str, GroupTag]


@dataclass(frozen=True)
class TagsPlan:
    account: str
    region: str
    group: str
    keys: tuple[str, ...]
    """Of the tags that the operation is about."""
    before: tuple[GroupTag, ...]
    """Those of them that are there."""
    after: tuple[GroupTag, ...]
    """Those of them that shall be there."""
    schema: int = 1


def plan_upsert(request: UpsertServerGroupTags, cloud: Cloud) -> TagsPlan:
    """Note the tags of these keys as they stand."""
    propagate = request.propagate_at_launch
    return _plan(request, cloud, [GroupTag(key, value, propagate) for key, value in sorted(request.tags.items())])


def plan_delete(request: DeleteAsgTags, cloud: Cloud) -> TagsPlan:
    """Note the tags of these keys as they stand."""
    return _plan(request, cloud, [])


def _plan(request: UpsertServerGroupTags | DeleteAsgTags, cloud: Cloud, after: list[GroupTag]) -> TagsPlan:
    lookups.group_of(request, cloud)
    keys = tuple(sorted(request.keys))
    before = tuple(one for one in cloud.of(GroupTags).find(request.server_group_name) if one.key in keys)
    return TagsPlan(cloud.account, cloud.region, request.server_group_name, keys, before, tuple(after))


def put(plan: TagsPlan, cloud: Cloud) -> str:
    """Put the tags on the group in one call, unless somebody has changed one of them since it was planned."""
    pending = parts.pending(_what(plan), _there(plan, cloud), _by_key(plan.before), _after(plan))
    with needed(plan.group):
        cloud.of(GroupTags).put(plan.group, list(parts.puts(pending).values()))
    return parts.said(_what(plan), pending)


def delete(plan: TagsPlan, cloud: Cloud) -> str:
    """Delete the tags from the group in one call, unless somebody has changed one of them since it was planned."""
    pending = parts.pending(_what(plan), _there(plan, cloud), _by_key(plan.before), _after(plan))
    with needed(plan.group):
        cloud.of(GroupTags).delete(plan.group, parts.removals(pending))
    return parts.said(_what(plan), pending)


def restore(plan: TagsPlan, cloud: Cloud) -> str:
    """Put each tag back as it was, or delete it if it was not there, unless somebody has changed it since."""
    undone = parts.undone(_what(plan), _there(plan, cloud), _by_key(plan.before), _after(plan), cloud)
    tags = cloud.of(GroupTags)

    def write() -> None:
        if made := parts.puts(undone):
            tags.put(plan.group, list(made.values()))
        if gone := parts.removals(undone):
            tags.delete(plan.group, gone)

    return unless_gone(plan.group, write, parts.said(_what(plan), undone))


def left_behind(plan: TagsPlan, cloud: Cloud) -> None:
    """Whether the tags are as this operation made them, although they were put back."""
    if lookups.stands(plan.group, cloud):
        parts.left_behind(_what(plan), _there(plan, cloud), _by_key(plan.before), _after(plan))


def difference(plan: TagsPlan) -> restoring.Difference:
    """The tags of these keys."""
    return _shown(plan, plan.before), _shown(plan, plan.after)


def _shown(plan: TagsPlan, tags: tuple[GroupTag, ...]) -> dict[str, object]:
    return {"serverGroup": plan.group, "tags": {one.key: one.value for one in tags}}


def _there(plan: TagsPlan, cloud: Cloud) -> Tagged:
    return _by_key(cloud.of(GroupTags).find(plan.group))


def _by_key(tags: tuple[GroupTag, ...]) -> Tagged:
    return {one.key: one for one in tags}


def _after(plan: TagsPlan) -> dict[str, GroupTag | None]:
    after = _by_key(plan.after)
    return {key: after.get(key) for key in plan.keys}


def _what(plan: TagsPlan) -> str:
    return f"tag of {plan.group}:"
