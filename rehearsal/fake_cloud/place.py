"""One account's Region in memory: what is there, and what is about to happen to it.

Nothing here puts anything on the clock, unless somebody listens to its events. What is due is caught up with before
every look, in the order and at the times at which it would have happened: nobody can tell the difference, and an idle
cloud costs nothing.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from lambdas.cloud import (
    Alarm,
    Group,
    Image,
    LaunchSettings,
    LifecycleHook,
    ScalingActivity,
    ScalingPolicy,
    ScheduledAction,
    SecurityGroup,
    Subnet,
    Tags,
    TargetGroup,
)
from lambdas.values import changed
from rehearsal.clock import Clock
from rehearsal.fake_cloud.manners import Manners
from rehearsal.fake_cloud.shelf import Shelf

ALWAYS = -math.inf
"""When what was seeded was made."""


@dataclass(frozen=True)
class Later:
    """A later version of a launch template."""

    settings: LaunchSettings
    user_data: str | None
    mark: str
    token: str
    source: int
    change: object
    """What it was made from and how, to tell another use of the token."""


@dataclass(frozen=True)
class Template:
    """A launch template with what it was made from."""

    name: str
    id: str
    settings: LaunchSettings
    user_data: str | None
    tags: Tags
    token: str = ""
    later: tuple[tuple[int, Later], ...] = ()
    """Versions after the first, by their numbers."""
    last: int = 1
    """The highest number there ever was."""

    def version(self, version: str) -> tuple[int, LaunchSettings] | None:
        """By its number, `$Default` (the first) or `$Latest`; None where there is none."""
        known = {1: self.settings} | {number: one.settings for number, one in self.later}
        number = {"$Default": 1, "$Latest": max(known)}.get(version) or int(version)
        return (number, known[number]) if number in known else None


CONFIGURATION = "launch configuration"


@dataclass(frozen=True)
class Configuration:
    """A launch configuration."""

    settings: LaunchSettings
    user_data: str | None = None


@dataclass(frozen=True)
class Watching:
    """An alarm and the group whose policy it triggers."""

    alarm: Alarm
    group: str


@dataclass(frozen=True)
class Target:
    """An instance behind a load balancer."""

    instance: str
    since: float


@dataclass(frozen=True)
class Launched:
    """What an instance was launched from, and by which group."""

    group: str
    image: str


class Deed(NamedTuple):
    """A change of the cloud: by a call of an operation, or by the cloud itself."""

    at: float
    account: str
    region: str
    did: str
    """`created`, `resized`, `deleted` …"""
    kind: str
    """`group`, `launch template` …"""
    name: str
    operation: str
    what: object = None
    """The capacity given, the processes suspended."""


NUMBERS = {"prod": "123456789012"}
"""AWS's twelve digits of accounts by Windlass's names; any others are made up."""


def number_of(account: str) -> str:
    return NUMBERS.get(account) or f"{crc32(account.encode()):012d}"


Hears = Callable[["Place", str], object]
"""Is told of an event of Auto Scaling: where, and of which group."""


class Place:
    """What stands in one account's Region. Mostly used through its ports; tests and seeds may put things here."""

    def __init__(
        self, account: str, region: str, clock: Clock, manners: Manners, hears: Callable[[], Hears | None]
    ) -> None:
        self.account, self.region, self.clock, self.manners, self._hears = account, region, clock, manners, hears
        self.id = number_of(account)
        """AWS's twelve digits."""
        self.beside: Callable[[], Iterable[Place]] = tuple
        """The same Region of the other accounts."""
        lag = manners.lag
        self.templates: Shelf[Template] = Shelf(lag)
        self.groups: Shelf[Group] = Shelf(lag)
        self.hooks: Shelf[tuple[LifecycleHook, ...]] = Shelf(lag)
        self.policies: Shelf[tuple[ScalingPolicy, ...]] = Shelf(lag)
        self.actions: Shelf[tuple[ScheduledAction, ...]] = Shelf(lag)
        self.activities: Shelf[tuple[ScalingActivity, ...]] = Shelf(lag)
        self.alarms: Shelf[Watching] = Shelf(lag)
        self.shelves: dict[str, Shelf[Any]] = {}
        """Of whatever else there is, by its kind: see `shelf`."""
        self.remade: dict[tuple[str, str], int] = {}
        """How often a group's policy of a name was deleted: one that is made anew has another ARN."""
        self.states: dict[str, str] = {}
        """States of alarms, somebody else's included; an alarm that stands and has none is `OK`."""
        self.target_groups: dict[str, TargetGroup] = {}
        self.behind: Shelf[tuple[Target, ...]] = Shelf(lag)
        """Targets by the ARN of the target group or the name of the classic load balancer."""
        self.draining: dict[tuple[str, str], float] = {}
        """Until when an instance that was taken out of a load balancer drains."""
        self.classics: set[str] = set()
        self.subnets: dict[str, Subnet] = {}
        self.security_groups: dict[str, SecurityGroup] = {}
        self.images: dict[str, Image] = {}
        self.parameters: dict[str, str] = {}
        self.never_healthy: set[str] = set()
        """Images whose instances run and never pass a health check."""
        self.dying: set[str] = set()
        """Images whose instances do not survive their launch."""
        self.consoles: dict[str, str] = {}
        """What instances of an image write to their console."""
        self.key_pairs: set[str] | None = None
        """None: whatever is asked for exists."""
        self.instance_profiles: set[str] | None = None
        self.instances: dict[str, Launched] = {}
        self.no_capacity_until = ALWAYS
        self.deeds: list[Deed] = []
        self.watchers: list[Callable[[], object]] = []
        self.now = clock.now
        """The time of what is happening: behind the clock while catching up."""
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        """What is about to happen, by when."""
        self._serial = itertools.count(1)
        self._settling = False

    def kept(self) -> Callable[[], None]:
        """What stands now; call it to have that again, with nothing about to happen."""
        shelves = (
            *(self.templates.kept(), self.groups.kept(), self.hooks.kept(), self.policies.kept()),
            *(self.actions.kept(), self.activities.kept(), self.alarms.kept(), self.behind.kept()),
        )
        others = {kind: shelf.kept() for kind, shelf in self.shelves.items()}
        instances, states = dict(self.instances), dict(self.states)

        def restore() -> None:
            for shelf in (*shelves, *others.values()):
                shelf()
            self.shelves = {kind: self.shelves[kind] for kind in others}
            self.instances, self.states = dict(instances), dict(states)
            self.no_capacity_until, self.now = ALWAYS, self.clock.now
            self.draining.clear()
            self.remade.clear()
            self.deeds.clear()
            self.due.clear()

        return restore

    def shelf(self, kind: str) -> Shelf[Any]:
        """Frozen dataclasses of that kind by name, `record` say; a snapshot has the fields that are compared."""
        if kind not in self.shelves:
            self.shelves[kind] = Shelf(self.manners.lag)
        return self.shelves[kind]

    def later(self, delay: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self.due, (self.now + delay, next(self._serial), happens))
        if self._hears() is not None:
            self.clock.at(max(self.now + delay - self.clock.now, 0.0), self.settle)

    def to_come(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """What is about to happen, each with its time, in no order."""
        return ((due, happens) for due, _, happens in self.due)

    def tell(self, group: str, instances: int) -> None:
        """Events of Auto Scaling: something has happened to so many of the group's instances, one event each."""
        if (hears := self._hears()) is not None:
            for _ in range(instances):
                hears(self, group)

    def settle(self) -> None:
        """Catch up with the clock."""
        if self._settling:
            return  # Somebody who watches looks while things happen: it is what it is at that moment.
        due, now = self.due, self.clock.now
        if not due:
            self.now = now
            return
        self._settling = True
        while due and due[0][0] <= now:
            self.now, _, happens = heapq.heappop(due)
            happens()
            self.watched()
        self.now, self._settling = now, False

    def watched(self) -> None:
        for watch in self.watchers:
            watch()

    def note(self, did: str, kind: str, name: str, operation: str = "", what: object = None) -> None:
        self.deeds.append(Deed(self.now, self.account, self.region, did, kind, name, operation, what))

    def number(self) -> int:
        """For ids; never the same twice."""
        return next(self._serial)

    def arn(self, group: str) -> str:
        """Of a new group: another one than any earlier group of that name had."""
        number = f"{self.number():08x}-0000-0000-0000-000000000000"
        return (
            f"arn:aws:autoscaling:{self.region}:{self.account}:autoScalingGroup:{number}:autoScalingGroupName/{group}"
        )

    def group_is(self, name: str, **now: object) -> None:
        """The group, but for these attributes, stays as it is; one that has gone stays away."""
        group = self.groups.get(name)
        if group is not None:
            self.groups.put(name, changed(group, **now), self.now)

    def forget_group(self, name: str) -> None:
        """What goes with a group: all but the alarms, which are CloudWatch's."""
        for shelf in (self.groups, self.hooks, self.policies, self.actions, self.activities):
            shelf.take(name, self.now)

    def forget_instance(self, instance: str) -> None:
        """What somebody made of an instance ends with it."""
        if (shelf := self.shelves.get("instance")) is not None and shelf.get(instance) is not None:
            shelf.take(instance, self.now)

    def has_no_capacity(self, seconds: float) -> None:
        """Launches fail for so long, as EC2's InsufficientInstanceCapacity."""
        self.no_capacity_until = self.clock.now + seconds
