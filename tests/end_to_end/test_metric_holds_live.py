"""An alarm of CloudWatch holds a running operation, and its recovery lets it go on."""

from typing import Any

import pytest

from local.client import Json
from tests.end_to_end.live import HOME, Live, creation, eventually, plays, told

pytestmark = pytest.mark.xdist_group("embedded")

SICK = {"image": "shop-bad", "targetGroups": ["shop-tg"]}


def alarm(live: Live, name: str) -> str:
    live.aws("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    return name


def told_by(live: Live, name: str, state: str) -> None:
    live.aws("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="by a test")


def held(live: Live, operation: str, name: str) -> tuple[Json, Json]:
    """The operation while the alarm fires, and when it has recovered."""
    live.entered(operation, "InstancesHealthy")
    told_by(live, name, "ALARM")
    eventually(lambda: live.view(operation)["phase"] == "PAUSED", pause=1)
    firing = live.view(operation)
    told_by(live, name, "OK")
    eventually(lambda: live.view(operation)["phase"] != "PAUSED", pause=1)
    return firing, live.view(operation)


def by_request(live: Live) -> dict[str, Any]:
    name = alarm(live, "byrequest-errors")
    operation = live.submit("createServerGroup", creation("byrequest", **SICK, healthyWithin=1800, holdOnAlarms=[name]))
    firing, recovered = held(live, operation, name)
    live.signal(operation, signal="cancel")
    return {"firing": firing, "recovered": recovered, "ended": live.ended(operation)}


def by_application(live: Live) -> dict[str, Any]:
    name = alarm(live, "byapplication-errors")
    named = {"alarms": [{"account": "test", "region": HOME, "name": name}]}
    put = live.ask("PUT", "/applications/byapplication/alarms", named)
    operation = live.submit("createServerGroup", creation("byapplication", **SICK, healthyWithin=1800))
    firing, recovered = held(live, operation, name)
    live.signal(operation, signal="cancel")
    ended = live.ended(operation)
    live.ask("DELETE", "/applications/byapplication/alarms")
    return {"put": put.status, "firing": firing, "recovered": recovered, "ended": ended}


@plays([by_request, by_application])
def test_an_alarm_pauses_and_its_recovery_resumes(played: dict[str, Any]) -> None:
    name = f"{played['firing']['application']}-errors"

    assert (played["firing"]["phase"], played["firing"]["decided"]) == ("PAUSED", f"alarm {name}"), told(
        played["firing"]
    )
    assert (played["recovered"]["phase"], played["recovered"]["decided"]) == (
        "WAITING",
        f"alarm {name}, which has recovered",
    )
    assert played["ended"]["status"] == "ROLLED_BACK", told(played["ended"])


def missing(live: Live) -> Json:
    operation = live.submit("createServerGroup", creation("missing", holdOnAlarms=["missing-errors"]))
    return live.ended(operation)


@plays([missing])
def test_an_alarm_that_does_not_exist_is_refused_by_name(played: Json) -> None:
    assert played["status"] in ("ROLLED_BACK", "NOT_STARTED")
    assert played["error"] == (
        f"Rejected: holdOnAlarms: alarm missing-errors does not exist in {HOME} of account test; name one that does"
    )
