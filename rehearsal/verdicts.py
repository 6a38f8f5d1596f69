"""What a run should have come to, by its faults, and what is wrong with what it came to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lambdas import nouns
from lambdas.engine.tasks import GUARD, PLAN
from lambdas.rows import Status
from rehearsal.fake_cloud import differences
from rehearsal.faults import LASTING, Call
from rehearsal.trials import ABORT, FOR_GOOD, LANDS, SIGNALS, Fault, Golden, Run, Scenario

CLOUD = ("groups", "launch_templates", "images", "network", "load_balancers", "scaling")
"""Ports whose refusal is AWS's word on the operation; the hub's own table and machines fail, they do not refuse."""

REFUSALS = ("reject", "reject_once", FOR_GOOD)
LASTS = (*REFUSALS, *LASTING)
"""Kinds that no retry of ours cures."""

AT_ONCE, REASON = "groups.found", "groups.activities"
"""What a sweep reads for all waits at once, and then, where that is refused, for each; and only to say why not yet."""

ALARMS = "scaling.alarm_states"
"""What a sweep reads to pause and resume: who cannot see them does neither."""

ENDS = {
    Status.SUCCEEDED: ("Succeeded",),
    Status.ROLLED_BACK: ("RolledBack",),
    Status.NOT_STARTED: ("RolledBack",),
    Status.NEEDS_ATTENTION: ("NeedsAttention",),
}
"""In which state the machine of an operation so closed may end."""

PUT_BACK = frozenset({Status.ROLLED_BACK, Status.NOT_STARTED})


@dataclass(frozen=True)
class Expectation:
    """In which ways a run may end, and how often a person may have been asked on the way."""

    ends: frozenset[Status]
    holds: frozenset[int] = frozenset({0})

    def __or__(self, other: "Expectation") -> "Expectation":
        return Expectation(self.ends | other.ends, self.holds | other.holds)


IN_A_HURRY = Expectation(PUT_BACK, frozenset({0, 1}))
"""The deadline may come first, and it ends a hold."""


def of_the_cloud(call: Call) -> bool:
    return call.port in CLOUD or nouns.is_noun(call.name)


def problems(scenario: Scenario, golden: Golden, one: Run) -> Iterator[str]:
    """What is wrong with a run."""
    control, wanted = one.world.control(one.operation), expected(scenario, golden, one)
    if control.status not in wanted.ends:
        yield f"ended {control.status} ({control.error}), not {' or '.join(sorted(wanted.ends))}"
    if one.helds not in wanted.holds:
        yield f"held {one.helds} times, not {' or '.join(map(str, sorted(wanted.holds)))}"
    yield from _never_struck(one)
    yield from _cloud_problems(golden, one)
    yield from _table_problems(one)
    yield from (line for other in one.others for line in _of_another(one, other))
    yield from sorted(set(one.broken))


def expected(scenario: Scenario, golden: Golden, one: Run) -> Expectation:
    """How a run with these faults may end."""
    struck = [(call, fault) for fault in one.trial if (call := call_of(one, fault)) and fault.kind not in SIGNALS]
    back = _way_back(golden, one, struck)
    wanted = _asked(golden, one, struck, _forward(golden, one, struck) if back is None else _backward(back, struck))
    return wanted | IN_A_HURRY if scenario.hurried else wanted


def _asked(golden: Golden, one: Run, struck: list[tuple[Call, Fault]], wanted: Expectation) -> Expectation:
    """A person is asked without any fault, unless something else ends it first, or whoever cures it comes earlier.

    Once more where a wait is not in time again because an outage blinds it. Where nobody ever decides, it goes back
    after a day.
    """
    if not golden.helds:
        return wanted
    for_good = any(fault.kind == FOR_GOOD for fault in one.trial)
    undecided = PUT_BACK if for_good else frozenset[Status]()
    again = any(fault.kind == "outage" for _, fault in struck)
    holds = frozenset(held + n for held in wanted.holds for n in range(golden.helds + again + 1))
    return Expectation(wanted.ends | undecided, holds)


@dataclass(frozen=True)
class _Back:
    ends: frozenset[Status]
    own: int
    """How many of the faults led there."""


def _way_back(golden: Golden, one: Run, struck: list[tuple[Call, Fault]]) -> _Back | None:
    """Whether the first fault, or a signal, led back."""
    if one.cancelled:
        return _Back(PUT_BACK, 0)
    if one.answers.get(ABORT) == "accepted" and not one.pivoted:
        return _Back(_done(golden) | PUT_BACK, 0)
    if struck and len(one.trial) > 1 and single(golden, *struck[0]).ends == PUT_BACK:
        return _Back(_done(golden) | PUT_BACK if _unheard(golden, struck) else PUT_BACK, 1)
    return None


def _unheard(golden: Golden, struck: list[tuple[Call, Fault]]) -> bool:
    """Whether the answer of a wait's refused look may have been lost.

    A look decides nothing until its token is answered: where that failed, nobody was told of the refusal, and the next
    look judges anew. To see that all is well then outweighs it: the operation has what was asked for.
    """
    state = golden.of(struck[0][0])
    lost = any(golden.of(call) == state and not of_the_cloud(call) for call, _ in struck[1:])
    return lost and state in golden.waits


def _backward(back: _Back, struck: list[tuple[Call, Fault]]) -> Expectation:
    lasting = any(fault.kind in LASTS for _, fault in struck[back.own :])
    gives_up = frozenset({Status.NEEDS_ATTENTION} if any(fault.kind == FOR_GOOD for _, fault in struck) else ())
    return Expectation(back.ends | gives_up, frozenset({0, 1} if lasting else {0}))


def _forward(golden: Golden, one: Run, struck: list[tuple[Call, Fault]]) -> Expectation:
    if len(struck) == 1:
        call, fault = struck[0]
        # What is asked only once can fail for ever and is met once: a read of what has changed when it is read again.
        met_once = fault.kind == "exhaust" and len(one.world.faults.struck) == 1
        return single(golden, call, Fault(call.number, "before") if met_once else fault)
    return Expectation(_done(golden), frozenset({0, 1} if any(fault.kind in LASTS for _, fault in struck) else {0}))


def _done(golden: Golden) -> frozenset[Status]:
    """What it comes to where nothing goes wrong."""
    return frozenset({golden.end})


def single(golden: Golden, call: Call, fault: Fault) -> Expectation:
    """How a run with this fault alone ends, and how often it is held on the way."""
    if golden.of(call) == GUARD and of_the_cloud(call):
        return Expectation(_done(golden), frozenset({0, 1}))  # another's, which is put back while this one waits
    return _of_its_own(golden, call, fault)


def _of_its_own(golden: Golden, call: Call, fault: Fault) -> Expectation:
    apart = {AT_ONCE: REFUSALS, ALARMS: LASTS}.get(call.name, ())
    if fault.kind not in LASTS or (call.where == "sweep" and fault.kind in apart):
        return Expectation(_done(golden))
    forward = golden.of(call) in (*golden.order, PLAN)
    return _lasting(golden, call, fault) if forward else _aside(golden, fault)


def _lasting(golden: Golden, call: Call, fault: Fault) -> Expectation:
    state, done = golden.of(call), _done(golden)
    if call.name == REASON and fault.kind == "exhaust":
        return Expectation(done | PUT_BACK, frozenset({0, 1}))  # It matters only if it is asked again and again.
    if fault.kind == "exhaust" and state in golden.waits and (call.where == state or golden.late != "ROLL_BACK"):
        # Only the look at the wait's beginning is blind; those of the sweep see. Else it is late: as the request says.
        return Expectation(done)
    goes_back = fault.kind in REFUSALS or state in golden.waits
    if goes_back and golden.can_be_put_back(state):
        return Expectation(PUT_BACK)
    if fault.kind == FOR_GOOD:
        return Expectation(frozenset({Status.NEEDS_ATTENTION}))
    # A change that has been asked for before, and is asked for again only until a lagging read shows it.
    return Expectation(done, frozenset({0, 1} if fault.kind == "exhaust" and _asked_before(golden, call) else {1}))


def _asked_before(golden: Golden, call: Call) -> bool:
    same = (one for one in golden.calls if (one.where, one.name) == (call.where, call.name))
    return not call.reads and any(one.number < call.number for one in same)


def _aside(golden: Golden, fault: Fault) -> Expectation:
    """On the way that a run takes without any fault when it is not healthy in time: back, or out of traffic."""
    gives_up = frozenset({Status.NEEDS_ATTENTION} if fault.kind == FOR_GOOD else ())
    return Expectation(_done(golden) | gives_up, frozenset({0, 1}))


def call_of(one: Run, fault: Fault) -> Call | None:
    """The call that went wrong; None where it never came to that call."""
    return next((call for call, _ in one.world.faults.struck if call.number == fault.number), None)


def _never_struck(one: Run) -> Iterator[str]:
    for fault in one.trial:
        happened = fault.kind in one.answers if fault.kind in SIGNALS else call_of(one, fault) is not None
        if not happened:
            yield f"{fault} never came about"


def _cloud_problems(golden: Golden, one: Run) -> Iterator[str]:
    now, status = one.world.cloud.snapshot(), one.world.control(one.operation).status
    if status is Status.SUCCEEDED:
        yield from (f"said too early that it is done: {line}" for line in differences(golden.done, one.at_end))
    if status is golden.end and status not in PUT_BACK and not any(fault.kind == FOR_GOOD for fault in one.trial):
        yield from (f"ended {status}, but {line}" for line in differences(golden.after, now))
    if status in PUT_BACK:
        early = differences(one.before, one.at_end, converged=False)
        yield from (f"said too early that it is put back: {line}" for line in early)
        yield from (f"put back, but {line}" for line in differences(one.before, now))
    for what, times in Counter(one.world.cloud.created).items():
        if times > 1 and not _landed_after_its_undo(one):
            yield f"{what} was created {times} times"


def _landed_after_its_undo(one: Run) -> bool:
    """What a late call made once more, the look for what is left has to find."""
    late = any(fault.kind in ("late", "hang", *LANDS) for fault in one.trial)
    return late and one.world.control(one.operation).status in PUT_BACK


def _of_another(one: Run, operation: str) -> Iterator[str]:
    """Whoever was at work before has been put back, and keeps nothing."""
    control = one.world.control(operation)
    if control.status not in PUT_BACK:
        yield f"{control.name} {operation}, which was preempted, ended {control.status}: {control.error}"
    yield from _kept(one, operation)


def _table_problems(one: Run) -> Iterator[str]:
    control, operation = one.world.control(one.operation), one.operation
    if not control.status.over:
        yield f"its row was opened again and is {control.status}"
    path = [state for execution in one.world.executions(operation) for state in execution.path]
    last = path[-1] if path else "RolledBack"  # its time was over before it was ever started
    if control.status in ENDS and last not in ENDS[control.status] and not _aborted(one):
        yield f"its row is {control.status}, its machine ended in {last}"
    yield from _kept(one, operation)
    yield from (f"the stream lost its record of {lost}" for lost in one.world.stream.dead_letters)


def _kept(one: Run, operation: str) -> Iterator[str]:
    for row in one.world.table.rows():
        if row["sk"] == "guard" and (row.get("owner") == operation or operation in row.get("queue", ())):
            yield f"guard {row['key']} is kept"
        if row["pk"] == f"op#{operation}" and row["sk"].startswith("wait#"):
            yield f"the row of the token of {row['state']} is kept"


def _aborted(one: Run) -> bool:
    """Its execution was stopped: before it had a plan, or after it had closed its row."""
    return ABORT in one.answers
