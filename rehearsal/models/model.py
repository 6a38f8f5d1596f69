"""What a fault model is: named parts that strike one run, each by its own rule and its own source of chance."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lambdas import nouns
from lambdas.rows import Status
from rehearsal.clock import Clock
from rehearsal.fake_cloud import FakeCloud, Manners
from rehearsal.faults import Faults

if TYPE_CHECKING:
    from rehearsal.world import World

SERVICES = {
    "groups": "autoscaling",
    "scaling": "autoscaling",
    "launch_templates": "ec2",
    "images": "ec2",
    "instances": "ec2",
    "network": "ec2",
    "load_balancers": "elasticloadbalancing",
    "table": "dynamodb",
    "machines": "states",
    "sweeper": "sqs",
    "push": "sqs",
    "functions": "lambda",
}
"""Which AWS service answers the calls of a port."""

ALARMS = ("scaling.alarms", "scaling.alarms_made_by", "scaling.put_alarm", "scaling.delete_alarms")
BY_CALL = {"images.parameter": "ssm"} | dict.fromkeys(ALARMS, "cloudwatch")
"""Calls of a port that go elsewhere than the port's others."""

OF_THE_CLOUD = frozenset(("autoscaling", "ec2", "elasticloadbalancing", "cloudwatch", "ssm"))
KNOWN = frozenset((*SERVICES.values(), *BY_CALL.values()))

EVENTS = "events"
"""EventBridge, which answers none of our calls, and without which nobody hears of anything."""

_SERVICE_OF: dict[str, str] = {}


def service_of(call: str) -> str:
    """The AWS service that answers `groups.create`."""
    known = _SERVICE_OF.get(call)
    if known is None:
        known = _SERVICE_OF[call] = _service(call)
    return known


def of_the_cloud(call: str) -> bool:
    """Whether `groups.create` is a call of a cloud, and not of the hub's own table, machines or queues."""
    return nouns.is_noun(call) or service_of(call) in OF_THE_CLOUD


def _service(call: str) -> str:
    port = call.partition(".")[0]
    return nouns.NOUNS[port].service if port in nouns.NOUNS else BY_CALL.get(call) or SERVICES[port]


@dataclass(frozen=True)
class Stage:
    """One run, as a model sees it. `world` is there where Windlass plays."""

    clock: Clock
    faults: Faults
    cloud: FakeCloud
    rng: random.Random
    severity: float
    world: "World | None" = None

    def chance(self, probability: float) -> float:
        """The probability under this severity."""
        return min(probability * self.severity, 0.98)


Strikes = Callable[[Stage], None]
"""Prepares a run: what will go wrong in it, and when."""


@dataclass(frozen=True)
class Part:
    """One named model with its numbers, as `outage:autoscaling:3600`."""

    text: str
    strikes: Strikes
    manners: Callable[[Manners, float], Manners] | None = None
    """How the cloud's own ways change with the severity."""
    ends: frozenset[Status] = frozenset({Status.SUCCEEDED})
    """Ends that are right under it: a refusal is rightly put back."""
    rivals: bool = False
    """Others change the same cloud meanwhile: `rehearsal.contest` judges by what each of them did."""


@dataclass(frozen=True)
class FaultModel:
    """Several parts at once; `text` is what `parse` reads."""

    text: str
    parts: tuple[Part, ...] = ()

    @cached_property
    def ends(self) -> frozenset[Status]:
        """Ends that are right under it."""
        return frozenset({Status.SUCCEEDED}).union(*(part.ends for part in self.parts))

    @cached_property
    def rivals(self) -> bool:
        """Whether others change the same cloud meanwhile."""
        return any(part.rivals for part in self.parts)

    @cached_property
    def unexplained(self) -> frozenset[Status]:
        """Ends that are right whoever else did something: the other ends have to name what a rival did."""
        return frozenset({Status.SUCCEEDED}).union(*(part.ends for part in self.parts if not part.rivals))

    def manners(self, manners: Manners, severity: float) -> Manners:
        for part in self.parts:
            if part.manners is not None:
                manners = part.manners(manners, severity)
        return manners

    def strike(
        self,
        seed: int,
        severity: float,
        clock: Clock,
        faults: Faults,
        cloud: FakeCloud,
        world: "World | None" = None,
    ) -> None:
        """Prepare one run. Same seed and severity: the same chances, for whoever plays."""
        if not self.parts:
            return
        stage = Stage(clock, faults, cloud, random.Random(seed), severity, world)
        for part in self.parts:
            part.strikes(stage)
