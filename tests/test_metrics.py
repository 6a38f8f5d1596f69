"""The lines that CloudWatch reads."""

import json

import pytest

from lambdas import metrics

ABOUT = {"Hub": "windlass", "Operation": "createServerGroup", "End": "SUCCEEDED", "operation": "abc", "reason": ""}


def test_a_metric_is_a_line_that_cloudwatch_reads(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.written({metrics.ENDS: 1.0}, 1_800_000_000.25, ABOUT)

    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert line["_aws"]["Timestamp"] == 1_800_000_000_250
    assert (directive["Namespace"], directive["Dimensions"]) == ("Windlass", [["Hub", "Operation", "End"]])
    assert directive["Metrics"] == [{"Name": "Ends", "Unit": "Count"}]
    assert (line["Hub"], line["Operation"], line["operation"], line["Ends"]) == (
        *("windlass", "createServerGroup", "abc"),
        1.0,
    )
    assert "reason" not in line


def test_what_has_an_objective_of_its_own_is_told_once_more_by_its_name() -> None:
    alone = metrics.line({metrics.OUR_FAULT: 0.0}, 0, ABOUT | {"Application": "shop"})
    others = metrics.line({metrics.OUR_FAULT: 0.0}, 0, ABOUT | {"Application": None})

    assert alone["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Hub"], ["Hub", "Application"]]
    assert others["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Hub"]]


def test_every_dimension_of_a_line_is_one_of_its_members() -> None:
    """CloudWatch drops a line that does not say what its dimensions are."""
    for metric in metrics.ALL:
        about = dict.fromkeys((metrics.HUB, *metric.by, *metric.more), "x")
        told = metrics.line({metric: 1.0}, 0, about)

        for one in told["_aws"]["CloudWatchMetrics"]:
            assert all(name in told for names in one["Dimensions"] for name in names)
            assert all(one["Name"] in told for one in one["Metrics"])


def test_metrics_have_names_of_their_own_and_no_dimension_is_one_operation_s() -> None:
    names = [one.name for one in metrics.ALL]
    few = {"Operation", "End", "Activity", "Error", "State", "Application"}

    assert len(set(names)) == len(names) == 14
    assert {name for one in metrics.ALL for name in (*one.by, *one.more)} == few
