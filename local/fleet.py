"""Lets the time of Auto Scaling pass: a thread launches, brings into service, registers and terminates instances."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend, InstanceState, autoscaling_backends
from moto.core.exceptions import ServiceException
from moto.elbv2.models import elbv2_backends

from local import load_balancers, locks
from local.event_bus import EventBus
from local.settings import Settings

log = logging.getLogger(__name__)

Json = dict[str, Any]
MotoGroup = Any
"""moto's `FakeAutoScalingGroup`, to which `status` is added here."""

DELETING = "Delete in progress"
_TICK = 0.1
_RETRY_LAUNCH = 2.0
_ACTIVITIES_KEPT = 200


@dataclass
class Member:
    """What moto does not note about an instance of a group."""

    launched: float
    launch: Activity | None = None
    in_service: float | None = None
    ends: float | None = None
    end: Activity | None = None
    joined: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    """Load balancers it was kept from joining, because AddToLoadBalancer was suspended; resuming does not change it."""


@dataclass
class Activity:
    """One entry of DescribeScalingActivities."""

    group: MotoGroup
    description: str
    cause: str
    status: str = "InProgress"
    message: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def end(self, status: str, message: str = "") -> None:
        self.status, self.message, self.ended = status, message, datetime.now(UTC)

    def described(self) -> Json:
        shown = {
            "ActivityId": self.id,
            "AutoScalingGroupName": self.group.name,
            "AutoScalingGroupARN": self.group.arn,
            "Description": self.description,
            "Cause": self.cause,
            "StartTime": self.started,
            "EndTime": self.ended,
            "StatusCode": self.status,
            "StatusMessage": self.message or None,
            "Progress": 100 if self.ended else 30,
            "Details": "{}",
        }
        return {name: value for name, value in shown.items() if value is not None}


class Fleet:
    def __init__(self, settings: Settings, bus: EventBus) -> None:
        self._bus = bus
        self._healthy_after = settings.healthy_after.total_seconds()
        self._deleted_after = settings.deleted_after.total_seconds()
        self.short: frozenset[str] = settings.short_of
        self.activities: dict[tuple[str, str, str], list[Activity]] = {}
        """By account, Region and name of the group, oldest first; they outlive the group."""
        self._members: dict[str, Member] = {}
        self._next_launch: dict[str, float] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="fleet").start()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK)
            try:
                with locks.COMPUTE:
                    self.tick()
            except Exception:
                log.exception("fleet")

    def tick(self) -> None:
        for account in list(autoscaling_backends.values()):
            for backend in list(account.values()):
                for group in list(backend.autoscaling_groups.values()):
                    self._step_safely(backend, group)

    def _step_safely(self, backend: AutoScalingBackend, group: MotoGroup) -> None:
        """One group's trouble is no other's."""
        try:
            self._step(backend, group)
        except Exception:
            log.exception("fleet: %s", group.name)

    def _step(self, backend: AutoScalingBackend, group: MotoGroup) -> None:
        now = time.monotonic()
        self._drop_dead(backend, group)
        self._bring_into_service(group, now)
        self._replace_unhealthy(backend, group, now)
        self._adjust(backend, group, now)
        self._keep_registered(backend, group)
        self._finish_terminations(backend, group, now)
        if getattr(group, "status", None) == DELETING and not group.instance_states and group.deleted_at <= now:
            forget_group(backend, group.name)

    def terminate(self, backend: AutoScalingBackend, state: InstanceState, cause: str) -> Activity:
        """The instance leaves its load balancers now and its group a moment later."""
        group, instance = state.auto_scaling_group, state.instance.id
        member = self._member(state)
        state.lifecycle_state = "Terminating"
        member.ends = time.monotonic() + self._deleted_after
        member.end = self._note(group, f"Terminating EC2 instance: {instance}", cause)
        load_balancers.forget(backend.account_id, backend.region_name, instance)
        return member.end

    def _member(self, state: InstanceState) -> Member:
        now = time.monotonic()
        return self._members.setdefault(state.instance.id, Member(launched=now, in_service=now))

    def _note(self, group: MotoGroup, description: str, cause: str) -> Activity:
        activity = Activity(group, description, f"At {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {cause}")
        noted = self.activities.setdefault((group.account_id, group.region, group.name), [])
        noted.append(activity)
        del noted[:-_ACTIVITIES_KEPT]
        return activity

    def _end(self, activity: Activity, status: str, message: str = "", instance: str = "") -> None:
        """The activity is over, and EventBridge hears of it: `EC2 Instance Launch Successful`.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
        """
        activity.end(status, message)
        group = activity.group
        what = "Launch" if activity.description.startswith("Launching") else "Terminate"
        how = "Successful" if status == "Successful" else "Unsuccessful"
        shown = activity.described() | {"StartTime": _time(activity.started), "EndTime": _time(activity.ended)}
        self._bus.emit(
            account=group.account_id,
            region=group.region,
            source="aws.autoscaling",
            detail_type=f"EC2 Instance {what} {how}",
            resources=[group.arn],
            detail=shown | {"EC2InstanceId": instance, "Origin": "EC2", "Destination": "AutoScalingGroup"},
        )

    def _drop_dead(self, backend: AutoScalingBackend, group: MotoGroup) -> None:
        """Instances that somebody else stopped or terminated."""
        dead = [s for s in group.instance_states if s.instance.state in {"terminated", "stopped", "shutting-down"}]
        for state in dead:
            group.instance_states.remove(state)
            load_balancers.forget(backend.account_id, backend.region_name, state.instance.id)
            member = self._members.pop(state.instance.id, None)
            cause = "an instance was taken out of service in response to an EC2 health check indicating it has been"
            activity = (member and member.end) or self._note(
                group, f"Terminating EC2 instance: {state.instance.id}", f"{cause} terminated or stopped."
            )
            self._end(activity, "Successful", instance=state.instance.id)

    def _bring_into_service(self, group: MotoGroup, now: float) -> None:
        for state in group.instance_states:
            member = self._member(state)
            if state.lifecycle_state == "Pending" and now - member.launched >= self._healthy_after:
                state.lifecycle_state, member.in_service = "InService", now
                if member.launch:
                    self._end(member.launch, "Successful", instance=state.instance.id)

    def _replace_unhealthy(self, backend: AutoScalingBackend, group: MotoGroup, now: float) -> None:
        if suspended(group, "HealthCheck") or suspended(group, "ReplaceUnhealthy"):
            return
        for state in in_service(group):
            since = self._member(state).in_service or now
            failed = "ELB" in group.health_check_type and now - since > group.health_check_grace_period
            if failed and _is_unhealthy(backend, group, state.instance.id):
                state.health_status = "Unhealthy"
            if state.health_status == "Unhealthy":
                self.terminate(backend, state, "an instance was taken out of service in response to a health check.")

    def _adjust(self, backend: AutoScalingBackend, group: MotoGroup, now: float) -> None:
        counted = [s for s in group.instance_states if s.lifecycle_state in {"Pending", "InService"}]
        difference = int(group.desired_capacity or 0) - len(counted)
        deleting = getattr(group, "status", None) == DELETING
        if difference > 0 and not suspended(group, "Launch") and self._next_launch.get(group.arn, 0) <= now:
            self._launch(backend, group, difference, len(counted))
        if difference < 0 and (deleting or not suspended(group, "Terminate")):
            cause = (
                f"an instance was terminated, shrinking the capacity from {len(counted)} to {group.desired_capacity}."
            )
            for state in _first_to_go(group, counted, protect=not deleting)[:-difference]:
                self.terminate(backend, state, cause)

    def _launch(self, backend: AutoScalingBackend, group: MotoGroup, count: int, had: int) -> None:
        cause = (
            "an instance was started in response to a difference between desired and actual capacity, "
            f"increasing the capacity from {had} to {had + count}."
        )
        for _ in range(count):
            activity = self._note(group, "Launching a new EC2 instance", cause)
            try:
                state = _new_instance(backend, group, self.short)
            except Exception as error:  # noqa: BLE001  also what moto stumbles over, or it would again at the next tick
                known = isinstance(error, ServiceException | LaunchError)
                said = str(error) if known else f"{type(error).__name__}: {error}."
                self._end(activity, "Failed", f"{said} Launching EC2 instance failed.")
                self._next_launch[group.arn] = time.monotonic() + _RETRY_LAUNCH
                return
            activity.description += f": {state.instance.id}"
            self._members[state.instance.id] = Member(launched=time.monotonic(), launch=activity)

    def _keep_registered(self, backend: AutoScalingBackend, group: MotoGroup) -> None:
        attached = {*group.target_group_arns, *group.load_balancer_names}
        for state in group.instance_states:
            member = self._member(state)
            member.joined &= attached
            member.barred &= attached
            if state.lifecycle_state == "Standby" and member.joined:
                load_balancers.forget(backend.account_id, backend.region_name, state.instance.id)
                member.joined.clear()
        for state in in_service(group):
            self._join(backend, group, state, attached)

    def _join(self, backend: AutoScalingBackend, group: MotoGroup, state: InstanceState, attached: set[str]) -> None:
        """Once for each load balancer: whoever takes the instance out later has his way."""
        member = self._member(state)
        new = attached - member.joined - member.barred
        if suspended(group, "AddToLoadBalancer"):
            member.barred |= new
            return
        for balancer in new:
            if balancer in group.load_balancer_names and backend.elb_backend.get_load_balancer(balancer):
                backend.elb_backend.register_instances(balancer, [state.instance.id])
            if balancer in backend.elbv2_backend.target_groups:
                backend.elbv2_backend.register_targets(balancer, [{"Id": state.instance.id}])
            member.joined.add(balancer)

    def _finish_terminations(self, backend: AutoScalingBackend, group: MotoGroup, now: float) -> None:
        for state in list(group.instance_states):
            member = self._member(state)
            if member.ends is not None and member.ends <= now:
                state.instance.disable_api_termination = False
                backend.ec2_backend.terminate_instances([state.instance.id])
                group.instance_states.remove(state)
                self._members.pop(state.instance.id, None)
                if member.end:
                    self._end(member.end, "Successful", instance=state.instance.id)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if moment else ""


class LaunchError(Exception):
    """EC2 has no instance to give."""


def suspended(group: MotoGroup, process: str) -> bool:
    return any(one["ProcessName"] == process for one in group.suspended_processes)


def in_service(group: MotoGroup) -> list[InstanceState]:
    return [state for state in group.instance_states if state.lifecycle_state == "InService"]


def forget_group(backend: AutoScalingBackend, name: str) -> None:
    """The group is gone, and with it everything that was the group's."""
    backend.autoscaling_groups.pop(name, None)
    for table in (backend.lifecycle_hooks, backend.policies, backend.scheduled_actions):
        items: dict[str, Any] = table
        for key in [key for key, item in items.items() if item.auto_scaling_group_name == name]:
            del items[key]


def _is_unhealthy(backend: AutoScalingBackend, group: MotoGroup, instance_id: str) -> bool:
    target_groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    for arn in group.target_group_arns:
        if arn in target_groups and instance_id in target_groups[arn].targets:
            health = target_groups[arn].health_for({"Id": instance_id}, backend.ec2_backend)
            if health.status == "unhealthy":
                return True
    return False


def _first_to_go(group: MotoGroup, states: list[InstanceState], *, protect: bool) -> list[InstanceState]:
    """The oldest first, or the newest where the termination policy says so; never a protected one."""
    free = [state for state in states if not (protect and state.protected_from_scale_in)]
    return free[::-1] if "NewestInstance" in group.termination_policies else free


def _new_instance(backend: AutoScalingBackend, group: MotoGroup, short: frozenset[str]) -> InstanceState:
    subnet, zone = _emptiest_place(backend, group)
    type_ = group.instance_type
    if type_ in short or f"{type_}/{zone}" in short:
        raise LaunchError(
            f"We currently do not have sufficient {type_} capacity in the Availability Zone you requested ({zone}). "
            f"Our system will be working on provisioning additional capacity."
        )
    tags = group.instance_tags | group.get_propagated_tags() | {ASG_NAME_TAG: group.name}
    reservation = backend.ec2_backend.run_instances(
        group.image_id,
        1,
        group.user_data,
        group.security_groups,
        instance_type=type_,
        tags={"instance": tags},
        placement=zone,
        launch_config=group.launch_config,
        launch_template=_template(group),
        **_volumes(group),
        is_instance_type_default=False,
        associate_public_ip=group.launch_config.associate_public_ip_address if group.launch_config else None,
        subnet_id=subnet,
    )
    instance: Any = reservation.instances[0]
    instance.autoscaling_group = group
    protected = group.new_instances_protected_from_scale_in
    state = InstanceState(instance, lifecycle_state="Pending", protected_from_scale_in=protected)
    group.instance_states.append(state)
    return state


def _template(group: MotoGroup) -> Json | None:
    template = group.ec2_launch_template
    if template is None:
        return None
    return {"LaunchTemplateId": template.id, "Version": template.get_version(group.launch_template_version).number}


def _volumes(group: MotoGroup) -> Json:
    """The template's EBS volumes: moto stumbles over an instance store, and over IOPS, which it drops."""
    template = group.ec2_launch_template
    data = template.get_version(group.launch_template_version).data if template else {}
    devices = [one for one in data.get("BlockDeviceMappings", []) if "Ebs" in one]
    for_moto = [{**one, "Ebs": {k: v for k, v in one["Ebs"].items() if k != "VolumeType"}} for one in devices]
    return {"block_device_mappings": for_moto} if for_moto else {}


def _emptiest_place(backend: AutoScalingBackend, group: MotoGroup) -> tuple[str | None, str]:
    """A subnet of the zone with the fewest instances."""
    counts = dict.fromkeys(group.availability_zones, 0)
    for state in group.instance_states:
        counts[state.availability_zone] = counts.get(state.availability_zone, 0) + 1
    zone = min(group.availability_zones, key=lambda name: counts[name])
    if not group.vpc_zone_identifier:
        return None, zone
    subnets = backend.ec2_backend.describe_subnets(subnet_ids=group.vpc_zone_identifier.split(","))
    return next(subnet.id for subnet in subnets if subnet.availability_zone == zone), zone
