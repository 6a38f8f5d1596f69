"""The fault sweep: every call of every operation goes wrong, and the sweep itself would notice a broken product."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lambdas.cloud import Cloud
from lambdas.errors import AlreadyExists, NotFound, Rejected, Transient
from lambdas.rows import Guard, Status, control_key, guard_key, item_of, open_key
from lambdas.table import Item, Put, Update
from rehearsal import rivals, scenarios, strangers, sweep_command
from rehearsal.fake_cloud import Deed
from rehearsal.faults import Call
from rehearsal.mutants import MUTANTS
from rehearsal.sweep import (
    WITH_SIGNALS,
    Fault,
    Report,
    Scenario,
    changes_or_asks,
    doubles,
    golden_of,
    judged,
    of_the_cloud,
    problems,
    run,
    singles,
    sweep,
)
from rehearsal.trials import FAULTS, FOR_GOOD, SIGNALS
from rehearsal.world import World
from saga import Saga, Step
from statemachines.create_server_group import CREATE_SERVER_GROUP
from tests.rehearsal import toy

OPERATIONS = [scenarios.CREATES, scenarios.RESIZES, scenarios.DESTROYS, scenarios.ENABLES, scenarios.DISABLES]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The sweep of the hub logs what it survives; here it survives much."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def survived(report: Report) -> str:
    return "\n".join(map(str, report.survivors))


@pytest.mark.parametrize(
    "scenario", [scenarios.CREATES_SICK, scenarios.CREATES_KEPT, scenarios.CREATES_PARKED], ids=lambda one: one.name
)
def test_what_is_not_healthy_in_time_ends_as_the_request_says(scenario: Scenario) -> None:
    aside = ("Hold", *(one.name for one in CREATE_SERVER_GROUP.kept), "GiveUp")

    report = sweep(scenario, ["before", "kill_after", "cancel", "reject"], lambda call: call.where in aside)

    assert survived(report) == ""
    assert report.ends[scenario.ends.value] >= 10
    assert report.ends["ROLLED_BACK"] >= 5


@pytest.mark.parametrize("scenario", OPERATIONS, ids=lambda scenario: scenario.name)
def test_wherever_a_lambda_dies_or_a_call_fails_the_operation_succeeds_and_is_done_once(scenario: Scenario) -> None:
    report = sweep(
        scenario, ["before", "kill_after"], of_the_cloud if scenario is scenarios.CREATES else changes_or_asks
    )

    assert survived(report) == ""
    assert report.ends["SUCCEEDED"] == report.tried.total() > 20


@pytest.mark.parametrize("scenario", OPERATIONS, ids=lambda scenario: scenario.name)
def test_whatever_the_cloud_refuses_is_put_back_or_held_and_finished(scenario: Scenario) -> None:
    report = sweep(scenario, ["reject"])

    assert survived(report) == ""
    assert report.ends["ROLLED_BACK"] > 0
    assert report.ends["NEEDS_ATTENTION"] == 0


@pytest.mark.parametrize("kind", ["late", "hang", "throttle", "bug", "twice", "outage"])
def test_no_other_fault_of_a_change_is_fatal_to_a_new_group(kind: str) -> None:
    report = sweep(scenarios.CREATES, [kind], lambda call: call.name in ("groups.create", "groups.resize"))

    assert survived(report) == ""
    assert report.ends["SUCCEEDED"] == report.tried.total() == 2


def changes_capacity(call: Call) -> bool:
    return call.name == "groups.resize"


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_is_a_row_of_the_sweep_alone_and_with_each_fault_of_the_same_call(signal: str) -> None:
    report = sweep(scenarios.CREATES, [signal], changes_capacity)

    assert survived(report) == ""
    assert report.tried[signal] == report.tried[f"late+{signal}"] == 1
    assert report.ends["SUCCEEDED" if signal == "pause" else "ROLLED_BACK"] == report.tried.total() == 8


def test_a_second_fault_on_the_way_back_delays_it_and_one_that_nobody_lifts_calls_a_person() -> None:
    golden = golden_of(scenarios.RESIZES)
    resized = next(call for call in golden.calls if changes_capacity(call))

    planned = doubles(scenarios.RESIZES, golden, ["kill_after", FOR_GOOD], [Fault(resized.number, "cancel")])
    report = planned.alone
    for trial, where in planned.trials.items():
        report.add(judged(scenarios.RESIZES, golden, trial, where))

    assert survived(report) == ""
    assert report.tried["cancel, then kill_after"] > 20
    assert report.ends["ROLLED_BACK"] > report.ends["NEEDS_ATTENTION"] > 0


def test_what_makes_no_sense_is_not_tried_but_counted() -> None:
    report = sweep(scenarios.RESIZES, ["reject", "cancel"], lambda call: call.where == "intake")

    assert report.tried.total() == 8
    assert sum(report.skipped.values()) > 0
    assert all(report.skipped)


def test_where_reads_are_a_minute_old_the_stack_settles_long_enough() -> None:
    report = sweep(scenarios.lagging(scenarios.CREATES, 60), ["cancel"], lambda call: call.name == "groups.create")

    assert survived(report) == ""
    assert report.ends["ROLLED_BACK"] == report.tried.total() > 0


@pytest.mark.parametrize(
    "rivalry",
    [rivals.NAMES, rivals.LAST_TO_DISABLE, rivals.LAST_TO_DESTROY],
    ids=["a name each", "the last to disable", "the last to destroy"],
)
def test_of_two_at_once_that_want_what_one_can_have_each_ends_well(rivalry: rivals.Rivalry) -> None:
    report = rivals.sweep(rivalry)

    assert survived(report) == ""
    assert report.tried.total() > 60


def test_what_somebody_else_changes_after_a_roll_back_stays_theirs() -> None:
    report = strangers.sweep()

    assert survived(report) == ""
    assert report.tried.total() == len(strangers.CHANGES)


@pytest.mark.parametrize("lag", [0, 60])
@pytest.mark.parametrize(
    ("scenario", "call"),
    [
        (scenarios.RESIZES, "groups.resize"),
        (scenarios.RESUMES, "groups.resume"),
        (scenarios.DESTROYS, "groups.suspend"),
        (scenarios.DESTROYS, "load_balancers.deregister"),
        (scenarios.DESTROYS_HURRIED, "load_balancers.deregister_classic"),
    ],
    ids=lambda given: given if isinstance(given, str) else given.name,
)
def test_what_leaves_no_tag_and_lands_after_its_undo_is_found(scenario: Scenario, call: str, lag: float) -> None:
    report = sweep(scenarios.lagging(scenario, lag), ["cancel", "abort"], lambda one: one.name == call)

    assert survived(report) == ""
    assert report.tried["minutes_late+cancel"] == report.tried["minute_late+cancel"] == 1
    assert not report.skipped


@given(st.integers(1, 10**6), st.sampled_from([*FAULTS, *SIGNALS]))
def test_a_fault_is_read_as_it_is_written(number: int, kind: str) -> None:
    assert Fault.parse(str(Fault(number, kind))) == Fault(number, kind)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["createNothing"], "there is no operation 'createNothing'"),
        (["--kinds", "after,sabotage"], "there is no kind of fault 'sabotage'"),
        (["--lag", "-1"], "a lag is a number of seconds from 0 to 900"),
        (["--processes", "0"], "the number of processes is from 1 to 256"),
        (["--trial", "12:sabotage"], "'12:sabotage' is no fault"),
        (["--sideways"], "unrecognized arguments"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        sweep_command.sweep(arguments)

    assert exited.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_the_command_tells_of_every_operation_and_of_what_was_not_tried() -> None:
    console = Console(record=True, width=200)

    code = sweep_command.sweep(["resumeAsgProcesses", "--kinds", "after,reject", "--processes", "1"], console)

    told = console.export_text()
    assert code == 0
    assert "resumeAsgProcesses" in told
    assert "they do not refuse" in told
    assert "0 survivors" in told


def test_a_survivor_is_told_with_what_replays_it_and_the_exit_code_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(record=True, width=400)
    (mutant,) = (one for one in MUTANTS if one.name == "Finish ignores a cancel")
    number = golden_of(scenarios.RESUMES).calls[-1].number - 4

    with mutant.at_large():
        code = sweep_command.sweep(["resumeAsgProcesses", "--kinds", "cancel", "--processes", "1"], console)
        again = sweep_command.sweep(["resumeAsgProcesses", "--trial", f"{number}:cancel"], console)

    told = console.export_text()
    assert (code, again) == (1, 1)
    assert f"python -m rehearsal sweep resumeAsgProcesses --trial {number}:cancel" in told
    assert "ExecutionSucceeded" in told


def test_what_fails_for_hours_is_held_and_finished_when_it_passes() -> None:
    report = sweep(scenarios.CREATES, ["exhaust"], lambda call: call.where in ("Plan", "CreateEmptyGroup", "ScaleUp"))

    assert survived(report) == ""
    assert report.ends["SUCCEEDED"] == report.tried.total() > 0


def test_what_is_closed_before_it_began_goes_straight_back_and_calls_nobody() -> None:
    scenario = scenarios.CREATES_HURRIED
    first = next(call for call in golden_of(scenario).calls if call.where == "Plan")

    one = run(scenario, (Fault(first.number, "outage"),))

    assert one.world.control(one.operation).status is Status.NOT_STARTED
    assert one.world.result(one.operation).path == ["Plan", "PutBack", "RolledBack"]


def test_a_group_that_starts_disabled_is_never_in_traffic_whatever_dies() -> None:
    report = sweep(scenarios.CREATES_DISABLED, ["kill_after"], lambda call: call.port in ("groups", "load_balancers"))

    assert survived(report) == ""


def test_a_golden_run_is_within_its_transitions() -> None:
    for scenario in scenarios.ALL:
        saga = scenario.saga(scenario.world())

        assert len(golden_of(scenario).path) <= saga.transitions, scenario.name


def seeded(world: World) -> None:
    world.cloud.seed(neighbours=("shop-prod-v000",))


def rehearsed(saga: Saga[Any, Any, Any]) -> Scenario:
    return Scenario(saga.name, "makeToy", toy.REQUEST, seeded, (saga,))


def with_step(name: str, left: Any = toy.left, **changed: Any) -> Scenario:
    steps = tuple(
        replace(one, **changed) if isinstance(one, Step) and one.name == name else one for one in toy.TOY.steps
    )
    return rehearsed(replace(toy.TOY, steps=steps, left=left))


def refuses_its_own(plan: toy.ToyPlan, cloud: Cloud) -> str:
    try:
        return toy.make_group(plan, Impatient(cloud))  # type: ignore[arg-type]
    except AlreadyExists as error:
        raise Rejected(str(error)) from None


class Impatient:
    """A cloud whose groups are never looked at."""

    def __init__(self, cloud: Cloud) -> None:
        self.groups, self.region = _Blind(cloud), cloud.region


class _Blind:
    def __init__(self, cloud: Cloud) -> None:
        self.create = cloud.groups.create

    def find(self, name: str) -> None:
        raise AlreadyExists(name)


def forgets(plan: toy.ToyPlan, cloud: Cloud) -> str:
    return "forgot"


def refuses_absent(plan: toy.ToyPlan, cloud: Cloud) -> str:
    try:
        cloud.groups.delete(plan.name)
    except NotFound as error:
        raise Rejected(str(error)) from None
    return "deleted"


def gives_up(plan: toy.ToyPlan, cloud: Cloud) -> str:
    try:
        return toy.grow(plan, cloud)
    except Transient as error:
        raise Rejected(str(error)) from None


def test_the_sweep_finds_nothing_wrong_with_a_sound_saga() -> None:
    report = sweep(rehearsed(toy.TOY), ["kill_after", "after", "reject"])

    assert survived(report) == ""


@pytest.mark.parametrize(
    ("scenario", "kind", "problem"),
    [
        (with_step("MakeGroup", do=refuses_its_own), "kill_after", "not SUCCEEDED"),
        (
            with_step("MakeTemplate", undo=forgets, left=None),
            "reject",
            "launch template shop-prod-v001 was absent, is there",
        ),
        (with_step("MakeGroup", undo=refuses_absent), "reject", "held again and again"),
        (with_step("Grow", do=gives_up), "before", "not SUCCEEDED"),
        (with_step("MakeGroup", undo=forgets, left=None), "reject", "group shop-prod-v001 was absent, is there"),
        (rehearsed(replace(toy.TOY, left=None)), "reject", "said too early that it is put back"),
    ],
    ids=[
        "do-refuses-its-own",
        "undo-forgets",
        "undo-refuses-absent",
        "do-gives-up",
        "group-stays",
        "waits-for-nothing",
    ],
)
def test_the_sweep_notices_a_broken_saga(scenario: Scenario, kind: str, problem: str) -> None:
    report = sweep(scenario, [kind], lambda call: call.name in ("groups.create", "groups.resize"))

    assert problem in survived(report)


def test_the_sweep_notices_what_is_kept_in_the_table() -> None:
    scenario = rehearsed(toy.TOY)
    golden, one = golden_of(scenario), run(scenario, [])
    operation = one.operation
    assert list(problems(scenario, golden, one)) == []

    one.world.table.write(
        Put(guard_key("shop"), item_of(Guard("shop", owner="somebody", queue=(operation,)))),
        Put(open_key(operation, "Healthy"), {"state": "Healthy"}),
        Update(control_key(operation), {"status": "NEEDS_ATTENTION"}),
    )
    found = list(problems(scenario, golden, one))

    assert "guard shop is kept" in found
    assert "the row of the token of Healthy is kept" in found
    assert "its row is NEEDS_ATTENTION, its machine ended in Succeeded" in found


def test_the_sweep_notices_an_invariant_that_breaks_for_a_moment() -> None:
    def small(world: World) -> str | None:
        group = world.cloud.place("prod", "us-east-1").groups.get(toy.GROUP)
        return "it grew" if group is not None and group.capacity.max > 0 and not group.instances else None

    def never(world: World) -> str | None:
        group = world.cloud.place("prod", "us-east-1").groups.get(toy.GROUP)
        return "it booted" if group and any(one.lifecycle == "Pending" for one in group.instances) else None

    broken = sweep(replace(rehearsed(toy.TOY), invariants=(small, never)), ["before"], of_the_cloud)

    assert "it booted" in survived(broken)
    assert "it grew" not in survived(broken)


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: scenario.name)
def test_what_counts_as_a_read_changes_nothing(scenario: Scenario) -> None:
    world = scenario.world()
    changed: list[Call] = []
    seen = [_changes(world)]

    def look(call: Call) -> None:
        now = _changes(world)
        if now != seen[-1] and call.reads:
            changed.append(call)
        seen.append(now)

    world.faults.watch(look)
    world.run(world.submit(scenario.operation, scenario.request, terms=scenario.terms))

    assert changed == []
    assert len(set(map(str, seen))) > 5


def _changes(world: World) -> tuple[list[Deed], list[Item]]:
    """What operations have done to the cloud, and all rows."""
    return [deed for deed in world.cloud.deeds if deed.operation], world.table.rows()


def test_of_variants_signals_come_alone_unless_the_whole_is_asked_for() -> None:
    told = Console(record=True, width=400)
    (variant,) = scenarios.named("upsertAmazonDns/new")
    golden = golden_of(variant)
    call = golden.calls[-2]

    alone, whole = (singles(variant, golden, call, ["pause"], together=kinds) for kinds in ((), WITH_SIGNALS))

    assert (alone.tried.total(), whole.tried.total()) == (1, 1 + len(WITH_SIGNALS))
    assert sum(alone.skipped.values()) == len(WITH_SIGNALS)
    assert sweep_command.sweep(["upsertAmazonDns*", "--kinds", "pause", "--processes", "1"], told) == 0
    assert "of plain scenarios, where the call has an effect that outlives it; or --whole" in told.export_text()
