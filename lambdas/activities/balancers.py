"""Load balancers of all three types, as a whole: found, deleted, and what of them is left."""

from dataclasses import dataclass

from lambdas.activities import lookups, restoring
from lambdas.cloud import Cloud
from lambdas.cloud.balancers import Balancer, Balancers
from lambdas.cloud.classic_balancers import ClassicBalancers
from lambdas.errors import Conflict, NotFound, Rejected
from lambdas.requests.delete_load_balancer import DeleteLoadBalancer

ACTIONS = (
    "cloudwatch:DescribeAlarms",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroups",
)

CLASSIC = "classic"
PROTECTION = ("deletion_protection.enabled", "true")


@dataclass(frozen=True)
class DeletionPlan:
    account: str
    region: str
    name: str
    kind: str
    id: str
    """Empty where it is not there."""
    dns_name: str = ""
    target_groups: tuple[str, ...] = ()
    """Names of those that nothing else sends to."""
    schema: int = 1


def port(kind: str, cloud: Cloud) -> Balancers | ClassicBalancers:
    """The API that has load balancers of this type."""
    return cloud.of(ClassicBalancers) if kind == CLASSIC else cloud.of(Balancers)


def standing(name: str, kind: str, cloud: Cloud) -> Balancer | None:
    """The load balancer, if it is there. Raises Rejected where that name is one of another type."""
    found = restoring.read(lambda: port(kind, cloud).find(name))
    if found is not None and found.kind != kind:
        raise Rejected(f"load balancer {name} is of type {found.kind}, not {kind}; say loadBalancerType {found.kind}")
    return found


def plan_delete(request: DeleteLoadBalancer, cloud: Cloud) -> DeletionPlan:
    """Find the load balancer and the target groups that only it sends to; one that is protected is not deleted."""
    lookups.alarms_exist(request, cloud)
    name, kind = request.load_balancer_name, request.load_balancer_type
    plan = DeletionPlan(request.account, request.region, name, kind, "")
    found = standing(name, kind, cloud)
    if found is None and not request.tolerant:
        raise Rejected(f"load balancer {name} does not exist in {request.region}; name one that does")
    if found is None:
        return plan
    if kind == CLASSIC:
        return DeletionPlan(request.account, request.region, name, kind, found.id, found.dns_name)
    balancers = cloud.of(Balancers)
    if PROTECTION in balancers.attributes(found.id):
        raise Rejected(f"load balancer {name} is protected from deletion; take its deletion protection off first")
    used = balancers.used(found.id)
    return DeletionPlan(request.account, request.region, name, kind, found.id, found.dns_name, used)


def delete(plan: DeletionPlan, cloud: Cloud) -> str:
    """Delete the load balancer, and its listeners with it."""
    if not plan.id:
        return f"skipped: load balancer {plan.name} is not there"
    port(plan.kind, cloud).delete(plan.id)
    return f"load balancer {plan.name} deleted"


def delete_target_groups(plan: DeletionPlan, cloud: Cloud) -> str:
    """Delete the target groups that only this load balancer sent to."""
    for name in plan.target_groups:
        delete_target_group(name, cloud)
    return f"target groups deleted: {', '.join(plan.target_groups) or 'none'}"


def delete_target_group(name: str, cloud: Cloud) -> None:
    """Absent is fine; AWS lets go of it a little after the load balancer or listener has gone."""
    try:
        cloud.of(Balancers).delete_target_group(name)
    except NotFound:
        return
    except Conflict:
        raise Conflict(f"target group {name} is in use still: a load balancer, or one that goes, sends to it") from None


def deletion(plan: DeletionPlan) -> restoring.Difference:
    """The load balancer, if it is there, and its target groups."""
    said = {"loadBalancer": plan.name, "dnsName": plan.dns_name, "targetGroups": list(plan.target_groups)}
    return (said if plan.id else None), None
