"""DORA's four figures of an application, from the operations that deployed it.

https://dora.dev/guides/dora-metrics-four-keys/ defines the figures, and each description says what it is counted from
here. Windlass knows no commits, so lead time begins with the request.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas.api import lists
from lambdas.api.answers import route, seconds_of
from lambdas.api.desk import Desk
from lambdas.api.filters import makes_sense
from lambdas.api.rights import of_the_application
from lambdas.api.views import View, instant
from lambdas.rows import Control, Status

DAYS = 30
DAY = 86_400.0
MOST = 2_000
"""Operations looked at for one answer."""
DEPLOYS = ("CreateServerGroup", "CloneServerGroup")
"""What brings a new version of an application out."""
REMEDIES = (*DEPLOYS, "EnableServerGroup")
"""What may restore its service: a new group, or one that stood before."""
BRINGS_DOWN = ("DisableServerGroup", "DestroyServerGroup")
SOON = DAY
"""A deployment failed, too, whose group was taken out of service so soon, while an older one was put back."""


class FiguresView(View):
    """DORA's four figures, of one application."""

    application: str
    since: datetime
    until: datetime
    complete: bool = Field(description="Whether all operations of that time were counted; else the newest of them.")
    deployments: int = Field(description="createServerGroup and cloneServerGroup that succeeded.")
    deployments_per_day: float = Field(description="Deployment frequency: those, by the days of that time.")
    lead_time_seconds: float | None = Field(
        description="Lead time for changes, as far as Windlass knows it: the median from acceptance to the end of "
        "those that succeeded. What came before (commit, build) it does not know."
    )
    failed: int = Field(
        description="Deployments that were begun and put back, or called a person; those that a caller cancelled are "
        "not counted."
    )
    reverted: int = Field(
        description="Deployments that succeeded, in whose cluster another group was enabled again within a day after."
    )
    change_failure_rate: float | None = Field(description="Failed and reverted ones among all that ended.")
    time_to_restore_seconds: float | None = Field(
        description="Failed deployment recovery time: the median from the end of a failed one, or the enabling of "
        "another group, back to service: until it is put back, or until the next deployment or enabling in its cluster "
        "succeeds. Null: nothing failed, or nothing is restored."
    )


@dataclass(frozen=True)
class Dora:
    desk: Desk

    def figures(
        self,
        application: str,
        since: Annotated[datetime | None, Query(alias="from", description="Thirty days before `to`.")] = None,
        until: Annotated[datetime | None, Query(alias="to", description="Now.")] = None,
    ) -> FiguresView:
        """Deployment frequency, lead time, change failure rate and time to restore of an application.

        Counted from its operations in that time, which a caller may read: see each figure for how.
        """
        self.desk.knows("from", "to")
        end = seconds_of(until) or self.desk.hub.now()
        begin = seconds_of(since) or end - DAYS * DAY
        wanted = lists.Filter(application=application, since=begin, until=end)
        makes_sense(wanted)
        rows, complete = self._rows(wanted)
        return _view(application, (begin, end), sorted(rows, key=lambda row: row.accepted), complete=complete)

    def _rows(self, wanted: lists.Filter) -> tuple[list[Control], bool]:
        rows: list[Control] = []
        place = None
        while len(rows) < MOST:
            page = lists.fitting(self.desk.hub, wanted, self._readable, limit=100, after=place)
            rows += page.rows
            place = page.next
            if place is None:
                return rows, True
        return rows, False

    def _readable(self, row: Control) -> Control | None:
        return row if self.desk.rights.reads(row) else None


def add(desk: Desk) -> None:
    path = "/applications/<application>/dora"
    route(desk, "GET", path, Dora(desk).figures, {200: FiguresView}, of_the_application("read"))


def _view(application: str, span: tuple[float, float], rows: Sequence[Control], *, complete: bool) -> FiguresView:
    deployments = [row for row in rows if row.saga in DEPLOYS and row.closed is not None and row.started is not None]
    done = [row for row in deployments if row.status is Status.SUCCEEDED]
    failed = [row for row in deployments if _failed(row)]
    reverted = {row.id: at for row in done if (at := _reverted(row, rows)) is not None}
    restored = [*_restored(failed, rows), *(at - (row.closed or at) for row, at in _pairs(done, reverted))]
    ended = len(done) + len(failed)
    return FiguresView(
        application=application,
        since=instant(span[0]),
        until=instant(span[1]),
        complete=complete,
        deployments=len(done),
        deployments_per_day=round(len(done) * DAY / max(span[1] - span[0], 1.0), 3),
        lead_time_seconds=_median([(row.closed or 0.0) - row.accepted for row in done]),
        failed=len(failed),
        reverted=len(reverted),
        change_failure_rate=round((len(failed) + len(reverted)) / ended, 4) if ended else None,
        time_to_restore_seconds=_median(restored),
    )


def _failed(row: Control) -> bool:
    cancelled = (row.error or "").startswith("Cancelled")
    return row.status in (Status.ROLLED_BACK, Status.NEEDS_ATTENTION) and not cancelled


def _reverted(row: Control, rows: Sequence[Control]) -> float | None:
    """When another group of its cluster was enabled again, soon after it."""
    closed = row.closed or 0.0
    later = (one for one in _after(row, rows) if one.saga == "EnableServerGroup" and one.closed is not None)
    return next((one.closed for one in later if one.closed is not None and one.closed <= closed + SOON), None)


def _restored(failed: Sequence[Control], rows: Sequence[Control]) -> Iterator[float]:
    """What was put back disturbs nobody longer than it took; what was not, until the next good one."""
    for row in failed:
        if row.status is Status.ROLLED_BACK:
            yield (row.closed or 0.0) - (row.started or row.accepted)
        elif (remedy := next((one for one in _after(row, rows) if one.saga in REMEDIES), None)) is not None:
            yield (remedy.closed or 0.0) - (row.closed or 0.0)


def _after(row: Control, rows: Sequence[Control]) -> Iterator[Control]:
    """What succeeded in its cluster after it."""
    ended = row.closed or 0.0
    return (
        one
        for one in rows
        if one.cluster == row.cluster and one.status is Status.SUCCEEDED and (one.closed or 0.0) > ended
    )


def _pairs(done: Sequence[Control], reverted: dict[str, float]) -> Iterator[tuple[Control, float]]:
    return ((row, reverted[row.id]) for row in done if row.id in reverted)


def _median(seconds: Sequence[float]) -> float | None:
    return round(median(seconds), 1) if seconds else None
