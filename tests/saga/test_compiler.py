import json
import random
import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from lambdas import errors
from lambdas.hub import Settings
from rehearsal.asl import Machine
from saga import Saga, step, wait_until
from saga.compiler import FINAL, Json, compile_saga, function_of, worst_case
from saga.rules import RESERVED, BadSaga
from tests.saga.arbitrary import AnySaga, act, check, guards, late, plan, sagas

ENDS = {"Succeeded", "RolledBack", "NeedsAttention"}

FULL: AnySaga = Saga(
    name="MakeThing",
    plan=plan,
    guards=guards,
    steps=(
        step("Template", do=act, undo=act),
        step("Group", do=act, undo=act),
        step("Hooks", do=act, goes_with="Group", needs="hooks"),
        step("Size", do=act, goes_with="Group"),
        wait_until("Healthy", check=check, within=timedelta(minutes=30)),
    ),
    late=late,
    kept=(step("Aside", do=act),),
    left=check,
)


def targets(state: Json) -> list[str]:
    """Every state it may lead to."""
    holders = [state, *state.get("Catch", []), *state.get("Choices", [])]
    named = [holder["Next"] for holder in holders if "Next" in holder]
    return [*named, state["Default"]] if "Default" in state else named


def reachable(states: Json, start: str) -> set[str]:
    seen: set[str] = set()
    new = {start}
    while new:
        seen |= new
        new = {target for name in new for target in targets(states[name])} - seen
    return seen


def tasks(asl: Json) -> dict[str, Json]:
    return {name: state for name, state in asl["States"].items() if state["Type"] == "Task"}


@given(sagas())
@settings(max_examples=50)
def test_every_state_is_reachable_and_leads_to_one_of_three_ends(saga: AnySaga) -> None:
    asl = compile_saga(saga)
    states = asl["States"]

    assert reachable(states, asl["StartAt"]) == set(states)
    assert {name for name, state in states.items() if state["Type"] in ("Succeed", "Fail")} == ENDS
    assert all(reachable(states, name) & ENDS for name in states)


@given(sagas())
@settings(max_examples=50)
def test_every_task_retries_all_but_what_is_final_and_catches_everything(saga: AnySaga) -> None:
    for name, task in tasks(compile_saga(saga)).items():
        never, always = task["Retry"]
        token = "waitForTaskToken" in task["Resource"]

        assert never == {"ErrorEquals": [*FINAL, *(["States.Timeout"] if token else [])], "MaxAttempts": 0}, name
        assert always["ErrorEquals"] == ["States.ALL"]
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert all(catch["ErrorEquals"] != ["States.ALL"] for catch in task["Catch"][:-1]), name


@given(sagas())
@settings(max_examples=50)
def test_the_machine_ends_after_everything_in_it_could_have_ended(saga: AnySaga) -> None:
    asl = compile_saga(saga)

    longest = sum(task["TimeoutSeconds"] for task in tasks(asl).values())

    assert asl["TimeoutSeconds"] == timedelta(days=30).total_seconds() > longest


@given(sagas())
@settings(max_examples=50)
def test_no_error_stands_in_what_a_success_shows(saga: AnySaga) -> None:
    states = compile_saga(saga)["States"]

    assert states["Succeeded"] == {"Type": "Succeed", "OutputPath": "$.last"}
    assert states["Finish"]["ResultPath"] == "$.last"


@given(sagas())
@settings(max_examples=20)
def test_our_own_interpreter_accepts_the_machine(saga: AnySaga) -> None:
    Machine(compile_saga(saga))


@pytest.mark.parametrize("left", [None, check])
def test_motos_parser_accepts_the_machine(left: Any) -> None:
    saga: AnySaga = Saga(name="MakeThing", plan=plan, steps=FULL.steps, left=left)
    arn = r"arn:aws:lambda:eu-west-1:123456789012:function:\1"

    program: Any
    program, _ = AmazonStateLanguageParser.parse(re.sub(r"\$\{(\w+)\}", arn, json.dumps(compile_saga(saga))))

    assert len(program.states.states) == len(compile_saga(saga)["States"])


@given(sagas())
@settings(max_examples=20)
def test_the_same_saga_is_the_same_text(saga: AnySaga) -> None:
    assert json.dumps(compile_saga(saga)) == json.dumps(compile_saga(saga))


def test_states_stand_in_the_order_of_the_story_the_holds_the_way_back_and_the_ends() -> None:
    assert list(compile_saga(FULL)["States"]) == [
        *("Guard", "Plan", "Recovering", "Template", "Group", "Needed", "Hooks", "Size", "Healthy"),
        *("Finish", "Succeeded"),
        *("Hold", "Again", "Back", "Kept", "Aside"),
        *("Interrupted", "UndoGroup", "UndoTemplate", "NothingLeft", "LandedLate", "HoldUndo", "UndoAgain"),
        *("PutBack", "RolledBack", "GiveUp", "NeedsAttention"),
    ]


def test_names_that_the_compiler_uses_are_reserved() -> None:
    made = {name for name in compile_saga(FULL)["States"] if not name.startswith("Undo")}

    assert made - {one.name for one in (*FULL.steps, *FULL.kept)} == RESERVED - {"UndoAgain"}


def test_final_errors_are_those_of_the_functions() -> None:
    assert set(FINAL) == set(errors.FINAL)


def test_a_saga_without_undo_has_no_hold_for_undos() -> None:
    saga: AnySaga = Saga(name="Kill", plan=plan, steps=(step("Terminate", do=act, pivot=True),))

    assert not {"HoldUndo", "UndoAgain", "NothingLeft"} & set(compile_saga(saga)["States"])


def test_a_bad_saga_is_not_compiled() -> None:
    saga: AnySaga = Saga(name="MakeThing", plan=plan, steps=(step("Group", do=act),))

    with pytest.raises(BadSaga):
        compile_saga(saga)


def test_a_function_is_named_after_the_module_of_its_activity() -> None:
    def terminate(plan: object, cloud: object) -> None: ...

    terminate.__module__ = "lambdas.activities.server_groups"

    assert function_of(terminate) == "ServerGroupsFunction"


BASE = {"saga", "step", "operation.$", "execution.$", "last.$"}


@pytest.mark.parametrize(
    ("state", "more"),
    [
        ("Guard", {"token.$"}),
        ("Plan", set()),
        ("Template", {"plan.$"}),
        ("UndoTemplate", {"plan.$"}),
        ("Healthy", {"plan.$", "token.$"}),
        ("NothingLeft", {"plan.$", "token.$"}),
        ("Hold", {"failed", "entered.$", "token.$"}),
        ("HoldUndo", {"failed", "entered.$", "token.$"}),
        ("Finish", set()),
        ("PutBack", {"failed"}),
        ("GiveUp", {"failed"}),
    ],
)
def test_a_task_receives_what_the_architecture_says(state: str, more: set[str]) -> None:
    parameters = compile_saga(FULL)["States"][state]["Parameters"]

    payload = parameters.get("Payload", parameters)

    assert set(payload) == BASE | more
    assert (payload["saga"], payload["step"]) == ("MakeThing", state)


def test_activities_run_in_their_modules_function_and_all_else_in_the_engine() -> None:
    functions = {
        name: task["Parameters"].get("FunctionName", task["Resource"])
        for name, task in tasks(compile_saga(FULL)).items()
    }

    assert {name for name, function in functions.items() if function == "${ArbitraryFunction}"} == {
        *("Plan", "Template", "Group", "Hooks", "Size", "UndoTemplate", "UndoGroup", "Aside"),
    }
    assert set(functions.values()) == {"${ArbitraryFunction}", "${EngineFunction}"}


def test_a_waits_own_time_out_strikes_an_hour_after_its_longest_time() -> None:
    assert compile_saga(FULL)["States"]["Healthy"]["TimeoutSeconds"] == 90 * 60


def test_the_worst_case_counts_every_attempt_of_every_state() -> None:
    one = {"Type": "Task", "Retry": [{"MaxAttempts": 0}, {"MaxAttempts": 150}]}

    assert worst_case({"States": {"One": one, "Done": {"Type": "Succeed"}}}) == 2 + 4 * 151 + 2


@given(sagas())
@settings(max_examples=50)
def test_no_machine_reaches_the_end_of_a_history(saga: AnySaga) -> None:
    assert worst_case(compile_saga(saga)) < 25_000


def waited(retrier: Json, chance: random.Random) -> float:
    """Seconds until the retrier gives up, its calls taking no time."""
    delays = (
        retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt for attempt in range(retrier["MaxAttempts"])
    )
    return sum(chance.uniform(0, min(delay, retrier["MaxDelaySeconds"])) for delay in delays)


def test_the_machine_retries_longer_than_the_functions_window_in_99_of_100_runs() -> None:
    chance = random.Random(1)
    retrier = compile_saga(FULL)["States"]["Group"]["Retry"][1]

    runs = sorted(waited(retrier, chance) for _ in range(2_000))

    assert runs[20] > Settings("table").window.total_seconds()
