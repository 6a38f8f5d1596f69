"""How long `GET /clusters` takes with 10,000 server groups, and how old what it shows is: `make benchmarks`.

The real handler and the real Reader over a table in memory and the fake cloud, four minutes of virtual time.
Two callers ask every two seconds: one for an application of twenty groups among five hundred others, one for an
application that has all 10,000. A handler's time is what it computes, measured, and what it waits for the table:
DynamoDB is taken for slow, at ten milliseconds a call. The Reader takes as long as its calls of AWS do, at 150
milliseconds each, one after the other.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.table import Table as Shown

from lambdas import accounts, reader
from lambdas.accounts import Account
from lambdas.api.app import answer, api
from lambdas.api.doors import Doors
from lambdas.cloud import Capacity, Image, TargetGroup
from lambdas.engine.tasks import by_name
from lambdas.hub import Hub
from lambdas.values import built, changed
from rehearsal.clock import Clock
from rehearsal.fake_cloud import PROMPT, FakeCloud, seeds
from rehearsal.fake_cloud.place import ALWAYS, Target
from rehearsal.gateway import IAM
from rehearsal.memory_table import MemoryTable
from statemachines import ALL

GROUPS, OF_AN_APPLICATION, OF_A_CLUSTER = 10_000, 20, 4
REGION, CALLER = "us-east-1", "arn:aws:iam::123456789012:user/benchmark"
TABLE_CALL, CLOUD_CALL = 0.010, 0.150
"""Seconds."""
EACH, LASTS = 2.0, 240.0
WARM = 60.0
"""Seconds after which all is read for the first time."""
MOST, OLDEST = 0.300, 60.0
"""Seconds: of a handler's time at p99, and of age that is not marked."""
PAGE = 100


@dataclass
class Counted:
    """A port in front of another, and how often it was called."""

    port: Any
    calls: int = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.port, name)

        def call(*given: Any, **named: Any) -> Any:
            self.calls += 1
            return method(*given, **named)

        return call


@dataclass(frozen=True)
class Got:
    """One answer."""

    seconds: float
    computed: float
    calls: int
    age: float | None
    stale: bool


@dataclass
class Fleet:
    """One account's Region, a hub and a Reader on it."""

    name: str
    application: str
    """Asked for."""
    groups: tuple[str, ...]
    got: list[Got] = field(default_factory=list)
    pending: list[tuple[float, float, Any]] = field(default_factory=list)
    """When a Reader is done, when it began, and what it was asked for."""

    def __post_init__(self) -> None:
        self.clock = Clock()
        self.fake = FakeCloud(self.clock, PROMPT)
        self.table = Counted(MemoryTable())
        parts = {"functions": self, "cloud": self.fake.cloud, "now": lambda: self.clock.now}
        self.hub = built(Hub, {"table": self.table, **parts})  # with what is needed here
        accounts.put(self.table, Account("prod", "123456789012", (REGION,)))
        self._stand()
        gc.freeze()  # The fake cloud's hundred thousand objects are in no Lambda.

    @cached_property
    def app(self) -> Any:
        return api(lambda: self.hub, by_name(ALL), Doors(IAM))

    def invoke(self, function: str, event: Any) -> Any:
        raise AssertionError(f"nobody waits for {function}")

    def send(self, function: str, event: Any) -> None:
        """As `lambdas.hub.Functions`: the Reader is done once all its calls are."""
        balancers = len({balancer_of(one) for one in self.groups if one.startswith(f"{self.application}-")})
        calls = GROUPS / PAGE + min(balancers, reader.MOST_BALANCERS) + reader.MOST_TEMPLATES
        self.pending.append((self.clock.now + calls * CLOUD_CALL, self.clock.now, event))

    def play(self) -> None:
        end = self.clock.now + LASTS
        while self.clock.now < end:
            self._ask()
            self.clock.drain(EACH)
            for due in [one for one in self.pending if one[0] <= self.clock.now]:
                self.pending.remove(due)
                self._read(due)

    def _read(self, due: tuple[float, float, Any]) -> None:
        _, began, event = due
        reader.read(changed(self.hub, now=lambda: began), reader.Wanted(**event), began + 300)

    def _ask(self) -> None:
        path, before = f"/clusters/prod/{self.application}", self.table.calls
        event = {
            "path": path,
            "httpMethod": "GET",
            "headers": {},
            "requestContext": {"apiId": IAM, "identity": {"userArn": CALLER}, "path": path},
            "body": None,
        }
        began = time.process_time()  # of this process: whatever else the machine does is not counted
        got = answer(self.app, event, None)
        computed, calls = time.process_time() - began, self.table.calls - before
        told = json.loads(got["body"])
        as_of = told["asOf"] and datetime.fromisoformat(told["asOf"]).timestamp()
        age = None if as_of is None else self.clock.now - as_of
        self.got.append(Got(computed + calls * TABLE_CALL, computed, calls, age, told["stale"]))

    def _stand(self) -> None:
        place = self.fake.place("prod", REGION)
        place.images[seeds.GOOD_IMAGE] = Image(seeds.GOOD_IMAGE, "shop-1.0", seeds.OWNER, "2026-01-01T00:00:00Z")
        for name in self.groups:
            seeds.neighbour(place, name, Capacity(1, 2, 4), balanced=False)
            arn, found = seeds.target_group(REGION, balancer_of(name)), place.groups.get(name)
            assert found is not None
            place.target_groups[arn] = TargetGroup(arn, name, seeds.VPC)
            place.group_is(name, settings=replace(found.settings, target_groups=(arn,)))
            targets = tuple(Target(one.id, ALWAYS) for one in found.instances)
            place.behind.put(arn, (place.behind.get(arn) or ()) + targets, ALWAYS)


def names(applications: int) -> Iterator[str]:
    """So many applications with all groups among them."""
    clusters = GROUPS // applications // OF_A_CLUSTER
    for number in range(applications):
        for cluster in range(clusters):
            yield from (f"app{number:03}-c{cluster:04}-v{version:03}" for version in range(OF_A_CLUSTER))


def balancer_of(group: str) -> str:
    """The target group of its cluster; of one application at most so many as are read at once."""
    application, cluster, _ = group.split("-")
    return f"{application}-{int(cluster[1:]) % reader.MOST_BALANCERS}"


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def main() -> int:
    shown = Shown("10,000 groups", "answers", "p50", "p99", "computed", "calls", "oldest", "marked")
    failed = False
    for fleet in (
        Fleet("20 of an application", "app007", tuple(names(GROUPS // OF_AN_APPLICATION))),
        Fleet("all of one", "app000", tuple(names(1))),
    ):
        fleet.play()
        warm = fleet.got[int(WARM / EACH) :]
        oldest = max((one.age for one in warm if one.age is not None and not one.stale), default=0.0)
        p99 = percentile([one.seconds for one in warm], 0.99)
        failed |= p99 > MOST or oldest > OLDEST or any(not one.stale and one.age is None for one in warm)
        shown.add_row(
            fleet.name,
            str(len(warm)),
            f"{percentile([one.seconds for one in warm], 0.5) * 1000:.0f} ms",
            f"{p99 * 1000:.0f} ms",
            f"{percentile([one.computed for one in warm], 0.99) * 1000:.0f} ms",
            str(max(one.calls for one in warm)),
            f"{oldest:.0f} s",
            f"{sum(one.stale for one in warm)}",
        )
    Console().print(shown)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
