"""Which states a machine enters: every state that can fail does, and the path is the assertion."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.asl import Machine
from rehearsal.clock import Clock
from rehearsal.failures import TaskError
from rehearsal.machines import StepFunctions
from saga import Saga, Step, Wait, removed, step, wait_until
from saga.compiler import Json, compile_saga
from tests.saga.arbitrary import LISTS, AnySaga, act, check, guards, late, plan, sagas

REFUSED = ("Rejected", "Cancelled", "Expired", "RollBack")
WITHDRAWN = ("Cancelled", "Expired", "RollBack")


@dataclass(frozen=True)
class Run:
    path: list[str]
    status: str
    output: Any
    error: str | None
    cause: str | None
    asked: list[Json]
    """The payloads."""


@lru_cache(maxsize=1)
def machine_of(saga: AnySaga) -> Machine:
    """One saga is run many times before the next one comes."""
    return Machine(compile_saga(saga))


EVERYTHING: Json = {name: ["one"] for name in LISTS}
"""A plan with something in each list, so that every step is entered."""


def run(
    saga: AnySaga,
    faults: dict[str, list[str]] | None = None,
    recover: str | None = None,
    planned: Json = EVERYTHING,
) -> Run:
    """One execution; each call of a state takes its next fault, "" being none."""
    left = {name: list(errors) for name, errors in (faults or {}).items()}
    clock = Clock()
    asked: list[Json] = []

    def answer(payload: Json) -> Json:
        asked.append(payload)
        error = left[payload["step"]].pop(0) if left.get(payload["step"]) else ""
        if error:
            raise TaskError(error, f"{payload['step']} failed")
        return planned if payload["step"] == "Plan" else {"step": payload["step"], "did": "did it"}

    def invoke(function: str, payload: Json) -> Json:
        if "token" not in payload:
            return answer(payload)
        clock.at(1, lambda: settle(payload))
        return {}

    def settle(payload: Json) -> None:
        try:
            machines.succeed(payload["token"], answer(payload))
        except TaskError as error:
            machines.fail(payload["token"], str(error.error), str(error.cause))

    machines = StepFunctions(clock, invoke, recorded=False)
    machines.define(saga.name, machine_of(saga))
    given = {"operation": "op1", "last": {"step": "", "did": ""}}
    machines.start(saga.name, "op1", given | ({"recover": recover} if recover else {}))
    ended = machines.run("op1")
    return Run(ended.path, str(ended.status), ended.output, ended.error, ended.cause, asked)


def beginning(saga: AnySaga) -> list[str]:
    return [*(["Guard"] if saga.guards else []), "Plan", "Recovering"]


def until(saga: AnySaga, position: int) -> list[str]:
    """The states entered until the step at that position, itself included."""
    return [*beginning(saga), *entered(saga, range(len(saga.steps))[: position + 1])]


def entered(saga: AnySaga, positions: range) -> list[str]:
    """The states of the steps at these positions, the choice before those that may be passed by included."""
    first = next((one for one in saga.steps if isinstance(one, Step) and one.needs), None)
    return [
        name for at in positions for name in (["Needed"] if saga.steps[at] is first else []) + [saga.steps[at].name]
    ]


def perhaps(saga: AnySaga, position: int) -> int:
    """The last step that may have been tried when the one at that position cannot go on: a hold does not tell which
    of those that may be passed by it was.
    """
    states = entered(saga, range(position, position + 1))
    needing = [one for one in saga.steps if isinstance(one, Step) and one.needs]
    return position + (len(needing) if "Needed" in states else 0)


def undone(saga: AnySaga, position: int) -> list[str]:
    """The undos, and the look for what is left, after the step at that position was tried."""
    tried = [one for one in saga.steps[: position + 1] if isinstance(one, Step) and one.undo]
    return [*(f"Undo{one.name}" for one in reversed(tried)), *(["NothingLeft"] if saga.left else [])]


def put_back(saga: AnySaga, position: int) -> list[str]:
    return [*undone(saga, position), "PutBack", "RolledBack"]


def pivot_of(saga: AnySaga) -> int:
    """Position of the pivot; one after the last step where there is none."""
    return next((at for at, one in enumerate(saga.steps) if isinstance(one, Step) and one.pivot), len(saga.steps))


@given(sagas())
def test_without_faults_the_story_is_told_and_nothing_else(saga: AnySaga) -> None:
    told = run(saga)

    assert told.path == [*until(saga, len(saga.steps)), "Finish", "Succeeded"] == list(saga.story)
    assert told.output == {"step": "Finish", "did": "did it"}


@given(sagas())
@settings(max_examples=30)
def test_a_refused_step_begins_the_way_back_with_its_own_undo(saga: AnySaga) -> None:
    for at, error in product(range(pivot_of(saga)), REFUSED):
        told = run(saga, {saga.steps[at].name: [error]})

        assert told.path == [*until(saga, at), *put_back(saga, at)]
        assert (told.error, told.cause) == (error, "did it")
        assert told.asked[-1]["failed"] == {"error": error, "cause": f"{saga.steps[at].name} failed"}


@given(sagas())
@settings(max_examples=30)
def test_a_pivot_that_never_began_is_put_back_too(saga: AnySaga) -> None:
    at = pivot_of(saga)
    for error in WITHDRAWN if at < len(saga.steps) else ():
        assert run(saga, {saga.steps[at].name: [error]}).path == [*until(saga, at), *put_back(saga, at)]


@given(sagas())
@settings(max_examples=30, deadline=None)
def test_what_the_cloud_has_put_back_is_put_back_too(saga: AnySaga) -> None:
    """And whatever undo fails there is the one tried again."""
    undoing = [at for at, one in enumerate(saga.steps) if isinstance(one, Wait) and one.cloud_undoes]
    for at in undoing:
        name, way = saga.steps[at].name, put_back(saga, pivot_of(saga))

        told = run(saga, {name: ["RollBack"]})
        assert told.path == [*until(saga, at), *way]
        assert (told.error, told.cause) == ("RollBack", "did it")

        for number, undo in enumerate(undone(saga, at)):
            told = run(saga, {name: ["RollBack"], undo: ["Exhausted"]})
            assert told.path == [*until(saga, at), *way[: number + 1], "HoldUndo", "UndoAgain", *way[number:]]


@given(sagas())
@settings(max_examples=30)
def test_a_step_that_cannot_go_on_holds_and_is_tried_again(saga: AnySaga) -> None:
    for at, one in enumerate(saga.steps):
        rest = entered(saga, range(at, len(saga.steps)))
        for error in ("Exhausted", "Paused", *(["Rejected"] if at >= pivot_of(saga) else [])):
            told = run(saga, {one.name: [error]})

            assert told.path == [*until(saga, at), "Hold", "Again", *rest, "Finish", "Succeeded"]
            assert {"error": error, "cause": f"{one.name} failed"} in [payload.get("failed") for payload in told.asked]


@given(sagas())
@settings(max_examples=30)
def test_a_hold_that_ends_without_success_goes_back_or_past_the_pivot_gives_up(saga: AnySaga) -> None:
    for (at, one), decision in product(enumerate(saga.steps), ("RollBack", "Cancelled", "Expired", "NotInTime")):
        told = run(saga, {one.name: ["Exhausted"], "Hold": [decision]})

        back = put_back(saga, perhaps(saga, at)) if at < pivot_of(saga) else ["GiveUp", "NeedsAttention"]
        assert told.path == [*until(saga, at), "Hold", "Back", *back]
        assert told.error == ("Exhausted" if at < pivot_of(saga) else "NeedsAttention")


@given(sagas())
@settings(max_examples=20, deadline=None)
def test_an_abandoned_hold_leaves_everything_to_a_person(saga: AnySaga) -> None:
    for (at, one), decision in product(enumerate(saga.steps), ("Abandoned", "Revoked")):
        told = run(saga, {one.name: ["Exhausted"], "Hold": [decision]})

        assert told.path == [*until(saga, at), "Hold", "GiveUp", "NeedsAttention"]
        assert told.asked[-1]["failed"] == {"error": "Exhausted", "cause": f"{one.name} failed"}
        assert (told.error, told.cause) == ("NeedsAttention", "did it")


@given(sagas())
@settings(max_examples=20, deadline=None)
def test_a_revoked_operation_stops_wherever_it_is(saga: AnySaga) -> None:
    last = len(saga.steps) - 1
    for at, one in enumerate(saga.steps):
        assert run(saga, {one.name: ["Revoked"]}).path == [*until(saga, at), "GiveUp", "NeedsAttention"]
    for at, name in enumerate(undone(saga, last) if not saga.pivot else []):
        told = run(saga, {"Finish": ["Cancelled"], name: ["Revoked"]})

        assert told.path == [*until(saga, last), "Finish", *undone(saga, last)[: at + 1], "GiveUp", "NeedsAttention"]


@given(sagas())
@settings(max_examples=15, deadline=None)
def test_whatever_undo_fails_is_the_one_tried_again(saga: AnySaga) -> None:
    """From every state that fails, refused at once or after a hold."""
    for at, one in enumerate(saga.steps[: pivot_of(saga)]):
        for number, name in enumerate(undone(saga, at)):
            way, furthest = put_back(saga, at), put_back(saga, perhaps(saga, at))
            again = way[number:] if number else furthest

            told = run(saga, {one.name: ["Rejected"], name: ["Exhausted"]})
            assert told.path == [*until(saga, at), *way[: number + 1], "HoldUndo", "UndoAgain", *again]
            assert {"error": "Exhausted", "cause": f"{name} failed"} in [
                payload.get("failed") for payload in told.asked
            ]
            assert told.error == "Rejected"

        for number, name in enumerate(undone(saga, perhaps(saga, at))):
            way = put_back(saga, perhaps(saga, at))
            told = run(saga, {one.name: ["Exhausted"], "Hold": ["RollBack"], name: ["Rejected"]})
            assert told.path == [
                *until(saga, at),
                *("Hold", "Back", *way[: number + 1], "HoldUndo", "UndoAgain", *way[number:]),
            ]


@given(sagas())
@settings(max_examples=15, deadline=None)
def test_whatever_undo_fails_after_a_cancel_at_the_pivot_or_the_finish_is_tried_again(saga: AnySaga) -> None:
    at = pivot_of(saga)
    last = "Finish" if at == len(saga.steps) else saga.steps[at].name
    told_until = [*until(saga, at), *(["Finish"] if last == "Finish" else [])]
    for number, name in enumerate(undone(saga, at)):
        way = put_back(saga, at)

        told = run(saga, {last: ["Cancelled"], name: ["Exhausted"]})

        assert told.path == [*told_until, *way[: number + 1], "HoldUndo", "UndoAgain", *way[number:]]


@given(sagas())
@settings(max_examples=15, deadline=None)
def test_an_undo_that_stays_refused_stops_the_way_back(saga: AnySaga) -> None:
    for at, one in enumerate(saga.steps[: pivot_of(saga)]):
        for number, name in enumerate(undone(saga, at)):
            told = run(saga, {one.name: ["Rejected"], name: ["Rejected"], "HoldUndo": ["RollBack"]})

            stopped = [*undone(saga, at)[: number + 1], "HoldUndo", "GiveUp", "NeedsAttention"]
            assert told.path == [*until(saga, at), *stopped]


@given(sagas())
@settings(max_examples=20, deadline=None)
def test_what_landed_late_is_undone_again_from_the_top(saga: AnySaga) -> None:
    """From every state that fails, and with every undo failing the second time."""
    top = len(saga.steps)
    for at, one in enumerate(saga.steps[: pivot_of(saga)] if saga.left else ()):
        before = [*until(saga, at), *undone(saga, at), "LandedLate"]
        again = put_back(saga, top)

        assert run(saga, {one.name: ["Rejected"], "NothingLeft": ["RollBack"]}).path == [*before, *again]
        for number, name in enumerate(undone(saga, top)):
            first = ["RollBack"] if name == "NothingLeft" else [""] if name in undone(saga, at) else []
            faults = {"NothingLeft": ["RollBack"]} | {name: [*first, "Exhausted"]}
            told = run(saga, {one.name: ["Rejected"]} | faults)

            held = [*again[: number + 1], "HoldUndo", "UndoAgain", *again[number:]]
            assert told.path == [*before, *held]


@given(sagas())
@settings(max_examples=20, deadline=None)
def test_a_recovery_puts_back_whatever_may_have_been_done(saga: AnySaga) -> None:
    way = put_back(saga, len(saga.steps))

    told = run(saga, recover="back")

    assert told.path == [*beginning(saga), "Interrupted", *way]
    assert told.error == "Interrupted"
    for number, name in enumerate(undone(saga, len(saga.steps))):
        told = run(saga, {name: ["Exhausted"]}, recover="back")

        held = [*way[: number + 1], "HoldUndo", "UndoAgain", *way[number:]]
        assert told.path == [*beginning(saga), "Interrupted", *held]


@given(sagas())
@settings(max_examples=20, deadline=None)
def test_a_recovery_past_the_pivot_goes_forward(saga: AnySaga) -> None:
    assert run(saga, recover="forward").path == list(saga.story)


@pytest.mark.parametrize("error", REFUSED)
@given(saga=sagas())
@settings(max_examples=10, deadline=None)
def test_a_refused_plan_has_nothing_to_put_back(error: str, saga: AnySaga) -> None:
    told = run(saga, {"Plan": [error]})

    assert told.path == [*beginning(saga)[:-1], "PutBack", "RolledBack"]
    assert (told.error, told.cause) == (error, "did it")
    assert told.asked[-1]["failed"] == {"error": error, "cause": "Plan failed"}


@given(sagas())
@settings(max_examples=10, deadline=None)
def test_a_plan_that_cannot_go_on_holds(saga: AnySaga) -> None:
    begun = beginning(saga)[:-1]

    assert run(saga, {"Plan": ["Exhausted"]}).path == [*begun, "Hold", "Again", *saga.story[len(begun) - 1 :]]
    told = run(saga, {"Plan": ["Exhausted"], "Hold": ["RollBack"]})
    assert told.path == [*begun, "Hold", "Back", "PutBack", "RolledBack"]
    assert run(saga, {"Plan": ["Revoked"]}).path == [*begun, "GiveUp", "NeedsAttention"]


GUARDED: AnySaga = Saga(
    name="Move",
    plan=plan,
    guards=guards,
    steps=(step("Take", do=act, undo=act), wait_until("Taken", check=check, within=timedelta(hours=1))),
)
KILLING: AnySaga = Saga(
    name="Kill", plan=plan, steps=(step("Mark", do=act, undo=act), step("Kill", do=act, pivot=True))
)


FURNISHED: AnySaga = Saga(
    name="Furnish",
    plan=plan,
    steps=(
        step("Make", do=act, undo=act),
        step("Hook", do=act, goes_with="Make", needs="hooks"),
        step("Copy", do=act, undo=act, needs="policies"),
        step("Grow", do=act, goes_with="Make"),
    ),
)
BEGUN = ["Plan", "Recovering", "Make", "Needed"]
UNDONE = ["UndoMake", "PutBack", "RolledBack"]

NEEDS: dict[str, tuple[Json, list[str]]] = {
    "all": ({"hooks": ["a"], "policies": ["b"]}, ["Hook", "Copy", "Grow"]),
    "the first": ({"hooks": ["a"], "policies": []}, ["Hook", "Copy", "Grow"]),
    "the second": ({"hooks": [], "policies": ["b"]}, ["Copy", "Grow"]),
    "none": ({"hooks": [], "policies": []}, ["Grow"]),
    "a plan that knows of none": ({}, ["Hook", "Copy", "Grow"]),
    "a plan that does not know the second": ({"hooks": []}, ["Copy", "Grow"]),
}
"""What the plan's lists hold, and the steps that are entered then."""


@pytest.mark.parametrize("which", NEEDS)
def test_steps_that_a_plan_has_no_need_of_are_passed_by(which: str) -> None:
    planned, steps = NEEDS[which]

    assert run(FURNISHED, planned=planned).path == [*BEGUN, *steps, "Finish", "Succeeded"]
    assert {*steps} == {one.name for one in FURNISHED.steps[1:]} - FURNISHED.passed_by(planned)


@pytest.mark.parametrize("which", NEEDS)
def test_whoever_passed_by_steps_goes_on_where_it_held(which: str) -> None:
    planned, steps = NEEDS[which]
    for at, name in enumerate(steps):
        told = run(FURNISHED, {name: ["Exhausted"]}, planned=planned)

        rest = ["Needed", *steps] if at == 0 else steps[at:]
        assert told.path == [*BEGUN, *steps[: at + 1], "Hold", "Again", *rest, "Finish", "Succeeded"]


@pytest.mark.parametrize("which", NEEDS)
def test_whoever_passed_by_steps_puts_back_all_that_may_have_been_done(which: str) -> None:
    """Straight back from the step that failed; after a hold from the last that may have, and so if an undo holds."""
    planned, steps = NEEDS[which]
    for at, name in enumerate(steps):
        begun = [*BEGUN, *steps[: at + 1]]
        straight = UNDONE if name == "Hook" else ["UndoCopy", *UNDONE]
        held = ["UndoCopy", *UNDONE]

        assert run(FURNISHED, {name: ["Rejected"]}, planned=planned).path == [*begun, *straight]
        told = run(FURNISHED, {name: ["Exhausted"], "Hold": ["RollBack"]}, planned=planned)
        assert told.path == [*begun, "Hold", "Back", *held]
        told = run(FURNISHED, {name: ["Rejected"], straight[0]: ["Exhausted"]}, planned=planned)
        assert told.path == [*begun, straight[0], "HoldUndo", "UndoAgain", *held]


@given(sagas(), st.sets(st.sampled_from(LISTS)))
@settings(max_examples=200, deadline=None)
def test_whatever_was_passed_by_all_that_was_begun_is_put_back(saga: AnySaga, filled: set[str]) -> None:
    planned: Json = {name: ["one"] if name in filled else [] for name in LISTS}
    entered = run(saga, planned=planned).path
    reversible = {one.name: one for one in saga.steps[: pivot_of(saga)] if one.name in entered}
    for at, name in enumerate(reversible):
        begun = list(reversible.values())[: at + 1]
        needed = [f"Undo{one.name}" for one in reversed(begun) if isinstance(one, Step) and one.undo]
        held: dict[str, list[str]] = {name: ["Exhausted"], "Hold": ["RollBack"]}
        for faults in ({name: ["Rejected"]}, held):
            path = run(saga, faults, planned=planned).path

            back = path[path.index(name) + 1 :]
            assert [state for state in back if state in needed] == needed
            assert not {*back} & {one.name for one in saga.steps}
            assert path[-1] == "RolledBack"


def test_a_guard_that_cannot_be_had_ends_before_the_plan() -> None:
    told = run(GUARDED, {"Guard": ["Expired"]})

    assert told.path == ["Guard", "PutBack", "RolledBack"]
    assert (told.error, told.cause) == ("Expired", "did it")
    assert told.asked[-1]["failed"] == {"error": "Expired", "cause": "Guard failed"}


@pytest.mark.parametrize("error", ["Exhausted", "Revoked", "Expired"])
def test_a_failed_finish_is_a_success(error: str) -> None:
    told = run(GUARDED, {"Finish": [error]})

    assert told.path[-2:] == ["Finish", "Succeeded"]
    assert told.output == {"step": "Taken", "did": "did it"}


def test_past_the_pivot_a_cancel_comes_too_late_for_the_finish() -> None:
    assert run(KILLING, {"Finish": ["Cancelled"]}).path[-2:] == ["Finish", "Succeeded"]


def test_a_failed_close_changes_no_end() -> None:
    told = run(GUARDED, {"Take": ["Rejected"], "PutBack": ["Exhausted"]})
    assert (told.path[-1], told.error, told.cause) == ("RolledBack", "Rejected", "did it")

    told = run(GUARDED, {"Take": ["Revoked"], "GiveUp": ["Exhausted"]})
    assert (told.path[-1], told.error, told.cause) == ("NeedsAttention", "NeedsAttention", "did it")


@pytest.mark.parametrize("error", ["Transient", "Broken", "Lambda.Unknown", "Runtime.ImportModuleError"])
def test_what_may_pass_is_retried_in_the_same_state(error: str) -> None:
    faults = {name: [error] * 100 for name in ("Plan", "Take", "Finish")}

    assert run(GUARDED, faults).path == list(GUARDED.story)


def test_a_token_that_nobody_settles_ends_by_the_states_own_time_out_once() -> None:
    asked: list[str] = []

    def invoke(function: str, payload: Json) -> Json:
        asked.append(payload["step"])
        return {"step": payload["step"], "did": "ended"}

    machines = StepFunctions(Clock(), invoke)
    machines.define("Move", compile_saga(GUARDED))
    machines.start("Move", "op1", {"operation": "op1", "last": {"step": "", "did": ""}})

    ended = machines.run("op1")

    assert ended.error == "States.Timeout"
    assert ended.path == ["Guard", "PutBack", "RolledBack"] == [*asked, "RolledBack"]


LATE: AnySaga = Saga(
    name="MakeThing",
    plan=plan,
    steps=(step("Make", do=act, undo=act), wait_until("Healthy", check=check, within=timedelta(hours=1))),
    late=late,
    kept=(step("StandDown", do=act), step("Leave", do=act)),
    left=check,
)
KEPT = {"Healthy": ["NotInTime"], "Hold": ["Kept"]}
ASIDE = [*until(LATE, 1), "Hold", "Kept", "StandDown", "Leave"]


def test_what_is_kept_is_put_out_of_the_way_and_a_person_is_called() -> None:
    told = run(LATE, KEPT)

    assert told.path == [*ASIDE, "GiveUp", "NeedsAttention"]
    assert [one.get("failed") for one in told.asked][-1] == {"error": "NotInTime", "cause": "Healthy failed"}


@pytest.mark.parametrize("name", ["StandDown", "Leave", "GiveUp"])
def test_a_cancel_puts_back_what_was_to_be_kept(name: str) -> None:
    told = run(LATE, KEPT | {name: ["Cancelled"]})
    way = [*ASIDE, "GiveUp"]

    assert told.path == [*way[: way.index(name) + 1], *put_back(LATE, 1)]
    assert told.error == "Cancelled"


@pytest.mark.parametrize("name", ["StandDown", "Leave"])
def test_what_cannot_be_put_out_of_the_way_is_tried_again_when_a_person_says_so(name: str) -> None:
    at = ASIDE.index(name)

    told = run(LATE, KEPT | {name: ["Exhausted"]})
    left = run(LATE, KEPT | {name: ["Rejected"], "HoldUndo": ["Abandoned"]})

    assert told.path == [*ASIDE[: at + 1], "HoldUndo", "UndoAgain", *ASIDE[at:], "GiveUp", "NeedsAttention"]
    assert left.path == [*ASIDE[: at + 1], "HoldUndo", "GiveUp", "NeedsAttention"]


@pytest.mark.parametrize("name", ["StandDown", "Leave"])
def test_an_undo_that_fails_after_such_a_cancel_is_tried_again_by_way_of_the_cancel(name: str) -> None:
    told = run(LATE, KEPT | {name: ["Cancelled", "Cancelled"], "UndoMake": ["Exhausted"]})

    once = [name, "UndoMake"]
    assert told.path == [*ASIDE[: ASIDE.index(name)], *once, "HoldUndo", "UndoAgain", *once, *put_back(LATE, 1)[1:]]


def test_an_undo_that_fails_after_a_cancel_at_the_very_end_is_tried_again() -> None:
    told = run(LATE, KEPT | {"GiveUp": ["Cancelled"], "UndoMake": ["Exhausted"]})

    way = put_back(LATE, 1)
    assert told.path == [*ASIDE, "GiveUp", way[0], "HoldUndo", "UndoAgain", *way]


@pytest.mark.parametrize("name", ["StandDown", "Leave"])
def test_a_revoked_operation_stops_before_it_puts_anything_out_of_the_way(name: str) -> None:
    told = run(LATE, KEPT | {name: ["Revoked"]})

    assert told.path == [*ASIDE[: ASIDE.index(name) + 1], "GiveUp", "NeedsAttention"]


def test_a_removed_step_is_never_done_and_still_put_back() -> None:
    first, last = step("First", do=act, undo=act), step("Last", do=act, undo=act)
    gone = (
        removed(step("Zeroth", do=act, undo=act), after="", on=date(2026, 12, 1)),
        removed(step("Between", do=act, undo=act), after="First", on=date(2026, 12, 1)),
        removed(wait_until("Looked", check=check, within=timedelta(hours=1)), after="First", on=date(2026, 12, 1)),
    )
    saga: AnySaga = Saga(name="MakeThing", plan=plan, steps=(first, last), removed=gone, left=check)
    back = ["UndoLast", "UndoBetween", "UndoFirst", "UndoZeroth", "NothingLeft", "PutBack", "RolledBack"]

    assert run(saga).path == ["Plan", "Recovering", "First", "Last", "Finish", "Succeeded"]
    assert run(saga, recover="back").path == ["Plan", "Recovering", "Interrupted", *back]
    assert run(saga, {"Last": ["Rejected"]}).path == ["Plan", "Recovering", "First", "Last", *back]
    assert run(saga, {"First": ["Rejected"]}).path == ["Plan", "Recovering", "First", *back[2:]]
    held = run(saga, recover="back", faults={"UndoBetween": ["Rejected", ""]}).path
    assert held[3:7] == ["UndoLast", "UndoBetween", "HoldUndo", "UndoAgain"]
    assert held[7:] == back[1:]
