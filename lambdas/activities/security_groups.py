"""Security groups: made, and their inbound rules brought to those asked for, each kind of change in one batch.

A rule is what it permits; its description is said of it. Rules that somebody else adds or revokes meanwhile stay so:
steps and undos touch only the rules that the plan found missing or too much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdas.activities import lookups, restoring
from lambdas.cloud import OPERATION_TAG, Cloud, Tags
from lambdas.cloud.security_groups import Rule, SecurityGroup, SecurityGroups
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, RollBack, Transient
from lambdas.requests.delete_security_group import DeleteSecurityGroup
from lambdas.requests.upsert_security_group import Ingress, UpsertSecurityGroup
from lambdas.values import changed

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
)
READS = ("ec2:DescribeSecurityGroups",)

ITSELF = "sg-itself"
"""In a plan, the source of a rule of a group that is not made yet and refers to itself."""


@dataclass(frozen=True)
class SecurityGroupPlan:
    """What is to be different. Only what changes is in it: a group may have hundreds of rules."""

    account: str
    region: str
    vpc: str
    name: str
    description: str
    id: str = ""
    """Of the group that stands; empty where this operation makes it."""
    missing: tuple[Rule, ...] = ()
    """To be authorized."""
    surplus: tuple[Rule, ...] = ()
    """To be revoked."""
    said: tuple[Rule, ...] = ()
    """Rules that stand, with their descriptions from before."""
    saying: tuple[Rule, ...] = ()
    """The same with those asked for."""
    tagged: Tags = ()
    """The tags from before of keys that change."""
    tagging: Tags = ()
    """Tags to create or replace."""
    schema: int = 1


@dataclass(frozen=True)
class DeletionPlan:
    account: str
    region: str
    vpc: str
    name: str
    id: str
    """Empty where it is not there."""
    schema: int = 1


Plan = SecurityGroupPlan | DeletionPlan


# upsertSecurityGroup


def plan_upsert(request: UpsertSecurityGroup, cloud: Cloud) -> SecurityGroupPlan:
    """Find the groups that the rules name, and note which rules are missing and which are too much."""
    lookups.alarms_exist(request, cloud)
    groups = cloud.of(SecurityGroups)
    standing = restoring.read(lambda: groups.find(request.vpc_id, request.name))
    if standing is None and not request.description:
        raise Rejected(f"security group {request.name} is not there, and to make it needs a description; give one")
    wanted = _rules(request, standing.id if standing else ITSELF, groups)
    plan = SecurityGroupPlan(request.account, request.region, request.vpc_id, request.name, request.description)
    tags = tuple(sorted(request.tags.items()))
    if standing is None:
        return changed(plan, missing=wanted, tagging=tags)
    return _differing(plan, standing, wanted, tags, revokes=not request.ingress_append_only)


def _differing(
    plan: SecurityGroupPlan, standing: SecurityGroup, wanted: Sequence[Rule], tags: Tags, *, revokes: bool
) -> SecurityGroupPlan:
    there = {one.permission: one for one in standing.rules}
    asked = {one.permission for one in wanted}
    new_tags = tuple(one for one in tags if one not in standing.tags)
    # Nothing said of a rule leaves what is said of it, as Clouddriver does.
    saying = [one for one in wanted if one.description and one.permission in there and one not in standing.rules]
    return changed(
        plan,
        id=standing.id,
        missing=tuple(one for one in wanted if one.permission not in there),
        surplus=tuple(one for one in standing.rules if one.permission not in asked) if revokes else (),
        said=tuple(there[one.permission] for one in saying),
        saying=tuple(saying),
        tagged=tuple(one for one in standing.tags if one[0] in dict(new_tags)),
        tagging=new_tags,
    )


def _rules(request: UpsertSecurityGroup, itself: str, groups: SecurityGroups) -> tuple[Rule, ...]:
    """The rules asked for, each once, in order of what they permit. Raises Rejected for groups that are not there."""
    ids = {(request.vpc_id, request.name): itself} | _named(request, groups)
    found: dict[tuple[str, int, int, str], Rule] = {}
    for one in request.ingress:
        rule = Rule(one.ip_protocol, *one.ports, _source(one, request.vpc_id, ids), one.description)
        found.setdefault(rule.permission, rule)
    return tuple(found[permission] for permission in sorted(found))


def _named(request: UpsertSecurityGroup, groups: SecurityGroups) -> dict[tuple[str, str], str]:
    """Ids of the groups that the rules name, by VPC and name."""
    names: dict[str, set[str]] = {}
    for one in request.ingress:
        vpc, name = one.vpc_id or request.vpc_id, one.security_group or "sg-"
        if not name.startswith("sg-") and (vpc, name) != (request.vpc_id, request.name):
            names.setdefault(vpc, set()).add(name)
    found = {vpc: groups.ids(vpc, sorted(asked)) for vpc, asked in names.items()}
    if missing := [f"{one} in {vpc}" for vpc, asked in names.items() for one in sorted(asked - found[vpc].keys())]:
        raise Rejected(f"security groups that the rules name do not exist: {', '.join(missing)}; name some that do")
    return {(vpc, name): group for vpc, ids in found.items() for name, group in ids.items()}


def _source(ingress: Ingress, vpc: str, ids: dict[tuple[str, str], str]) -> str:
    if ingress.security_group is None:
        return ingress.cidr or ingress.prefix_list_id or ""
    if ingress.security_group.startswith("sg-"):
        return f"{ingress.account_id}/{ingress.security_group}" if ingress.account_id else ingress.security_group
    return ids[ingress.vpc_id or vpc, ingress.security_group]


def create(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Create the security group without inbound rules, where there is none, unless somebody else makes it first."""
    if plan.id:
        return f"security group {plan.name} stands"
    if _seen(plan, cloud) is None:
        try:
            tags = tuple(sorted((*plan.tagging, (OPERATION_TAG, cloud.operation))))
            cloud.of(SecurityGroups).create(plan.vpc, plan.name, plan.description, tags)
        except AlreadyExists:
            raise Conflict(f"security group {plan.name} exists in {plan.vpc}, and is not visible yet") from None
    else:
        _standing(plan, cloud)
    return f"security group {plan.name} made in {plan.vpc}"


def delete_new(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Delete the security group if this operation made it."""
    group = None if plan.id else _remaining(plan, cloud)
    if group is None:
        return f"nothing was made in {plan.vpc}"
    _delete(group.id, cloud)
    return f"security group {plan.name} deleted"


def tag(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Create or replace the tags asked for; a new group is made with them."""
    if not plan.id or not plan.tagging:
        return "no tag to change"
    cloud.of(SecurityGroups).tag(_standing(plan, cloud).id, plan.tagging)
    return f"tagged security group {plan.name} with {', '.join(key for key, _ in plan.tagging)}"


def untag(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Give changed tags their values from before and take new ones away, unless somebody has changed them since."""
    group = _remaining(plan, cloud) if plan.id else None
    ours = [key for key, value in plan.tagging if group and (key, value) in group.tags]
    before = tuple(one for one in plan.tagged if one[0] in ours)
    if group is None or not ours:
        return "no tag to change"
    if before:
        cloud.of(SecurityGroups).tag(group.id, before)
    if new := [key for key in ours if key not in dict(before)]:
        cloud.of(SecurityGroups).untag(group.id, new)
    return f"tags {', '.join(ours)} of security group {plan.name} are as before"


def describe(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Give rules that stay their new descriptions."""
    return _say(plan.saying, _standing(plan, cloud) if plan.saying else None, cloud)


def describe_as_before(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Give those rules their descriptions from before, unless somebody has changed them since."""
    group = _remaining(plan, cloud) if plan.saying else None
    now = group.rules if group else ()
    return _say([was for was, new in zip(plan.said, plan.saying, strict=True) if new in now], group, cloud)


def authorize(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Authorize the rules that are missing, all in one call."""
    return _authorize(plan.missing, _standing(plan, cloud) if plan.missing else None, cloud)


def revoke_new(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Revoke the rules that this operation authorized."""
    return _revoke(plan.missing, _remaining(plan, cloud) if plan.missing else None, cloud)


def revoke(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Revoke the rules that are too much, all in one call."""
    return _revoke(plan.surplus, _standing(plan, cloud) if plan.surplus else None, cloud)


def authorize_again(plan: SecurityGroupPlan, cloud: Cloud) -> str:
    """Authorize the revoked rules again, with their descriptions."""
    return _authorize(plan.surplus, _remaining(plan, cloud) if plan.surplus else None, cloud)


def left_behind(plan: SecurityGroupPlan, cloud: Cloud) -> None:
    """Whether the group is there, or its rules are as this operation made them, although it was put back.

    One call changes all rules of a kind, so where only some are so, somebody else has had a hand in it.
    """
    group = _seen(plan, cloud)
    if group is None or not _is_ours(plan, group, cloud):
        return
    there = {one.permission for one in group.rules}
    missing, surplus = _permissions(plan.missing), _permissions(plan.surplus)
    if not plan.id:
        raise RollBack(f"security group {plan.name} is there, as this operation made it")
    if missing and missing <= there:
        raise RollBack(f"the rules that this operation authorized in {plan.name} stand")
    if surplus and surplus.isdisjoint(there):
        raise RollBack(f"the rules that this operation revoked from {plan.name} are missing")
    if plan.saying and set(plan.saying) <= set(group.rules):
        raise RollBack(f"rules of {plan.name} are described as this operation did")
    if plan.tagging and set(plan.tagging) <= set(group.tags):
        raise RollBack(f"security group {plan.name} is tagged as this operation did")


def difference(plan: SecurityGroupPlan) -> restoring.Difference:
    """The rules, descriptions and tags that change."""
    before = {"ingress": [*map(_shown, plan.surplus), *map(_shown, plan.said)], "tags": dict(plan.tagged)}
    after = {"ingress": [*map(_shown, plan.missing), *map(_shown, plan.saying)], "tags": dict(plan.tagging)}
    name = {"securityGroup": plan.name, "vpcId": plan.vpc}
    return name | before if plan.id else None, name | after


def _shown(rule: Rule) -> str:
    return f"{rule} ({rule.description})" if rule.description else str(rule)


# deleteSecurityGroup


def plan_delete(request: DeleteSecurityGroup, cloud: Cloud) -> DeletionPlan:
    """Find the group, and whether anything uses it: then it is not deleted, and the dependents are named."""
    lookups.alarms_exist(request, cloud)
    groups, name = cloud.of(SecurityGroups), request.security_group_name
    found = restoring.read(lambda: groups.find(request.vpc_id, name))
    if found is None and not request.tolerant:
        raise Rejected(f"security group {name} does not exist in {request.vpc_id}; name one that does")
    if found is not None:
        _unused(name, found.id, cloud)
    return DeletionPlan(request.account, request.region, request.vpc_id, name, found.id if found else "")


def delete(plan: DeletionPlan, cloud: Cloud) -> str:
    """Delete the security group."""
    if not plan.id:
        return f"skipped: security group {plan.name} is not there"
    try:
        _delete(plan.id, cloud)
    except Conflict:
        _unused(plan.name, plan.id, cloud)
        raise
    return f"security group {plan.name} ({plan.id}) deleted"


def deletion(plan: DeletionPlan) -> restoring.Difference:
    """The group, if it is there."""
    return ({"securityGroup": plan.name, "vpcId": plan.vpc, "id": plan.id} if plan.id else None), None


def _unused(name: str, group: str, cloud: Cloud) -> None:
    if used := cloud.of(SecurityGroups).dependents(group):
        raise Rejected(f"security group {name} ({group}) is used by {', '.join(used)}; take it out of these first")


# What both do


def _seen(plan: Plan, cloud: Cloud) -> SecurityGroup | None:
    return restoring.read(lambda: cloud.of(SecurityGroups).find(plan.vpc, plan.name))


def _is_ours(plan: SecurityGroupPlan, group: SecurityGroup, cloud: Cloud) -> bool:
    """The very group that was planned with, or the one that this operation made."""
    return group.id == plan.id if plan.id else group.operation == cloud.operation


def _standing(plan: SecurityGroupPlan, cloud: Cloud) -> SecurityGroup:
    """The group, for a step."""
    group = _seen(plan, cloud)
    if group is None and not plan.id:
        raise Transient(f"security group {plan.name} is not visible yet, or somebody deleted it")
    if group is None or not _is_ours(plan, group, cloud):
        raise Rejected(f"security group {plan.name} in {plan.vpc} is another by now: somebody made it; post again")
    return group


def _remaining(plan: SecurityGroupPlan, cloud: Cloud) -> SecurityGroup | None:
    """The group, for an undo; None where it is gone, or a stranger's, which is told."""
    group = _seen(plan, cloud)
    if group is None or _is_ours(plan, group, cloud):
        return group
    cloud.findings.append(f"security group {plan.name} in {plan.vpc} is not this operation's: left alone")
    return None


def _authorize(rules: Sequence[Rule], group: SecurityGroup | None, cloud: Cloud) -> str:
    there = _permissions(group.rules) if group else set()
    absent = [one for one in _resolved(rules, group) if one.permission not in there]
    if group is None or not absent:
        return "no rule to authorize"
    try:
        cloud.of(SecurityGroups).authorize(group.id, absent)
    except AlreadyExists:
        raise Conflict(f"a rule of {group.name} exists that is not visible yet: looked at again") from None
    except NotFound:
        raise Transient(f"security group {group.name}, or one that its rules name, is not visible or gone") from None
    return f"authorized {_counted(absent)} of security group {group.name}"


def _revoke(rules: Sequence[Rule], group: SecurityGroup | None, cloud: Cloud) -> str:
    there = _permissions(group.rules) if group else set()
    present = [one for one in _resolved(rules, group) if one.permission in there]
    if group is None or not present:
        return "no rule to revoke"
    try:
        cloud.of(SecurityGroups).revoke(group.id, present)
    except NotFound:
        raise Conflict(f"a rule of {group.name} is gone, or the group is: looked at again") from None
    return f"revoked {_counted(present)} of security group {group.name}"


def _say(rules: Sequence[Rule], group: SecurityGroup | None, cloud: Cloud) -> str:
    if group is None or not rules:
        return "no description to change"
    try:
        cloud.of(SecurityGroups).describe(group.id, rules)
    except NotFound:
        raise Conflict(f"security group {group.name} is gone: looked at again") from None
    return f"described {_counted(rules)} of security group {group.name}"


def _delete(group: str, cloud: Cloud) -> None:
    try:
        cloud.of(SecurityGroups).delete(group)
    except NotFound:
        return


def _resolved(rules: Sequence[Rule], group: SecurityGroup | None) -> tuple[Rule, ...]:
    """A rule that refers to the group itself, by the id that it has by now."""
    return tuple(changed(one, source=group.id) if group and one.source == ITSELF else one for one in rules)


def _permissions(rules: Iterable[Rule]) -> set[tuple[str, int, int, str]]:
    return {one.permission for one in rules}


def _counted(rules: Sequence[Rule]) -> str:
    return str(rules[0]) if len(rules) == 1 else f"{len(rules)} rules"
