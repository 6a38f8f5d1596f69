"""What the doctor says of operations that are under way, and of a table, before a release is deployed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from rich.console import Console

from doctor.deployed import Deployed, Json
from doctor.release import AnySaga, Release
from doctor.report import Finding, Report, Weight
from doctor.running import Running, ahead
from doctor.upgrade import broken, changed_table
from lambdas.rows import control_of
from rehearsal import releases
from saga import removed
from statemachines.create_server_group import CREATE_SERVER_GROUP as CREATE

(RECORDED,) = (one for one in releases.newest(before="999") if one.scenario == "createServerGroup")
(ALARMS,) = (one for one in CREATE.changes if one.name == "CopyAlarms")
FUNCTIONS = {"Engine", "ServerGroups", "LaunchTemplates", "Scaling", "Capacity", "Processes", "LoadBalancers"}


def definition() -> Json:
    """As deployed: the holes filled with aliases."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:windlass-{}:live"

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [filled(one) for one in value]
        if isinstance(value, str) and value.startswith("${"):
            return arn.format(value[2:-1].removesuffix("Function"))
        return value

    return dict(filled(RECORDED.definition))


def under_way(**more: Any) -> Running:
    """A createServerGroup in its wait."""
    (moment,) = RECORDED.midst
    (row,) = (one for one in moment.rows if one["sk"] == "control")
    plan, failed = RECORDED.plan | more.pop("plan", {}), more.pop("failed", "")
    control = replace(control_of(row), **more)
    return Running(control, plan, None, held=bool(failed), definition=definition(), failed=failed)


def release(saga: AnySaga | None = CREATE, functions: set[str] = FUNCTIONS) -> Release:
    resources = {
        name: {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": f"windlass-{name}"}}
        for name in functions
    }
    return Release({"Resources": resources}, {saga.name: saga} if saga else {})


WITHOUT = replace(CREATE, steps=tuple(one for one in CREATE.steps if one is not ALARMS))
KEPT = replace(WITHOUT, removed=(removed(ALARMS, after="CopyScalingPolicies", on=date(2026, 12, 1)),))


def told(one: Running, new: Release) -> list[str]:
    found = list(broken(one, new))
    assert {finding.weight for finding in found} <= {Weight.BREAKS}
    assert all(one.row.id in finding.about for finding in found)
    return [finding.what for finding in found]


def test_the_same_release_breaks_nothing() -> None:
    assert told(under_way(), release()) == []
    assert told(under_way(step="Hold"), release()) == []
    assert told(under_way(step=""), release()) == []


def test_a_step_that_is_taken_out_breaks_what_may_still_come_to_its_undo() -> None:
    said = told(under_way(), release(WITHOUT))

    assert [one.split(":")[0] for one in said] == ["comes to UndoCopyAlarms"]
    assert [one.split(":")[0] for one in told(under_way(step="CreateEmptyGroup"), release(WITHOUT))] == [
        "comes to CopyAlarms",
        "comes to UndoCopyAlarms",
    ]
    assert told(under_way(), release(KEPT)) == []


def test_what_is_held_may_go_on_from_where_it_failed() -> None:
    held = under_way(step="Hold", failed="CopyScalingPolicies")

    assert [one.split(":")[0] for one in told(held, release(WITHOUT))] == [
        "comes to CopyAlarms",
        "comes to UndoCopyAlarms",
    ]
    assert told(held, release(KEPT)) == []


def test_what_landed_late_leads_to_its_undo_once_more() -> None:
    (said,) = told(under_way(step="UndoCreateEmptyGroup"), release(WITHOUT))

    assert said.startswith("comes to UndoCopyAlarms")


def test_an_operation_or_a_function_that_is_taken_away_breaks_what_needs_it() -> None:
    assert told(under_way(), release(None)) == ["the release has no operation createServerGroup"]
    assert told(under_way(), release(functions=FUNCTIONS - {"Scaling"})) == [
        "calls windlass-Scaling, which the release has no more"
    ]


def test_a_plan_that_the_release_cannot_read_breaks_its_operation() -> None:
    assert told(under_way(plan={"schema": 2}), release()) == [
        "the plan has schema 2, this release knows 1: it was planned by a newer release"
    ]
    assert told(under_way(plan={"group": 7}), release()) == ["the release cannot read its plan: group string_type"]


def test_what_is_ahead_is_what_the_machine_leads_to() -> None:
    machine = definition()

    assert ahead(machine, "NothingLeft") == {
        *("NothingLeft", "PutBack", "HoldUndo", "GiveUp"),
        *(one.name for one in CREATE.kept),
        *(name for name in machine["States"] if name.startswith("Undo") and name != "UndoAgain"),
    }
    assert ahead(machine, "Finish") >= {"Finish", "UndoCopyAlarms"}
    assert ahead({}, "Finish") == set()


def table(*indexes: Json, key: str = "pk") -> Json:
    properties = {"KeySchema": [{"AttributeName": key}], "GlobalSecondaryIndexes": list(indexes)}
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}


def index(name: str, *shown: str) -> Json:
    return {"IndexName": name, "KeySchema": [], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": shown}}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (table(index("due", "b", "a")), None),
        (table(index("due", "a", "b"), index("rolls")), None),
        (table(index("due", "a")), "index due would change, which CloudFormation refuses"),
        (table(index("late"), index("due", "a", "b"), index("rolls")), "2 indexes would come or go"),
        (table(index("due", "a", "b"), key="id"), "would be replaced by an empty one"),
        ({"Resources": {}}, "would be replaced by an empty one"),
    ],
)
def test_a_table_is_changed_as_dynamodb_can(after: Json, said: str | None) -> None:
    stack = Deployed("Windlass", "CREATE_COMPLETE", table(index("due", "a", "b")), {})

    found = [one.what for one in changed_table(stack, Release(after, {}))]

    assert [one[: len(said or "")] for one in found] == ([said] if said else [])


def test_a_report_tells_the_heaviest_first_and_how_to_go_on() -> None:
    note, wait = Finding(Weight.NOTE, "a", "is held"), Finding(Weight.WAIT, "alarm b", "rings", "see its page")
    console = Console(width=100, record=True)

    report = Report("upgrade of Windlass", {"operations": 3}, (note, wait))
    report.show(console)

    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    assert lines == [
        "upgrade of Windlass: looked at 3 operations",
        "about what what to do",
        "wait alarm b rings see its page",
        "note a is held",
        "not safe: see what breaks and what to wait for",
    ]
    assert (report.code, replace(report, findings=(note,)).code) == (1, 0)
