"""On the embedded AWS: what is measured, traced and watched of a deployed Windlass fits together."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas import metrics
from local.client import Json
from local.stage import ROOT
from rehearsal.cloudwatch import Series, points, series
from tests.end_to_end.live import HOME, LONGEST, Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")
MACHINE = f"arn:aws:states:{HOME}:123456789012:execution:windlass-CreateServerGroup"


def traced(live: Live) -> dict[str, Any]:
    """An operation that begins at once: what its request and its execution say of the trace."""
    ended = live.run("createServerGroup", creation("traced", capacity={"min": 0, "desired": 0, "max": 0}))
    execution = live.aws("stepfunctions").describe_execution(executionArn=f"{MACHINE}:{ended['id']}")
    (accepted,) = (one for one in lines(live, "Api", ended["id"]) if one.get("message") == "accepted")
    return {"ended": ended, "trace": execution.get("traceHeader"), "accepted": accepted}


def lines(live: Live, function: str = "*", about: str = "") -> Iterator[Json]:
    """Of the functions' logs, those that are JSON and whole."""
    for log in live.logs.glob(f"windlass-{function}.log"):
        yield from (json.loads(one) for one in log.read_text().splitlines() if one.startswith("{") and about in one)


@plays([traced])
def test_an_execution_is_in_the_trace_of_its_request(played: dict[str, Any]) -> None:
    assert played["ended"]["status"] == "SUCCEEDED", told(played["ended"])
    assert played["trace"].startswith("Root=1-")
    assert played["trace"] == played["accepted"]["xray"]


ARISEN = {
    *("BeganLate", "BeginTime", "EndedFromOutside", "Ends", "FailedAttempts", "OurFault", "StateTime"),
    *("HoldsOpen", "Undecided"),
}
"""Metrics that the scene brings about."""


def measured(live: Live) -> set[Series]:
    """One operation that the cloud refuses, one that somebody stops from outside; and all that was ever measured."""
    live.strike("autoscaling:UpdateAutoScalingGroup", "refuse", "measured-", code="ValidationError", message="not now")
    live.run("createServerGroup", creation("measured"))
    sick: Json = {"stack": "sick", "image": "shop-bad", "targetGroups": ["shop-tg"], "healthyWithin": LONGEST}
    stopped = live.submit("createServerGroup", creation("measured", **sick))
    live.entered(stopped, "InstancesHealthy")
    live.aws("stepfunctions").stop_execution(executionArn=f"{MACHINE}:{stopped}", error="Stopped", cause="by hand")
    live.ended(stopped)
    eventually(lambda: {one.name for one in _measured(live)} >= ARISEN, pause=2)
    return _measured(live)


def _measured(live: Live) -> set[Series]:
    return {point.series for point in points(lines(live, about='"_aws"'))}


DECLARED = {series(metrics.NAMESPACE, one.name, Hub="windlass") for one in metrics.ALL if not one.by}
"""What has the dimension of the hub alone, whether or not it has arisen here."""


def unknown(live: Live, seen: set[Series], watched: set[Series]) -> list[Series]:
    """Watched, but never told by anybody: of a metric that has arisen only what the functions really said counts."""
    own = seen | {one for one in DECLARED if one.name not in {other.name for other in seen}}
    return [one for one in watched if not (one in own if one.namespace == metrics.NAMESPACE else _is_there(live, one))]


def _is_there(live: Live, of: Series) -> bool:
    """Whether AWS would tell this metric: of a function, its alias, a queue or an API that is deployed."""
    match dict(of.dimensions):
        case {"FunctionName": name, **more}:
            aliases = live.aws("lambda").list_aliases(FunctionName=name)["Aliases"]
            live_ones = [f"{name}:{one['Name']}" for one in aliases]
            return of.namespace == "AWS/Lambda" and (not more or more.get("Resource") in live_ones)
        case {"QueueName": name}:
            return of.namespace == "AWS/SQS" and bool(live.aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])
        case {"ApiName": name}:
            apis = live.aws("apigateway").get_rest_apis(limit=500)["items"]
            return of.namespace == "AWS/ApiGateway" and name in {one["name"] for one in apis}
    return False


def alarms(live: Live) -> dict[str, list[Json]]:
    """Ours, by their kinds."""
    kinds = {"MetricAlarm": "MetricAlarms", "CompositeAlarm": "CompositeAlarms"}
    found = live.aws("cloudwatch").describe_alarms(AlarmTypes=[*kinds], AlarmNamePrefix="windlass-")
    return {kind: found[answer] for kind, answer in kinds.items()}


def of_alarm(alarm: Json) -> set[Series]:
    stats = [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one] or [alarm]
    return {
        series(one["Namespace"], one["MetricName"], **{pair["Name"]: pair["Value"] for pair in one["Dimensions"]})
        for one in stats
    }


@plays([measured])
def test_alarms_watch_what_the_deployed_functions_tell(played: set[Series], live: Live) -> None:
    watched = {one for alarm in alarms(live)["MetricAlarm"] for one in of_alarm(alarm)}

    assert {one.name for one in played} >= ARISEN
    assert len({one for one in watched if one.namespace == metrics.NAMESPACE} & played) >= 3
    assert unknown(live, played, watched) == []


@plays([measured])
def test_composed_alarms_are_made_of_alarms_that_are_there(scene: object, live: Live) -> None:
    found = alarms(live)
    known = {one["AlarmArn"] for kind in found.values() for one in kind}
    rules = {one["AlarmName"]: one["AlarmRule"] for one in found["CompositeAlarm"]}
    parts = {name: set(re.findall(r'ALARM\("([^"]+)"\)', rule)) for name, rule in rules.items()}

    assert sorted(parts) == [f"windlass-hub-{one}-burns{how}" for one in ("begin", "good") for how in ("", "-slowly")]
    assert {len(one) for one in parts.values()} == {2, 4}
    assert set().union(*parts.values()) <= known


@plays([measured])
def test_the_dashboard_shows_what_is_deployed_and_told(played: set[Series], live: Live) -> None:
    body = json.loads(live.aws("cloudwatch").get_dashboard(DashboardName="windlass-watch")["DashboardBody"])
    shown = [widget["properties"] for widget in body["widgets"]]
    known = {one["AlarmArn"] for kind in alarms(live).values() for one in kind}
    direct, searched = _shown(shown)

    assert body == synthesised("AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert {arn for one in shown for arn in one.get("alarms", ())} <= known
    assert unknown(live, played, direct) == []
    assert searched <= {(one.namespace, one.name, frozenset(dict(one.dimensions))) for one in played}


def _shown(widgets: list[Json]) -> tuple[set[Series], set[tuple[str, str, frozenset[str]]]]:
    """Series that are named, and what is searched for: namespace, metric, names of dimensions."""
    direct, searched = set(), set()
    for row in (row for one in widgets for row in one.get("metrics", ())):
        if isinstance(row[0], dict):
            names, metric = re.findall(r"""SEARCH\('\{([^}]+)\} .*?MetricName="(\w+)\"""", row[0]["expression"])[0]
            namespace, *dimensions = names.split(",")
            searched.add((namespace, metric, frozenset(dimensions)))
        else:
            namespace, metric, *pairs = (one for one in row if isinstance(one, str))
            direct.add(series(namespace, metric, **dict(zip(pairs[::2], pairs[1::2], strict=True))))
    return direct, searched


def synthesised(kind: str) -> Json:
    """The one resource of that type, with its texts filled as a deployment fills them."""
    template = json.loads((ROOT / "cdk.out" / "local" / "WindlassWatch.template.json").read_text())
    (found,) = (one["Properties"] for one in template["Resources"].values() if one["Type"] == kind)
    filled = {"AWS::Region": HOME, "AWS::AccountId": "123456789012", "AWS::Partition": "aws"}
    parts = found["DashboardBody"]["Fn::Join"][1]
    return {"DashboardBody": json.loads("".join(one if isinstance(one, str) else filled[one["Ref"]] for one in parts))}


@plays([measured])
def test_saved_queries_ask_logs_that_are_there(scene: object, live: Live) -> None:
    template = json.loads((ROOT / "cdk.out" / "local" / "WindlassWatch.template.json").read_text())["Resources"]
    queries = [one["Properties"] for one in template.values() if one["Type"] == "AWS::Logs::QueryDefinition"]
    pages = live.aws("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/windlass-")
    known = {one["logGroupName"] for page in pages for one in page["logGroups"]}

    assert queries
    assert {group for one in queries for group in one["LogGroupNames"]} <= known
