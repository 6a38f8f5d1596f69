"""A small saga of its own for the tests of the rehearsal: a launch template, a group of it, instances, health."""

from dataclasses import dataclass
from datetime import timedelta

from lambdas.cloud import OPERATION_TAG, Capacity, Cloud, GroupSettings, LaunchSettings
from lambdas.errors import AlreadyExists, Conflict, NotFound, Rejected, RollBack, Transient
from rehearsal.fake_cloud import seeds
from rehearsal.toy_requests import OfOneGroup
from saga import Reservation, Saga, step, wait_until

WHERE = {"account": "prod", "region": "us-east-1"}
GROUP = "shop-prod-v001"
REQUEST = {**WHERE, "group": GROUP, "size": 2}


class ToyRequest(OfOneGroup):
    size: int
    image: str = seeds.GOOD_IMAGE


@dataclass(frozen=True)
class ToyPlan:
    operation: str
    guard: str
    cluster: str
    name: str
    size: int
    image: str


def plan_toy(request: ToyRequest, cloud: Cloud) -> ToyPlan:
    if not cloud.images.by_ids([request.image]):
        raise Rejected(f"there is no image {request.image}")
    guard = f"{request.account}/{request.region}/server-group/{request.group}"
    return ToyPlan(cloud.operation, guard, request.cluster, request.group, request.size, request.image)


def make_template(plan: ToyPlan, cloud: Cloud) -> str:
    tags = ((OPERATION_TAG, plan.operation),)
    settings = LaunchSettings(plan.image, "m5.large", (seeds.WEB,))
    try:
        cloud.launch_templates.create(plan.name, settings, None, tags, f"{plan.operation}-MakeTemplate")
    except AlreadyExists as error:
        raise Rejected(str(error)) from None
    return f"created launch template {plan.name}"


def remove_template(plan: ToyPlan, cloud: Cloud) -> str:
    try:
        if cloud.launch_templates.find(plan.name).operation == plan.operation:
            cloud.launch_templates.delete(plan.name)
    except NotFound:
        return "there was none"
    return f"deleted launch template {plan.name}"


def make_group(plan: ToyPlan, cloud: Cloud) -> str:
    arn = seeds.target_group(cloud.region)
    settings = GroupSettings((seeds.subnet("internal", "a"),), (), (arn,), tags=((OPERATION_TAG, plan.operation),))
    try:
        cloud.groups.create(plan.name, plan.name, settings)
    except NotFound as error:
        raise Transient(str(error)) from None
    except AlreadyExists as error:
        _is_ours(plan, cloud, str(error))
    return f"created group {plan.name}"


def _is_ours(plan: ToyPlan, cloud: Cloud, reason: str) -> None:
    try:
        found = cloud.groups.find(plan.name)
    except NotFound:
        raise Transient(f"{reason}, and is not visible yet") from None
    if found.deleting:
        raise Conflict(reason)
    if found.operation != plan.operation:
        raise Rejected(reason)


def remove_group(plan: ToyPlan, cloud: Cloud) -> str:
    try:
        if cloud.groups.find(plan.name).operation == plan.operation:
            cloud.groups.delete(plan.name)
    except NotFound:
        return "there was none"
    return f"deleted group {plan.name}"


def grow(plan: ToyPlan, cloud: Cloud) -> str:
    try:
        cloud.groups.resize(plan.name, Capacity(plan.size, plan.size, plan.size))
    except NotFound as error:
        raise Rejected(str(error)) from None
    return f"gave {plan.name} {plan.size} instances"


def unhealthy(plan: ToyPlan, cloud: Cloud) -> str | None:
    mine = {one.id for one in cloud.groups.find(plan.name).instances if one.in_service}
    targets = cloud.load_balancers.target_health(seeds.target_group(cloud.region))
    healthy = sum(one.healthy for one in targets if one.instance in mine)
    return None if healthy >= plan.size else f"{healthy} of {plan.size} instances healthy"


def left(plan: ToyPlan, cloud: Cloud) -> str | None:
    for name in cloud.groups.made_by(plan.operation):
        if cloud.groups.find(name).deleting:
            return f"group {name} is being deleted"
        raise RollBack(f"group {name} is there")
    if cloud.launch_templates.made_by(plan.operation):
        raise RollBack("a launch template is there")
    return None


def reserved(plan: ToyPlan) -> Reservation:
    return Reservation(plan.guard, plan.cluster)


TOY: Saga[ToyRequest, ToyPlan, Cloud] = Saga(
    name="MakeToy",
    plan=plan_toy,
    reserves=reserved,
    steps=(
        step("MakeTemplate", do=make_template, undo=remove_template),
        step("MakeGroup", do=make_group, undo=remove_group),
        step("Grow", do=grow, goes_with="MakeGroup"),
        wait_until("Healthy", check=unhealthy, within=timedelta(minutes=30)),
    ),
    left=left,
)
