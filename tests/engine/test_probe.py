import logging
import pytest
from collections.abc import Iterator
from dataclasses import replace
from lambdas.engine import control, ends, holds, recovery, signals, tokens
from lambdas import projector, entrypoint
from lambdas.errors import *
from lambdas.rows import *
from lambdas.hub import ExecutionState
from lambdas.table import *
from rehearsal.fake_cloud import differences
from rehearsal.faults import KINDS, Killed
from rehearsal.scenarios import CREATES, DESTROYS, RESIZES, CREATE, WHERE, OURS, NEW
from rehearsal.world import World, CALLER
from tests.engine.doubles import *

@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)

def first(s, where, name):
    return next(c.number for c in traced(s) if (c.where, c.name) == (where, name))

def test_cancel_of_destroy_paused_before_its_pivot():
    n = next(c.number for c in traced(DESTROYS) if c.where == "DeleteGroup")
    def spoil(world):
        def pause():
            name = next(iter(world.machines.executions))
            assert world.signal(name, "pause") == "accepted"
            world.clock.at(600, lambda: world.signal(name, "cancel"))
        world.faults.before(n, pause)
    world, op, before = spoiled(DESTROYS, spoil)
    print(world.result(op).path)
    assert not_put_back(world, op, before) == []

def test_guard_not_handed_over_while_an_attempt_may_live():
    # UndoResize killed after 1st write; late; PutBack must wait
    s = RESIZES
    world = s.world()
    world.faults.models.append(refusing("Resize", "groups.resize"))
    seen = []
    def hang_once(call):
        if call.where == "UndoResize" and call.name.startswith("groups.") and not seen:
            seen.append(world.clock.now); return KINDS["kill_before"]
    world.faults.models.append(hang_once)
    # make Lambda error come quickly: 1 s (connection lost), zombie lives on
    import rehearsal.world as rw
    old = rw.LAMBDA_TIMEOUT; rw.LAMBDA_TIMEOUT = 0.5
    try:
        op = world.submit(s.operation, s.request); world.run(op)
    finally: rw.LAMBDA_TIMEOUT = old
    print(world.control(op).closed - seen[0])
    assert world.control(op).closed >= seen[0] + 65

def test_throttled_late_look_does_not_reopen():
    world = CREATES.world()
    world.faults.models.append(refusing("ScaleUp", "groups.resize"))
    op = world.submit(CREATES.operation, CREATES.request); r = world.run(op)
    def kind(f, c, e): raise Throttled("slow")
    until = world.clock.now + 1000
    world.faults.models.append(lambda c: kind if c.where == "sweep" and c.port == "groups" and world.clock.now < until else None)
    world.clock.drain(4000)
    assert world.control(op).recoveries == 0

def test_recovery_waits_settling_after_unreported():
    world = CREATES.world()
    n = first(CREATES, "CreateEmptyGroup", "groups.create")
    t = []
    def stop():
        name = next(iter(world.machines.executions)); t.append(world.clock.now)
        world.clock.at(0.1, lambda: world.machines.stop(name))
    world.faults.before(n, stop); world.faults.at(n, "kill_after")
    world.faults.trace = []
    times = []
    world.faults.watch(lambda c: times.append((c, world.clock.now)))
    op = world.submit(CREATES.operation, CREATES.request); world.run(op)
    u = next(now for c, now in times if c.where.startswith("Undo") and c.port != "table")
    print(u - t[0])
    assert u - t[0] >= 65 + 90

def test_cancel_accepted_finish_lost():
    world = CREATES.world(); before = world.cloud.snapshot()
    world.faults.models.append(refusing("Finish", "table.write", Transient))
    op = world.submit(CREATES.operation, CREATES.request)
    world.run(op, until=lambda: world.executions(op) and world.executions(op)[0].path[-1:] == ["Finish"])
    world.clock.drain(30)
    assert world.signal(op, "cancel") == "accepted"
    world.faults.lift()
    # cancel accepted, but Finish retry can't: make the execution succeed by blocking until machine gives up
    world.faults.models.append(lambda c: KINDS["before"] if c.where == "Finish" else None)
    world.run(op, until=lambda: world.executions(op)[0].status.value != "RUNNING")
    world.faults.lift()
    world.clock.drain(5000)
    print(world.control(op), world.result(op).path)
    assert not_put_back(world, op, before) == []

def test_stale_hold_after_abort_in_hold():
    world = CREATES.world(); before = world.cloud.snapshot()
    world.faults.models.append(refusing("ScaleUp", "groups.resize", Transient))
    op = world.submit(CREATES.operation, CREATES.request); world.run(op, until=lambda: world.held(op))
    world.faults.lift()
    world.machines.stop(op)
    world.clock.drain(20)
    assert world.control(op).recoveries == 1
    assert not world.held(op)
    assert world.signal(op, "decide", "retry").endswith("is not held: nothing is to be decided")

def test_lasting_bug_is_held_as_broken():
    world = CREATES.world(); before = world.cloud.snapshot()
    def kind(f, c, e): raise KeyError("x")
    world.faults.models.append(lambda c: kind if (c.where, c.name) == ("ScaleUp", "groups.resize") else None)
    op = world.submit(CREATES.operation, CREATES.request); world.run(op, until=lambda: world.held(op))
    opened = tokens.find(world.plain, op, "Hold")
    print(opened, world.clock.now - world.control(op).accepted)
    assert "Broken" in opened.reason and opened.deadline is None

def test_plan_exhaustion_names_why():
    world = CREATES.world()
    world.faults.models.append(lambda c: KINDS["before"] if (c.where, c.port) == ("Plan", "images") else None)
    op = world.submit(CREATES.operation, CREATES.request); world.run(op, until=lambda: world.held(op))
    opened = tokens.find(world.plain, op, "Hold")
    print(opened.reason, world.clock.now - world.control(op).accepted)
    assert "rehearsed" in opened.reason

def test_late_look_keeps_first_reason():
    world = CREATES.world(); before = world.cloud.snapshot()
    world.faults.models.append(refusing("ScaleUp", "groups.resize"))
    op = world.submit(CREATES.operation, CREATES.request); world.run(op)
    plan = world.table.get(plan_key(op))["plan"]
    c = world.cloud.cloud("prod", "us-east-1", op)
    from lambdas.cloud import LaunchSettings
    c.launch_templates.create(plan["launch_template"], LaunchSettings("ami-1", "m5.large"), None, (("windlass:operation", op),), "t")
    world.clock.drain(3000)
    row = world.control(op)
    assert row.recoveries == 1
    assert row.error.startswith("Rejected: rehearsed")
    assert not_put_back(world, op, before) == []

def test_zombie_finish_after_recovery_began():
    world = CREATES.world(); before = world.cloud.snapshot()
    op = world.submit(CREATES.operation, CREATES.request)
    world.run(op, until=lambda: world.executions(op) and world.executions(op)[0].path[-1:] == ["InstancesHealthy"])
    world.machines.stop(op)
    world.clock.drain(10)
    assert world.control(op).status is Status.UNDOING
    try: entrypoint.engine(world.plain, world.sagas, {"saga": "CreateServerGroup", "step": "Finish", "operation": op, "execution": op})
    except WindlassError: pass
    assert not world.control(op).status.over
    world.run(op); world.clock.drain(1200)
    assert not_put_back(world, op, before) == []

def test_decide_dying_at_each_call():
    def run(n=None, kind=None):
        world = CREATES.world()
        world.faults.models.extend([refusing("ScaleUp", "groups.resize"), refusing("UndoCreateEmptyGroup", "groups.delete")])
        op = world.submit(CREATES.operation, CREATES.request); world.run(op, until=lambda: world.held(op))
        world.faults.lift()
        start = world.faults.calls
        if n: world.faults.at(start + n, kind)
        try:
            with world.faults.invocation("api"): signals.decide(world.hub, world.sagas, op, "skip", CALLER, "")
            ok = True
        except (Killed, WindlassError): ok = False
        return world, op, world.faults.calls - start, ok
    world, op, calls, ok = run()
    bad = []
    for n in range(1, calls + 1):
        for kind in ("kill_before", "kill_after", "before", "after"):
            world, op, _, ok = run(n, kind)
            world.clock.drain(300)
            held = world.held(op)
            if held:
                # as if nothing was decided: retry means retry
                world.signal(op, "decide", "retry"); world.run(op)
                if world.control(op).status.value != "ROLLED_BACK": bad.append((n, kind, "retry was skip", world.control(op)))
            else:
                world.run(op)
                if world.control(op).status.value != "NEEDS_ATTENTION": bad.append((n, kind, world.control(op)))
    assert bad == []

def test_zombie_hold_on_closed_row():
    world = CREATES.world()
    op = world.submit(CREATES.operation, CREATES.request); world.run(op)
    before = world.control(op)
    try: entrypoint.engine(world.plain, world.sagas, {"saga": "CreateServerGroup", "step": "Hold", "operation": op, "execution": op, "token": "t", "failed": {"error": "Exhausted", "cause": "x"}})
    except Abandoned: pass
    assert world.control(op) == before

def test_control_row_size():
    from rehearsal.memory_table import size
    world = CREATES.world()
    from lambdas.engine.intake import Caller, Terms, Submission, accept
    from datetime import timedelta
    saga = world.sagas["CreateServerGroup"]
    caller = Caller("arn:aws:iam::123456789012:role/" + "r" * 64, "u" * 64)
    terms = Terms("clouddriver", timedelta(minutes=10), timedelta(minutes=50), "0" * 55, True)
    body = CREATE | {"application": "a"*30, "stack": "b" * 20, "freeFormDetails": "c" * 40}
    ok = accept(world.hub, [Submission(saga, saga.request_type.model_validate(CREATE))], caller=caller, terms=terms, key="k" * 255, digest="d" * 64)
    op = ok.id
    biggest = [0]
    world.faults.watch(lambda c: biggest.append(size(world.table.peek(control_key(op)))))
    signals.pause(world.plain, world.sagas, op, caller, "x" * 200)
    world.clock.drain(100)
    signals.cancel(world.plain, world.sagas, op, caller, "\u00fc" * 200)
    world.run(op)
    print(max(biggest), size(world.table.peek(control_key(op))))
    assert max(size(world.table.peek(control_key(op))), *biggest) < 1024
