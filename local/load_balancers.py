"""Load balancers of both kinds: health that takes time, registrations that leave nothing stale."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend, ec2_backends
from moto.elb.exceptions import LoadBalancerNotFoundError
from moto.elb.models import ELBBackend, elb_backends
from moto.elb.responses import ELBResponse
from moto.elbv2.exceptions import InvalidTargetError
from moto.elbv2.models import FakeHealthStatus, FakeTargetGroup, elbv2_backends

from local.patches import replace
from local.tags import NEVER_HEALTHY

Json = dict[str, Any]


_REASONS = {
    "Elb.RegistrationInProgress": "Target registration is in progress",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.InvalidState": "Target is in the terminated state",
}
_FAILED = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."

_registered: dict[tuple[str, str], float] = {}
"""When each instance was registered with each target group (by ARN) or load balancer (by name)."""


def never_healthy(ec2: EC2Backend, instance_id: str) -> bool:
    instance: Any = ec2.get_instance_by_id(instance_id)
    image: Any = ec2.amis.get(instance.image_id) if instance else None
    return image is not None and any(t["key"] == NEVER_HEALTHY and t["value"] == "true" for t in image.get_tags())


def forget(account: str, region: str, instance_id: str) -> None:
    """Take an instance that is going away out of every target group and load balancer."""
    for target_group in elbv2_backends[account][region].target_groups.values():
        target_group.deregister_terminated_instances([instance_id])
        _registered.pop((target_group.arn, instance_id), None)
    for balancer in elb_backends[account][region].load_balancers.values():
        balancer.instance_sparse_ids = [i for i in balancer.instance_sparse_ids if i != instance_id]
        _registered.pop((balancer.name, instance_id), None)


def install(healthy_after: timedelta) -> None:
    _extend_target_groups(healthy_after)
    _extend_classic(healthy_after)


def _extend_target_groups(healthy_after: timedelta) -> None:
    registered, health = FakeTargetGroup.register, FakeTargetGroup.health_for

    def register(group: FakeTargetGroup, targets: list[Json]) -> None:
        unknown = [t["Id"] for t in targets if t["Id"].startswith("i-") and not _exists(group.ec2_backend, t["Id"])]
        if unknown:
            raise InvalidTargetError(f"The following targets are not in the target group VPC: '{unknown[0]}'")
        new = [target["Id"] for target in targets if target["Id"] not in group.targets]
        registered(group, targets)
        _registered.update({(group.arn, target): time.monotonic() for target in new})

    def deregister(group: FakeTargetGroup, targets: list[Json]) -> None:
        """Of a target that is not there too: AWS answers with success."""
        for target in targets:
            known = group.targets.pop(target["Id"], None)
            if known:
                group.deregistered_targets[target["Id"]] = known

    def health_for(group: FakeTargetGroup, target: Json, ec2_backend: EC2Backend) -> FakeHealthStatus:
        found = health(group, target, ec2_backend)
        if found.status == "healthy":
            found.status, reason = _state(group, target["Id"], ec2_backend, healthy_after)
            found.reason = reason or None
            found.description = _REASONS.get(reason)
        return found

    replace(FakeTargetGroup, register=register, deregister=deregister, health_for=health_for)


def _exists(ec2: EC2Backend, instance_id: str) -> bool:
    instance = ec2.get_instance_by_id(instance_id)
    return instance is not None and instance.state != "terminated"


def _state(group: FakeTargetGroup, instance_id: str, ec2: EC2Backend, healthy_after: timedelta) -> tuple[str, str]:
    if not _exists(ec2, instance_id):
        return "unused", "Target.InvalidState"
    if not group.load_balancer_arns:
        return "unused", "Target.NotInUse"
    if _age(group.arn, instance_id) < healthy_after.total_seconds():
        return "initial", "Elb.RegistrationInProgress"
    if never_healthy(ec2, instance_id):
        return "unhealthy", "Target.FailedHealthChecks"
    return "healthy", ""


def _age(balancer: str, instance_id: str) -> float:
    return time.monotonic() - _registered.get((balancer, instance_id), 0.0)


def _extend_classic(healthy_after: timedelta) -> None:
    registered, deregistered = ELBBackend.register_instances, ELBBackend.deregister_instances

    def register(
        backend: ELBBackend, load_balancer_name: str, instance_ids: Any, from_autoscaling: bool = False
    ) -> Any:
        balancer = _balancer(backend, load_balancer_name)
        new = [instance for instance in instance_ids if instance not in balancer.instance_ids]
        _registered.update({(load_balancer_name, instance): time.monotonic() for instance in new})
        # One list for all: moto would never let a caller take out what Auto Scaling put in.
        return registered(backend, load_balancer_name, new)

    def deregister(
        backend: ELBBackend, load_balancer_name: str, instance_ids: Any, from_autoscaling: bool = False
    ) -> Any:
        _balancer(backend, load_balancer_name)
        return deregistered(backend, load_balancer_name, list(instance_ids))

    def describe_instance_health(response: ELBResponse) -> ActionResult:
        backend, name = response.elb_backend, response._get_param("LoadBalancerName")
        balancer = _balancer(backend, name)
        wanted = [instance["InstanceId"] for instance in response._get_param("Instances", [])]
        ec2 = ec2_backends[backend.account_id][backend.region_name]
        states = [_classic_state(balancer, i, ec2, healthy_after) for i in wanted or balancer.instance_ids]
        return ActionResult({"InstanceStates": states})

    replace(ELBBackend, register_instances=register, deregister_instances=deregister)
    replace(ELBResponse, describe_instance_health=describe_instance_health)


def _balancer(backend: ELBBackend, name: str) -> Any:
    balancer = backend.get_load_balancer(name)
    if balancer is None:
        raise LoadBalancerNotFoundError(name)
    return balancer


def _classic_state(balancer: Any, instance_id: str, ec2: EC2Backend, healthy_after: timedelta) -> Json:
    def state(name: str, reason: str = "N/A", description: str = "N/A") -> Json:
        return {"InstanceId": instance_id, "State": name, "ReasonCode": reason, "Description": description}

    if instance_id not in balancer.instance_ids:
        return state("OutOfService", "Instance", "Instance is not currently registered with the LoadBalancer.")
    if not _exists(ec2, instance_id):
        return state("OutOfService", "Instance", "Instance is in terminated state.")
    if _age(balancer.name, instance_id) < healthy_after.total_seconds():
        return state("OutOfService", "ELB", "Instance registration is still in progress.")
    if never_healthy(ec2, instance_id):
        return state("OutOfService", "Instance", _FAILED)
    return state("InService")
