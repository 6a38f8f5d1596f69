"""DynamoDB at a price that can be paid for each step of many operations.

Transactions cost what they touch: moto copies whole tables, stream and all, for each of them. Items are answered as
they are: moto looks every attribute of every item up in botocore's model.
"""

from __future__ import annotations

import base64
import copy
import json
import threading
from types import SimpleNamespace
from typing import Any

import moto.dynamodb.models as moto_dynamodb
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoResult

from local.patches import replace
from local.streams import Transaction

Json = dict[str, Any]

_touched = threading.local()


def install() -> None:
    written = DynamoDBBackend.transact_write_items

    def transact_write_items(backend: DynamoDBBackend, transact_items: list[Json]) -> None:
        _touched.by_table = _keys(backend, transact_items)
        with Transaction():
            written(backend, transact_items)

    replace(DynamoDBBackend, transact_write_items=transact_write_items)
    # moto's module copies through this name, and copies tables only for a transaction's way back.
    replace(moto_dynamodb, copy=SimpleNamespace(copy=copy.copy, deepcopy=_deepcopy))
    _answer_items_as_they_are()


_ITEMS = {"Item", "Items", "Attributes", "Count", "ScannedCount", "LastEvaluatedKey", "Responses", "UnprocessedKeys"}
"""What an answer with items holds, and nothing else does."""


def _answer_items_as_they_are() -> None:
    executed = DynamoResult.execute_result

    def execute_result(result: DynamoResult, context: Any) -> Any:
        found: Any = result.result
        if not isinstance(found, dict) or not found.keys() <= _ITEMS | {"ConsumedCapacity"}:
            return executed(result, context)
        body = json.dumps({name: value for name, value in found.items() if value is not None}, default=_text)
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, body

    replace(DynamoResult, execute_result=execute_result)


def _text(value: object) -> str:
    """Binary attributes travel in base64."""
    if not isinstance(value, bytes):
        raise TypeError(f"no item holds a {type(value).__name__}")
    return base64.b64encode(value).decode()


def _deepcopy(value: Any, memo: Any = None) -> Any:
    return _snapshot(value) if isinstance(value, Table) else copy.deepcopy(value, memo)


def _snapshot(table: Table) -> Table:
    """A copy that shares every item but those the transaction may change."""
    kept = copy.copy(table)
    kept.items = copy.copy(table.items)
    for hash_key, range_key in _touched.by_table.get(table.name, []):
        found: Any = table.items.get(hash_key)
        if isinstance(found, dict):
            ranges = kept.items[hash_key] = dict(found)
            if range_key in ranges:
                ranges[range_key] = copy.deepcopy(ranges[range_key])
        elif found is not None:
            kept.items[hash_key] = copy.deepcopy(found)
    return kept


def _keys(backend: DynamoDBBackend, transact_items: list[Json]) -> dict[str, list[tuple[Any, Any]]]:
    keys: dict[str, list[tuple[Any, Any]]] = {}
    for item in transact_items:
        for operation in item.values():
            table = backend.tables.get(str(operation.get("TableName")).rpartition("/")[2])
            attributes = operation.get("Key") or operation.get("Item") or {}
            if table is not None and table.hash_key_attr in attributes:
                keys.setdefault(table.name, []).append(_key(table, attributes))
    return keys


def _key(table: Table, attributes: Json) -> tuple[Any, Any]:
    ranged = attributes.get(table.range_key_attr) if table.range_key_attr else None
    return DynamoType(attributes[table.hash_key_attr]), DynamoType(ranged) if ranged else None
