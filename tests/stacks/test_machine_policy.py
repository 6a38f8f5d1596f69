"""Our own policy over the compiled machines: every machine keeps it, and each rule notices what it is for."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from saga.compiler import compile_saga
from stacks import machine_policy
from stacks.definitions import definitions
from stacks.machine_policy import RULES, AgainstPolicy, broken_rules, main
from statemachines import ALL
from statemachines.resize_server_group import RESIZE_SERVER_GROUP

Json = dict[str, Any]
Break = Callable[[Json], object]
MACHINE: Json = compile_saga(RESIZE_SERVER_GROUP)
SKEW = "arn:aws:iam::{}:role/admin".format("1234" * 3)


def states(machine: Json) -> Json:
    found: Json = machine["States"]
    return found


def add(machine: Json, name: str, **state: Any) -> None:
    """A state that the way back leads to."""
    states(machine)[name] = state
    states(machine)["LandedLate"]["Next"] = name


def given(machine: Json, name: str = "Resize") -> Json:
    found: Json = states(machine)[name]["Parameters"]
    return found


BROKEN: dict[str, tuple[Break, ...]] = {
    "only_known_kinds": (
        lambda m: add(m, "Sleep", Type="Wait", Seconds=5, Next="UndoResize"),
        lambda m: add(m, "Each", Type="Map", Next="UndoResize"),
        lambda m: states(m)["Resize"].update(QueryLanguage="JSONata"),
        lambda m: states(m)["Resize"].update(Assign={"seen": True}),
    ),
    "three_ends": (
        lambda m: add(m, "Done", Type="Succeed"),
        lambda m: states(m)["Resize"].update(End=True),
        lambda m: states(m)["NeedsAttention"].update(Type="Succeed"),
    ),
    "every_state_is_entered": (
        lambda m: states(m).update(Orphan={"Type": "Pass", "Next": "RolledBack"}),
        lambda m: states(m)["Recovering"].update(Default="AllHealthy", Choices=[]),
    ),
    "every_state_ends": (
        lambda m: add(m, "Round", Type="Pass", Next="Round"),
        lambda m: states(m)["UndoResize"].update(Next="Nowhere"),
    ),
    "choices_have_a_default": (lambda m: states(m)["Back"].pop("Default"),),
    "tasks_outlast_their_functions": (
        lambda m: states(m)["Resize"].pop("TimeoutSeconds"),
        lambda m: states(m)["Resize"].update(TimeoutSeconds=60),
        lambda m: states(m)["Resize"].update(TimeoutSeconds=900),
        lambda m: states(m)["Hold"].update(TimeoutSeconds=8 * 86_400),
    ),
    "the_execution_has_a_backstop": (
        lambda m: m.pop("TimeoutSeconds"),
        lambda m: m.update(TimeoutSeconds=86_400),
    ),
    "decisions_are_never_retried": (
        lambda m: states(m)["Resize"]["Retry"][0]["ErrorEquals"].remove("Cancelled"),
        lambda m: states(m)["Resize"]["Retry"][0].update(MaxAttempts=1),
        lambda m: states(m)["Resize"]["Retry"].reverse(),
    ),
    "a_token_is_waited_for_once": (lambda m: states(m)["Hold"]["Retry"][0]["ErrorEquals"].remove("States.Timeout"),),
    "all_else_is_retried_with_full_jitter": (
        lambda m: states(m)["Resize"]["Retry"][1].update(MaxDelaySeconds=3_600),
        lambda m: states(m)["Resize"]["Retry"][1].pop("MaxDelaySeconds"),
        lambda m: states(m)["Resize"]["Retry"][1].pop("JitterStrategy"),
        lambda m: states(m)["Resize"]["Retry"][1].update(MaxAttempts=3),
        lambda m: states(m)["Resize"]["Retry"][1].update(ErrorEquals=["States.TaskFailed"]),
        lambda m: states(m)["Resize"]["Retry"].pop(),
    ),
    "everything_is_caught": (
        lambda m: states(m)["Resize"].pop("Catch"),
        lambda m: states(m)["Resize"]["Catch"].reverse(),
    ),
    "the_way_back_stays_the_way_back": (
        lambda m: states(m)["UndoResize"]["Catch"][1].update(Next="Resize"),
        lambda m: states(m)["UndoAgain"].update(Default="Resize"),
    ),
    "only_our_own_functions_are_called": (
        lambda m: states(m)["Resize"].update(Resource=f"arn:aws:states:::aws-sdk:iam:{'createUser'}"),
        lambda m: given(m, "Hold").update(FunctionName="somebody-elses"),
    ),
    "input_is_bounded": (
        lambda m: given(m).update({"all.$": "$"}),
        lambda m: given(m).update({"plan.$": "$"}),
        lambda m: states(m)["Resize"].update(InputPath="$.plan"),
    ),
    "tokens_go_where_they_are_waited_for": (
        lambda m: given(m).update({"token.$": "$$.Task.Token"}),
        lambda m: given(m, "Hold")["Payload"].pop("token.$"),
    ),
    "state_data_stays_small": (
        lambda m: states(m)["Resize"].pop("ResultPath"),
        lambda m: states(m)["Resize"].update(ResultPath="$.resized"),
        lambda m: states(m)["Resize"]["Catch"][0].pop("ResultPath"),
    ),
    "nothing_secret_and_nobody_s_account": (
        lambda m: m.update(Comment=SKEW),
        lambda m: m.update(Comment="arn:aws:s3:::somebodys-bucket"),
        lambda m: m.update(Comment=f"whsec_{32 * 'A'}"),
    ),
    "failures_tell_why": (
        lambda m: states(m)["RolledBack"].pop("CausePath"),
        lambda m: states(m)["NeedsAttention"].pop("Error"),
    ),
    "within_aws_s_limits": (
        lambda m: m.update(Comment="x" * 1_000_001),
        lambda m: add(m, "X" * 81, Type="Pass", Next="UndoResize"),
    ),
}
"""What breaks each rule."""


@pytest.mark.parametrize("saga", ALL, ids=lambda saga: str(saga.name))
def test_every_machine_keeps_every_rule(saga: Any) -> None:
    assert broken_rules(compile_saga(saga)) == []


def test_every_rule_is_broken_here_and_explains_itself() -> None:
    assert list(BROKEN) == [rule.__name__ for rule in RULES]
    assert all(rule.__doc__ for rule in RULES)


@pytest.mark.parametrize(
    ("rule", "harm"),
    [(name, one) for name, breaks in BROKEN.items() for one in breaks],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_a_machine_that_breaks_a_rule_is_told_so(rule: str, harm: Break) -> None:
    machine = deepcopy(MACHINE)
    harm(machine)

    assert rule in {said.partition(":")[0] for said in broken_rules(machine)}


def test_nobody_deploys_a_machine_against_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_undo(machine: machine_policy.Machine) -> Any:
        yield "Resize: is not to our taste"

    monkeypatch.setattr(machine_policy, "RULES", (without_undo,))

    with pytest.raises(AgainstPolicy, match="ResizeServerGroup must not be deployed: without_undo: Resize: is not"):
        definitions([RESIZE_SERVER_GROUP])


def test_the_command_judges_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.asl.json", tmp_path / "bad.asl.json"
    good.write_text(json.dumps(MACHINE))
    bad.write_text(json.dumps(MACHINE | {"TimeoutSeconds": 1}))

    assert main([str(good)]) == 0
    assert capsys.readouterr().out == f"1 machines keep {len(RULES)} rules\n"
    assert main([str(good), str(bad)]) == 1
    assert capsys.readouterr().err.startswith(f"{bad}: the_execution_has_a_backstop: ")
