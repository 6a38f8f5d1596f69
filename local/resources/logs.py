"""Log groups. Metric filters and queries exist by name only."""

from __future__ import annotations

from local.resources.kinds import IGNORED, Json, Kind, Made, Wanted, tag_map


def create_group(wanted: Wanted) -> Made:
    name, logs = wanted.name("LogGroupName", limit=512), wanted.client("logs")
    encrypted = {"kmsKeyId": key} if (key := wanted.properties.get("KmsKeyId")) else {}
    logs.create_log_group(logGroupName=name, tags=tag_map(wanted.properties.get("Tags")), **encrypted)
    _retain(wanted, name)
    return Made(name, {"Arn": wanted.arn("logs", f"log-group:{name}:*")})


def update_group(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if wanted.properties.get("LogGroupName") != before.get("LogGroupName"):
        return None
    _retain(wanted, made.id)
    return made


def _retain(wanted: Wanted, name: str) -> None:
    if days := wanted.properties.get("RetentionInDays"):
        wanted.client("logs").put_retention_policy(logGroupName=name, retentionInDays=int(days))


def delete_group(wanted: Wanted, made: Made) -> None:
    wanted.client("logs").delete_log_group(logGroupName=made.id)


KINDS = {
    "AWS::Logs::LogGroup": Kind(create=create_group, update=update_group, delete=delete_group),
    "AWS::Logs::MetricFilter": IGNORED,
    "AWS::Logs::QueryDefinition": IGNORED,
    "AWS::Logs::ResourcePolicy": IGNORED,
}
