"""Why an operation failed, as the cloud told it just before anything was put back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field

from lambdas.api.answers import route
from lambdas.api.desk import Desk
from lambdas.api.problems import Problem
from lambdas.api.rights import of_the_operation
from lambdas.api.views import View, instant
from lambdas.hub import Json
from lambdas.rows import evidence_key
from lambdas.table import Item

HEALTH, CONSOLE = "health ", "console "
"""What the names of these readings begin with (`lambdas.activities.evidence`)."""
CUT_OFF = "the function that read it died"


class ActivityView(View):
    """One thing Auto Scaling did or tried."""

    status: str
    message: str


class InstanceView(View):
    """An instance as Auto Scaling saw it."""

    id: str
    lifecycle: str
    healthy: bool


class TargetView(View):
    """An instance as a load balancer saw it."""

    balancer: str = Field(description="Name of a target group or of a classic load balancer.")
    instance: str
    healthy: bool
    reason: str


class ConsoleView(View):
    """The end of what an instance wrote to its console."""

    instance: str
    text: str = Field(description="It may hold anything: treat it as confidential.")


class MissingView(View):
    """What could not be read, and why."""

    what: str
    why: str


class EvidenceView(View):
    """Read once, before the first undo."""

    operation: str
    at: datetime
    step: str = Field(description="The state that had begun last.")
    activities: tuple[ActivityView, ...] = Field(description="Scaling activities, the newest first.")
    instances: tuple[InstanceView, ...]
    health: tuple[TargetView, ...]
    consoles: tuple[ConsoleView, ...]
    missing: tuple[MissingView, ...]
    link: str


@dataclass(frozen=True)
class Evidence:
    desk: Desk

    def one(self, operation: str) -> EvidenceView:
        """Why it failed: scaling activities, health and its reasons, and consoles of instances that failed.

        It was read just before the first undo. A console may hold anything: user data of the operation and what looks
        like a secret is hidden in it, and it is shown here alone, in no log, event or export.
        """
        row = self.desk.hub.table.get(evidence_key(operation))
        if row is None:
            raise Problem(404, self._why_none(operation))
        return _view(operation, row)

    def _why_none(self, operation: str) -> str:
        whole = self.desk.find(operation)
        if whole.is_batch:
            ids = ", ".join(one.control.id for one in whole.records)
            return f"{operation} is a batch; evidence is of each of its operations: {ids}"
        return f"operation {operation} has no evidence: nothing of it was put back"


def add(desk: Desk) -> None:
    path = "/operations/<operation>/evidence"
    route(desk, "GET", path, Evidence(desk).one, {200: EvidenceView}, of_the_operation("readEvidence"))


def _view(operation: str, row: Item) -> EvidenceView:
    kept: Json = row.get("kept", {})
    return EvidenceView(
        operation=operation,
        at=instant(row["at"]),
        step=row["step"],
        activities=kept.get("activities", ()),
        instances=kept.get("instances", ()),
        health=tuple(_health(kept)),
        consoles=tuple(ConsoleView(instance=name, text=text) for name, text in _named(CONSOLE, kept)),
        missing=tuple(_missing(row)),
        link=f"/operations/{operation}",
    )


def _health(kept: Json) -> Iterator[TargetView]:
    for balancer, targets in _named(HEALTH, kept):
        yield from (TargetView(balancer=balancer, **one) for one in targets)


def _named(prefix: str, kept: Json) -> Iterator[tuple[str, Any]]:
    return ((name.removeprefix(prefix), value) for name, value in sorted(kept.items()) if name.startswith(prefix))


def _missing(row: Item) -> Iterator[MissingView]:
    if "kept" not in row:
        yield MissingView(what="everything", why=CUT_OFF)
    for what, why in sorted(row.get("missing", {}).items()):
        yield MissingView(what=what, why=why)
