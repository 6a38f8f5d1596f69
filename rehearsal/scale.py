"""Windlass under a day's load: operations come in evenly, on many accounts, and a sweep takes as long as its calls do.

What runs is the product, as in every rehearsal: intake, machines, activities, the table, the sweep. One sweep is at
work at a time, since a second one finds the same rows; what it asks for meanwhile comes when it is done. It takes as
long as its own calls and the slowest of its hands. What it does is done at the moment of its beginning, so that what
waits for a sweep ends up to its length too early.

The herald follows the table's stream as if it were one shard, the fewest there can be; each event goes to a webhook.
Batches do not meet in a lane here: they would for about that part of the time in which a lane is written (`WRITING`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from lambdas import sweep as sweeping
from lambdas.audit.book import LANES
from lambdas.engine import heartbeat
from lambdas.engine.rhythm import RHYTHM
from lambdas.handlers import RESERVE
from lambdas.hub import Json
from lambdas.push import receivers
from lambdas.push.herald import Change
from lambdas.push.receivers import Webhook
from lambdas.rows import Status, control_key
from lambdas.values import changed
from rehearsal.event_source import AT_ONCE, Invocation
from rehearsal.fake_cloud import seeds
from rehearsal.fake_cloud.manners import Manners
from rehearsal.fake_cloud.place import Place
from rehearsal.faults import PAGE_SECONDS
from rehearsal.heralds import TellingWorld
from rehearsal.memory_table import Units
from rehearsal.models.model import of_the_cloud
from rehearsal.prices import Use
from rehearsal.processes import SWEEP
from statemachines.create_server_group import CREATE_SERVER_GROUP

T = TypeVar("T")
R = TypeVar("R")
DAY = 86_400.0
LONGEST_SWEEP = 60.0
"""Seconds that the function may take (`stacks/functions.py`)."""
WARM = 240.0
"""Seconds until as many operations end as begin."""
PATIENCE = 3600.0
"""Seconds after the last submission in which all have to be over."""
TELLS = ("bus.", "letters.", "shelf.", "topics.")
"""Ports of herald and courier, which answer for no cloud."""
ANSWERS = ("machines.succeed", "machines.fail")
"""Of task tokens."""


@dataclass(frozen=True)
class Load:
    """What comes in."""

    operations: float = 1_000_000
    """createServerGroup a day."""
    accounts: int = 1_000
    """Each with one Region; they take turns."""
    seconds: float = 600
    """For how long it is measured, after `WARM`."""
    seed: int = 0

    @property
    def every(self) -> float:
        """Seconds between two."""
        return DAY / self.operations


@dataclass(frozen=True)
class Quota:
    """What AWS gives an account in a Region, unless it is asked for more."""

    what: str
    limit: float
    source: str


_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_TABLE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
STARTS = Quota("StartExecution, a second", 150, _STATES)
TRANSITIONS = Quota("state transitions, a second", 800, _STATES)
TOKENS = Quota("answers of task tokens, a second", 300, _STATES)
OPEN = Quota("executions open at once", 1_000_000, _STATES)
BATCHES = Quota("batches of events at work at once, of one shard", AT_ONCE, "stacks/push.py")
WRITING = Quota("part of the time in which a lane of the book is written", 1, "one page at a time: audit/scribe.py")
DELIVERIES = Quota("deliveries at work at once", 50, "stacks/push.py")
FUNCTIONS = Quota("functions at work at once", 1_000, _LAMBDA)
READS = Quota("read units of the table, a second", 40_000, _TABLE)
WRITES = Quota("write units of the table, a second", 40_000, _TABLE)
SWEEPING = Quota("seconds that a sweep takes", RHYTHM[0][1], "a young wait is looked at so often: engine/rhythm.py")


@dataclass(frozen=True)
class Taken:
    """How much of a quota this load takes."""

    quota: Quota
    amount: float
    load: Load

    @property
    def share(self) -> float:
        return self.amount / self.quota.limit

    @property
    def until(self) -> float:
        """Operations a day that take all of it, where use grows with their number."""
        return self.load.operations / self.share if self.share else float("inf")


@dataclass(frozen=True)
class Measured:
    """What a load came to."""

    load: Load
    taken: tuple[Taken, ...]
    """In the order in which they give out."""
    ends: Counter[str]
    took: tuple[float, float, float]
    """Seconds from acceptance to the end: median, p99, longest."""
    behind: float
    """Seconds of the longest sweep, or by which the latest look was late that it had to leave to the next one."""
    calls: float
    """Of the clouds, by one account, a second."""
    dollars: float
    """A day."""
    telling: "Telling"


@dataclass(frozen=True)
class Telling:
    """How the herald kept up."""

    events: float
    """Of one operation."""
    batch: float
    """Events in one, on average."""
    seconds: float
    """That a batch took, on average."""
    pages: float
    """Of the book, of one operation."""
    late: tuple[float, float, float]
    """Seconds from what happened until it was told and noted: median, p99, longest."""


class Scale(TellingWorld):
    """One load, from its first submission until all is over."""

    def __init__(self, load: Load) -> None:
        super().__init__(
            [CREATE_SERVER_GROUP], seed=load.seed, manners=Manners(), recorded=False, paced=True, shared=True
        )
        self.load, self.table.units = load, Units()
        self.hub = changed(self.hub, now=self._moment, each=self._side_by_side)
        self.began = self.clock.now
        self.behind = 0.0
        self._entered: float | None = None
        self._swept_until, self._sweeping, self._sweeps, self._nudged = 0.0, 0.0, 0, set[str]()
        self._is_asked = False
        self._aside = 0.0
        """Seconds that calls took beside longer ones."""
        self._apart, self._late = Counter[str](), list[float]()
        """What herald and courier took, and how late each event was told."""
        self.table.write(receivers.put(REQUEST["application"], HOOK))

    def play(self, told: Callable[[float, int], object] = lambda seconds, going: None) -> Measured:
        """All of it; `told` hears how it stands."""
        count = int((WARM + self.load.seconds) / self.load.every)
        for number in range(count):
            self.clock.at(number * self.load.every, partial(self._submit, number))
        self._pass(WARM, told)
        before = self._counted()
        self._late.clear()
        self._pass(self.load.seconds, told)
        use, late = {name: now - before[name] for name, now in self._counted().items()}, sorted(self._late)
        going = self._going()
        until = self.clock.now + PATIENCE
        while self._going() and self.clock.now < until:
            self._pass(60, told)
        return self._found(use, going, late)

    def _submit(self, number: int) -> None:
        account = f"account-{number % self.load.accounts:05}"
        body = REQUEST | {"account": account, "stack": f"s{number}"}
        self.post("createServerGroup", body, str(number))

    def _pass(self, seconds: float, told: Callable[[float, int], object]) -> None:
        for _ in range(int(seconds // 10)):
            self.clock.drain(10)
            told(self.clock.now - self.began, self._going())

    def _going(self) -> int:
        rows = (self.table.peek(control_key(one)) for one in self.others)
        return self.unanswered + sum(not Status(row["status"]).over for row in rows)

    # The sweep, which takes its time here.

    def sweep(self, nudged: Collection[str] = ()) -> None:
        if self.clock.now < self._swept_until:
            self._nudged |= set(nudged)
            if not self._is_asked:
                self._is_asked = True
                self.clock.at(self._swept_until - self.clock.now, self._sweep_again)
            return
        self._entered = self.faults.spent
        until = self.clock.now + LONGEST_SWEEP - RESERVE
        self._quietly(SWEEP, lambda: sweeping.sweep(self.hub, self.sagas, until=until, nudged=nudged))
        took, self._entered = self.faults.spent - self._entered, None
        self._sweeping += took
        self._sweeps += 1
        self._swept_until = self.clock.now + took
        left = heartbeat.read(self.plain).rounds.values()
        self.behind = max([self.behind, took, *(self._swept_until - one.since for one in left)])

    def _sweep_again(self) -> None:
        asked, self._nudged, self._is_asked = self._nudged, set(), False
        self.sweep(asked)

    def _moment(self) -> float:
        """Within a sweep time passes with its calls."""
        return self.clock.now + (0.0 if self._entered is None else self.faults.spent - self._entered)

    def _side_by_side(self, act: Callable[[T], R], things: Sequence[T]) -> Iterator[R]:
        """All begin now, and the longest says when they are over."""
        began, longest, spent = self.faults.spent, 0.0, 0.0
        made = []
        for thing in things:
            self.faults.spent = began
            made.append(act(thing))
            longest, spent = max(longest, self.faults.spent - began), spent + self.faults.spent - began
        self.faults.spent = began + longest
        self._aside += spent - longest
        return iter(made)

    def _opted_in(self, place: Place) -> None:
        seeds.seed(place)
        super()._opted_in(place)

    # The herald, and the courier.

    def _told(self, changes: Sequence[Change]) -> Invocation:
        heard = len(self.heard)
        with self._counted_apart("herald"):
            got = super()._told(changes)
        if fresh := self.heard[heard:]:
            self._apart += Counter({"batches": 1, "events": len(fresh)})
            self._late += [self.clock.now + got.took - one.time.timestamp() for one in fresh]
        return got

    def _deliver(self, operation: str, delivery: str) -> None:
        with self._counted_apart("courier"):
            super()._deliver(operation, delivery)

    @contextmanager
    def _counted_apart(self, who: str) -> Iterator[None]:
        before = Counter(self._alone())
        yield
        took = Counter(self._alone())
        took.subtract(before)
        self._apart.update(took)
        self._apart[who] += took["working"]

    def _alone(self) -> dict[str, float]:
        units = self.table.units or Units()
        return {
            "invocations": self.invoked,
            "working": self.faults.spent + self._aside,
            "reads": units.reads,
            "writes": units.writes,
        }

    # What it came to.

    def _counted(self) -> dict[str, float]:
        counts = self.faults.counts
        return {
            **self._alone(),
            **{f"{name} apart": number for name, number in self._apart.items()},
            "operations": len(self.others),
            "transitions": sum(one.transitions for one in self.machines.executions.values()),
            "pages": counts.get("shelf.put", 0),
            "messages": counts.get("sweeper.after", 0),
            "starts": counts.get("machines.start", 0),
            "answers": sum(counts.get(name, 0) for name in ANSWERS),
            "calls": sum(number for name, number in counts.items() if _of_a_cloud(name)),
            "sweeping": self._sweeping,
            "sweeps": self._sweeps,
        }

    def _found(self, use: dict[str, float], going: int, late: Sequence[float]) -> Measured:
        load, seconds = self.load, self.load.seconds
        amounts = {
            STARTS: use["starts"] / seconds,
            TRANSITIONS: use["transitions"] / seconds,
            TOKENS: use["answers"] / seconds,
            OPEN: going,
            FUNCTIONS: use["working"] / seconds,
            READS: use["reads"] / seconds,
            WRITES: use["writes"] / seconds,
            SWEEPING: use["sweeping"] / use["sweeps"]
            if use["sweeps"]
            else seconds,  # else one was all the time at work
            BATCHES: use["herald apart"] / seconds,
            WRITING: use["pages"] * PAGE_SECONDS / LANES / seconds,
            DELIVERIES: use["courier apart"] / seconds,
        }
        taken = sorted((Taken(quota, amount, load) for quota, amount in amounts.items()), key=lambda one: one.until)
        controls = [self.control(one) for one in self.others]
        took = sorted((one.closed or self.clock.now) - one.accepted for one in controls)
        return Measured(
            load,
            tuple(taken),
            Counter(str(one.status) for one in controls),
            _spread(took),
            self.behind,
            use["calls"] / seconds / load.accounts,
            self._dollars(use) * load.operations,
            Telling(
                use["events apart"] / use["operations"],
                use["events apart"] / use["batches apart"],
                use["herald apart"] / use["batches apart"],
                use["pages"] / use["operations"],
                _spread(late),
            ),
        )

    def _dollars(self, use: dict[str, float]) -> float:
        """Of one operation. `Use` knows itself what telling costs, and nothing of receivers."""
        names = ("transitions", "invocations", "working", "reads", "writes", "messages")
        own = {name: use[name] - use.get(f"{name} apart", 0.0) for name in names}
        return Use(**{name: number / use["operations"] for name, number in own.items()}).total


def _of_a_cloud(name: str) -> bool:
    return not name.startswith(TELLS) and of_the_cloud(name)


def _spread(ordered: Sequence[float]) -> tuple[float, float, float]:
    """Median, p99, longest."""
    return ordered[len(ordered) // 2], ordered[int(0.99 * len(ordered))], ordered[-1]


HOOK = Webhook("ci", "https://ci.example.com/hook", f"whsec_{'QUJD' * 10}")
REQUEST: Json = {
    "region": "us-east-1",
    "application": "shop",
    "image": "shop-1.1.0-x86_64-20260201",
    "instanceType": "m5.large",
    "capacity": {"min": 1, "desired": 2, "max": 4},
    "subnetType": "internal",
    "securityGroups": ["shop-web"],
    "targetGroups": ["shop-web"],
}
"""A plain one, behind one target group."""
