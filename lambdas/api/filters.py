"""Which operations are meant: the one filter of lists, exports and batch signals, in a query or in a body."""

from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from lambdas.api import lists
from lambdas.api.answers import seconds_of
from lambdas.api.desk import Desk
from lambdas.api.problems import sentences
from lambdas.api.views import View
from lambdas.rows import Status

LONGEST = 255
"""Characters of a name: it is part of a key."""
CLUSTER = "`account/region/name`."
TYPE = "`createServerGroup`; see `/operations/types`."
CALLER = "Who asked, or for which user."
SINCE = "Accepted then or later; without an offset, UTC."
UNTIL = "Accepted then or earlier."

Application = Annotated[str | None, Query(min_length=1, max_length=LONGEST)]
Cluster = Annotated[str | None, Query(max_length=2 * LONGEST, description=CLUSTER)]
Account = Annotated[str | None, Query(min_length=1, max_length=LONGEST)]
Type = Annotated[str | None, Query(description=TYPE)]
Statuses = Annotated[list[Status] | None, Query(description="One of these; may be given several times.")]
Caller = Annotated[str | None, Query(min_length=1, description=CALLER)]
Since = Annotated[datetime | None, Query(description=SINCE)]
Until = Annotated[datetime | None, Query(description=UNTIL)]
NAMES = ("application", "cluster", "account", "type", "status", "caller", "since", "until")
"""Of the parameters."""


class FilterRequest(View):
    """Operations that fit all of these."""

    model_config = View.model_config | {"extra": "forbid"}

    application: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    cluster: str | None = Field(default=None, max_length=2 * LONGEST, description=CLUSTER)
    account: str | None = Field(default=None, min_length=1, max_length=LONGEST)
    type: str | None = Field(default=None, description=TYPE)
    status: tuple[Status, ...] = Field(default=(), description="One of these.")
    caller: str | None = Field(default=None, min_length=1, description=CALLER)
    since: datetime | None = Field(default=None, description=SINCE)
    until: datetime | None = Field(default=None, description=UNTIL)


def filter_of(desk: Desk, asked: FilterRequest) -> lists.Filter:
    """What a caller means. Raises Problem for a filter that means nothing, with the value and the remedy."""
    wanted = lists.Filter(
        application=asked.application,
        cluster=asked.cluster,
        account=asked.account,
        saga=None if asked.type is None else saga_of(desk, asked.type),
        statuses=asked.status,
        caller=asked.caller,
        since=seconds_of(asked.since),
        until=seconds_of(asked.until),
    )
    makes_sense(wanted)
    return wanted


def asked_of(**parameters: Any) -> FilterRequest:
    """The filter of these query parameters."""
    return FilterRequest(**parameters | {"status": tuple(parameters["status"] or ())})


def saga_of(desk: Desk, operation_type: str) -> str:
    if operation_type not in desk.types:
        known = ", ".join(sorted(desk.types))
        raise sentences([f"type: {operation_type!r} is no operation type; known types: {known}"])
    return desk.types[operation_type].name


def makes_sense(wanted: lists.Filter) -> None:
    found = []
    if wanted.cluster is not None and wanted.cluster.count("/") != 2:
        found.append(f"cluster: {wanted.cluster!r} is no cluster; write it as account/region/name")
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        found.append("since: it is later than `until`; exchange them")
    if found:
        raise sentences(found)
