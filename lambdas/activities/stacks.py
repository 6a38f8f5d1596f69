"""CloudFormation's stacks: created, updated, deleted; change sets made, executed and deleted; and waited for.

A template and its parameters are not part of a plan: they stay in the operation's encrypted request, and a plan holds
their digests. What an operation has begun is known again by its client request token, which CloudFormation writes into
every event of a stack.

The creation of a stack is put back by deleting it. An update is put back by CloudFormation alone, and only where it
fails: there is no way back from an update that has come about. So it is the pivot, and what can be refused is refused
before: the template, its capabilities, a stack that cannot be updated. Where CloudFormation has put an update back, the
operation is put back; where that failed too, a person is asked.

CloudFormation acts with the role that a request names (`roleARN`); without one, with what Windlass itself may do in the
account, which is only what its operations do.
"""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from lambdas.activities import launch_templates, lookups, restoring
from lambdas.cloud import OPERATION_TAG, Cloud, Tags
from lambdas.cloud.stacks import CREATE, UPDATE, ChangeSet, Specification, Stack, Stacks
from lambdas.errors import AlreadyExists, Broken, Conflict, NotFound, Rejected, RollBack, Transient
from lambdas.redaction import redacted
from lambdas.requests.delete_cloud_formation import DeleteCloudFormation
from lambdas.requests.delete_cloud_formation_change_set import DeleteCloudFormationChangeSet
from lambdas.requests.deploy_cloud_formation import DeployCloudFormation
from lambdas.requests.execute_cloud_formation_change_set import ExecuteCloudFormationChangeSet

ACTIONS = (
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "cloudformation:ValidateTemplate",
    "cloudwatch:DescribeAlarms",
)
READS = (
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
)

TEMPLATE, PARAMETERS = "templateBody", "parameters"
"""Where these lie: the fields of the operation's encrypted request."""
UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""
WHOLE_LIFE = 40
"""Pages of all events of a new stack: 500 resources, made, rolled back and deleted, with two or three events each."""
DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
PUT_BACK = {
    "UPDATE_ROLLBACK_COMPLETE": "CloudFormation has put it back",
    "ROLLBACK_COMPLETE": "it is empty again; delete it before anything is made of it",
}
"""How a change that failed ends where nothing of it is left; the second, where it was to make the stack."""
REVIEW, DELETING, DELETED = "REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"
UNCHANGED = ("didn't contain changes", "No updates are to be performed")
"""What a change set says that would change nothing: https://github.com/aws/aws-toolkit-azure-devops/issues/97"""

Action = Literal["create", "update", "change set"]


@dataclass(frozen=True)
class DeployPlan:
    account: str
    region: str
    stack: str
    """Its name."""
    action: Action
    before: Stack | None
    within: timedelta
    """How long CloudFormation may take."""
    change_set: str | None = None
    """Name of the change set to make; None: the stack itself is changed."""
    template_digest: str | None = None
    """SHA-256 of the template's text; None: it is at `template_url`."""
    template_url: str | None = None
    parameters_digest: str = ""
    tags: Tags = ()
    capabilities: tuple[str, ...] = ()
    role: str | None = None
    notifications: tuple[str, ...] = ()
    schema: int = 1

    @property
    def purpose(self) -> str:
        """What a change set is for: a stack that is in review only was never made."""
        return CREATE if self.before is None or self.before.status == REVIEW else UPDATE


def plan_deploy(request: DeployCloudFormation, cloud: Cloud) -> DeployPlan:
    """Validate the template, and see whether the stack is to be created or updated."""
    lookups.alarms_exist(request, cloud)
    before = restoring.read(lambda: cloud.of(Stacks).find(request.stack_name))
    _valid(request, cloud)
    if request.change_set_name is None:
        action: Action = "create" if before is None else "update"
        _may_change(before)
    else:
        action = "change set"
        _may_prepare(request.change_set_name, before, cloud)
    return DeployPlan(
        cloud.account,
        cloud.region,
        request.stack_name,
        action,
        before,
        request.ready_within,
        request.change_set_name,
        launch_templates.digest(request.template_body) if request.template_body is not None else None,
        request.template_url,
        launch_templates.digest(_canonical(request.parameters)),
        tuple(sorted(request.tags.items())),
        request.capabilities,
        request.role_arn,
        request.notification_arns,
    )


def _valid(request: DeployCloudFormation, cloud: Cloud) -> None:
    given = Specification(request.stack_name, request.template_body, request.template_url)
    needs = cloud.of(Stacks).validate(given)
    named = {"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in request.capabilities else set()
    if missing := sorted(set(needs.capabilities) - named - set(request.capabilities)):
        raise Rejected(f"the template of stack {request.stack_name} needs {', '.join(missing)}; add to capabilities")
    if missing := sorted(set(needs.parameters) - request.parameters.keys()):
        raise Rejected(
            f"the template of stack {request.stack_name} has no default for {', '.join(missing)}; add to parameters"
        )


def _may_change(stack: Stack | None) -> None:
    """Raises Rejected for one that cannot be updated, Conflict for one that somebody else changes now."""
    if stack is None or stack.status in UPDATABLE:
        return
    if stack.status == REVIEW:
        raise Rejected(f"stack {stack.name} is in review: execute one of its change sets, or delete it")
    if stack.status.endswith("_IN_PROGRESS"):
        raise Conflict(f"stack {stack.name} is {stack.status}: somebody else changes it")
    remedy = "continue its rollback" if stack.status == "UPDATE_ROLLBACK_FAILED" else "delete it"
    raise Rejected(f"stack {stack.name} is {stack.status} and cannot be updated; {remedy} first")


def _may_prepare(name: str, stack: Stack | None, cloud: Cloud) -> None:
    if stack is None:
        return
    if stack.status != REVIEW:
        _may_change(stack)
    if restoring.read(lambda: cloud.of(Stacks).change_set(stack.id, name)) is not None:
        raise Rejected(f"change set {name} of stack {stack.name} exists already; delete it or choose another name")


def create(plan: DeployPlan, cloud: Cloud) -> str:
    """Begin to create the stack. A client token makes a second attempt the same creation."""
    if plan.action != "create":
        return "no stack to create"
    try:
        stack = cloud.of(Stacks).create(_specification(plan, cloud), _token(cloud, "create"))
    except AlreadyExists:
        stack = _made(plan, cloud).id
    cloud.results["stackId"] = stack
    return f"creating stack {plan.stack}"


def _made(plan: DeployPlan, cloud: Cloud) -> Stack:
    """The stack of that name, which has to be the one that this operation began. Raises Rejected."""
    try:
        found = cloud.of(Stacks).find(plan.stack)
    except NotFound:
        raise Transient(f"stack {plan.stack} exists and is not visible yet") from None
    if not cloud.of(Stacks).begun(found.id, _token(cloud, "create"), WHOLE_LIFE):
        raise Rejected(f"stack {plan.stack} was made by somebody else since this operation was planned; post again")
    return found


def delete_created(plan: DeployPlan, cloud: Cloud) -> str:
    """Delete the stack with all that is in it, if this operation made it."""
    found = _ours(plan, cloud)
    if found is None:
        return f"no stack {plan.stack} of this operation is there"
    if found.status != DELETING:
        cloud.of(Stacks).delete(found.id, plan.role)
    return f"deleting stack {plan.stack}"


def _ours(plan: DeployPlan, cloud: Cloud) -> Stack | None:
    """The stack that this operation made; None where there is none. A stranger's is told."""
    if plan.action != "create":
        return None
    found = restoring.read(lambda: cloud.of(Stacks).find(plan.stack))
    if found is None or found.status == DELETED:
        return None
    if cloud.of(Stacks).begun(found.id, _token(cloud, "create"), WHOLE_LIFE):
        return found
    cloud.findings.append(f"stack {plan.stack} was not made by this operation: left alone")
    return None


def uncreated(plan: DeployPlan, cloud: Cloud) -> str | None:
    """Why the new stack is not complete yet. One that could not be created is refused, with what failed in it."""
    if plan.action != "create":
        return None
    found = restoring.read(lambda: cloud.of(Stacks).find(plan.stack))
    return (
        f"stack {plan.stack} is not visible yet" if found is None else _awaited(found, _token(cloud, "create"), cloud)
    )


def prepare(plan: DeployPlan, cloud: Cloud) -> str:
    """Begin to work out what would change. A client token makes a second attempt the same change set."""
    if plan.change_set is None:
        return "no change set to make"
    described, token = _described(cloud), _token(cloud, "prepare")
    try:
        stack = cloud.of(Stacks).create_change_set(
            _specification(plan, cloud), plan.change_set, plan.purpose, described, token
        )
    except AlreadyExists:
        stack = _prepared(plan, cloud).stack
    except NotFound:
        raise Rejected(f"stack {plan.stack} was deleted since this operation was planned; post again") from None
    cloud.results["stackId"] = stack
    return f"working out change set {plan.change_set} of stack {plan.stack}"


def _prepared(plan: DeployPlan, cloud: Cloud) -> ChangeSet:
    """Raises Rejected for somebody else's."""
    try:
        found = cloud.of(Stacks).change_set(plan.stack, plan.change_set or "")
    except NotFound:
        raise Transient(f"change set {plan.change_set} exists and is not visible yet") from None
    if found.description != _described(cloud):
        raise Rejected(f"change set {plan.change_set} was made by somebody else meanwhile; choose another name")
    return found


def delete_prepared(plan: DeployPlan, cloud: Cloud) -> str:
    """Delete the change set, if this operation made it, and the stack that was made for its review alone."""
    found = _own_change_set(plan, cloud)
    if found is None:
        return "no change set of this operation is there"
    if plan.before is None:
        cloud.of(Stacks).delete(found.stack, None)
        return f"deleting change set {plan.change_set}, and stack {plan.stack}, which was in review"
    _gone(cloud, found)
    return f"deleted change set {plan.change_set}"


def _gone(cloud: Cloud, found: ChangeSet) -> None:
    try:
        cloud.of(Stacks).delete_change_set(found.stack, found.name)
    except NotFound:
        return


def _own_change_set(plan: DeployPlan, cloud: Cloud) -> ChangeSet | None:
    if plan.change_set is None:
        return None
    name = plan.change_set
    found = restoring.read(lambda: cloud.of(Stacks).change_set(plan.stack, name))
    return found if found is not None and found.description == _described(cloud) else None


def unprepared(plan: DeployPlan, cloud: Cloud) -> str | None:
    """Why the change set is not worked out yet. One that would change nothing is as good as any."""
    if plan.change_set is None:
        return None
    found = _own_change_set(plan, cloud)
    if found is None:
        return f"change set {plan.change_set} is not visible yet"
    if found.status == "FAILED" and not any(one in found.reason for one in UNCHANGED):
        raise Rejected(f"change set {found.name} cannot be made: {_shown(found.reason, cloud)}")
    return None if found.status in ("CREATE_COMPLETE", "FAILED") else f"change set {found.name} is {found.status}"


def update(plan: DeployPlan, cloud: Cloud) -> str:
    """Begin to update the stack: from here on CloudFormation alone puts it back. Nothing to update is success."""
    if plan.action != "update" or plan.before is None:
        return "no stack to update"
    stack, token = plan.before.id, _token(cloud, "update")
    cloud.results["stackId"] = stack
    if cloud.of(Stacks).begun(stack, token):
        return f"updating stack {plan.stack}"
    try:
        cloud.of(Stacks).update(_specification(plan, cloud), token)
    except AlreadyExists:
        return f"stack {plan.stack} is so already: no updates are to be performed"
    except NotFound:
        raise Rejected(f"stack {plan.stack} was deleted since this operation was planned; post again") from None
    return _seen(plan.stack, stack, token, cloud)


def _seen(name: str, stack: str, token: str, cloud: Cloud) -> str:
    """The wait that follows takes an update that it does not see for one that had nothing to change."""
    if not cloud.of(Stacks).begun(stack, token):
        raise Transient(f"CloudFormation has begun to change stack {name}, but does not show it yet")
    return f"updating stack {name}"


def unupdated(plan: DeployPlan, cloud: Cloud) -> str | None:
    """Why the update is not complete yet. Where it failed, CloudFormation has put it back, or could not."""
    if plan.action != "update" or plan.before is None:
        return None
    stack, token = plan.before.id, _token(cloud, "update")
    return _changing(plan.stack, stack, token, cloud) if cloud.of(Stacks).begun(stack, token) else None


def _changing(name: str, stack: str, token: str, cloud: Cloud) -> str | None:
    """As `_awaited`, but what CloudFormation puts back is waited for. Raises RollBack where it has."""
    found = restoring.read(lambda: cloud.of(Stacks).find(stack))
    if found is None:
        return f"stack {name} is not visible"
    if "ROLLBACK" not in found.status:
        return _awaited(found, token, cloud)
    why = _failure(found, token, cloud)
    if found.status.endswith("_IN_PROGRESS"):
        return why
    if found.status in PUT_BACK:
        raise RollBack(f"{why}; {PUT_BACK[found.status]}")
    raise Rejected(why)


def _awaited(stack: Stack, token: str, cloud: Cloud) -> str | None:
    """None where it is done, a reason while it goes on. Raises Rejected where CloudFormation has given up."""
    if stack.status in DONE:
        return None
    if stack.status.endswith("_IN_PROGRESS") and "ROLLBACK" not in stack.status and stack.status != DELETING:
        return f"stack {stack.name} is {stack.status}"
    raise Rejected(_failure(stack, token, cloud))


def _failure(stack: Stack, token: str, cloud: Cloud) -> str:
    why = "; ".join(cloud.of(Stacks).failures(stack.id, token)) or stack.reason or "no reason is told"
    return _shown(f"stack {stack.name} is {stack.status}: {why}", cloud)


def _shown(sentence: str, cloud: Cloud) -> str:
    """What CloudFormation says, without the values of parameters: it passes on what services say of them."""
    try:
        values = json.loads(cloud.secrets.text("parameters")).values()
    except NotFound:
        values = ()
    return redacted(sentence, values)


def left_behind(plan: DeployPlan, cloud: Cloud) -> str | None:
    """What of this operation is still there: the stack that it made, or the change set."""
    found = _ours(plan, cloud)
    if found is not None and found.status != DELETING:
        raise RollBack(f"stack {plan.stack} is {found.status}")
    prepared = _own_change_set(plan, cloud)
    if prepared is not None and not _goes(plan, cloud):
        raise RollBack(f"change set {plan.change_set} of stack {plan.stack} is there")
    leaving = found is not None or (plan.before is None and plan.change_set is not None and _goes(plan, cloud))
    return f"stack {plan.stack} is being deleted" if leaving else None


def _goes(plan: DeployPlan, cloud: Cloud) -> bool:
    there = restoring.read(lambda: cloud.of(Stacks).find(plan.stack))
    return there is not None and there.status == DELETING


def deployed(plan: DeployPlan) -> restoring.Difference:
    """The stack as it stood, and what is to become of it."""
    before, _ = restoring.difference("stack", plan.before, None)
    after = {"action": plan.action, "template": plan.template_digest or plan.template_url, "tags": dict(plan.tags)}
    return before, {"stack": after | ({"changeSet": plan.change_set} if plan.change_set else {})}


def within(plan: "DeployPlan | ChangePlan") -> timedelta:
    """How long the caller is ready to wait for CloudFormation."""
    return plan.within


# Change sets and stacks that stand already.


@dataclass(frozen=True)
class ChangePlan:
    """Of a change set that is executed or deleted, or a stack that is deleted."""

    account: str
    region: str
    stack: str
    """Its name."""
    stack_id: str | None
    """None: there is none."""
    within: timedelta
    before: ChangeSet | Stack | None = None
    change_set: str = ""
    role: str | None = None
    skipped: str | None = None
    """Why there is nothing to do."""
    schema: int = 1


def plan_execute(request: ExecuteCloudFormationChangeSet, cloud: Cloud) -> ChangePlan:
    """Look at the change set: one that cannot be executed is refused before anything is."""
    lookups.alarms_exist(request, cloud)
    name = request.change_set_name
    try:
        found = cloud.of(Stacks).change_set(request.stack_name, name)
    except NotFound:
        raise Rejected(f"change set {name} of stack {request.stack_name} does not exist in {cloud.region}") from None
    if found.status.endswith(("_IN_PROGRESS", "_PENDING")):
        raise Conflict(f"change set {name} is {found.status}")
    if found.execution != "AVAILABLE":
        why = f"{found.status}, {found.execution}{': ' if found.reason else ''}{found.reason}"
        raise Rejected(_shown(f"change set {name} of stack {request.stack_name} cannot be executed: {why}", cloud))
    return ChangePlan(
        cloud.account, cloud.region, request.stack_name, found.stack, request.ready_within, found, found.name
    )


def execute(plan: ChangePlan, cloud: Cloud) -> str:
    """Begin to change the stack: from here on CloudFormation alone puts it back, and the change set is used up."""
    stack, token = plan.stack_id or "", _token(cloud, "execute")
    cloud.results["stackId"] = stack
    if cloud.of(Stacks).begun(stack, token):
        return f"updating stack {plan.stack}"
    try:
        cloud.of(Stacks).execute(stack, plan.change_set, token)
    except AlreadyExists:
        pass
    except NotFound:
        raise Transient(f"change set {plan.change_set} is not there, or its execution is not visible yet") from None
    return f"updating stack {plan.stack}"


def unexecuted(plan: ChangePlan, cloud: Cloud) -> str | None:
    """Why the stack is not as the change set says. Where that failed, CloudFormation has put it back, or could not."""
    stack, token = plan.stack_id or "", _token(cloud, "execute")
    if not cloud.of(Stacks).begun(stack, token):
        return f"stack {plan.stack} does not show yet that it changes"
    return _changing(plan.stack, stack, token, cloud)


def plan_delete_change_set(request: DeleteCloudFormationChangeSet, cloud: Cloud) -> ChangePlan:
    """Look at the change set: what is being executed cannot be deleted any more."""
    lookups.alarms_exist(request, cloud)
    stack, name = request.stack_name, request.change_set_name
    found = restoring.read(lambda: cloud.of(Stacks).change_set(stack, name))
    plan = ChangePlan(cloud.account, cloud.region, stack, None, timedelta(), change_set=name)
    if found is None:
        return replace(plan, skipped=f"change set {name} of stack {stack} is not there")
    if found.execution == "EXECUTE_IN_PROGRESS":
        raise Rejected(f"change set {name} of stack {stack} is being executed")
    return replace(plan, stack_id=found.stack, before=found)


def delete_change_set(plan: ChangePlan, cloud: Cloud) -> str:
    """Delete the change set; its stack stays as it is."""
    if plan.skipped or not isinstance(plan.before, ChangeSet):
        return plan.skipped or "nothing to delete"
    _gone(cloud, plan.before)
    return f"deleted change set {plan.change_set} of stack {plan.stack}"


def plan_delete(request: DeleteCloudFormation, cloud: Cloud) -> ChangePlan:
    """Look at the stack: a protected one stays, and one that is being updated is waited for."""
    lookups.alarms_exist(request, cloud)
    name = request.stack_name
    found = restoring.read(lambda: cloud.of(Stacks).find(name))
    plan = ChangePlan(cloud.account, cloud.region, name, None, request.gone_within, role=request.role_arn)
    if found is None or found.status == DELETED:
        return replace(plan, skipped=f"stack {name} is not there")
    if found.protected:
        raise Rejected(f"stack {name} is protected against deletion; take its termination protection away first")
    if found.status.startswith("UPDATE_") and found.status.endswith("_IN_PROGRESS"):
        raise Conflict(f"stack {name} is {found.status}: somebody else changes it")
    return replace(plan, stack_id=found.id, before=found)


def delete(plan: ChangePlan, cloud: Cloud) -> str:
    """Begin to delete the stack with all that is in it."""
    if plan.stack_id is None:
        return plan.skipped or "nothing to delete"
    cloud.of(Stacks).delete(plan.stack_id, plan.role)
    return f"deleting stack {plan.stack}"


def still_there(plan: ChangePlan, cloud: Cloud) -> str | None:
    """Why the stack is not gone yet. One that cannot be deleted is refused, with what failed in it."""
    if (stack := plan.stack_id) is None:
        return None
    found = restoring.read(lambda: cloud.of(Stacks).find(stack))
    if found is None or found.status == DELETED:
        return None
    if found.status == "DELETE_FAILED":
        why = "; ".join(cloud.of(Stacks).failures(stack)) or found.reason
        raise Rejected(_shown(f"stack {plan.stack} cannot be deleted: {why}", cloud))
    return f"stack {plan.stack} is {found.status}"


def results(plan: ChangePlan) -> dict[str, Any] | None:
    """As Clouddriver gives it."""
    return {"stackId": plan.stack_id} if plan.stack_id else None


def changing(plan: ChangePlan) -> restoring.Difference:
    """What stood there; a change set says what comes of it only to CloudFormation."""
    return restoring.difference("changeSet" if isinstance(plan.before, ChangeSet) else "stack", plan.before, None)


def _specification(plan: DeployPlan, cloud: Cloud) -> Specification:
    template = None if plan.template_digest is None else _kept(TEMPLATE, plan.template_digest, cloud)
    parameters = json.loads(_kept(PARAMETERS, plan.parameters_digest, cloud, canonical=True))
    return Specification(
        plan.stack,
        template,
        plan.template_url,
        tuple(sorted(parameters.items())),
        plan.tags,
        plan.capabilities,
        plan.role,
        plan.notifications,
    )


def _kept(field: str, digest: str, cloud: Cloud, *, canonical: bool = False) -> str:
    """What the request says there, which has to be what was planned with."""
    try:
        text = cloud.secrets.text(field)
    except NotFound:
        raise Transient(f"the {field} of this operation is not readable yet") from None
    text = _canonical(json.loads(text)) if canonical else text
    if launch_templates.digest(text) != digest:
        raise Broken(f"the stored {field} is not what was planned with")
    return text


def _canonical(parameters: dict[str, str]) -> str:
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"))


def _token(cloud: Cloud, what: str) -> str:
    return f"{cloud.operation}-{what}"


def _described(cloud: Cloud) -> str:
    """How the operation knows its change set again: that has no tags of its own, and no events."""
    return f"{OPERATION_TAG} {cloud.operation}"
