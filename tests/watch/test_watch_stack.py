"""The stack that only watches: what it names is there."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from lambdas import metrics
from stacks.queries import KNOWN, QUERIES
from stacks.settings import Settings
from stacks.watch import NAMES
from tests.watch.conftest import Alarms

Json = dict[str, Any]


@pytest.fixture(scope="module")
def watch(assembly: Path) -> dict[str, Json]:
    found: dict[str, Json] = json.loads((assembly / "WindlassWatch.template.json").read_text())["Resources"]
    return found


def dashboard(watch: dict[str, Json]) -> Json:
    (body,) = (one["Properties"]["DashboardBody"] for one in watch.values() if one["Type"].endswith("Dashboard"))
    told = "".join(one if isinstance(one, str) else str(one["Ref"]) for one in body["Fn::Join"][1])
    found: Json = json.loads(told)
    return found


def test_the_dashboard_begins_with_whether_it_is_well(watch: dict[str, Json], alarms: Alarms) -> None:
    first = dashboard(watch)["widgets"][0]
    names = {one.rpartition(":")[2].removeprefix("windlass-") for one in first["properties"]["alarms"]}

    assert first["type"] == "alarm"
    assert first["properties"]["title"] == "Is it well? What a person must act on"
    assert set(alarms.alarms) == set(NAMES) <= names
    assert {name for name in names if name not in NAMES} == {
        f"hub-{promise}-burns{how}" for promise in ("good", "begin") for how in ("", "-slowly")
    }


def test_the_dashboard_shows_every_metric_there_is_by_its_dimensions(watch: dict[str, Json]) -> None:
    text = json.dumps(dashboard(watch))
    searched = re.findall(r"SEARCH\('\{Windlass,([\w,]+)\} Hub=\\\\?\"windlass\\\\?\" MetricName=\\\\?\"(\w+)", text)
    told = {name for _, name in searched} | set(re.findall(r'"Windlass", "(\w+)"', text))
    known = {one.name: one for one in metrics.ALL}

    assert told <= set(known)
    assert set(known) - told == {"BeganLate"}  # the objectives' alone
    assert all(names.split(",") == [metrics.HUB, *known[name].by] for names, name in searched)


FIREHOSE = "arn:aws:firehose:us-east-1:123456789012:deliverystream/collector"


def test_metrics_go_to_a_collector_in_opentelemetry_s_format_if_asked(
    watch: dict[str, Json], synthesised: Callable[..., Path]
) -> None:
    asked = json.loads((synthesised(otlp=FIREHOSE) / "WindlassWatch.template.json").read_text())["Resources"]
    (stream,) = (one["Properties"] for one in asked.values() if one["Type"] == "AWS::CloudWatch::MetricStream")
    (role,) = (one["Properties"] for one in asked.values() if one["Type"] == "AWS::IAM::Role")
    (allowed,) = role["Policies"][0]["PolicyDocument"]["Statement"]

    assert "AWS::CloudWatch::MetricStream" not in {one["Type"] for one in watch.values()}
    assert (stream["OutputFormat"], stream["FirehoseArn"]) == ("opentelemetry1.0", FIREHOSE)
    assert "Windlass" in {one["Namespace"] for one in stream["IncludeFilters"]}
    assert (allowed["Action"], allowed["Resource"]) == (["firehose:PutRecord", "firehose:PutRecordBatch"], FIREHOSE)


def test_where_metrics_go_has_to_be_a_firehose() -> None:
    with pytest.raises(ValueError, match="context otlp='https://collector' is no ARN of a Firehose stream"):
        Settings.of(App(context={"otlp": "https://collector"}).node)


def test_it_refers_to_nothing_of_the_hub_s_stack(watch: dict[str, Json]) -> None:
    assert "ImportValue" not in json.dumps(watch)


def test_every_function_is_searched_by_every_query(watch: dict[str, Json], assembly: Path) -> None:
    hub = json.loads((assembly / "Windlass.template.json").read_text())["Resources"]
    groups = {one["Properties"].get("LogGroupName") for one in hub.values() if one["Type"] == "AWS::Logs::LogGroup"}
    queries = [one["Properties"] for one in watch.values() if one["Type"] == "AWS::Logs::QueryDefinition"]

    assert {one["Name"] for one in queries} == {f"windlass/{name}" for name in QUERIES}
    for one in queries:
        assert set(one["LogGroupNames"]) == {name for name in groups if str(name).startswith("/aws/lambda/")}


def test_queries_ask_for_what_lines_have() -> None:
    asked = set(re.findall(r"\b[A-Z]\w+Time|\bFailedAttempts|\bOurFault", "".join(QUERIES.values())))

    assert asked <= {one.name for one in metrics.ALL}
    assert set(KNOWN.split(", ")) >= {"operation", "step", "attempt", "execution", "caller", "traceparent"}
