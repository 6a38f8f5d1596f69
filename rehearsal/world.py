"""The whole hub in virtual time: the real handlers and engine over fake clouds, a fake table, our Step Functions."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from lambdas import accounts, entrypoint, projector
from lambdas import reader as reading
from lambdas import sweep as sweeping
from lambdas.accounts import Account
from lambdas.cloud import Cloud
from lambdas.clusters import TableClusters
from lambdas.engine import hands, intake, rhythm, signals
from lambdas.engine.tasks import AnySaga, Sagas, by_name
from lambdas.errors import WindlassError
from lambdas.hub import Hub, Json, Settings
from lambdas.metrics import line
from lambdas.naming import cluster_of
from lambdas.nudges import Happened, Nudges
from lambdas.rows import Control, Status, control_key, control_of, open_key
from lambdas.sessions import TableNames, TableSecrets
from lambdas.table import Item, Key, Put, Table
from lambdas.values import changed
from rehearsal import machines
from rehearsal.asl import Machine
from rehearsal.boundary import Took
from rehearsal.clock import EPOCH, Clock
from rehearsal.execution import Execution
from rehearsal.failures import TaskError
from rehearsal.fake_cloud import FakeCloud, Manners, Place, Snapshot
from rehearsal.faults import Faults, Killed
from rehearsal.memory_table import MemoryTable
from rehearsal.ports import REDELIVERY, Functions, Machines, Push, Stream, Sweeper, state_of
from rehearsal.processes import HAND, SWEEP, Process, Processes
from rehearsal.scribes import noting
from saga.compiler import compile_saga

LAMBDA_TIMEOUT = 60.0
"""Seconds after which Step Functions hears of a Lambda that died: no function has more."""

EVENT_LAG = 1.0
"""Seconds until a status event of Step Functions is delivered."""

EVENT_TRIES = 3
"""Lambda tries an asynchronous invocation three times, then the event is gone:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""

GOING = frozenset((None, *(one.value for one in Status if not one.over)))
"""Of a row that is not closed, or not there."""

ENGINE = "${EngineFunction}"
READER = "Reader"
READS_FOR = 30.0
"""Seconds that one reading may take."""
CALLER = intake.Caller("arn:aws:iam::123456789012:role/rehearsal")
TERMS = intake.Terms(door="windlass", start_within=None, finish_within=timedelta(hours=24))
PATIENT = 43_200
"""Posts of one request, two seconds apart: a caller goes on for a day, as long as nobody has answered."""
MEASURED = 20_000
"""Lines of metrics that a world keeps, 30 MB: a flood of 30,000 operations measures ten times as many."""
LONGEST = timedelta(days=40)
"""Virtual time after which a run that has not ended never will: machines end after 30 days."""


class NeverEnds(AssertionError):
    """The operation's row is open, or an execution of it runs, and nothing will change that."""


@dataclass(frozen=True)
class Result:
    """One operation at its end."""

    id: str
    control: Control
    path: list[str]
    """The states entered, over all its executions."""
    executions: tuple[Execution, ...]
    cloud: Snapshot
    """At the very end; what lands later is in `World.cloud.snapshot()` after `World.clock.drain(...)`."""
    took: float
    """Seconds from acceptance."""

    @property
    def end(self) -> str:
        return str(self.control.status)


class World:
    """One hub with the given sagas (all of them) and a cloud to act on."""

    def __init__(
        self,
        sagas: Iterable[AnySaga] | None = None,
        *,
        seed: int = 0,
        manners: Manners = Manners(),  # noqa: B008 - frozen
        settings: Settings = Settings(table="rehearsal"),  # noqa: B008 - frozen
        recorded: bool = True,
        isolated: bool = True,
        paced: bool = False,
        shared: bool = False,
    ) -> None:
        """`paced`: what functions and clouds do takes as long as on AWS (`Faults.spent`); else no time at all.

        `shared`: the table's rows are not copied, which is quicker, and right where nobody changes what he has read.
        """
        self.sagas = by_name(list(_registered() if sagas is None else sagas))
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self._settling = settings.settling.total_seconds()
        self.cloud = FakeCloud(self.clock, manners)
        self.table = MemoryTable(self.clock, isolated=not shared)
        self.cloud.on_place = self._opted_in
        self.machines = machines.StepFunctions(self.clock, self._invoke, seed, recorded=recorded, isolated=isolated)
        for saga in self.sagas.values():
            self.machines.define(saga.name, _compiled(saga))
        self.machines.on_status.append(self._execution_ended)
        self.faults.state = self._state
        self.push = Push()
        self.workers = Processes(self.clock, self.faults.over("table", self.table))
        self.hub = self._hub(settings, self.faults)
        self.plain = self._hub(settings, None)
        """The same hub, whose calls neither fail nor are numbered: for callers and spectators."""
        self.stream = Stream(self.clock, self._changed)
        self.table.on_change(self._record, projector.concerns)
        self._request: tuple[AnySaga | None, Json, Any] = None, {}, None
        self._paced = paced
        self._rows: list[Item] = []
        self._begin()

    def _begin(self) -> None:
        """Nothing has happened yet."""
        self.operation = ""
        """The one accepted last."""
        self.others: list[str] = []
        """Those that somebody else posted meanwhile."""
        self.unanswered = 0
        """How many posts of others have not been answered yet."""
        self.invocations: list[Callable[[str], None]] = []
        """Looked at before each invocation of a function; a TaskError keeps it from running."""
        self.crashed: list[Callable[[str], None]] = []
        """Told of each invocation that ended badly and that nobody waited for."""
        self.invoked = 0
        """How many invocations there were."""
        self.doubled: Callable[[], float | None] = _never
        """After how many seconds an invocation comes a second time, if it does."""
        self.delivery: Callable[[], tuple[float, ...]] = _once
        """After how many more seconds a message or an event arrives, each time it does."""
        self._meter: deque[Any] = deque(maxlen=MEASURED)
        self.nudges = Nudges()
        self._silent_until = 0.0
        self.clock.at(rhythm.EACH, self._rule)

    def keep(self) -> None:
        """What stands now is what `again` goes back to."""
        self.cloud.keep()
        self._rows = self.table.rows()

    def again(self, seed: int) -> None:
        """A new world of that seed, with the cloud as it was kept: the same as one made anew, and much quicker."""
        self.clock.reset(EPOCH)
        self.faults.reset()
        self.cloud.restore()
        self.table.clear()
        for row in self._rows:
            self.table.write(Put(Key(row["pk"], row["sk"]), row))
        self.machines.clear(seed)
        self.workers.again(seed)
        self.stream.clear()
        self.cloud.on_event = None
        self._begin()

    @property
    def pending(self) -> bool:
        """Whether something may still arrive after the operation's end."""
        return self.faults.landing > self.clock.now

    def submit(
        self,
        operation: str,
        request: Json,
        *,
        caller: intake.Caller = CALLER,
        key: str | None = "rehearsed",
        terms: intake.Terms = TERMS,
    ) -> str:
        """Post the request until it is answered, as a caller does; returns the operation's id."""
        saga = next(one for one in self.sagas.values() if one.operation == operation)
        submission = intake.Submission(saga, self._parsed(saga, request))
        for _ in range(PATIENT):
            try:
                with self.faults.invocation("intake"):
                    self._begun("intake")
                    self.operation = intake.accept(self.hub, [submission], caller=caller, terms=terms, key=key).id
                    if submission.preempts:
                        signals.wake_holders(self.hub, self.sagas, self.operation)
                    return self.operation
            except (Killed, TaskError, WindlassError, KeyError):
                self.clock.drain(2)
        raise NeverEnds(f"{operation} is never accepted")

    def post(self, operation: str, request: Json, key: str) -> None:
        """The same for somebody else, who does not keep the world waiting: again every two seconds until answered."""
        saga = next(one for one in self.sagas.values() if one.operation == operation)
        submission = intake.Submission(saga, saga.request_type.model_validate(request))
        self.unanswered += 1
        self._post(submission, key)

    def _post(self, submission: intake.Submission, key: str) -> None:
        try:
            with self.faults.invocation("intake"):
                self._begun("intake")
                accepted = intake.accept(self.hub, [submission], caller=CALLER, terms=TERMS, key=key)
        except (Killed, TaskError, WindlassError, KeyError):
            self.clock.at(2, lambda: self._post(submission, key))
        else:
            self.others.append(accepted.id)
            self.unanswered -= 1

    def _parsed(self, saga: AnySaga, request: Json) -> Any:
        """The same request once: it is posted in run after run."""
        if self._request[0] is not saga or self._request[1] is not request:
            self._request = saga, request, saga.request_type.model_validate(request)
        return self._request[2]

    def signal(self, operation: str, what: str, decision: str = "", *, by: intake.Caller = CALLER) -> str:
        """Send cancel, pause, resume or decide: `accepted`, or why not now."""
        try:
            if what == "decide":
                signals.decide(self.plain, self.sagas, operation, decision, by, "rehearsed")
            else:
                getattr(signals, what)(self.plain, self.sagas, operation, by, "rehearsed")
        except signals.NotNow as refused:
            return str(refused)
        return "accepted"

    def signal_soon(self, what: str) -> None:
        """The same for whoever does not wait for the answer; nothing before an operation is accepted."""
        if self.operation:
            with suppress(WindlassError):
                self.signal(self.operation, what)

    @property
    def busy(self) -> bool:
        """Whether the operation under test is not over yet."""
        return not self.operation or not self.over(self.operation)

    def run(self, operation: str, *, until: Callable[[], bool] | None = None) -> Result:
        """`wait` until then: the operation as it stands."""
        self.wait(operation, until=until)
        return self.result(operation)

    def wait(self, operation: str, *, until: Callable[[], bool] | None = None) -> None:
        """Let time pass until the operation's row is closed and its executions are over, or `until` holds."""
        clock, longest, key = self.clock, self.clock.now + LONGEST.total_seconds(), control_key(operation)

        def done() -> bool:
            closed = self.table.peek(key).get("status") not in GOING
            return (closed and self.over(operation)) or (until is not None and until()) or clock.now > longest

        clock.run(done)
        if clock.now > longest:
            raise NeverEnds(f"operation {operation} is {self.control(operation)} after {LONGEST}")

    def run_others(self) -> None:
        """Let time pass until all that others posted is accepted and over."""
        longest = self.clock.now + LONGEST.total_seconds()
        self.clock.run(lambda: not self.unanswered or self.clock.now > longest)
        for operation in self.others:
            self.run(operation)
        if self.unanswered:
            raise NeverEnds(f"{self.unanswered} operations of others are never accepted")

    def over(self, operation: str) -> bool:
        """Whether the row is closed and no execution of it runs."""
        status = self.table.peek(control_key(operation)).get("status")
        return status not in GOING and all(one.status.value != "RUNNING" for one in self.executions(operation))

    def result(self, operation: str) -> Result:
        executions = tuple(self.executions(operation))
        return Result(
            operation,
            self.control(operation),
            [state for one in executions for state in one.path],
            executions,
            self.cloud.snapshot(),
            self.took(operation),
        )

    def took(self, operation: str) -> float:
        """Seconds from acceptance to the end, or until now."""
        control = self.control(operation)
        return (control.closed or self.clock.now) - control.accepted

    def control(self, operation: str) -> Control:
        row = self.table.get(control_key(operation))
        if row is None:
            raise KeyError(f"there is no operation {operation}")
        return control_of(row)

    def executions(self, operation: str) -> list[Execution]:
        """In the order of their starts: the operation's own, then its recoveries."""
        mine = (operation, f"{operation}-recovery-")
        return [one for name, one in self.machines.executions.items() if name == mine[0] or name.startswith(mine[1])]

    def held(self, operation: str) -> bool:
        """Whether it waits for a decision."""
        holds = (self.table.peek(open_key(operation, state)) for state in ("Hold", "HoldUndo"))
        return any(hold and "decision" not in hold for hold in holds)

    def sweep(self, nudged: Collection[str] = ()) -> None:
        """One sweep; what goes wrong in it is made up for by the next."""
        self._quietly(SWEEP, lambda: sweeping.sweep(self.hub, self.sagas, nudged=nudged))

    def hear(self, delivery: Callable[[], tuple[float, ...]]) -> None:
        """From now on Auto Scaling's events come to the nudges; `delivery` as `World.delivery`, of these alone."""
        for place in self.cloud.places():
            self._opted_in(place)

        def told(place: Place, group: str) -> None:
            known = accounts.find(self.table, place.account)
            if known is not None and not self.silent:
                self._delivered(partial(self._nudge, Happened(known.id, place.region, cluster_of(group))), delivery)

        self.cloud.on_event = told

    def fall_silent(self, seconds: float) -> None:
        """EventBridge delivers nothing for so long: no tick of the rule, no status event, no nudge."""
        self._silent_until = self.clock.now + seconds

    @property
    def silent(self) -> bool:
        return self.clock.now < self._silent_until

    def _hub(self, settings: Settings, faults: Faults | None) -> Hub:
        def over(name: str, port: Any) -> Any:
            return port if faults is None else faults.over(name, port)

        table = over("table", self.table)

        @lru_cache(maxsize=64)
        def known(process: Process, account: str, region: str, operation: str) -> Cloud:
            return process.brakes.over(self._cloud(over, table, account, region, operation))

        def clouds(account: str, region: str, operation: str) -> Cloud:
            self.cloud.place(account, region)  # catches up with the clock
            process = self.workers.now_at_work
            process.brakes.begin(f"{account}/{region}")
            return changed(
                known(process, account, region, operation),
                findings=[],
                results={},
                reach=lambda other: clouds(other, region, operation),
            )

        return Hub(
            table=table,
            machines=over("machines", Machines(self.machines)),
            functions=over("functions", Functions(self._call)),
            sweeper=over("sweeper", Sweeper(self.clock, self._sweep_delivered)),
            cloud=clouds,
            brakes=self.workers.sweep.brakes,
            now=lambda: self.clock.now,
            settings=settings,
            push=over("push", self.push),
            noting=lambda account, region, operation: noting(clouds(account, region, operation)),
            meter=self._measured,
        )

    @property
    def metrics(self) -> list[Json]:
        """What was measured last: lines of CloudWatch's embedded format."""
        return [line(*measured) for measured in self._meter]

    def _measured(self, *measured: Any) -> None:
        self._meter.append(measured)

    def _opted_in(self, place: Place) -> None:
        """An account that a scenario does not put itself, where it needs more of it, is a plain one."""
        if not self.table.peek(accounts.key(place.account)):
            accounts.put(self.table, Account(place.account, f"id of {place.account}", (place.region,)))

    def _cloud(self, over: Callable[[str, Any], Any], table: Table, account: str, region: str, operation: str) -> Cloud:
        real = self.cloud.cloud(account, region, operation)
        return Cloud(
            account,
            region,
            groups=over("groups", real.groups),
            launch_templates=over("launch_templates", real.launch_templates),
            images=over("images", real.images),
            instances=over("instances", real.instances),
            network=over("network", real.network),
            load_balancers=over("load_balancers", real.load_balancers),
            scaling=over("scaling", real.scaling),
            secrets=TableSecrets(table, operation),
            names=TableNames(table),
            clusters=TableClusters(table, (account, region), operation, lambda: self.clock.now, self._settling),
            operation=operation,
            more=real.more.through(over),
            account_id=real.account_id,
        )

    def _invoke(self, function: str, event: Any) -> Any:
        """A Lambda function as Step Functions sees it: an error is its name and a cause."""
        if function == READER:
            return reading.read(self.hub, reading.Wanted(**event), self.clock.now + READS_FOR)
        handler = self._handler(function)
        before, faults = self.faults.spent, self.faults
        self._begun(event["step"])
        if (delay := self.doubled()) is not None:
            self._later(delay, lambda: self._quietly(event["step"], lambda: handler(self.hub, self.sagas, event)))
        try:
            with self.workers.at_work(function) as process, faults.invocation(event["step"]):
                answer = handler(self.hub, self.sagas, event)
        except Killed:
            raise TaskError("Sandbox.Timedout", "RequestId: rehearsed Error: Task timed out", LAMBDA_TIMEOUT) from None
        except Exception as error:
            took = faults.spent - before if self._paced else 0.0
            raise TaskError(type(error).__name__, str(error), took) from error
        finally:
            if self._paced:
                process.busy_until = self.clock.now + faults.spent - before
        return Took(faults.spent - before, answer) if self._paced else answer

    def _call(self, function: str, event: Any) -> Any:
        """A function as another function of ours calls it."""
        return self._hand(event) if function == hands.FUNCTION else self._invoke(function, event)

    def _hand(self, dealt: Json) -> Json:
        self._begun(SWEEP)
        try:
            with self.workers.at_work(HAND) as process, self.faults.invocation(SWEEP):
                return sweeping.by_hand(changed(self.hub, brakes=process.brakes), self.sagas, dealt)
        except Killed:
            raise TaskError("Sandbox.Timedout", "RequestId: rehearsed Error: Task timed out", LAMBDA_TIMEOUT) from None
        except Exception as error:
            raise TaskError(type(error).__name__, str(error)) from error

    def _handler(self, function: str) -> Callable[[Hub, Sagas, Json], Json]:
        return entrypoint.engine if function == ENGINE else entrypoint.activity

    def _begun(self, where: str) -> None:
        self.invoked += 1
        for look in self.invocations:
            look(where)

    def _rule(self) -> None:
        """The rule that starts the sweep each minute."""
        self.clock.at(rhythm.EACH, self._rule)
        if not self.silent:
            self.sweep()

    def _state(self) -> str:
        """The last state entered by the execution that was started last."""
        last = self.machines.latest
        return last.path[-1] if last is not None and last.path else ""

    def _record(self, old: Item | None, new: Item | None) -> None:
        self._delivered(lambda: self.stream.changed(old, new))

    def _later(self, delay: float, arrives: Callable[[], object]) -> None:
        self.faults.landing = max(self.faults.landing, self.clock.now + delay)
        self.clock.at(delay, arrives)

    def _sweep_delivered(self, nudged: Collection[str]) -> None:
        self._delivered(partial(self.sweep, nudged) if nudged else self.sweep)

    def _nudge(self, happened: Happened) -> None:
        self.clock.at(EVENT_LAG, lambda: self._quietly("nudges", lambda: self.nudges.tell(self.hub, [happened])))

    def _delivered(
        self, arrives: Callable[[], object], delivery: Callable[[], tuple[float, ...]] | None = None
    ) -> None:
        for delay in (delivery or self.delivery)():
            if delay:
                self._later(delay, arrives)
            else:
                arrives()

    def _changed(self, old: Item | None, new: Item | None) -> bool:
        return self._quietly("projector", lambda: projector.changed(self.hub, self.sagas, old, new))

    def _execution_ended(self, execution: Execution) -> None:
        if self.silent:
            return
        self._delivered(lambda: self.clock.at(EVENT_LAG, lambda: self._tell(execution, EVENT_TRIES)))

    def _tell(self, execution: Execution, tries: int) -> None:
        state = state_of(execution)
        told = self._quietly("projector", lambda: projector.ended(self.hub, self.sagas, execution.name, state))
        if not told and tries > 1:
            self.clock.at(REDELIVERY, lambda: self._tell(execution, tries - 1))

    def _quietly(self, where: str, act: Callable[[], object]) -> bool:
        """Whether the function ended well; nobody waits for its answer."""
        try:
            with self.workers.at_work(where), self.faults.invocation(where):
                self._begun(where)
                act()
        except (Killed, Exception):  # noqa: BLE001 - Lambda logs it
            for look in self.crashed:
                look(where)
            return False
        return True


def _never() -> float | None:
    return None


def _once() -> tuple[float, ...]:
    return (0.0,)


@lru_cache(maxsize=256)
def _compiled(saga: AnySaga) -> Machine:
    """Once for all worlds: a machine is never changed."""
    return Machine(compile_saga(saga))


def _registered() -> Iterable[AnySaga]:
    from statemachines import ALL  # noqa: PLC0415 - worlds of their own sagas need no registry

    return ALL
