"""How each operation goes on after people acted by hand: one verdict for each, and what it needs."""

from dataclasses import replace
from typing import Any

import pytest

from doctor.deployed import Json
from doctor.reconcile import Case, judged
from doctor.report import Weight
from lambdas.rows import Control, Status

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
CASE = Case(ROW, "RUNNING", moving=True, held=False, did=True, compared=STANDS)
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
            "aws stepfunctions stop-execution",
        ),
        (
            {"moving": False, "row": BEYOND},
            Weight.WAIT,
            "waits for what the table has forgotten; stopped, it goes on",
            "aws stepfunctions stop-execution",
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
