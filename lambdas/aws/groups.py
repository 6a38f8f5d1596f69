"""Server groups on EC2 Auto Scaling."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambdas.aws import specifications, tags
from lambdas.aws.launching import rendered
from lambdas.cloud import (
    GROUPS_OF_A_PAGE,
    OPERATION_TAG,
    Capacity,
    Group,
    GroupSettings,
    Instance,
    LifecycleHook,
    ScalingActivity,
)
from lambdas.cloud.launching import Start
from lambdas.error_codes import translating
from lambdas.errors import Conflict, NotFound

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        LaunchTemplateSpecificationTypeDef,
        LifecycleHookTypeDef,
    )

SERVICE = "autoscaling"
PAGE = 100
"""The most groups of one page."""
ACTIVITIES = 20
MIXED = ("InstancesDistribution", "Overrides")
"""What a mixed instances policy says besides its launch template."""


class Groups:
    """`lambdas.cloud.Groups`. All writes but the creation say how it shall be, so they may be repeated."""

    def __init__(self, client: "AutoScalingClient") -> None:
        self._client = client

    def find(self, name: str) -> Group:
        with translating(SERVICE, f"group {name}"):
            found = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        if not found:
            raise NotFound(f"group {name}: there is none")
        return _group(found[0])

    def found(self, names: Sequence[str]) -> dict[str, Group]:
        pages = (names[first : first + GROUPS_OF_A_PAGE] for first in range(0, len(names), GROUPS_OF_A_PAGE))
        return {group.name: group for page in pages for group in self._page(page)}

    def all(self) -> tuple[Group, ...]:
        pages = self._client.get_paginator("describe_auto_scaling_groups")
        with translating(SERVICE, "groups"):
            return tuple(
                _group(group)
                for page in pages.paginate(PaginationConfig={"PageSize": PAGE})
                for group in page["AutoScalingGroups"]
            )

    def configured(self, names: Sequence[str]) -> dict[str, str]:
        if not names:  # An empty list means all of them to AWS.
            return {}
        with translating(SERVICE, f"{len(names)} launch configurations"):
            found = self._client.describe_launch_configurations(LaunchConfigurationNames=list(names))
        return {one["LaunchConfigurationName"]: one["ImageId"] for one in found["LaunchConfigurations"]}

    def names(self, prefix: str) -> tuple[str, ...]:
        return tuple(name for name in self._names() if name.startswith(prefix))

    def standing(self) -> int:
        return sum(group["DesiredCapacity"] for group in self._without_instances())

    def made_by(self, operation: str) -> tuple[str, ...]:
        return self._names(Filters=tags.filter_by(OPERATION_TAG, operation))

    def create(self, name: str, launch_template: str, settings: GroupSettings) -> None:
        # Version 1, not $Default: nobody's later version of the template is picked up.
        start = rendered(Start(launch_template, "1", settings.mixed))
        with translating(SERVICE, f"group {name}"):
            self._client.create_auto_scaling_group(
                AutoScalingGroupName=name,
                MinSize=0,
                MaxSize=0,
                DesiredCapacity=0,
                **start,
                **_parameters(name, settings),
            )

    def resize(self, name: str, capacity: Capacity) -> None:
        with translating(SERVICE, f"group {name}"):
            self._client.update_auto_scaling_group(
                AutoScalingGroupName=name,
                MinSize=capacity.min,
                MaxSize=capacity.max,
                DesiredCapacity=capacity.desired,
            )

    def delete(self, name: str) -> None:
        try:
            with translating(SERVICE, f"group {name}"):
                self._client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        except Conflict:
            # A deletion under way is such a scaling activity too.
            if not self.find(name).deleting:
                raise

    # An empty list means all of them to AWS, and none of them to us.

    def suspend(self, name: str, processes: Sequence[str]) -> None:
        if processes:
            with translating(SERVICE, f"group {name}"):
                self._client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(processes))

    def resume(self, name: str, processes: Sequence[str]) -> None:
        if processes:
            with translating(SERVICE, f"group {name}"):
                self._client.resume_processes(AutoScalingGroupName=name, ScalingProcesses=list(processes))

    def enable_metrics(self, name: str, metrics: Sequence[str]) -> None:
        if metrics:
            with translating(SERVICE, f"group {name}"):
                self._client.enable_metrics_collection(
                    AutoScalingGroupName=name, Granularity="1Minute", Metrics=list(metrics)
                )

    def put_hook(self, name: str, hook: LifecycleHook) -> None:
        optional = {
            "RoleARN": hook.role,
            "NotificationTargetARN": hook.target,
            "NotificationMetadata": hook.metadata,
        }
        given: Any = {field: value for field, value in optional.items() if value}
        with translating(SERVICE, f"group {name}, lifecycle hook {hook.name}"):
            self._client.put_lifecycle_hook(
                AutoScalingGroupName=name,
                LifecycleHookName=hook.name,
                LifecycleTransition=hook.transition,
                HeartbeatTimeout=hook.heartbeat,
                DefaultResult=hook.default_result,
                **given,
            )

    def hooks(self, name: str) -> tuple[LifecycleHook, ...]:
        try:
            with translating(SERVICE, f"group {name}"):
                found = self._client.describe_lifecycle_hooks(AutoScalingGroupName=name)["LifecycleHooks"]
        except NotFound:
            return ()
        return tuple(map(_hook, found))

    def activities(self, name: str) -> tuple[ScalingActivity, ...]:
        try:
            with translating(SERVICE, f"group {name}"):
                found = self._client.describe_scaling_activities(AutoScalingGroupName=name, MaxRecords=ACTIVITIES)
        except NotFound:
            return ()
        return tuple(
            ScalingActivity(one["StatusCode"], one.get("StatusMessage") or one.get("Description", ""))
            for one in found["Activities"]
        )

    def _page(self, names: Sequence[str]) -> list[Group]:
        with translating(SERVICE, f"{len(names)} groups"):
            found = self._client.describe_auto_scaling_groups(AutoScalingGroupNames=list(names))["AutoScalingGroups"]
        return [_group(one) for one in found]

    def _names(self, **options: Any) -> tuple[str, ...]:
        return tuple(group["AutoScalingGroupName"] for group in self._without_instances(**options))

    def _without_instances(self, **options: Any) -> list[Any]:
        """Groups page by page; their instances are most of a page's size."""
        pages = self._client.get_paginator("describe_auto_scaling_groups")
        with translating(SERVICE, "groups"):
            return [
                group
                for page in pages.paginate(IncludeInstances=False, PaginationConfig={"PageSize": PAGE}, **options)
                for group in page["AutoScalingGroups"]
            ]


def _parameters(name: str, settings: GroupSettings) -> Any:
    """CreateAutoScalingGroup's parameters of the settings; it refuses empty lists."""
    parameters = {
        "VPCZoneIdentifier": ",".join(settings.subnets),
        "AvailabilityZones": [] if settings.subnets else list(settings.zones),
        "TargetGroupARNs": list(settings.target_groups),
        "LoadBalancerNames": list(settings.load_balancers),
        "TerminationPolicies": list(settings.termination_policies),
        "Tags": [
            {**tag, "ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": True}
            for tag in tags.rendered(settings.tags)
        ],
        "HealthCheckType": settings.health_check_type,
    }
    return {name: value for name, value in parameters.items() if value} | {
        "HealthCheckGracePeriod": settings.health_check_grace,
        "DefaultCooldown": settings.cooldown,
        "CapacityRebalance": settings.capacity_rebalance,
    }


def _group(group: "AutoScalingGroupTypeDef") -> Group:
    return Group(
        name=group["AutoScalingGroupName"],
        capacity=Capacity(group["MinSize"], group["DesiredCapacity"], group["MaxSize"]),
        settings=_settings(group),
        launch_template=_launch_template(group).get("LaunchTemplateName"),
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
        launch_template_version=_launch_template(group).get("Version", "$Default"),
        launch_configuration=group.get("LaunchConfigurationName"),
        instances=tuple(
            Instance(one["InstanceId"], one["LifecycleState"], one["HealthStatus"].lower() == "healthy")
            for one in group.get("Instances", ())
        ),
        suspended=frozenset(one["ProcessName"] for one in group.get("SuspendedProcesses", ())),
        metrics=frozenset(one["Metric"] for one in group.get("EnabledMetrics", ())),
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html: a status only then.
        deleting="Status" in group,
        arn=group.get("AutoScalingGroupARN", ""),
    )


def _settings(group: "AutoScalingGroupTypeDef") -> GroupSettings:
    """The settings as they were asked for: with subnets, the zones are only what follows from them."""
    subnets = tuple(filter(None, group.get("VPCZoneIdentifier", "").split(",")))
    return GroupSettings(
        subnets=subnets,
        zones=() if subnets else tuple(group["AvailabilityZones"]),
        target_groups=tuple(group.get("TargetGroupARNs", ())),
        load_balancers=tuple(group.get("LoadBalancerNames", ())),
        health_check_type=group["HealthCheckType"],
        health_check_grace=group.get("HealthCheckGracePeriod", 0),
        cooldown=group["DefaultCooldown"],
        termination_policies=tuple(group.get("TerminationPolicies", ())),
        capacity_rebalance=group.get("CapacityRebalance", False),
        tags=tags.parsed(group.get("Tags", ())),
        mixed=_mixed(group),
    )


def _mixed(group: "AutoScalingGroupTypeDef") -> str | None:
    policy = group.get("MixedInstancesPolicy")
    if policy is None:
        return None
    distribution = {name: value for name, value in policy.get("InstancesDistribution", {}).items() if value != ""}
    overrides = policy.get("LaunchTemplate", {}).get("Overrides", [])
    return specifications.written({"InstancesDistribution": distribution, "Overrides": overrides}, MIXED)


def _launch_template(group: "AutoScalingGroupTypeDef") -> "LaunchTemplateSpecificationTypeDef":
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    return group.get("LaunchTemplate") or mixed


def _hook(hook: "LifecycleHookTypeDef") -> LifecycleHook:
    return LifecycleHook(
        name=hook["LifecycleHookName"],
        transition=hook["LifecycleTransition"],
        role=hook.get("RoleARN"),
        target=hook.get("NotificationTargetARN"),
        metadata=hook.get("NotificationMetadata"),
        heartbeat=hook["HeartbeatTimeout"],
        default_result=hook["DefaultResult"],
    )
