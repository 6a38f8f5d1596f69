"""Target groups (ELBv2) and classic load balancers."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from lambdas.cloud import Health, TargetGroup
from lambdas.error_codes import translating
from lambdas.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_elb import ElasticLoadBalancingClient
    from mypy_boto3_elb.type_defs import InstanceStateTypeDef
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import TargetHealthDescriptionTypeDef

T = TypeVar("T")
DRAINING = "draining"
"""Deregistered, and still listed while connections end:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html"""
DRAINING_CLASSIC = "deregistration currently in progress"
"""What a classic load balancer says of such an instance, which it calls InService until its connections end:
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-conn-drain.html"""


class LoadBalancers:
    """`lambdas.cloud.LoadBalancers`."""

    def __init__(self, elbv2: "ElasticLoadBalancingv2Client", elb: "ElasticLoadBalancingClient") -> None:
        self._elbv2 = elbv2
        self._elb = elb

    def target_groups(self, names_or_arns: Sequence[str]) -> tuple[TargetGroup, ...]:
        arns = [one for one in names_or_arns if one.startswith("arn:")]
        names = [one for one in names_or_arns if not one.startswith("arn:")]
        by_name = existing(names, lambda some: self._target_groups(Names=list(some)))
        by_arn = existing(arns, lambda some: self._target_groups(TargetGroupArns=list(some)))
        return tuple({group.arn: group for group in (*by_name, *by_arn)}.values())

    def classic(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(existing(list(dict.fromkeys(names)), self._classic))

    def target_health(self, target_group: str) -> tuple[Health, ...]:
        return tuple(_target_health(one) for one in self._targets_of(target_group) if not _drains(one))

    def classic_health(self, load_balancer: str) -> tuple[Health, ...]:
        return tuple(
            Health(one["InstanceId"], one["State"] == "InService", one.get("Description", "").replace("N/A", ""))
            for one in self._instances_of(load_balancer)
            if not _drains_classic(one)
        )

    def draining(self, target_group: str) -> tuple[str, ...]:
        return tuple(one["Target"]["Id"] for one in self._targets_of(target_group) if _drains(one))

    def draining_classic(self, load_balancer: str) -> tuple[str, ...]:
        return tuple(one["InstanceId"] for one in self._instances_of(load_balancer) if _drains_classic(one))

    def register(self, target_group: str, instances: Sequence[str]) -> None:
        if instances:
            with translating("elbv2", f"target group {target_group}"):
                self._elbv2.register_targets(TargetGroupArn=target_group, Targets=_targets(instances))

    def deregister(self, target_group: str, instances: Sequence[str]) -> None:
        def take_out(some: Sequence[str]) -> None:
            with translating("elbv2", f"target group {target_group}"):
                self._elbv2.deregister_targets(TargetGroupArn=target_group, Targets=_targets(some))

        _each_present(instances, take_out, lambda: self.target_health(target_group))

    def register_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        if instances:
            with translating("elb", f"load balancer {load_balancer}"):
                self._elb.register_instances_with_load_balancer(
                    LoadBalancerName=load_balancer, Instances=_instances(instances)
                )

    def deregister_classic(self, load_balancer: str, instances: Sequence[str]) -> None:
        def take_out(some: Sequence[str]) -> None:
            with translating("elb", f"load balancer {load_balancer}"):
                self._elb.deregister_instances_from_load_balancer(
                    LoadBalancerName=load_balancer, Instances=_instances(some)
                )

        _each_present(instances, take_out, lambda: self.classic_health(load_balancer))

    def _targets_of(self, target_group: str) -> "list[TargetHealthDescriptionTypeDef]":
        with translating("elbv2", f"target group {target_group}"):
            return self._elbv2.describe_target_health(TargetGroupArn=target_group)["TargetHealthDescriptions"]

    def _instances_of(self, load_balancer: str) -> "list[InstanceStateTypeDef]":
        with translating("elb", f"load balancer {load_balancer}"):
            return self._elb.describe_instance_health(LoadBalancerName=load_balancer)["InstanceStates"]

    def _target_groups(self, **wanted: Any) -> Iterator[TargetGroup]:
        with translating("elbv2", "target groups"):
            found = self._elbv2.describe_target_groups(**wanted)["TargetGroups"]
        for one in found:
            yield TargetGroup(one["TargetGroupArn"], one["TargetGroupName"], one.get("VpcId", ""))

    def _classic(self, names: Sequence[str]) -> Iterator[str]:
        with translating("elb", "load balancers"):
            found = self._elb.describe_load_balancers(LoadBalancerNames=list(names))["LoadBalancerDescriptions"]
        for one in found:
            yield one["LoadBalancerName"]


def existing(wanted: Sequence[str], find: Callable[[Sequence[str]], Iterator[T]]) -> list[T]:
    """Those that exist, where one absent name fails the call for all: then they are asked for one by one."""
    if not wanted:
        return []
    try:
        return list(find(wanted))
    except NotFound:
        if len(wanted) == 1:
            return []
    return [found for one in wanted for found in existing([one], find)]


def _each_present(
    instances: Sequence[str], take_out: Callable[[Sequence[str]], None], registered: Callable[[], object]
) -> None:
    """Take them out; where one has vanished, which fails the call for all, one by one.

    Not found may also mean the target group or load balancer: asking what is registered raises it once more then.
    """
    if not instances:
        return
    try:
        take_out(instances)
    except NotFound:
        registered()
        if len(instances) > 1:
            for one in instances:
                _each_present([one], take_out, registered)


def _targets(instances: Sequence[str]) -> Any:
    return [{"Id": instance} for instance in instances]


def _instances(instances: Sequence[str]) -> Any:
    return [{"InstanceId": instance} for instance in instances]


def _drains(described: "TargetHealthDescriptionTypeDef") -> bool:
    return described.get("TargetHealth", {}).get("State") == DRAINING


def _drains_classic(described: "InstanceStateTypeDef") -> bool:
    return DRAINING_CLASSIC in described.get("Description", "")


def _target_health(described: "TargetHealthDescriptionTypeDef") -> Health:
    health = described.get("TargetHealth", {})
    state = health.get("State", "unavailable")
    said = (state, health.get("Reason"), health.get("Description"))
    return Health(
        instance=described["Target"]["Id"],
        healthy=state == "healthy",
        reason="" if state == "healthy" else ", ".join(filter(None, said)),
    )
