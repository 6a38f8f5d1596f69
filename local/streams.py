"""DynamoDB streams: records of what was really written, and their delivery to functions, in order, with retry."""

from __future__ import annotations

import json
import queue
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zlib import crc32

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import StreamRecord, StreamShard
from moto.sqs.models import sqs_backends

from local.patches import replace
from local.settings import ACCOUNT

if TYPE_CHECKING:
    from local.event_sources import Mapping

Json = dict[str, Any]

_KEPT_RECORDS = 1000
_FIRST_RETRY, _LAST_RETRY = 0.2, 10.0

_listeners: dict[str, list[_Listener]] = {}
_transaction = threading.local()


class Transaction:
    """Within it records are held back, and are forgotten when it fails."""

    def __enter__(self) -> None:
        _transaction.held = []

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        held, _transaction.held = _transaction.held, None
        for shard, old, new in held if failure is None else []:
            _write(shard, old, new)


def install() -> None:
    def add(shard: StreamShard, old: Any, new: Any) -> None:
        held = getattr(_transaction, "held", None)
        if held is None:
            _write(shard, old, new)
        else:
            held.append((shard, old, new))

    replace(StreamShard, add=add)


def _write(shard: StreamShard, old: Any, new: Any) -> None:
    if old is not None and new is not None and old.to_json() == new.to_json():
        return  # a write that changes nothing leaves no record
    name = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    view = shard.table.stream_specification["StreamViewType"]  # type: ignore[index]
    number = shard.starting_sequence_number + len(shard.items)
    record = StreamRecord(shard.table, view, name, old, new, number)
    record.record["awsRegion"] = shard.table.region_name
    shard.items.append(record)
    if len(shard.items) > _KEPT_RECORDS:
        del shard.items[0]
        shard.starting_sequence_number += 1
    for listener in _listeners.get(shard.table.name, []):
        listener.put(_lambda_record(record.record, shard))


def _lambda_record(record: Json, shard: StreamShard) -> Json:
    """The record as Lambda sends it, a copy of its own."""
    at = record["dynamodb"]["ApproximateCreationDateTime"]
    dynamodb = record["dynamodb"] | {"ApproximateCreationDateTime": at.timestamp() if isinstance(at, datetime) else at}
    stream = f"{shard.table.table_arn}/stream/{shard.table.latest_stream_label}"
    copied: Json = json.loads(json.dumps(record | {"dynamodb": dynamodb, "eventSourceARN": stream}, default=str))
    return copied


def pollers(mapping: Mapping) -> list[StreamPoller]:
    """As many as batches are to be worked on at once (`ParallelizationFactor`)."""
    strands = [queue.SimpleQueue[Json]() for _ in range(int(mapping.settings.parallelization_factor or 1))]
    _subscribe(mapping, _Listener(strands))
    return [StreamPoller(mapping, strand) for strand in strands]


class _Listener:
    """Deals records to strands by their item, whose own stay in order."""

    def __init__(self, strands: list[queue.SimpleQueue[Json]]) -> None:
        self._strands = strands

    def put(self, record: Json) -> None:
        item = json.dumps(record["dynamodb"]["Keys"], sort_keys=True)
        self._strands[crc32(item.encode()) % len(self._strands)].put(record)


def _subscribe(mapping: Mapping, listener: _Listener) -> None:
    region, name = mapping.source.split(":")[3], mapping.source.split("/")[1]
    shard = dynamodb_backends[ACCOUNT][region].tables[name].stream_shard
    if shard is not None and mapping.settings.starting_position == "TRIM_HORIZON":
        for record in list(shard.items):
            listener.put(_lambda_record(record.record, shard))
    _listeners.setdefault(name, []).append(listener)


class StreamPoller:
    """Delivers batches strictly in order: while one fails, those behind it wait."""

    def __init__(self, mapping: Mapping, records: queue.SimpleQueue[Json]) -> None:
        self._mapping = mapping
        self._region = mapping.source.split(":")[3]
        self._records = records

    def poll(self) -> None:
        batch = [record for record in self._gathered() if self._mapping.wants(record)]
        if batch:
            self._deliver(batch)

    def _gathered(self) -> list[Json]:
        try:
            batch = [self._records.get(timeout=0.5)]
        except queue.Empty:
            return []
        until = time.monotonic() + float(self._mapping.settings.max_batch_window or 0)
        while len(batch) < self._mapping.settings.batch_size:
            try:
                batch.append(self._records.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _deliver(self, batch: list[Json]) -> None:
        """Until all of it is done, is given up, or the mapping is deleted."""
        attempts, pause = 0, _FIRST_RETRY
        while batch and not self._mapping.stopped.is_set():
            rest = self._attempted(batch)
            if len(rest) < len(batch):
                attempts, pause = 0, _FIRST_RETRY
            else:
                attempts += 1
                if self._is_over(attempts):
                    self._give_up(batch)
                    return
            if rest:
                self._mapping.stopped.wait(pause)
                pause = min(2 * pause, _LAST_RETRY)
            batch = rest

    def _attempted(self, batch: list[Json]) -> list[Json]:
        """What is left to do: everything from the first record that failed."""
        try:
            failed = self._mapping.failed_of(self._mapping.invoke(batch))
        except Exception:  # noqa: BLE001  the function is throttled or gone: the batch waits
            return batch
        if failed is None:
            return self._bisected(batch)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        first = next((i for i, number in enumerate(numbers) if number in failed), len(batch))
        return batch[first:]

    def _bisected(self, batch: list[Json]) -> list[Json]:
        if not self._mapping.settings.bisect_on_error or len(batch) == 1:
            return batch
        half = len(batch) // 2
        self._deliver(batch[:half])
        return batch[half:]

    def _is_over(self, attempts: int) -> bool:
        limit = self._mapping.settings.max_retry_attempts
        return limit is not None and int(limit) >= 0 and attempts > int(limit)

    def _give_up(self, batch: list[Json]) -> None:
        destination = ((self._mapping.settings.destination_config or {}).get("OnFailure") or {}).get("Destination", "")
        if ":sqs:" not in destination:
            return
        info = {
            "shardId": "shardId-00000001541626099285-f35f62ef",
            "startSequenceNumber": batch[0]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": batch[-1]["dynamodb"]["SequenceNumber"],
            "batchSize": len(batch),
            "streamArn": self._mapping.source,
        }
        body = json.dumps({"version": "1.0", "DDBStreamBatchInfo": info})
        sqs_backends[ACCOUNT][self._region].send_message(destination.rpartition(":")[2], body)
