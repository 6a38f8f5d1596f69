"""What is played so that every function makes every call it can: each operation forward and back, what people ask.

A call that needs more than this to come about needs a play here: until then its grant counts as one that nobody uses.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lambdas import reader
from lambdas.audit.book import LANES, Head, following
from lambdas.engine import hands, intake, metric_holds, rhythm
from lambdas.engine.alarm_rows import Named
from lambdas.errors import Transient
from lambdas.hub import Hub, Json, Settings
from lambdas.push import receivers
from lambdas.push.letters import Answered
from lambdas.push.receivers import Notification, Webhook
from lambdas.requests import UNOWNED
from lambdas.rows import Mark, Status, control_key
from lambdas.table import Update
from lambdas.values import changed
from rehearsal import scenarios
from rehearsal.faults import KINDS, Call, Effect, Faults
from rehearsal.heralds import TellingWorld
from rehearsal.processes import HAND, SWEEP, Processes
from rehearsal.scenarios import ACCOUNT, DESTROYS, RESIZES
from rehearsal.scenarios.region import NEIGHBOUR
from rehearsal.trials import ABORT, CANCEL, Fault, Golden, Scenario, golden_of, run
from rehearsal.world import CALLER, TERMS
from tests.api import test_authorisation_matrix as matrix
from tests.api.http_door import Door
from tests.stacks.recorded_calls import HUB, RECORDER, REGION, Calls, beside

HOOK = Webhook("ci", "https://ci.example.com/hook", "whsec_" + "QUJD" * 8)
TOPIC = Notification("team", f"arn:aws:sns:{REGION}:{HUB}:windlass-shop", "slack")
NAMES = {
    SWEEP: "Sweep",
    HAND: "Sweep",
    "nudges": "Nudge",
    "projector": "Projector",
    "herald": "Herald",
    "courier": "Courier",
}
"""Functions by what a world calls them, where that is not how they are called."""
ALARM = "shop-errors"
BRIEFLY = 60.0
"""Seconds after the end: nothing comes late here."""


class RecordedWorld(TellingWorld):
    """Every call of every port is made by the real adapter too; the bus, receivers and events are at work."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        RECORDER[-1].function = self.function
        self.hear(lambda: (0.0,))

    def function(self) -> str:
        """Whose calls are being made."""
        if self.faults.where in ("intake", "api"):
            return "Api"
        name = next(name for name, pool in self.workers.pools.items() if self.workers.now_at_work in pool)
        return NAMES.get(name, name.removeprefix("${").removesuffix("Function}"))

    def _hub(self, settings: Settings, faults: Faults | None) -> Hub:
        if faults is not None:
            over = faults.over
            vars(faults)["over"] = lambda name, port: over(name, beside(name, port))
            self.workers = Processes(self.clock, faults.over("table", self.table))
        return super()._hub(settings, faults)


@contextmanager
def recording() -> Iterator[Calls]:
    RECORDER.append(Calls())
    logging.disable(logging.CRITICAL)
    try:
        yield RECORDER[-1]
    finally:
        logging.disable(logging.NOTSET)
        RECORDER.pop()


def played(folder: Path) -> Calls:
    """All calls of all that is played here; `folder` is for the policies that people need."""
    with recording() as calls:
        for scenario in scenarios.ALL:
            calls.application = _application(scenario)
            _operation(scenario)
        calls.application = ""
        for play in (_receivers, _untold, _overtaken, _alarms, _reader, _backlog, _hands, _heirs, _unheard, _recovery):
            play()
        _people(folder)
        return calls


def _application(scenario: Scenario) -> str:
    saga = scenario.saga(scenario.world())
    application: str = saga.request_type.model_validate(scenario.request).application
    return "" if application == UNOWNED else application


def _operation(scenario: Scenario) -> None:
    """As it goes well, and put back from as far as it can be."""
    here = replace(scenario, makes=RecordedWorld, quiescence=BRIEFLY)
    story = golden_of(here)
    if (last := _last(story)) is not None:
        run(here, (Fault(last.number, CANCEL),))


def _last(story: Golden) -> Call | None:
    """The last call of a step or a wait from which all is put back."""
    steps = (call for call in story.calls if call.where in story.order and story.can_be_put_back(call.where))
    return max(steps, key=lambda call: call.number, default=None)


def _receivers() -> None:
    """One refuses at first, and one delivery is lost and made up for."""
    world = _world(RESIZES)
    for one in (HOOK, TOPIC):
        world.table.write(receivers.put("shop", one))
    answers = iter((503, 503))
    world.outside.answer = lambda to: Answered(next(answers, 204), "answered")
    errand, lost = world.push.courier, iter((True,))
    world.push.courier = lambda *given: None if next(lost, False) else errand(*given)
    _to_the_end(world, world.submit(RESIZES.operation, RESIZES.request))


def _untold() -> None:
    """Nobody hears of the end but the sweep."""
    world = _world(RESIZES)
    world.deaf = True
    _to_the_end(world, world.submit(RESIZES.operation, RESIZES.request))


def _overtaken() -> None:
    """Another herald has put pages that the table has not heard of."""
    world = _world(RESIZES)
    for lane in range(LANES):
        page = following(lane, Head(), "", ())
        world.shelf.put(page.key, page.body)
    _to_the_end(world, world.submit(RESIZES.operation, RESIZES.request))


def _alarms() -> None:
    """An application's alarm fires, and recovers."""
    world = _world(RESIZES)
    states = world.cloud.place(ACCOUNT, REGION).states
    states[ALARM] = "ALARM"
    metric_holds.put_application(world.plain, "shop", [Named(ACCOUNT, REGION, ALARM)], "somebody")
    operation = world.submit(RESIZES.operation, RESIZES.request)
    world.clock.drain(2 * BRIEFLY)
    states[ALARM] = "OK"
    _to_the_end(world, operation)


def _reader() -> None:
    """A look that AWS throttles, and two between which an application's groups have gone."""
    world, wanted = _world(DESTROYS), reader.Wanted(ACCOUNT, REGION, "shop")
    groups = world.cloud.place(ACCOUNT, REGION).groups
    throttled = world.faults.on(lambda name: name == "groups.all", lambda call: KINDS["throttle"])

    def go() -> None:
        for name in list(groups.things):
            groups.take(name, world.clock.now)

    for after in (throttled, go, go):
        with world.workers.at_work("Reader"):
            reader.read(world.hub, wanted, world.clock.now + BRIEFLY)
        after()
        world.clock.drain(10 * BRIEFLY)


def _backlog() -> None:
    """A batch: the first is not started at once, and neither is the second, when its turn has come."""
    world = _world(RESIZES)
    saga = RESIZES.saga(world)
    both = [intake.Submission(saga, saga.request_type.model_validate(RESIZES.request | _to(most))) for most in (4, 5)]

    def refused(faults: Faults, call: Call, effect: Effect) -> None:
        """And no sweep has been asked for by then."""
        world.table.write(Update(rhythm.HEARTBEAT, {"next": None}))
        raise Transient("rehearsed: no start")

    def refuse() -> Callable[[], None]:
        return world.faults.on(lambda name: name == "machines.start", lambda call: refused)

    starts = refuse()
    with world.faults.invocation("intake"):
        batch = intake.accept(world.hub, both, caller=CALLER, terms=TERMS, key="batch").id
    starts()
    first, second = (f"{batch}-{number}" for number in range(2))
    world.run(first, until=lambda: world.control(first).status is Status.RUNNING)
    starts = refuse()
    world.run(first)
    world.clock.drain(1)
    starts()
    _to_the_end(world, second)


def _to(most: int) -> Json:
    return {"capacity": {"min": 1, "desired": 2, "max": most}}


def _hands() -> None:
    """Something waits in so many accounts that a sweep deals them out."""
    world = _world(RESIZES)
    held = []
    for account in map("account{}".format, range(hands.FEW + 1)):
        world.cloud.seed(account, REGION, neighbours=(NEIGHBOUR,))
        held.append(world.submit(RESIZES.operation, RESIZES.request | {"account": account}, key=account))
        world.signal(held[-1], "pause")
    world.clock.drain(2 * BRIEFLY)
    for one in held:
        world.signal(one, "resume")
    for one in held:
        _to_the_end(world, one)


def _heirs() -> None:
    """Two wait for a guard: one is stopped from outside, one cancelled by somebody who dies before telling it."""
    world = _world(RESIZES)
    owner = world.submit(RESIZES.operation, RESIZES.request, key="owner")
    world.signal(owner, "pause")
    cancelled, stopped = (world.submit(RESIZES.operation, RESIZES.request, key=key) for key in ("second", "third"))
    world.clock.drain(BRIEFLY)
    world.machines.stop(stopped, "Stopped", "somebody pressed the button")
    world.table.write(Update(control_key(cancelled), {"mark": Mark.CANCELLED, "decided": "somebody"}))
    world.signal(owner, "resume")
    for one in (owner, cancelled, stopped):
        _to_the_end(world, one)


def _unheard() -> None:
    """One that waits for a guard is stopped, and Step Functions' word of it gets lost: the sweep finds out."""
    world = _world(RESIZES)
    owner = world.submit(RESIZES.operation, RESIZES.request, key="owner")
    world.signal(owner, "pause")
    stopped = world.submit(RESIZES.operation, RESIZES.request, key="second")
    world.clock.drain(BRIEFLY)
    world.fall_silent(BRIEFLY)
    world.machines.stop(stopped, "Stopped", "somebody pressed the button")
    _to_the_end(world, stopped)


def _recovery() -> None:
    """Of an execution that somebody has stopped: before there is a plan, and in its last step."""
    here = replace(RESIZES, makes=RecordedWorld)
    story = golden_of(here)
    planning = next(call for call in story.calls if call.where == "Plan")
    for call in (planning, _last(story)):
        assert call is not None
        run(here, (Fault(call.number, ABORT),))


def _to_the_end(world: RecordedWorld, operation: str) -> None:
    world.run(operation)
    world.clock.drain(10 * BRIEFLY)


def _world(scenario: Scenario) -> RecordedWorld:
    world = replace(scenario, makes=RecordedWorld).world()
    assert isinstance(world, RecordedWorld)
    return world


def _people(folder: Path) -> None:
    """Every route, and what wakes those who wait."""
    door = matrix.guarded(folder)
    RECORDER[-1].function = lambda: "Api"
    for name in matrix.CALLS:
        operation = _furnished(door)
        door.opened(operation, "Hold", kind="hold")
        matrix.OWNERS["the team"].asks(door, name, operation)
        if name.startswith("POST /operations/") and not matrix.CALLS[name].lists:
            matrix.OWNERS["the team"].asks(door, name, operation, "?dryRun=true")
    for body in ({"signal": "decide", "decision": "retry"}, {"signal": "cancel"}, {"signal": "resume"}):
        operation = _furnished(door)
        door.opened(operation, "Hold", kind="hold")
        door.post(f"/operations/{operation}/signals", body, arn=matrix.OWNER)


def _furnished(door: Door) -> str:
    operation, hub = matrix.furnished(door), door.hub
    ports = ("table", "machines", "functions", "sweeper", "push")
    door.hub = changed(hub, **{name: beside(name, getattr(hub, name)) for name in ports})
    return operation
