"""What was changed in an application: which operation, by whom, what it did, and what stood there before and since."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas.api import lists, records
from lambdas.api.answers import After, place_of, route, seconds_of
from lambdas.api.desk import Desk
from lambdas.api.filters import Since, Until, makes_sense
from lambdas.api.records import Record
from lambdas.api.rights import of_the_application
from lambdas.api.views import View, instant, moment
from lambdas.engine.tasks import AnySaga, plan_of
from lambdas.errors import Transient
from lambdas.hub import Json
from lambdas.rows import Control, Status, Step


class DidView(View):
    """One thing that was done."""

    step: str
    did: str
    at: datetime | None


class ChangeView(View):
    """One operation that changed something, or put it back again."""

    operation: str
    type: str
    status: Status
    account: str
    region: str
    cluster: str = Field(description="`account/region/name`.")
    caller: str
    user: str | None
    accepted: datetime
    closed: datetime | None
    did: tuple[DidView, ...] = Field(description="Steps and undos, in the order in which they ended.")
    before: dict[str, Any] | None = Field(
        description="What its plan noted; null: there was nothing, or it is not known."
    )
    after: dict[str, Any] | None = Field(
        description="What stands since: as intended where it succeeded, as before where it was put back. Null while it "
        "is under way, where a person is needed, and where nothing is left."
    )
    error: str | None
    link: str


class ChangesView(View):
    """A page of changes, newest first."""

    changes: tuple[ChangeView, ...]
    next: str | None = Field(default=None, description="`after` of the next page; null on the last.")


@dataclass(frozen=True)
class Changes:
    desk: Desk

    def list(
        self,
        application: str,
        since: Since = None,
        until: Until = None,
        limit: Annotated[int, Query(ge=1, le=50, description="The most that one page holds.")] = 20,
        after: After = None,
    ) -> ChangesView:
        """What was changed in an application, the operation accepted last first.

        Operations that did nothing are left out: those that wait, and those that were never started. A page may hold
        fewer than `limit` and still have a `next`.
        """
        self.desk.knows("since", "until", "limit", "after")
        wanted = lists.Filter(application=application, since=seconds_of(since), until=seconds_of(until))
        makes_sense(wanted)
        page = lists.fitting(self.desk.hub, wanted, self._changed, limit=limit, after=place_of(after))
        return ChangesView(changes=tuple(map(_view, page.rows)), next=lists.sealed(page.next))

    def _changed(self, row: Control) -> Record | None:
        """All there is of the operation, if it changed anything."""
        if row.started is None or not self.desk.rights.reads(row):
            return None
        record = records.record_of(self.desk.hub, self.desk.sagas, row)
        return record if any(_done(record)) else None


def add(desk: Desk) -> None:
    path = "/applications/<application>/changes"
    route(desk, "GET", path, Changes(desk).list, {200: ChangesView}, of_the_application("read"))


def _view(record: Record) -> ChangeView:
    row = record.control
    before, after = _difference(record)
    return ChangeView(
        operation=row.id,
        type=row.name,
        status=row.status,
        account=row.account,
        region=row.region,
        cluster=row.cluster,
        caller=row.caller,
        user=row.user,
        accepted=instant(row.accepted),
        closed=moment(row.closed),
        did=tuple(DidView(step=one.name, did=one.did or "", at=moment(one.ended)) for one in _done(record)),
        before=before,
        after={Status.SUCCEEDED: after, Status.ROLLED_BACK: before}.get(row.status),
        error=row.error,
        link=f"/operations/{row.id}",
    )


def _done(record: Record) -> Iterator[Step]:
    """Steps and undos that did something; of a saga that this release does not know, all that is no wait of ours."""
    known = None if record.saga is None else record.saga.change_of
    return (one for one in record.steps if one.did and (known is None or one.name in known))


def _difference(record: Record) -> tuple[Json | None, Json | None]:
    if record.saga is None or record.plan is None or record.saga.difference is None:
        return None, None
    return _told(record.saga, record.plan)


def _told(saga: AnySaga, plan: Json) -> tuple[Json | None, Json | None]:
    assert saga.difference is not None
    try:
        return saga.difference(plan_of(saga, plan))
    except (Transient, ValueError):
        return None, None  # another release's plan
