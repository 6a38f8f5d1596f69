"""Clouddriver's way of creating a server group, on the same fake cloud and under the same faults as Windlass.

One process works through the steps of `BasicAmazonDeployHandler`; the AWS SDK retries a call three times; some steps
are retried locally by `RetrySupport`; nothing is ever taken back; Orca polls until the instances are up. The numbers
are Clouddriver's and Orca's own (spinnaker/clouddriver 2f5e98f0, spinnaker/orca 2fdb327a).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lambdas.activities import capacity, scaling, server_groups
from lambdas.activities.plans import CreatePlan
from lambdas.cloud import Cloud
from lambdas.errors import AlreadyExists, Throttled, Transient, WindlassError
from lambdas.hub import Json
from lambdas.requests.create_server_group import CreateServerGroup
from rehearsal.clock import Clock
from rehearsal.fake_cloud import FakeCloud
from rehearsal.faults import CLOUD_SECONDS, Faults, Killed

T = TypeVar("T")

SDK_RETRIES = 3
"""`aws.client.maxErrorRetry`."""
BASE, THROTTLED_BASE, LONGEST = 0.1, 0.5, 20.0
"""Seconds of the SDK's back-off: full jitter, and equal jitter where throttled (`PredefinedBackoffStrategies`)."""

TEMPLATE_TRIES, TEMPLATE_PAUSE = 3, 3.0
"""`RetrySupport` around CreateLaunchTemplate."""
TRIES, PAUSE = 10, 1.0
"""`RetrySupport` around the calls on the group."""

POLL = 5.0
"""Seconds between Orca's looks at the task (`MonitorKatoTask`)."""
UP_WITHIN = 2 * 3600.0
"""Seconds that Orca waits for the instances to be up (`WaitForUpInstancesTask`)."""

REDEPLOYS_A_DAY = 4.0
REDEPLOY = 300.0
"""Seconds for which a redeploy's rolling restart goes on."""
LOST = 0.2
"""Share of the operations running during a redeploy that never complete (spinnaker/spinnaker#2674)."""

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"
CLOUDDRIVER = "clouddriver"


class Lost(Exception):
    """The process went, and the task with it: Orca finds out by its own time limit."""


@dataclass(frozen=True)
class Deployment:
    """How one deployment ended."""

    end: str
    group: str = ""
    why: str = ""


class Clouddriver:
    """One process, redeployed now and then. `deploy` lets virtual time pass while it works and waits."""

    def __init__(self, clock: Clock, faults: Faults, cloud: FakeCloud, rng: random.Random) -> None:
        self.clock, self.faults, self.cloud, self._rng = clock, faults, cloud, rng
        day = 86_400 / REDEPLOYS_A_DAY
        self._redeploy = clock.now - REDEPLOY + rng.expovariate(1 / day)

    def deploy(self, request: Json) -> Deployment:
        """Create a server group as asked and wait until it is up."""
        plan = None
        try:
            with self.faults.invocation(CLOUDDRIVER):
                cloud = self._cloud(request)
                plan = server_groups.plan_create(CreateServerGroup.model_validate(request), cloud)
                self._create(plan, cloud)
                return self._up(plan)
        except Killed:
            why = "the process died"
        except Lost:
            why = "the process was redeployed"
        except (WindlassError, KeyError) as error:
            why = f"{type(error).__name__}: {error}"
        return Deployment(FAILED, plan.group if plan else "", why)

    def _create(self, plan: CreatePlan, cloud: Cloud) -> None:
        """Steps 7 to 14 of the handler, in its order: the group has its size before it has its hooks."""
        stamped = self._locally(lambda: self._template(plan, cloud), TEMPLATE_TRIES, TEMPLATE_PAUSE)
        self._locally(lambda: self._group(stamped, cloud))
        self._locally(lambda: server_groups.add_lifecycle_hooks(plan, cloud))
        self._locally(lambda: server_groups.suspend_processes(plan, cloud))
        self._locally(lambda: server_groups.enable_metrics(plan, cloud))
        self._locally(lambda: capacity.scale_up(plan, cloud))
        scaling.copy_policies(plan, cloud)
        scaling.copy_alarms(plan, cloud)
        scaling.copy_scheduled_actions(plan, cloud)

    def _template(self, plan: CreatePlan, cloud: Cloud) -> CreatePlan:
        """Its name has a timestamp: what is tried again makes another."""
        stamp = f"{self.clock.now * 1000:.0f}"
        stamped = replace(plan, launch_template=f"{plan.group}-{stamp}", user_data_digest=None)
        launch = replace(stamped.launch, user_data=None)
        cloud.launch_templates.create(stamped.launch_template, launch, None, launch.tags, "")
        return replace(stamped, launch=launch)

    def _group(self, plan: CreatePlan, cloud: Cloud) -> None:
        """CreateAutoScalingGroup with the final size at once; one that is there and equal is taken for ours."""
        groups = self.cloud.cloud(plan.account, plan.region, CLOUDDRIVER).groups

        def create() -> None:
            groups.create(plan.group, plan.launch_template, plan.settings)
            groups.resize(plan.group, plan.capacity)

        try:
            self.call("groups.create", create)
        except AlreadyExists:
            found = cloud.groups.find(plan.group)
            if found.launch_template != plan.launch_template or found.deleting:
                raise

    def _up(self, plan: CreatePlan) -> Deployment:
        """Orca's look each few seconds. It reads a cache, so that an error is only a look in vain."""
        until = self.clock.now + UP_WITHIN
        seen = self.cloud.cloud(plan.account, plan.region, CLOUDDRIVER)
        while self.clock.now < until:
            self._passes(POLL)
            if capacity.unhealthy(plan, seen) is None:
                return Deployment(SUCCEEDED, plan.group)
        return Deployment(FAILED, plan.group, "not up in time")

    def _locally(self, act: Callable[[], T], tries: int = TRIES, pause: float = PAUSE) -> T:
        """`RetrySupport.retry`: whatever is thrown, so many times, with a fixed pause."""
        for left in range(tries - 1, -1, -1):
            try:
                return act()
            except WindlassError:
                if not left:
                    raise
                self._passes(pause)
        raise AssertionError("unreachable")

    def _passes(self, seconds: float) -> None:
        """Time passes, and with it perhaps the process."""
        self.clock.drain(seconds)
        if self._redeploy <= self.clock.now:
            self._redeploy = float("inf")
            if self._rng.random() < LOST:
                raise Lost

    def _cloud(self, request: Json) -> Cloud:
        real = self.cloud.cloud(request["account"], request["region"], CLOUDDRIVER)
        ports = ("groups", "launch_templates", "images", "network", "load_balancers", "scaling")
        given: dict[str, Any] = {name: _Sdk(self, name, getattr(real, name)) for name in ports}
        return replace(real, **given)

    def call(self, name: str, effect: Callable[[], Any]) -> Any:
        """A call through the AWS SDK: errors that it takes for passing are retried three times."""
        for retried in range(SDK_RETRIES + 1):
            self._passes(CLOUD_SECONDS)
            try:
                return self.faults.call(name, effect)
            except (Transient, Throttled) as error:
                if retried == SDK_RETRIES:
                    raise
                self._passes(self._backoff(retried, isinstance(error, Throttled)))
        raise AssertionError("unreachable")

    def _backoff(self, retried: int, throttled: bool) -> float:
        bound = min(LONGEST, (THROTTLED_BASE if throttled else BASE) * 2.0**retried)
        return bound / 2 + self._rng.random() * bound / 2 if throttled else self._rng.random() * bound


class _Sdk:
    """A port whose calls go through the SDK."""

    def __init__(self, process: Clouddriver, name: str, port: Any) -> None:
        self._process, self._name, self._port = process, name, port

    def __getattr__(self, method: str) -> Any:
        real, process, name = getattr(self._port, method), self._process, f"{self._name}.{method}"
        return lambda *args, **named: process.call(name, lambda: real(*args, **named))
