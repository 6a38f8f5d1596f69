"""The smallest operation of somebody else's: what it gets from being listed in an app."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.stage import ROOT, synthesise
from rehearsal import scenarios
from rehearsal.sweep import sweep
from rehearsal.trials import LIFTED
from statemachines import Registered

SAMPLE = ROOT / "samples" / "pin_server_group"
REFERENCE = "pinning.pin_server_group:PIN_SERVER_GROUP"
LONGEST = 80
"""Lines that it may take."""

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SAMPLE)


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    out = tmp_path_factory.mktemp("pinning") / "out"
    synthesise(out, app=SAMPLE / "app.py")
    found: dict[str, Json] = json.loads((out / "Windlass.template.json").read_text())["Resources"]
    return found


def of_type(resources: dict[str, Json], kind: str) -> list[Json]:
    return [one["Properties"] for one in resources.values() if one["Type"] == kind]


def test_it_is_short() -> None:
    lines = (SAMPLE / "pinning" / "pin_server_group.py").read_text().splitlines()

    assert len(lines) <= LONGEST


def test_it_is_a_machine_and_a_function_beside_all_others(resources: dict[str, Json]) -> None:
    machines = {one["StateMachineName"] for one in of_type(resources, "AWS::StepFunctions::StateMachine")}
    functions = {one["FunctionName"] for one in of_type(resources, "AWS::Lambda::Function")}

    assert {"windlass-PinServerGroup", "windlass-CreateServerGroup"} <= machines
    assert "windlass-PinServerGroup" in functions


def test_its_function_may_do_what_its_module_declares(resources: dict[str, Json]) -> None:
    role = next(
        one["Role"]["Fn::GetAtt"][0]
        for one in of_type(resources, "AWS::Lambda::Function")
        if one["FunctionName"] == "windlass-PinServerGroup"
    )
    policy = next(one for one in of_type(resources, "AWS::IAM::Policy") if one["Roles"] == [{"Ref": role}])
    allowed = json.dumps(policy["PolicyDocument"])

    assert '"autoscaling:UpdateAutoScalingGroup"' in allowed
    assert "autoscaling:Delete" not in allowed


def test_every_function_knows_it_by_its_reference(resources: dict[str, Json]) -> None:
    known = {
        one["Environment"]["Variables"]["WINDLASS_OPERATIONS"] for one in of_type(resources, "AWS::Lambda::Function")
    }

    assert known == {f"aws,{REFERENCE}"}
    assert Registered({"WINDLASS_OPERATIONS": known.pop()})["PinServerGroup"].operation == "pinServerGroup"


def test_it_is_swept_as_ours_are() -> None:
    (scenario,) = scenarios.named("pinning.rehearsed:pinServerGroup")

    report = sweep(scenario, LIFTED, lambda call: call.name.startswith("groups."))

    assert report.tried.total() >= 3 * (len(LIFTED) - 2)
    assert report.survivors == []


def test_the_sweep_command_takes_it_by_its_module() -> None:
    swept = ran("-m", "rehearsal", "sweep", "pinning.rehearsed:*", "--kinds", "after")

    assert re.search(r"\d+ runs in .*; 0 survivors", swept.stdout)
    assert swept.returncode == 0


def test_a_module_that_is_not_there_is_told_in_a_sentence() -> None:
    swept = ran("-m", "rehearsal", "sweep", "nowhere.rehearsed:*")

    assert swept.returncode == 2
    assert "nowhere.rehearsed has no scenarios" in swept.stderr
    assert "PYTHONPATH" in swept.stderr


def test_its_page_is_made_by_the_same_command(tmp_path: Path) -> None:
    made = ran("-m", "statemachines", REFERENCE, "--into", str(tmp_path))

    assert made.returncode == 0, made.stderr
    assert "`POST /operations/pinServerGroup`" in (tmp_path / "pin_server_group.md").read_text()


def test_a_reference_to_what_is_no_saga_is_refused() -> None:
    made = ran("-m", "statemachines", "pinning.pin_server_group:PinPlan")

    assert made.returncode == 2
    assert "is type, no saga" in made.stderr


def ran(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{SAMPLE}"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=SAMPLE, env=environment, capture_output=True, text=True, check=False
    )
