"""Many waits at once: a saga that only waits, over groups that are put there."""

import math
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from lambdas import sweep as sweeping
from lambdas.activities import health
from lambdas.cloud import Capacity, Cloud, Group, GroupSettings, Instance
from lambdas.errors import NotFound
from rehearsal.fake_cloud import seeds
from rehearsal.toy_requests import OfOneGroup
from rehearsal.world import World
from saga import Saga, wait_until

REGION = "us-east-1"


@dataclass(frozen=True)
class WatchPlan:
    group: str


def plan_watch(request: OfOneGroup, cloud: Cloud) -> WatchPlan:
    return WatchPlan(request.group)


def _of_plan(plan: WatchPlan) -> tuple[str, ...]:
    return (plan.group,)


def _unhealthy(plan: WatchPlan, cloud: Cloud) -> str | None:
    try:
        return health.shortfall(cloud.groups.find(plan.group), 1, cloud)
    except NotFound:
        return f"{plan.group} is not visible"


def _watch(check: Callable[[WatchPlan, Cloud], str | None]) -> Saga[OfOneGroup, WatchPlan, Cloud]:
    healthy = wait_until("Healthy", check=check, watches=_of_plan, within=timedelta(hours=12))
    return Saga(name="Watch", plan=plan_watch, steps=(healthy,))


@dataclass(frozen=True)
class Swept:
    """What one sweep called, how often."""

    at: float
    calls: Counter[str]
    nudged: bool
    rows: int
    """How many open tokens it wrote."""


class Crowd(World):
    """A world in which many wait."""

    def __init__(self) -> None:
        super().__init__([_watch(self._look)], recorded=False, shared=True)
        self.looks: dict[str, list[float]] = {}
        """When each operation's check was made."""
        self.swept: list[Swept] = []
        self.until = math.inf
        """Until when a sweep has time."""

    def sweep(self, nudged: Collection[str] = ()) -> None:
        before, rows, at = Counter(self.faults.counts), self._waits(), self.clock.now
        self._quietly("sweep", lambda: sweeping.sweep(self.hub, self.sagas, until=self.until, nudged=nudged))
        written = sum(one not in rows for one in self._waits())
        self.swept.append(Swept(at, Counter(self.faults.counts) - before, bool(nudged), written))

    def _waits(self) -> set[tuple[str, str | None]]:
        return {(item["pk"], item.get("reason")) for item in self.table.rows() if item["sk"].startswith("wait#")}

    def join(self, count: int, *, account: str = "prod", lifecycle: str = "Pending", balanced: bool = False) -> None:
        """So many more wait, each for the one instance of its own group."""
        self.cloud.seed(account, REGION)
        for n in range(count):
            self._group(account, f"{account}-v{n:04}", lifecycle, balanced=balanced)
            self.submit("watch", {"account": account, "group": f"{account}-v{n:04}"}, key=f"{account} {n}")

    def _group(self, account: str, name: str, lifecycle: str, *, balanced: bool) -> None:
        """Behind a load balancer of its own, so that no two waits share what is read."""
        place, arn = self.cloud.place(account, REGION), seeds.target_group(REGION, name)
        if balanced:
            place.target_groups[arn] = next(iter(place.target_groups.values()))
        settings = GroupSettings(target_groups=(arn,) if balanced else ())
        place.groups.put(name, Group(name, Capacity(1, 1, 1), settings, instances=instance(name, lifecycle)), place.now)

    def serve(self, account: str, name: str) -> None:
        """The group's instance comes into service."""
        self.cloud.place(account, REGION).group_is(name, instances=instance(name, "InService"))

    def told_of(self, name: str, account: str = "prod", instances: int = 1) -> None:
        """Events of Auto Scaling about the group's instances, one each."""
        self.cloud.place(account, REGION).tell(name, instances)

    def _look(self, plan: WatchPlan, cloud: Cloud) -> str | None:
        self.looks.setdefault(cloud.operation, []).append(self.clock.now)
        return _unhealthy(plan, cloud)

    def open(self) -> int:
        """How many still wait."""
        return sum(item["sk"].startswith("wait#") for item in self.table.rows())


def instance(name: str, lifecycle: str) -> tuple[Instance, ...]:
    return (Instance(f"i-{name}", lifecycle, healthy=True),)
