"""How late the oldest start is, as a metric."""

import json

import pytest

from lambdas.engine.intake import START_CHECK
from lambdas.handlers import BACKLOG_AGE, measured
from rehearsal.faults import KINDS
from tests.engine.test_backlog import ONE, crowd, sweep


def test_the_backlog_is_as_old_as_its_oldest_start_is_late() -> None:
    world = crowd((ONE, 2))
    world.faults.models.append(lambda call: KINDS["before"] if call.name == "machines.start" else None)
    world.clock.now += 400

    assert sweep(world).age == pytest.approx(400, abs=START_CHECK)


def test_a_backlog_that_is_drained_has_no_age() -> None:
    assert sweep(crowd((ONE, 2))).age == 0


def test_a_metric_is_a_line_that_cloudwatch_reads(capsys: pytest.CaptureFixture[str]) -> None:
    measured(BACKLOG_AGE, 412.0, "windlass-Sweep")

    line = json.loads(capsys.readouterr().out)
    (metrics,) = line["_aws"]["CloudWatchMetrics"]
    assert (metrics["Namespace"], metrics["Dimensions"]) == ("Windlass", [["FunctionName"]])
    assert metrics["Metrics"] == [{"Name": "BacklogAge", "Unit": "Seconds"}]
    assert (line["FunctionName"], line["BacklogAge"]) == ("windlass-Sweep", [412.0])
