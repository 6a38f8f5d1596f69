"""DynamoDB tables, by either of CloudFormation's two types. Encryption, recovery and resource policies are not kept."""

from __future__ import annotations

from local.resources.kinds import Json, Kind, Made, Wanted, tag_list

_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")


def create_table(wanted: Wanted) -> Made:
    given, client = wanted.properties, wanted.client("dynamodb")
    name = wanted.name("TableName", limit=255)
    options = wanted.only("KeySchema", "AttributeDefinitions", "ProvisionedThroughput", "LocalSecondaryIndexes")
    if indexes := given.get("GlobalSecondaryIndexes"):
        options["GlobalSecondaryIndexes"] = [_index(index) for index in indexes]
    if stream := given.get("StreamSpecification"):
        options["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    table = client.create_table(
        TableName=name, BillingMode=given.get("BillingMode", "PROVISIONED"), Tags=_tags(wanted), **options
    )["TableDescription"]
    _set_expiry(wanted, name, {})
    return Made(name, _attributes(table))


def _attributes(table: Json) -> Json:
    stream = {"StreamArn": table["LatestStreamArn"]} if "LatestStreamArn" in table else {}
    return {"Arn": table["TableArn"], "TableId": table.get("TableId", ""), **stream}


def _index(given: Json) -> Json:
    return {name: given[name] for name in _INDEX if name in given}


def _tags(wanted: Wanted) -> list[dict[str, str]]:
    replicas = wanted.properties.get("Replicas", [])
    here = [replica.get("Tags") for replica in replicas if replica.get("Region") == wanted.region]
    return tag_list(here[0] if here else wanted.properties.get("Tags"))


def update_table(wanted: Wanted, before: Json, made: Made) -> Made | None:
    """Indexes, streams and expiry change in place, so that an upgrade keeps every item."""
    if any(wanted.properties.get(name) != before.get(name) for name in ("TableName", "KeySchema")):
        return None
    client = wanted.client("dynamodb")
    for change in _index_changes(wanted.properties, before):
        definitions = wanted.properties["AttributeDefinitions"]
        client.update_table(TableName=made.id, AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[change])
    if (stream := wanted.properties.get("StreamSpecification")) != before.get("StreamSpecification"):
        client.update_table(TableName=made.id, StreamSpecification=_stream(stream))
    _set_expiry(wanted, made.id, before)
    return Made(made.id, _attributes(client.describe_table(TableName=made.id)["Table"]))


def _stream(given: Json | None) -> Json:
    return {"StreamEnabled": True, "StreamViewType": given["StreamViewType"]} if given else {"StreamEnabled": False}


def _index_changes(given: Json, before: Json) -> list[Json]:
    new = {index["IndexName"]: _index(index) for index in given.get("GlobalSecondaryIndexes", [])}
    old = {index["IndexName"]: _index(index) for index in before.get("GlobalSecondaryIndexes", [])}
    removed = [{"Delete": {"IndexName": name}} for name in old if new.get(name) != old[name]]
    return [*removed, *({"Create": index} for name, index in new.items() if index != old.get(name))]


def _set_expiry(wanted: Wanted, name: str, before: Json) -> None:
    expiry = wanted.properties.get("TimeToLiveSpecification")
    if expiry and expiry != before.get("TimeToLiveSpecification"):
        specification = {"AttributeName": expiry["AttributeName"], "Enabled": expiry.get("Enabled", True)}
        wanted.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)


def delete_table(wanted: Wanted, made: Made) -> None:
    wanted.client("dynamodb").delete_table(TableName=made.id)


_TABLE = Kind(create=create_table, update=update_table, delete=delete_table)

KINDS = {"AWS::DynamoDB::Table": _TABLE, "AWS::DynamoDB::GlobalTable": _TABLE}
