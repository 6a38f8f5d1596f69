"""The evidence: what the cloud tells of a failure is kept before the first undo deletes it.

Best effort, once, and never in the way: it is read by the first attempt of the first undo, which mostly has to wait
anyway until the cloud has settled. What cannot be read is noted as missing; a function that dies over it leaves its
mark, so that the next attempt goes straight on with the undo.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from lambdas.engine import control
from lambdas.engine.tasks import Task, plan_of
from lambdas.errors import WindlassError
from lambdas.hub import Hub, Json
from lambdas.rows import Control, Mark, Status, evidence_key
from lambdas.table import Absent, Exists, Put, Refused, Update

logger = logging.getLogger("windlass.evidence")
T = TypeVar("T")
PATIENCE = 10.0
"""Seconds after which no further read is begun: most of an attempt's time belongs to the undo."""
REASON = 200
"""Characters kept of why a read failed."""


def keep(hub: Hub, task: Task) -> Control | None:
    """Keep the evidence, if nobody has and an undo is about to begin. Never raises; the control row, if it was read."""
    try:
        row = control.read(hub, task.operation)
        if _wanted(task, row) and hub.table.get(evidence_key(row.id)) is None:
            _keep(hub, task, row)
        return row
    except Exception as error:  # noqa: BLE001  whatever it is, the undo is what matters
        # Not the sentence: it may quote what was read.
        logger.warning("operation %s: no evidence could be kept: %s", task.operation, type(error).__name__)
        return None


def _wanted(task: Task, row: Control) -> bool:
    begun = row.status is Status.RUNNING and row.execution == task.execution and row.mark is not Mark.REVOKED
    return begun and task.saga.evidence is not None and task.plan is not None


def _keep(hub: Hub, task: Task, row: Control) -> None:
    key = evidence_key(row.id)
    try:
        hub.table.write(Put(key, {"step": row.step, "at": hub.now()}, (Absent(),)))
    except Refused:
        return
    reading = _Reading(hub)
    _read(hub, task, row, reading)
    hub.table.write(Update(key, {"kept": reading.kept, "missing": reading.missing}, when=(Exists(),)))


def _read(hub: Hub, task: Task, row: Control, reading: "_Reading") -> None:
    assert task.saga.evidence is not None
    try:
        cloud = hub.cloud(row.account, row.region, row.id)
        task.saga.evidence(plan_of(task.saga, task.plan or {}), cloud, reading.read)
    except WindlassError as error:
        reading.misses("all else", error)


class _Reading:
    """What was read so far, by name, and what was not, with the reason."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._until = hub, hub.now() + PATIENCE
        self.kept: Json = {}
        self.missing: dict[str, str] = {}

    def read(self, name: str, act: Callable[[], T]) -> T | None:
        if self._hub.now() >= self._until:
            self.missing[name] = "there was no time for it"
            return None
        try:
            found = act()
        except WindlassError as error:
            self.misses(name, error)
            return None
        if _is_json(found):
            self.kept[name] = found
        return found

    def misses(self, name: str, error: WindlassError) -> None:
        self.missing[name] = f"{type(error).__name__}: {error}"[:REASON]


def _is_json(found: Any) -> bool:
    """A value that the reader itself looks at (a group) is not kept."""
    return isinstance(found, str | list | dict)
