"""How each operation goes on after people acted by hand: one verdict for each, and what it needs."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from doctor.deployed import Deployed, Json
from doctor.reconcile import Case, judged, orphans
from doctor.report import Weight
from lambdas.rows import Control, Status, control_key, item_of
from lambdas.table import Put
from rehearsal.memory_table import MemoryTable

ROW = Control(
    id="op1",
    saga="ResizeServerGroup",
    version=1,
    account="prod",
    region="us-east-1",
    application="shop",
    cluster="shop",
    caller="me",
    door="windlass",
    step="AllHealthy",
    accepted=1.0,
    finish_by=2.0,
    status=Status.RUNNING,
)
STANDS: Json = {"planned": True, "left": "group shop-v001 is there", "waits": {"AllHealthy": "1 of 2 healthy"}}
ARN = "arn:aws:states:us-east-1:123456789012:execution:windlass-ResizeServerGroup:op1"
CASE = Case(ROW, "RUNNING", moving=True, held=False, did=True, compared=STANDS, arn=ARN)
BEYOND = replace(ROW, pivoted=True)


def test_what_moves_goes_on_and_says_what_stands() -> None:
    found = judged(CASE)

    assert found.weight is Weight.NOTE
    assert found.about == "operation op1 (resizeServerGroup, in AllHealthy)"
    assert found.what == "goes on by itself; group shop-v001 is there; AllHealthy: 1 of 2 healthy"


@pytest.mark.parametrize(
    ("changed", "weight", "what", "remedy"),
    [
        ({"execution": ""}, Weight.NOTE, "is put back: its execution is over, the sweep takes over", ""),
        ({"execution": "ABORTED", "row": BEYOND}, Weight.NOTE, "goes on: its execution is over", ""),
        (
            {"execution": "", "row": replace(ROW, status=Status.ACCEPTED)},
            Weight.NOTE,
            "goes on: the sweep starts it",
            "",
        ),
        ({"held": True}, Weight.WAIT, "is held; group shop-v001 is there", '"decision": "retry"'),
        (
            {"held": True, "compared": STANDS | {"left": ""}},
            Weight.WAIT,
            "is held, and what it did was taken back by hand; nothing of its doing stands",
            '{"signal": "cancel"',
        ),
        (
            {"held": True, "compared": STANDS | {"left": ""}, "row": BEYOND},
            Weight.WAIT,
            "is held; nothing of its doing stands",
            '"decision": "retry"',
        ),
        (
            {"moving": False},
            Weight.WAIT,
            "waits for what the table has forgotten; stopped, it is put back",
            f"aws stepfunctions stop-execution --cause reconciled --execution-arn {ARN}",
        ),
        (
            {"moving": False, "row": BEYOND},
            Weight.WAIT,
            "waits for what the table has forgotten; stopped, it goes on",
            f"aws stepfunctions stop-execution --cause reconciled --execution-arn {ARN}",
        ),
        (
            {"held": True, "compared": {"unseen": "there is no account prod"}},
            Weight.WAIT,
            "is held; it cannot be compared with the cloud: there is no account prod",
            '"decision": "retry"',
        ),
        ({"compared": {"planned": False}}, Weight.NOTE, "goes on by itself; nothing is planned yet", ""),
        (
            {"compared": STANDS | {"left": None}},
            Weight.NOTE,
            "goes on by itself; what it did cannot be told from its plan",
            "",
        ),
    ],
)
def test_each_case_has_one_verdict(changed: dict[str, Any], weight: Weight, what: str, remedy: str) -> None:
    found = judged(replace(CASE, **changed))

    assert found.weight is weight
    assert found.what.startswith(what)
    assert (remedy in found.remedy) if remedy else not found.remedy


@mock_aws
def test_an_operation_that_is_over_or_was_accepted_just_now_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its execution may still be about to end, or have begun since the rows were read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    states = boto3.client("stepfunctions", "us-east-1")
    role, nothing = "arn:aws:iam::123456789012:role/machine", '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
    made = states.create_state_machine(name="windlass-Reconciled", definition=nothing, roleArn=role)
    stack = Deployed(
        "Windlass", "CREATE_COMPLETE", {}, {"M": ("AWS::StepFunctions::StateMachine", made["stateMachineArn"])}
    )
    for execution in ("over", "accepted-recovery-1", "forgotten"):
        states.start_execution(stateMachineArn=made["stateMachineArn"], name=execution)
    table = MemoryTable()
    for operation, status in (("over", Status.SUCCEEDED), ("accepted", Status.ACCEPTED)):
        table.write(Put(control_key(operation), item_of(replace(ROW, id=operation, status=status))))

    found = list(orphans(lambda service: states, stack, table))

    assert [one.about for one in found] == ["execution forgotten"]
    assert found[0].what.endswith("what it made has the tag windlass:operation=forgotten")
