"""What an operation that called a person has left, and the lines of AWS's CLI that finish it.

Nothing of it is stored: each remaining step, or undo, is asked in its own function what it would do now. What it looks
at first it looks at anew: no line touches what has become somebody else's.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from lambdas.api.answers import route
from lambdas.api.command_lines import Place
from lambdas.api.desk import Desk
from lambdas.api.problems import Problem
from lambdas.api.records import Record
from lambdas.api.rights import of_the_operation
from lambdas.api.views import View
from lambdas.cloud import OPERATION_TAG
from lambdas.engine import finishing
from lambdas.engine.tasks import AnySaga
from lambdas.errors import WindlassError
from lambdas.hub import Json
from lambdas.rows import Control, Status
from saga.compiler import function_of

PATIENCE = 20.0
"""Seconds after which no further step is asked: API Gateway gives up after 29."""
TIME_IS_UP: Json = {"trouble": "there was no time to ask; ask again when the steps before it are done"}


class CallView(View):
    """One call of AWS, as it would be made now."""

    account: str = Field(description="AWS's number of the account in which it is to be made.")
    arns: tuple[str, ...] = Field(description="What it changes; `*` where only AWS knows that part.")
    look: tuple[str, ...] = Field(description="Lines that show how that stands: before, and afterwards.")
    line: str = Field(description="The line that makes the call. `[hidden]` has to be filled in.")


class RemainderView(View):
    """A step, or an undo, that was not done."""

    state: str
    last: str | None = Field(description="What became of its last attempt.")
    calls: tuple[CallView, ...] = Field(description="None: there is nothing left to do for it.")
    words: tuple[str, ...] = Field(description="What is to be done and no line could be written for.")
    findings: tuple[str, ...] = Field(description="What it would leave as it is, and why.")
    trouble: str | None = Field(description="Why it cannot be told what it would do, or would fail again.")


class RunbookView(View):
    """How to end by hand what the operation could not."""

    operation: str
    account: str
    region: str
    why: str | None = Field(description="Why a person was called.")
    does: str = Field(description="What the lines do, all together.")
    before: tuple[str, ...] = Field(description="Lines that show whose account this is, and all that is tagged.")
    steps: tuple[RemainderView, ...] = Field(description="In the order in which they are to be done.")
    link: str


@dataclass(frozen=True)
class Runbook:
    desk: Desk

    def one(self, operation: str) -> RunbookView:
        """What is left of an operation that called a person, by ARN, and the lines of AWS's CLI that finish it.

        Each remaining step is asked what it would do now, and looks first whose each thing is: what others have had
        since is told as a finding and has no line. No line holds a secret.
        """
        record = self._alone(operation)
        if record.saga is None:
            raise Problem(404, f"this release does not know {record.control.saga}; ask the release that began it")
        return self._view(record, record.saga)

    def _alone(self, operation: str) -> Record:
        whole = self.desk.find(operation)
        if whole.is_batch:
            ids = ", ".join(one.control.id for one in whole.records)
            raise Problem(404, f"{operation} is a batch; a runbook is of each of its operations: {ids}")
        return whole.records[0]

    def _view(self, record: Record, saga: AnySaga) -> RunbookView:
        row, journal = record.control, {one.name: one for one in record.steps}
        place = Place(_partition(row.region), row.region)
        needed = row.status is Status.NEEDS_ATTENTION and record.plan is not None
        states = finishing.remaining(saga, row, journal) if needed else ()
        return RunbookView(
            operation=row.id,
            account=row.account,
            region=row.region,
            why=row.error,
            does=_does(row, kept=finishing.keeps(saga, journal)),
            before=tuple(_before(row.id, place)),
            steps=tuple(self._remainders(record, saga, states, place)),
            link=f"/operations/{row.id}",
        )

    def _remainders(
        self, record: Record, saga: AnySaga, states: tuple[str, ...], place: Place
    ) -> Iterator[RemainderView]:
        until = self.desk.hub.now() + PATIENCE
        journal = {one.name: one for one in record.steps}
        for state in states:
            told = self._asked(record, saga, state) if self.desk.hub.now() < until else TIME_IS_UP
            step = journal.get(state)
            yield RemainderView(
                state=state,
                last=(step.error or step.did) if step else None,
                calls=tuple(_call(one, place) for one in told.get("calls", ())),
                words=told.get("words", ()),
                findings=told.get("findings", ()),
                trouble=told.get("trouble") or None,
            )

    def _asked(self, record: Record, saga: AnySaga, state: str) -> Json:
        """By the function of its module: only that one may read what it needs."""
        step, undoing = saga.change_of[state]
        act: Any = step.undo if undoing else step.do
        event = {"saga": saga.name, "step": state, "operation": record.control.id, "describes": True}
        try:
            return self.desk.hub.functions.invoke(function_of(act).removesuffix("Function"), event)
        except WindlassError as error:
            return {"trouble": f"{type(error).__name__}: {error}"}


def add(desk: Desk) -> None:
    path = "/operations/<operation>/runbook"
    route(desk, "GET", path, Runbook(desk).one, {200: RunbookView}, of_the_operation("read"))


def _call(call: Json, place: Place) -> CallView:
    return CallView(
        account=call["account"], arns=tuple(place.arns(call)), look=tuple(place.looks(call)), line=place.line(call)
    )


def _does(row: Control, *, kept: bool) -> str:
    if row.status is not Status.NEEDS_ATTENTION:
        return f"nothing: the operation is {row.status}, and needs nobody to finish it"
    if kept:
        return "remove what was kept, as the request asked, once nobody needs it any more"
    return "finish what cannot be put back any more" if row.pivoted else "put back what the operation could not"


def _before(operation: str, place: Place) -> Iterator[str]:
    """Not every service's things are found by their tags in one place: Auto Scaling's are not."""
    region, tag = shlex.quote(place.region), shlex.quote(OPERATION_TAG)
    yield "aws sts get-caller-identity"
    yield (
        f"aws resourcegroupstaggingapi get-resources --tag-filters Key={tag},Values={shlex.quote(operation)} "
        f"--region {region}"
    )
    yield (
        f"aws autoscaling describe-tags --filters Name=key,Values={tag} Name=value,Values={shlex.quote(operation)} "
        f"--region {region}"
    )


def _partition(region: str) -> str:
    from lambdas.environment import partition  # noqa: PLC0415  brings boto3, which most requests need not

    return partition(region)
