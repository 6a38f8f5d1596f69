"""Mutation of the proof: the product broken in one place at a time, in this process, and what catches it.

No file is edited: a function of the product is replaced, a saga's step, or a piece of the compiled machine. Each mutant
names the slice of the sweep that has to catch it; a mutant that survives its slice says that the proof proves nothing.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any
from unittest.mock import patch

from lambdas import accounts
from lambdas import sweep as sweeping
from lambdas.accounts import Account, Limits
from lambdas.activities import load_balancers, restoring, server_groups, traffic_guard
from lambdas.activities.plans import CreatePlan, ResizePlan
from lambdas.brakes import Tap
from lambdas.cloud import Cloud
from lambdas.cloud.records import Records
from lambdas.clusters import TableClusters
from lambdas.engine import backlog, control, ends, guards, intake, planning, recovery, waits
from lambdas.engine.tasks import AnySaga
from lambdas.errors import NotFound, Rejected, RollBack, Transient
from lambdas.hub import Hub
from lambdas.losses import TableLosses
from lambdas.rows import Guard, Mark, guard_key, item_of
from lambdas.table import Put, Update, Write
from rehearsal import handovers, rivals, scenarios, strangers, world
from rehearsal.asl import Machine
from rehearsal.fake_cloud import records
from rehearsal.faults import Call
from rehearsal.models import parse
from rehearsal.rivals import LAST_TO_DESTROY, LAST_TO_DISABLE, NAMES, Rivalry
from rehearsal.runs import Rehearsal
from rehearsal.scenarios.upsert_amazon_dns import STANDING
from rehearsal.storm import Storm, storm
from rehearsal.sweep import Survivor, singles
from rehearsal.trials import BRISK, golden_of
from saga.compiler import Json, compile_saga
from saga.rules import check
from statemachines import ALL as SAGAS

PATIENCE = timedelta(days=3)
"""Of virtual time: what a broken product has not ended by then it never will."""

Break = Callable[[ExitStack], object]
"""Breaks the product until the stack is closed."""


@dataclass(frozen=True)
class Slice:
    """A stated part of the sweep: singles of these kinds, at these calls of one scenario."""

    scenario: str
    kinds: tuple[str, ...]
    at: Callable[[Call], bool] = lambda call: True
    lag: float = 0.0

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        """Each with the number of runs it took to find it."""
        scenario = scenarios.lagging(scenarios.named(self.scenario)[0], self.lag)
        golden, runs = _golden(self.scenario, self.lag), 0
        for call in filter(self.at, golden.calls):
            report = singles(scenario, golden, call, self.kinds)
            runs += report.tried.total()
            yield from ((runs, one) for one in report.survivors)


@dataclass(frozen=True)
class Rivals(Slice):
    """Two operations at once that want what one of them can have."""

    rivalry: Rivalry = NAMES

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        report = rivals.sweep(self.rivalry)
        yield from ((report.tried.total(), one) for one in report.survivors)


class Handed(Slice):
    """A guard that changes hands while a write of its owner is under way."""

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        for runs, case in enumerate(handovers.cases(), 1):
            if problems := tuple(handovers.played(case).problems()):
                yield runs, Survivor(self.scenario, (), str(case), problems, ())


class Meddled(Slice):
    """Somebody points a record elsewhere between an operation's plan and its change: theirs has to stand."""

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        scenario, golden = scenarios.one(self.scenario), _golden(self.scenario, 0.0)
        run, zone = scenario.world(), records.ZONES["example.com."]
        theirs = replace(STANDING, values=("theirs.example.com",))
        place = run.cloud.place(scenarios.ACCOUNT, scenarios.REGION)
        first = next(call for call in golden.calls if call.where == "PutRecord")
        run.faults.before(first.number, lambda: records.put(place, zone, theirs))
        run.run(run.submit(scenario.operation, scenario.request))
        stands = run.cloud.cloud(scenarios.ACCOUNT, scenarios.REGION).of(Records).find(zone, theirs.name, theirs.type)
        if stands != theirs:
            yield 1, Survivor(self.scenario, (), str(first), (f"{stands.values} stands over somebody else's",), ())


@dataclass(frozen=True)
class Rehearsed(Slice):
    """Runs of one scenario under a fault model, of the first so many seeds."""

    faults: str = "none"
    seeds: int = 0

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        rehearsal = Rehearsal(scenarios.named(self.scenario)[0], parse(self.faults))
        for seed in range(self.seeds):
            if wrong := rehearsal.run(seed).wrong:
                where = f"{self.faults}, seed {seed}"
                yield seed + 1, Survivor(self.scenario, (), where, (wrong,), ())


def _under(scenario: str, faults: str, seeds: int) -> Rehearsed:
    return Rehearsed(scenario, (), faults=faults, seeds=seeds)


@dataclass(frozen=True)
class Stormed(Slice):
    """So many at once, or one each so many seconds, under a fault model."""

    faults: str = "throttling"
    operations: int = 0
    every: float = 0.0

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        scenario = scenarios.named(self.scenario)[0]
        try:
            stormed = storm(scenario, parse(self.faults), self.operations, every=self.every)
            wrong = stormed.wrong(_calm(self.scenario, self.operations))
        except world.NeverEnds as never:
            wrong = str(never)
        if wrong:
            yield self.operations, Survivor(self.scenario, (), f"{self.operations} under {self.faults}", (wrong,), ())


def _storm_of(operations: int, faults: str = "throttling", every: float = 0.0) -> Stormed:
    return Stormed(CREATE, (), faults=faults, operations=operations, every=every)


@lru_cache(maxsize=8)
def _calm(name: str, operations: int) -> Storm:
    """Many at once, nothing of which fails: what they have to ask of the clouds, whatever the brakes say."""
    return storm(scenarios.named(name)[0], parse("none"), operations)


class Massed(Slice):
    """Five groups of an account disabled at the same moment, of which two may go within ten minutes."""

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        crowd = world.World(recorded=False, manners=BRISK)
        names = [f"shop-s{number}-v000" for number in range(5)]
        crowd.cloud.seed(scenarios.ACCOUNT, scenarios.REGION, neighbours=tuple(names))
        limited = Account(scenarios.ACCOUNT, "", (scenarios.REGION,), limits=Limits(groups=2, percent=100))
        accounts.put(crowd.table, limited)
        for name in names:
            crowd.post(self.scenario, {**scenarios.WHERE, "serverGroupName": name}, name)
        crowd.clock.drain(300)
        if (held := sum(crowd.held(one) for one in crowd.others)) != 3:
            yield 1, Survivor(self.scenario, (), "five at once", (f"{held} of 5 are held, not 3",), ())


class Strangers(Slice):
    """Somebody else changes what was put back."""

    def survivors(self) -> Iterator[tuple[int, Survivor]]:
        report = strangers.sweep()
        yield from ((report.tried.total(), one) for one in report.survivors)


@lru_cache(maxsize=8)
def _golden(name: str, lag: float) -> Any:
    """Of the product as it is: the sweep knows what is right."""
    return golden_of(scenarios.lagging(scenarios.named(name)[0], lag))


@dataclass(frozen=True)
class Mutant:
    """The product with one thing broken."""

    name: str
    break_it: Break
    caught_by: Slice
    quick: bool = True
    """Caught within a second or two."""

    @contextmanager
    def at_large(self) -> Iterator[None]:
        """The product is broken meanwhile."""
        with ExitStack() as stack:
            _golden(self.caught_by.scenario, self.caught_by.lag)
            stack.enter_context(patch.object(world, "LONGEST", PATIENCE))
            self.break_it(stack)
            for saga in world._registered():
                check(saga)  # what the compiler refuses is no broken product
            yield

    def hunted(self) -> tuple[int, Survivor] | None:
        """The first run of its slice that shows it, and how many runs it took; None: it survives."""
        with self.at_large():
            return next(self.caught_by.survivors(), None)


def _instead(owner: Any, name: str, other: Any) -> Break:
    return lambda stack: stack.enter_context(patch.object(owner, name, other))


def _sagas(change: Callable[[AnySaga], AnySaga]) -> Break:
    changed = tuple(change(one) for one in SAGAS)
    return _instead(world, "_registered", lambda: changed)


def _left(saga: str, left: Callable[[Any, Cloud], str | None]) -> Break:
    """The same, with another look for what is left of that saga."""
    return _sagas(lambda one: replace(one, left=left) if one.name == saga else one)


def _step(saga: str, step: str, **changes: Any) -> Break:
    """The same with one step of one saga changed."""

    def changed(one: AnySaga) -> AnySaga:
        steps = tuple(replace(each, **changes) if each.name == step else each for each in one.steps)
        return replace(one, steps=steps) if one.name == saga else one

    return _sagas(changed)


def _without(saga: str, step: str) -> Break:
    """The same, and the step or wait is left out; without any wait nothing is late, or kept."""

    def changed(one: AnySaga) -> AnySaga:
        if one.name != saga:
            return one
        left = replace(one, steps=tuple(each for each in one.steps if each.name != step))
        return left if left.waits else replace(left, late=None, kept=())

    return _sagas(changed)


def _last_but(saga: str, step: str, before: str) -> Break:
    """The step comes after `before` instead of where it belongs."""

    def changed(one: AnySaga) -> AnySaga:
        if one.name != saga:
            return one
        moved = next(each for each in one.changes if each.name == step)
        rest = [each for each in one.steps if each is not moved]
        at = next(n for n, each in enumerate(rest) if each.name == before) + 1
        return replace(one, steps=(*rest[:at], replace(moved, needs=None), *rest[at:]))

    return _sagas(changed)


def _compiled(edit: Callable[[Json], None]) -> Break:
    """Every machine, edited after its compilation."""

    @lru_cache(maxsize=16)
    def compiled(saga: AnySaga) -> Machine:
        definition = compile_saga(saga)
        for state in definition["States"].values():
            edit(state)
        return Machine(definition)

    return _instead(world, "_compiled", compiled)


def _without_retriers(state: Json) -> None:
    if "Retry" in state:
        state["Retry"] = [one for one in state["Retry"] if "States.ALL" not in one["ErrorEquals"]]


def _never_retried(error: str, state: Json) -> None:
    if "Retry" in state:
        state["Retry"][0] = {**state["Retry"][0], "ErrorEquals": [*state["Retry"][0]["ErrorEquals"], error]}


def _decisions_retried(state: Json) -> None:
    if "Retry" in state:
        state["Retry"] = state["Retry"][1:]


def _needed_from_the_last(state: Json) -> None:
    rules = state.get("Choices", [])
    if any("Or" in rule for rule in rules):
        rules.reverse()


def _back_past_its_own_undo(saga: str) -> Break:
    """The undo chain begins before the failed step: its own undo is left out."""

    def compiled(one: AnySaga) -> Machine:
        definition = compile_saga(one)
        states = definition["States"]
        for name, state in states.items() if one.name == saga else ():
            for catcher in state.get("Catch", ()):
                if catcher["Next"] == f"Undo{name}":
                    catcher["Next"] = states[catcher["Next"]]["Next"]
        return Machine(definition)

    return _instead(world, "_compiled", lru_cache(maxsize=16)(compiled))


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _forgets(plan: Any, cloud: Cloud) -> str:
    return "forgot"


def _refuses_absent(plan: CreatePlan, cloud: Cloud) -> str:
    try:
        cloud.groups.delete(plan.group)
    except NotFound as error:
        raise Rejected(str(error)) from None
    return "deleted"


def _deletes_whatever_has_the_name(plan: CreatePlan, cloud: Cloud) -> str:
    with suppress(NotFound):
        cloud.groups.delete(plan.group)
    return "deleted"


def _restores_whatever_stands(plan: ResizePlan, cloud: Cloud) -> str:
    with suppress(NotFound):
        cloud.groups.resize(plan.group, plan.before)
    return "resized"


def _released_by_anybody(hub: Hub, keys: Iterable[str], operation: str) -> Iterator[Write]:
    """Whoever ends passes the guard on, its owner or not."""
    for key in keys:
        guard = guards.read(hub, key)
        rest = tuple(one for one in guard.queue if one != operation)
        yield guards._passed(hub, replace(guard, queue=rest))


def _refuses_its_own(plan: CreatePlan, cloud: Cloud) -> None:
    raise Rejected(f"{plan.group} exists already")


def _gives_up_unseen(plan: CreatePlan, cloud: Cloud) -> str:
    try:
        return server_groups.create_empty(plan, cloud)
    except Transient as error:
        raise Rejected(str(error)) from None


def _writes_whatever_stands(what: str, there: object, before: Any, after: Any, write: Callable[[Any], Any]) -> str:
    write(after)
    return what


def _takes_all_for_its_own(plan: ResizePlan, cloud: Cloud) -> None:
    """As `capacity.left_behind`, whoever it was that set another capacity than there was before."""
    if cloud.groups.find(plan.group).capacity != plan.before:
        raise RollBack(f"{plan.group} has not {plan.before}")


def _starting_nothing(stack: ExitStack) -> None:
    """Neither what waits in the backlog nor what the sweep finds was never started."""
    stack.enter_context(patch.object(backlog, "drain", _nothing))
    stack.enter_context(patch.object(backlog, "start", lambda hub, row: 60.0))


def _overruled(stack: ExitStack) -> None:
    """Nobody asks who has had the guard since."""
    stack.enter_context(patch.object(guards, "heir", _nothing))
    stack.enter_context(patch.object(guards, "taken_again", guards.taken))


def _unmarked(hub: Hub, row: Any, task: Any, *, mark: Mark) -> None:
    """As `may_go_forward`, blind for one mark."""
    _MAY_GO_FORWARD(hub, replace(row, mark=None) if row.mark is mark else row, task)


def _unfenced(row: Any, change: Any) -> Update:
    written = _UPDATE(row, change)
    return written._replace(when=())


def _released_first(hub: Hub, keys: Any, operation: str) -> tuple[Write, ...]:
    """The guards are passed on in a write of their own, before the row is closed."""
    if writes := tuple(_RELEASES(hub, keys, operation)):
        hub.table.write(*writes)
    return ()


def _ignoring_cancel(row: Any, status: Any, reason: str, *, keeps: bool) -> Any:
    return _END_OF(replace(row, mark=None) if row.mark is Mark.CANCELLED else row, status, reason, keeps=keeps)


def _unconditional(hub: Hub, key: str, operation: str) -> Write:
    return Put(guard_key(key), item_of(Guard(key, 1, operation)))


def _unpivoted(hub: Hub, task: Any, **named: Any) -> Any:
    return _BEGIN(hub, task, **{**named, "pivot": False})


def _for_ever(tap: Tap, now: float) -> None:
    raise tap._tripped()


def _drawn(caller: Any, key: Any) -> str:
    return secrets.token_hex(13)


_MAY_GO_FORWARD, _UPDATE, _BEGIN = control.may_go_forward, control.update, control.begin
_RELEASES, _END_OF = guards.releases, ends._end_of
CREATE, RESIZE, DESTROY = "createServerGroup", "resizeServerGroup", "destroyServerGroup"
ENABLE, DISABLE, RECORD = "enableServerGroup", "disableServerGroup", "upsertAmazonDns"
UNDONE = Slice(CREATE, ("reject",), lambda call: call.where in ("CreateEmptyGroup", "ScaleUp"))


def _of(*names: str) -> Callable[[Call], bool]:
    return lambda call: call.name in names


def _in(*states: str) -> Callable[[Call], bool]:
    return lambda call: call.where in states


MUTANTS = (
    Mutant(
        "an undo forgets",
        _step("CreateServerGroup", "CreateLaunchTemplate", undo=_forgets),
        UNDONE,
        quick=False,
    ),
    Mutant(
        "an undo is removed",
        _step("DestroyServerGroup", "TakeOutOfTargetGroups", undo=None, goes_with="SuspendProcesses"),
        Slice(DESTROY, ("reject",), _in("TakeOutOfLoadBalancers")),
    ),
    Mutant(
        "an undo refuses what is absent", _step("CreateServerGroup", "CreateEmptyGroup", undo=_refuses_absent), UNDONE
    ),
    Mutant(
        "a step refuses its own",
        _instead(server_groups, "_must_be_ours", _refuses_its_own),
        Slice(CREATE, ("kill_after",), _of("groups.create")),
    ),
    Mutant(
        "a step gives up on what it cannot see yet",
        _step("CreateServerGroup", "CreateEmptyGroup", do=_gives_up_unseen),
        Slice(CREATE, ("before",), _of("groups.create"), lag=60),
    ),
    Mutant(
        "hooks come after the scale-up",
        _last_but("CreateServerGroup", "AddLifecycleHooks", "ScaleUp"),
        Slice(CREATE, ("before",), _in("Plan")),
    ),
    Mutant(
        "a disabled group is suspended after its scale-up",
        _last_but("CreateServerGroup", "SuspendProcesses", "InstancesHealthy"),
        Slice("createServerGroup/disabled", ("before",), _in("Plan")),
    ),
    Mutant(
        "a run begins with the last step that it needs",
        _compiled(_needed_from_the_last),
        Slice(CREATE, ("before",), _in("Plan")),
    ),
    Mutant("nobody waits until nothing is left", _sagas(lambda saga: replace(saga, left=None)), UNDONE),
    Mutant(
        "a resize finds nothing left",
        _left("ResizeServerGroup", _nothing),
        Slice(RESIZE, ("cancel",), _of("groups.resize")),
    ),
    Mutant(
        "a resume finds nothing left",
        _left("ResumeAsgProcesses", _nothing),
        Slice("resumeAsgProcesses", ("cancel",), _of("groups.resume")),
    ),
    Mutant(
        "a destroy finds nothing left",
        _left("DestroyServerGroup", _nothing),
        Slice(DESTROY, ("cancel",), _of("groups.suspend")),
    ),
    Mutant(
        "an enable finds nothing left",
        _left("EnableServerGroup", _nothing),
        Slice(ENABLE, ("cancel",), _of("groups.resume", "load_balancers.register")),
    ),
    Mutant(
        "a disable finds nothing left",
        _left("DisableServerGroup", _nothing),
        Slice(DISABLE, ("cancel",), _of("groups.suspend", "load_balancers.deregister")),
    ),
    Mutant(
        "a create does not wait for healthy instances",
        _without("CreateServerGroup", "InstancesHealthy"),
        Slice(CREATE, ("before",), _in("ScaleUp")),
    ),
    Mutant(
        "a resize does not wait for healthy instances",
        _without("ResizeServerGroup", "AllHealthy"),
        Slice(RESIZE, ("before",), _in("Resize")),
    ),
    Mutant(
        "a disable does not wait for the last connection",
        _without("DisableServerGroup", "OutOfTraffic"),
        Slice(DISABLE, ("before",), _in("SuspendProcesses")),
    ),
    Mutant(
        "the traffic guard lets everything go",
        _instead(traffic_guard, "may_go", lambda *_, **__: ""),
        Rivals("disableServerGroup/protected", (), rivalry=LAST_TO_DISABLE),
    ),
    Mutant(
        "nobody notes which group leaves a protected cluster",
        _instead(TableClusters, "depart", _nothing),
        Rivals("disableServerGroup/protected", (), rivalry=LAST_TO_DISABLE),
    ),
    Mutant(
        "a departure is over as soon as it is noted",
        _instead(TableClusters, "_counts", lambda clusters, operation: False),
        Rivals("destroyServerGroup/protected", (), rivalry=LAST_TO_DESTROY),
    ),
    Mutant(
        "a destroy does not look behind load balancers",
        _instead(load_balancers, "taken_out_of", lambda *_: iter(())),
        Slice(DESTROY, ("cancel",), _of("load_balancers.deregister", "load_balancers.deregister_classic")),
    ),
    Mutant(
        "what somebody else changed is taken for what is left",
        _left("ResizeServerGroup", _takes_all_for_its_own),
        Strangers(RESIZE, ()),
    ),
    Mutant("a late look overrules a later operation", _overruled, Strangers(RESIZE, ())),
    Mutant(
        "nobody looks a second time",
        _instead(waits, "_proof", lambda hub, opened: 0.0),
        Slice(CREATE, ("cancel",), _of("groups.create"), lag=60),
    ),
    Mutant(
        "nobody looks minutes later",
        _instead(sweeping, "_late_look", _nothing),
        Slice(CREATE, ("cancel",), _of("launch_templates.create")),
    ),
    Mutant(
        "the way back begins before the failed step",
        _back_past_its_own_undo("ResizeServerGroup"),
        Slice(RESIZE, ("cancel",), _of("groups.resize")),
    ),
    Mutant("nothing is retried", _compiled(_without_retriers), Slice(CREATE, ("before",), _of("groups.create"))),
    Mutant(
        "a conflict is not retried",
        _compiled(partial(_never_retried, "Conflict")),
        Slice(CREATE, ("kill_after",), _of("table.write")),
    ),
    Mutant(
        "a throttle is not retried",
        _compiled(partial(_never_retried, "Throttled")),
        Slice(CREATE, ("throttle",), _of("groups.create")),
    ),
    Mutant(
        "decisions are retried",
        _compiled(_decisions_retried),
        Slice(CREATE, ("reject_once",), _of("groups.create")),
    ),
    Mutant(
        "the cloud does not settle",
        _instead(control, "_settled", _nothing),
        Slice(DESTROY, ("cancel",), _of("load_balancers.deregister"), lag=60),
    ),
    Mutant(
        "a start ignores live attempts",
        _instead(control, "alone", _nothing),
        Slice(CREATE, ("kill_after",), _in("CreateLaunchTemplate")),
    ),
    Mutant(
        "a recovery ignores live attempts",
        _instead(control, "alive_until", lambda row: 0.0),
        Slice(RESIZE, ("abort",), _of("groups.resize")),
    ),
    Mutant(
        "a start ignores a cancel",
        _instead(control, "may_go_forward", partial(_unmarked, mark=Mark.CANCELLED)),
        Slice(CREATE, ("cancel",), _in("CreateLaunchTemplate")),
    ),
    Mutant(
        "a start ignores a pause",
        _instead(control, "may_go_forward", partial(_unmarked, mark=Mark.PAUSED)),
        Slice(CREATE, ("pause",), _in("CreateLaunchTemplate")),
    ),
    Mutant(
        "a start ignores the deadline",
        _instead(control, "in_time", _nothing),
        Slice("createServerGroup/hurried", ("throttle",), _of("groups.create")),
    ),
    Mutant(
        "the row is written without its fence",
        _instead(control, "update", _unfenced),
        Slice(CREATE, ("cancel",), _of("table.write")),
    ),
    Mutant(
        "Finish ignores a cancel",
        _instead(ends, "_end_of", _ignoring_cancel),
        Slice(CREATE, ("cancel",), _in("Finish")),
    ),
    Mutant(
        "guards are released before the close",
        _instead(guards, "releases", _released_first),
        Slice(RESIZE, ("kill_after",), _in("Finish")),
    ),
    Mutant(
        "the plan is made anew",
        _instead(planning, "stored_plan", lambda hub, operation: None),
        Slice(CREATE, ("kill_after",), _in("Plan")),
        quick=False,
    ),
    Mutant(
        "a name is reserved without condition",
        _instead(guards, "taken", _unconditional),
        Rivals(CREATE, ()),
        quick=False,
    ),
    Mutant(
        "the sweep starts nothing that was accepted",
        _starting_nothing,
        Slice(CREATE, ("before",), _of("machines.start")),
        quick=False,
    ),
    Mutant(
        "the same request is another operation",
        _instead(intake, "_identity", _drawn),
        Slice(CREATE, ("kill_after",), _in("intake")),
    ),
    Mutant(
        "nobody recovers what was aborted",
        _instead(recovery, "begin", _nothing),
        Slice(RESIZE, ("abort",), _in("Resize")),
        quick=False,
    ),
    Mutant(
        "the pivot is not noted",
        _instead(control, "begin", _unpivoted),
        Slice(DESTROY, ("cancel",), _in("GroupGone")),
        quick=False,
    ),
    Mutant(
        "a pivot that the cloud has put back stays one",
        _instead(waits, "_back_over_the_pivot", _nothing),
        Slice("executeCloudFormationChangeSet/fails", ("before",), _in("StackUpdated")),
        quick=False,
    ),
    Mutant(
        "an undo deletes whatever has the name",
        _step("CreateServerGroup", "CreateEmptyGroup", undo=_deletes_whatever_has_the_name),
        _under(CREATE, "person", 200),
    ),
    Mutant(
        "an undo restores over what somebody set",
        _step("ResizeServerGroup", "Resize", undo=_restores_whatever_stands),
        _under(RESIZE, "autoscaler+signals", 200),
    ),
    Mutant(
        "nobody waits for a guard",
        _instead(guards, "awaited", lambda hub, keys, operation: None),
        _under(RESIZE, "others", 200),
    ),
    Mutant(
        "whoever ends passes a guard on",
        _instead(guards, "releases", _released_by_anybody),
        _under(RESIZE, "others:5:15+signals", 400),
    ),
    Mutant("a budget counts nothing", _instead(Tap, "_taken", _nothing), _storm_of(60, "none", every=0.2)),
    Mutant("a throttle opens no breaker", _instead(Tap, "_throttled", _nothing), _storm_of(80)),
    Mutant("a breaker never probes", _instead(Tap, "_probe", _for_ever), _storm_of(12), quick=False),
    Mutant(
        "a destructive brake counts nothing",
        _instead(TableLosses, "note", lambda *_: ""),
        Massed("disableServerGroup", ()),
    ),
    Mutant(
        "a destructive brake forgets what went before",
        _instead(TableLosses, "_recent", lambda *_: {}),
        Massed("disableServerGroup", ()),
    ),
    Mutant(
        "what was written over is not written back",
        _instead(restoring, "restore", lambda what, *_: what),
        Slice(RECORD, ("cancel",), _in("PutRecord", "Finish")),
    ),
    Mutant(
        "nobody looks whether what was put back has landed late",
        _instead(restoring, "left_behind", _nothing),
        Slice(RECORD, ("cancel",), _of("records.put")),
    ),
    Mutant(
        "what somebody has changed since the plan is written over",
        _instead(restoring, "apply", _writes_whatever_stands),
        Meddled(RECORD, ()),
    ),
    Mutant("a guard is handed over beside a live attempt", _instead(control, "alone", _nothing), Handed(RESIZE, ())),
)
"""The committed list; `make mutants` hunts each."""
