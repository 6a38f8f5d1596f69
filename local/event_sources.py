"""Event source mappings: moto keeps their settings; a thread for each polls the source and invokes the function."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any, Protocol

from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.dynamodb.models import dynamodb_backends
from moto.events.models import EventPattern
from moto.sqs.models import sqs_backends

from local.functions import Functions
from local.lambda_process import Invocation
from local.patches import replace
from local.queues import QueuePoller
from local.settings import ACCOUNT
from local.streams import pollers

log = logging.getLogger(__name__)

Json = dict[str, Any]


class Poller(Protocol):
    def poll(self) -> None:
        """Take one batch if there is one, or wait a moment for it."""


class Mapping:
    """One mapping, as its poller sees it: the settings as they are now, and the function to call."""

    def __init__(self, settings: EventSourceMapping, functions: Functions) -> None:
        self.settings = settings
        self._functions = functions
        self.stopped = threading.Event()

    @property
    def source(self) -> str:
        return self.settings.event_source_arn

    def invoke(self, records: list[Json]) -> Invocation:
        return self._functions.invoke(self.settings.function_arn, json.dumps({"Records": records}))

    def wants(self, record: Json) -> bool:
        """Whether the record passes the mapping's filters; one of several is enough."""
        filters = (self.settings.filter_criteria or {}).get("Filters", [])
        return not filters or any(EventPattern.load(one["Pattern"]).matches_event(record) for one in filters)  # type: ignore[arg-type]

    def failed_of(self, done: Invocation) -> set[str] | None:
        """Identifiers of the records that failed; None when all of them did."""
        if done.error is not None:
            return None
        if "ReportBatchItemFailures" not in (self.settings.function_response_types or []):
            return set()
        try:
            failures = (json.loads(done.payload) or {}).get("batchItemFailures") or []
            failed = {failure["itemIdentifier"] for failure in failures}
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        return None if "" in failed or None in failed else failed

    def run(self, poller: Poller) -> None:
        while not self.stopped.is_set():
            if not self.settings.enabled:
                self.stopped.wait(0.2)
                continue
            try:
                poller.poll()
            except Exception:
                log.debug("mapping %s", self.settings.uuid, exc_info=True)
                self.stopped.wait(0.5)


def install(functions: Functions) -> None:
    mappings: dict[str, Mapping] = {}
    created, updated = LambdaBackend.create_event_source_mapping, LambdaBackend.update_event_source_mapping
    deleted = LambdaBackend.delete_event_source_mapping

    def create(backend: LambdaBackend, spec: Json) -> EventSourceMapping:
        name = spec["FunctionName"]
        settings = created(backend, spec)
        settings.function_arn = _called_arn(backend, name)
        _take_from_moto(settings)
        mappings[settings.uuid] = _started(settings, functions)
        return settings

    def update(backend: LambdaBackend, uuid: str, spec: Json) -> EventSourceMapping | None:
        settings = updated(backend, uuid, spec)
        if settings is not None and "FunctionName" in spec:
            settings.function_arn = _called_arn(backend, spec["FunctionName"])
        return settings

    def delete(backend: LambdaBackend, uuid: str) -> EventSourceMapping | None:
        if uuid in mappings:
            mappings.pop(uuid).stopped.set()
        return deleted(backend, uuid)

    replace(
        LambdaBackend,
        create_event_source_mapping=create,
        update_event_source_mapping=update,
        delete_event_source_mapping=delete,
    )


def _called_arn(backend: LambdaBackend, name: str) -> str:
    """The alias that was named, not the version behind it: the alias moves on with each release."""
    if name.startswith("arn:"):
        return name
    return f"arn:aws:lambda:{backend.region_name}:{ACCOUNT}:function:{name}"


def _take_from_moto(settings: EventSourceMapping) -> None:
    """moto itself would invoke the function within the very request that writes, one message at a time."""
    for queue in sqs_backends[ACCOUNT][settings.region].queues.values():
        queue.lambda_event_source_mappings.clear()
    for table in dynamodb_backends[ACCOUNT][settings.region].tables.values():
        table.lambda_event_source_mappings.clear()


def _started(settings: EventSourceMapping, functions: Functions) -> Mapping:
    mapping = Mapping(settings, functions)
    of_queue = ":sqs:" in settings.event_source_arn
    for poller in [QueuePoller(mapping)] if of_queue else pollers(mapping):
        threading.Thread(target=mapping.run, args=(poller,), daemon=True, name=f"mapping {settings.uuid}").start()
    return mapping
