"""Operations with their journals as JSON Lines, for whoever loads them into something else.

A line is what `GET /operations/{id}` answers, so a secret that no view shows is in no export: requests with their user
data, task tokens and the evidence of failures are not read here at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from lambdas.api import lists, records
from lambdas.api.answers import PAGED, PROBLEMS, After, place_of
from lambdas.api.desk import Desk
from lambdas.api.filters import (
    NAMES,
    Account,
    Application,
    Caller,
    Cluster,
    Since,
    Statuses,
    Type,
    Until,
    asked_of,
    filter_of,
)
from lambdas.api.rights import ONE_BY_ONE
from lambdas.api.views import operation_of
from lambdas.rows import Control

LINES = "application/x-ndjson"
MOST = 200
"""Lines of one answer: with 25 states of 2 KB each they stay within Lambda's 6 MB
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""
_ANSWER = {
    200: {
        "description": "One operation a line, as `GET /operations/{id}` answers it.",
        "content": {LINES: {"schema": {"type": "string"}}},
    }
}


@dataclass(frozen=True)
class Exports:
    desk: Desk

    def export(
        self,
        application: Application = None,
        cluster: Cluster = None,
        account: Account = None,
        type: Type = None,  # noqa: A002
        status: Statuses = None,
        caller: Caller = None,
        since: Since = None,
        until: Until = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="The most lines of one answer.")] = 100,
        after: After = None,
    ) -> Response[str]:
        """Operations that fit all of these with their journals, newest first, as JSON Lines; without a filter, all.

        The header `Link: <…>; rel="next"` leads to what comes next; without it there is nothing more. A page may hold
        fewer lines than `limit`, even none, and still have a next.
        """
        self.desk.knows(*NAMES, *PAGED)
        asked = asked_of(
            application=application,
            cluster=cluster,
            account=account,
            type=type,
            status=status,
            caller=caller,
            since=since,
            until=until,
        )
        wanted = filter_of(self.desk, asked)
        page = lists.operations(self.desk.hub, wanted, self.desk.rights.reads, limit=limit, after=place_of(after))
        return Response(200, LINES, "".join(self._lines(page.rows)), self._onwards(lists.sealed(page.next)))

    def _lines(self, rows: tuple[Control, ...]) -> Iterator[str]:
        for row in rows:
            view = operation_of(records.record_of(self.desk.hub, self.desk.sagas, row))
            yield view.model_dump_json(by_alias=True) + "\n"

    def _onwards(self, cursor: str | None) -> dict[str, Any]:
        """RFC 8288, with every parameter of this request but the cursor."""
        if cursor is None:
            return {}
        given = self.desk.parameters | {"after": [cursor]}
        return {"Link": f'<{self.desk.prefix}/operations/export?{urlencode(given, doseq=True)}>; rel="next"'}


def add(desk: Desk) -> None:
    face = Exports(desk)
    desk.route(
        "GET", "/operations/export", face.export, "Windlass", ONE_BY_ONE, status_code=200, responses=PROBLEMS | _ANSWER
    )
