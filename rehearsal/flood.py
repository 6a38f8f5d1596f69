"""A flood: many submissions while Step Functions starts nothing, in virtual time.

What runs is the product: intake in as many processes as Lambda would have, each as patient as the API's, the adapter of
Step Functions, the sweep and its backlog, machines, guards and projector. Below the adapter stands a client with the
buckets that AWS publishes (`rehearsal/published.py`). The operation is one that changes nothing, so that tens of
thousands can be played to their ends. A process of the API is busy for as long as its calls take
(`rehearsal.faults.SECONDS`); what sweeps and machines do takes no time.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import accumulate

from lambdas.cloud import Cloud
from lambdas.engine import intake
from lambdas.engine.intake import Caller, Submission
from lambdas.errors import WindlassError
from lambdas.hub import Hub
from lambdas.impatient import Impatient
from lambdas.requests import guard
from lambdas.step_functions import StepFunctions
from lambdas.values import changed
from rehearsal.faults import KINDS, Call, Killed, Kind
from rehearsal.published import Published
from rehearsal.toy_requests import OfOneGroup
from rehearsal.world import TERMS, World
from saga import Saga, step

RETRY_AFTER = 5.0
"""Seconds until a caller who was not answered, or with 503, sends the same again."""
KILLED = 0.0005
"""Of the calls that intake makes; the process dies at such a call."""
REPEATED = 0.02
"""Of the requests are sent once more, although they were answered."""
PAIRED = 0.01
"""Of the requests are on a group on which somebody asks for something else once starts succeed again."""
STEP, QUIET = 5.0, 120.0
"""Seconds from look to look, and after the last start until all is over."""
LONGEST = 3600.0
"""Seconds from when starts succeed again; a flood that has not drained by then never will."""


@dataclass(frozen=True)
class Script:
    """What happens. Times are in seconds from the beginning."""

    rate: float = 500
    """Submissions a second."""
    seconds: float = 60
    down: float = 300
    """So long StartExecution fails, from the beginning."""
    how: str = "fails"
    """One of `rehearsal.published.OUTAGES`."""
    callers: int = 5
    """The first sends half of all, the next half of the rest, and so on."""
    fresh: float = 20
    """Submissions a second while the flood drains, the same from every caller."""
    processes: int = 100
    """Of the API: its reserved concurrency."""
    seed: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"arn:aws:iam::123456789012:role/caller-{n}" for n in range(self.callers))


@dataclass(frozen=True)
class TouchPlan:
    group: str


def _plan(request: OfOneGroup, cloud: Cloud) -> TouchPlan:
    return TouchPlan(request.group)


def _guards(request: OfOneGroup) -> tuple[str, ...]:
    return (guard(request.account, request.region, request.group),)


def _touch(plan: TouchPlan, cloud: Cloud) -> str:
    return f"touched {plan.group}"


TOUCH: Saga[OfOneGroup, TouchPlan, Cloud] = Saga(
    name="Touch", plan=_plan, guards=_guards, steps=(step("Touch", do=_touch, undo=_touch),)
)


@dataclass
class Post:
    """One request, however often it is sent."""

    key: str
    caller: str
    group: str
    fresh: bool = False
    ids: set[str] = field(default_factory=set)
    """What its answers said."""
    accepted: float = 0.0
    """When it was first answered."""


@dataclass
class Process:
    """A process of the API: it answers one request at a time."""

    hub: Hub
    free: float = 0.0


class Flood(World):
    """One flood, from its first submission until all of it is over."""

    def __init__(self, script: Script) -> None:
        super().__init__([TOUCH], seed=script.seed, recorded=False, shared=True)
        self.script, self.rng = script, random.Random(script.seed)
        self.began = self.clock.now
        self.published = Published(self.clock, self.faults, self.machines, lambda: self.down, script.how)
        self.hub = changed(self.hub, machines=self.faults.over("machines", self._adapter))
        self.posts: list[Post] = []
        self.answers: list[float] = []
        """Seconds that each answer took."""
        self.processes: list[Process] = []
        self.most_processes = 0
        self.rejected = 0
        """Posts for which there was no process."""
        self.killed = 0
        """Posts whose process died."""
        self.sweeps: Counter[int] = Counter()
        """By second."""
        self._entered = 0.0
        self._drained = False
        self.faults.sometimes(KILLED, self.rng, _kills_intake)

    @property
    def _adapter(self) -> StepFunctions:
        return StepFunctions(self.published, _Arns(), {})  # type: ignore[arg-type]  # as far as it calls it

    @property
    def down(self) -> bool:
        return self.clock.now < self.began + self.script.down

    def play(self, told: Callable[[float, int], object] = lambda seconds, waiting: None) -> None:
        """All of it; `told` hears how it stands."""
        self._rain()
        self.clock.drain(self.script.seconds)
        self._trickles()
        while self.down:
            self.clock.drain(min(STEP, self.began + self.script.down - self.clock.now))
            told(self.clock.now - self.began, self._waiting())
        self._ask_for_seconds()
        while (waiting := self._waiting()) and self.clock.now < self.began + self.script.down + LONGEST:
            told(self.clock.now - self.began, waiting)
            self.clock.drain(STEP)
        self._drained = True
        self.clock.drain(QUIET)

    def sweep(self, nudged: Collection[str] = ()) -> None:
        self.sweeps[int(self.clock.now)] += 1
        super().sweep(nudged)

    def _waiting(self) -> int:
        """How many of those that were sent before starts succeeded again are not started."""
        return sum(not post.fresh and self.started(post) is None for post in self.posts)

    def started(self, post: Post) -> float | None:
        """When its execution was started."""
        found = (self.published.started.get(one) for one in post.ids)
        return next((one[0] for one in found if one is not None), None)

    def _rain(self) -> None:
        count = int(self.script.rate * self.script.seconds)
        shares = [2.0**-n for n in range(1, self.script.callers + 1)]
        callers = self.rng.choices(self.script.names, cum_weights=list(accumulate(shares)), k=count)
        for n, caller in enumerate(callers):
            post = Post(f"request {n}", caller, f"shop-v{n:06}")
            self.posts.append(post)
            self.clock.at(n / self.script.rate, lambda post=post: self.send(post))  # type: ignore[misc]

    def _ask_for_seconds(self) -> None:
        """Another request on the groups of some that wait."""
        for post in self.rng.sample(self.posts, max(1, int(PAIRED * len(self.posts)))):
            self.clock.at(self.rng.random() * 10, lambda post=post: self._send_new(post.group))  # type: ignore[misc]

    def _trickles(self) -> None:
        """Submissions go on after the flood, as long as something of it waits."""
        if not self._drained:
            self._send_new(f"new-v{len(self.posts):06}")
            self.clock.at(1 / self.script.fresh, self._trickles)

    def _send_new(self, group: str) -> None:
        n = len(self.posts)
        self.posts.append(Post(f"request {n}", self.script.names[n % self.script.callers], group, fresh=not self.down))
        self.send(self.posts[-1])

    def send(self, post: Post) -> None:
        """As a caller does: again until it is answered, and some once more."""
        if not self._answered(post):
            self.clock.at(RETRY_AFTER, lambda: self.send(post))
        elif len(post.ids) == 1 and self.rng.random() < REPEATED:
            self.clock.at(1, lambda: self._answered(post))

    def _answered(self, post: Post) -> bool:
        process = self._process()
        if process is None:
            self.rejected += 1
            return False
        self._entered = self.faults.spent
        try:
            with self.faults.invocation("intake"):
                accepted = self._accepted(process.hub, post)
        except Killed:
            self.killed += 1
            self.processes.remove(process)
            return False
        except WindlassError:
            return False
        finally:
            took = self.faults.spent - self._entered
            process.free = self.clock.now + took
        self.answers.append(took)
        post.accepted = post.accepted or self.clock.now
        post.ids.add(accepted.id)
        return True

    def _accepted(self, hub: Hub, post: Post) -> intake.Accepted:
        submission = Submission(TOUCH, OfOneGroup(group=post.group))
        return intake.accept(hub, [submission], caller=Caller(post.caller), terms=TERMS, key=post.key)

    def _process(self) -> Process | None:
        """One that is free: as Lambda does, another is made where there is none, up to what is reserved."""
        free = next((one for one in self.processes if one.free <= self.clock.now), None)
        if free is None and len(self.processes) < self.script.processes:
            impatient = Impatient(self._adapter, lambda: self.clock.now + self.faults.spent - self._entered)
            free = Process(changed(self.hub, machines=self.faults.over("machines", impatient)))
            self.processes.append(free)
            self.most_processes = max(self.most_processes, len(self.processes))
        return free


class _Arns(dict[str, str]):
    def __missing__(self, saga: str) -> str:
        return f"arn:aws:states:us-east-1:123456789012:stateMachine:{saga}"


def _kills_intake(call: Call) -> Kind | None:
    return KINDS["kill_after" if call.number % 2 else "kill_before"] if call.where == "intake" else None
