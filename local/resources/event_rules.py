"""EventBridge: buses, rules with their targets, archives."""

from __future__ import annotations

import json

from local.resources.kinds import Json, Kind, Made, Wanted


def create_bus(wanted: Wanted) -> Made:
    name = wanted.name("Name")
    wanted.client("events").create_event_bus(Name=name, **wanted.only("KmsKeyIdentifier"))
    return Made(name, {"Arn": wanted.arn("events", f"event-bus/{name}"), "Name": name})


def delete_bus(wanted: Wanted, made: Made) -> None:
    wanted.client("events").delete_event_bus(Name=made.id)


def put_rule(wanted: Wanted) -> Made:
    given, client = wanted.properties, wanted.client("events")
    place = wanted.only("EventBusName")
    options = wanted.only("Description", "RoleArn", "ScheduleExpression", "State")
    if pattern := given.get("EventPattern"):
        options["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
    name = wanted.name("Name")
    arn = client.put_rule(Name=name, **place, **options)["RuleArn"]
    if targets := given.get("Targets"):
        client.put_targets(Rule=name, Targets=targets, **place)
    return Made(name, {"Arn": arn})


def update_rule(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if any(wanted.properties.get(name) != before.get(name) for name in ("Name", "EventBusName")):
        return None
    kept = {target["Id"] for target in wanted.properties.get("Targets", [])}
    gone = [target["Id"] for target in before.get("Targets", []) if target["Id"] not in kept]
    if gone:
        wanted.client("events").remove_targets(Rule=made.id, Ids=gone, **wanted.only("EventBusName"))
    return put_rule(wanted)


def delete_rule(wanted: Wanted, made: Made) -> None:
    client, place = wanted.client("events"), wanted.only("EventBusName")
    targets = [target["Id"] for target in wanted.properties.get("Targets", [])]
    if targets:
        client.remove_targets(Rule=made.id, Ids=targets, **place)
    client.delete_rule(Name=made.id, **place)


def put_bus_policy(wanted: Wanted) -> Made:
    name = wanted.properties.get("EventBusName", "default")
    policy = {"Version": "2012-10-17", "Statement": [wanted.properties["Statement"]]}
    wanted.client("events").put_permission(EventBusName=name, Policy=json.dumps(policy))
    return Made(f"{name}|{wanted.properties['StatementId']}")


def delete_bus_policy(wanted: Wanted, made: Made) -> None:
    name, _, statement = made.id.partition("|")
    wanted.client("events").remove_permission(EventBusName=name, StatementId=statement)


KINDS = {
    "AWS::Events::EventBus": Kind(create=create_bus, delete=delete_bus, deletes_first=True),
    "AWS::Events::Rule": Kind(create=put_rule, update=update_rule, delete=delete_rule),
    "AWS::Events::EventBusPolicy": Kind(create=put_bus_policy, delete=delete_bus_policy),
}
