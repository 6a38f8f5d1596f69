"""KMS keys and their aliases."""

from __future__ import annotations

import json

from local.resources.kinds import Json, Kind, Made, Wanted, ignored_update


def create_key(wanted: Wanted) -> Made:
    policy = {"Policy": json.dumps(wanted.properties["KeyPolicy"])} if "KeyPolicy" in wanted.properties else {}
    key = wanted.client("kms").create_key(Description=wanted.properties.get("Description", ""), **policy)["KeyMetadata"]
    return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})


def delete_key(wanted: Wanted, made: Made) -> None:
    wanted.client("kms").schedule_key_deletion(KeyId=made.id, PendingWindowInDays=7)


def create_alias(wanted: Wanted) -> Made:
    name, target = wanted.properties["AliasName"], wanted.properties["TargetKeyId"].rpartition("/")[2]
    wanted.client("kms").create_alias(AliasName=name, TargetKeyId=target)
    return Made(name)


def update_alias(wanted: Wanted, before: Json, made: Made) -> Made | None:
    if wanted.properties["AliasName"] != before["AliasName"]:
        return None
    target = wanted.properties["TargetKeyId"].rpartition("/")[2]
    wanted.client("kms").update_alias(AliasName=made.id, TargetKeyId=target)
    return made


def delete_alias(wanted: Wanted, made: Made) -> None:
    wanted.client("kms").delete_alias(AliasName=made.id)


KINDS = {
    "AWS::KMS::Key": Kind(create=create_key, update=ignored_update, delete=delete_key),
    "AWS::KMS::Alias": Kind(create=create_alias, update=update_alias, delete=delete_alias),
}
