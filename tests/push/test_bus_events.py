"""Which changes of a control row are something to tell, and which records of the stream wake the herald for it."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are no dependency of ours
from moto.events.models import EventPattern

from lambdas.push.__main__ import PUBLISHED, main
from lambdas.push.events import ENDS, PATTERNS, TOLD, Kind, happened
from lambdas.push.model import TYPES, data_of, event_of, schema
from lambdas.rows import Control, Mark, Status, item_of
from lambdas.values import changed

ROW = Control(
    id="abc",
    saga="CreateServerGroup",
    status=Status.RUNNING,
    version=7,
    account="test",
    region="us-east-1",
    application="shop",
    cluster="test/us-east-1/shop-prod",
    caller="arn:aws:iam::123456789012:user/orca",
    door="windlass",
    accepted=1_700_000_000.0,
    finish_by=1_700_086_400.0,
    step="ScaleUp",
)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"status": Status.ACCEPTED}, {"status": Status.RUNNING}, Kind.STARTED),
        ({}, {"status": Status.UNDOING}, Kind.UNDOING),
        ({"status": Status.ROLLED_BACK}, {"status": Status.UNDOING}, Kind.UNDOING),
        ({}, {"status": Status.SUCCEEDED}, Kind.SUCCEEDED),
        ({"status": Status.UNDOING}, {"status": Status.ROLLED_BACK}, Kind.ROLLED_BACK),
        ({}, {"status": Status.NEEDS_ATTENTION}, Kind.NEEDS_ATTENTION),
        ({"status": Status.ACCEPTED}, {"status": Status.NOT_STARTED}, Kind.NOT_STARTED),
        ({}, {"mark": Mark.PAUSED}, Kind.PAUSED),
        ({"mark": Mark.PAUSED}, {}, Kind.RESUMED),
        ({"mark": Mark.PAUSED}, {"mark": Mark.CANCELLED}, Kind.CANCELLING),
        ({}, {"mark": Mark.REVOKED}, Kind.REVOKED),
        ({}, {"step": "Hold"}, Kind.HELD),
        ({"step": "UndoScaleUp"}, {"step": "HoldUndo"}, Kind.HELD),
        ({"step": "Hold"}, {"step": "Hold", "held": 1}, Kind.RESUMED),
        ({"step": "HoldUndo"}, {"step": "HoldUndo", "skip": "UndoScaleUp"}, Kind.RESUMED),
        ({"step": "Hold", "held": 1}, {"step": "ScaleUp", "held": 1}, None),
        ({}, {"step": "InstancesHealthy"}, None),
        ({"status": Status.SUCCEEDED, "due": 9.0}, {"status": Status.SUCCEEDED}, None),
    ],
)
def test_a_change_is_one_thing_or_nothing_to_tell(before: Any, after: Any, kind: Kind | None) -> None:
    assert happened(changed(ROW, **before), changed(ROW, **after)) == kind


def test_a_new_row_is_an_operation_accepted() -> None:
    assert happened(None, ROW) is Kind.ACCEPTED


def image(row: Control) -> dict[str, Any]:
    texts = {name: {"S": str(value)} for name, value in item_of(row).items() if isinstance(value, str)}
    return texts | {"pk": {"S": f"op#{row.id}"}, "sk": {"S": "control"}}


FILTERS = [EventPattern.load(json.dumps(pattern)) for pattern in PATTERNS]


def passes(old: Control | None, new: Control) -> bool:
    change = {"Keys": {"sk": {"S": "control"}}, "NewImage": image(new), **({"OldImage": image(old)} if old else {})}
    record: Any = {"eventName": "MODIFY" if old else "INSERT", "dynamodb": change}
    return any(one.matches_event(record) for one in FILTERS)


OPEN, OVER = [one for one in Status if not one.over], [one for one in Status if one.over]
TURNS = [
    *product([Status.ACCEPTED], [Status.RUNNING, Status.UNDOING, *OVER]),
    *product([Status.RUNNING], [Status.UNDOING, *OVER]),
    *product([Status.UNDOING], OVER),
    (Status.ROLLED_BACK, Status.UNDOING),
]
"""An operation's ways through its statuses."""
MARKINGS = [(None, Mark.PAUSED), (None, Mark.CANCELLED), (None, Mark.REVOKED), (Mark.PAUSED, None)]
MARKINGS += [(Mark.PAUSED, Mark.CANCELLED), (Mark.PAUSED, Mark.REVOKED), (Mark.CANCELLED, Mark.REVOKED)]


def changes() -> Iterator[tuple[Control, Control]]:
    for (old, new), step in product(TURNS, ("", "ScaleUp", "Hold")):
        yield changed(ROW, status=old), changed(ROW, status=new, step=step)
    for (old_mark, new_mark), status in product(MARKINGS, OPEN):
        yield changed(ROW, status=status, mark=old_mark), changed(ROW, status=status, mark=new_mark)
    for mark, (before, after) in product((None, *Mark), (("ScaleUp", "Hold"), ("UndoScaleUp", "HoldUndo"))):
        yield changed(ROW, mark=mark, step=before), changed(ROW, mark=mark, step=after)


def test_every_change_that_is_something_wakes_the_herald() -> None:
    something = [(old, new) for old, new in changes() if happened(old, new)]

    assert len(something) > 50
    assert [(old, new) for old, new in something if not passes(old, new)] == []
    assert passes(None, ROW)


@pytest.mark.parametrize("step", ["Hold", "HoldUndo"])
def test_what_a_person_decided_of_a_hold_wakes_the_herald(step: str) -> None:
    held = changed(ROW, step=step)

    assert passes(held, changed(held, held=1))
    assert passes(held, changed(held, skip="UndoScaleUp"))


def test_the_steps_of_an_operation_wake_nobody() -> None:
    assert not passes(ROW, changed(ROW, step="InstancesHealthy"))
    assert not passes(changed(ROW, status=Status.SUCCEEDED, due=1.0), changed(ROW, status=Status.SUCCEEDED))
    assert not passes(
        changed(ROW, status=Status.UNDOING, mark=Mark.CANCELLED),
        changed(ROW, status=Status.UNDOING, mark=Mark.CANCELLED, step="UndoScaleUp"),
    )


def test_every_status_that_is_over_has_an_event_that_ends() -> None:
    assert {Kind.SUCCEEDED, Kind.ROLLED_BACK, Kind.NEEDS_ATTENTION, Kind.NOT_STARTED} == ENDS
    assert set(Kind) - set(TOLD) == {Kind.STEP_ENDED}


def test_the_published_schema_is_what_the_model_says() -> None:
    assert main(["--check"]) == 0


def test_a_stale_schema_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err == f"{PUBLISHED} is stale; run `python -m lambdas.push`\n"
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("kind", TOLD)
def test_every_event_fits_the_published_schema(kind: Kind) -> None:
    data = data_of(ROW, step="ScaleUp", reason="Exhausted: x").model_dump(mode="json", by_alias=True, exclude_none=True)

    told = event_of("urn:windlass:1:us-east-1:windlass", 7, kind, 1_700_000_001.5, data).json_value

    Draft202012Validator(schema(), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)
    assert told["type"] in TYPES


def test_an_event_as_a_receiver_reads_it() -> None:
    held = data_of(ROW, step="ScaleUp", reason="Exhausted: no room")
    data = held.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert event_of("urn:windlass:1:us-east-1:windlass", 7, Kind.HELD, 1_700_000_001.5, data).json_value == {
        "specversion": "1.0",
        "id": "abc.7",
        "source": "urn:windlass:1:us-east-1:windlass",
        "type": "windlass.operation.held",
        "subject": "abc",
        "time": "2023-11-14T22:13:21.500000Z",
        "datacontenttype": "application/json",
        "sequence": "00000007",
        "data": {
            "operation": "abc",
            "type": "createServerGroup",
            "status": "RUNNING",
            "application": "shop",
            "cluster": "test/us-east-1/shop-prod",
            "account": "test",
            "region": "us-east-1",
            "caller": "arn:aws:iam::123456789012:user/orca",
            "step": "ScaleUp",
            "reason": "Exhausted: no room",
            "accepted": "2023-11-14T22:13:20Z",
            "finishBy": "2023-11-15T22:13:20Z",
        },
    }
