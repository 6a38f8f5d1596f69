"""CloudWatch alarms and dashboards. Nothing evaluates an alarm."""

from __future__ import annotations

from local.resources.kinds import Json, Kind, Made, Wanted, tag_list


def put_alarm(wanted: Wanted) -> Made:
    name = wanted.name("AlarmName", limit=255)
    options = wanted.without("AlarmName", "Tags")
    options["EvaluationPeriods"] = int(options["EvaluationPeriods"])
    wanted.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Tags=tag_list(wanted.properties.get("Tags")), **options
    )
    return _made_alarm(wanted, name)


def put_composite(wanted: Wanted) -> Made:
    name = wanted.name("AlarmName", limit=255)
    wanted.client("cloudwatch").put_composite_alarm(
        AlarmName=name, Tags=tag_list(wanted.properties.get("Tags")), **wanted.without("AlarmName", "Tags")
    )
    return _made_alarm(wanted, name)


def _made_alarm(wanted: Wanted, name: str) -> Made:
    return Made(name, {"Arn": wanted.arn("cloudwatch", f"alarm:{name}")})


def update_alarm(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return put_alarm(wanted) if wanted.properties.get("AlarmName") == before.get("AlarmName") else None


def update_composite(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return put_composite(wanted) if wanted.properties.get("AlarmName") == before.get("AlarmName") else None


def delete_alarm(wanted: Wanted, made: Made) -> None:
    wanted.client("cloudwatch").delete_alarms(AlarmNames=[made.id])


def put_dashboard(wanted: Wanted) -> Made:
    name = wanted.name("DashboardName", limit=255)
    wanted.client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=wanted.properties["DashboardBody"])
    return Made(name)


def update_dashboard(wanted: Wanted, before: Json, made: Made) -> Made | None:
    return put_dashboard(wanted) if wanted.properties.get("DashboardName") == before.get("DashboardName") else None


def delete_dashboard(wanted: Wanted, made: Made) -> None:
    wanted.client("cloudwatch").delete_dashboards(DashboardNames=[made.id])


KINDS = {
    "AWS::CloudWatch::Alarm": Kind(create=put_alarm, update=update_alarm, delete=delete_alarm),
    "AWS::CloudWatch::CompositeAlarm": Kind(create=put_composite, update=update_composite, delete=delete_alarm),
    "AWS::CloudWatch::Dashboard": Kind(create=put_dashboard, update=update_dashboard, delete=delete_dashboard),
}
