"""Windlass's own face: submit, rehearse, follow and signal operations."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import BeforeValidator, Field, WrapValidator

from lambdas.api import catalogue, degraded, filters, lists, records
from lambdas.api.answers import PAGED, After, Limit, answered, place_of, route
from lambdas.api.catalogue import StateView, TypeAndSchema, Types, type_of
from lambdas.api.desk import Desk
from lambdas.api.links import SUBMIT, links_of_submitting
from lambdas.api.problems import Problem, sentences
from lambdas.api.receivers import callback_of
from lambdas.api.rights import ANYBODY, ONE_BY_ONE, READ_THE_OPERATION
from lambdas.api.signalling import SignalRequest, send
from lambdas.api.views import BatchView, OperationView, Page, Summary, View, summary_of, view_of
from lambdas.engine import backlog, intake
from lambdas.engine.intake import Submission, Terms
from lambdas.engine.tasks import AnySaga
from lambdas.errors import Conflict
from lambdas.requests import Invalid, Request, problems
from lambdas.requests.retired import RETIRED
from lambdas.rows import Control, Priority
from saga.compiler import function_of

Json = dict[str, Any]
LONGEST = 7 * 86_400


def _flag(value: Any) -> Any:
    """`?dryRun` alone says yes."""
    return True if value == "" else value


DryRun = Annotated[
    bool,
    BeforeValidator(_flag),
    Query(alias="dryRun", description="Answer the plan, the actions and the undo list, and write nothing."),
]
StartWithin = Annotated[
    int | None,
    Query(alias="startWithin", ge=1, le=LONGEST, description="Seconds after which it is never started."),
]
FinishWithin = Annotated[
    int | None,
    Query(alias="finishWithin", ge=1, le=LONGEST, description="Seconds after which it is put back, if it still can."),
]
OnExhausted = Annotated[
    Literal["hold", "rollback"] | None,
    Query(alias="onExhausted", description="When a step's retries are used up: ask a person, or put it back."),
]
WhenFrozen = Annotated[
    Literal["refuse", "wait"],
    Query(
        alias="whenFrozen", description="While a freeze covers it: refuse it, or let it begin afterwards if in time."
    ),
]
CallbackUrl = Annotated[
    str | None,
    Header(alias="Windlass-Callback", description="`https://` URL that is sent the operation's events (docs/push.md)."),
]
CallbackSecret = Annotated[
    str | None,
    Header(alias="Windlass-Callback-Secret", description="`whsec_` and base64: what they are signed with."),
]
Urgency = Annotated[
    Priority,
    Query(description="Which of one caller's operations are started first, where not all can be started at once."),
]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="The same key again is the same operation."),
]


class DryRunView(View):
    """What an operation would do now."""

    type: str
    plan: Json
    actions: tuple[str, ...] = Field(description="IAM actions of the modules that the operation uses.")
    steps: tuple[StateView, ...] = Field(
        description="The story as this plan enters it, each step with the state that takes it back."
    )
    undo: tuple[StateView, ...] = Field(description="The undo chain in the order in which it would run.")
    findings: tuple[str, ...] = Field(default=(), description="What would keep it from beginning now.")


@dataclass(frozen=True)
class Operations:
    desk: Desk

    def submit_to(self, saga: AnySaga) -> Callable[..., Response[Any]]:
        """The route of one operation type: the model of its request is the route's body."""

        def submit(
            request: Any,
            dry_run: DryRun = False,
            start_within: StartWithin = None,
            finish_within: FinishWithin = None,
            on_exhausted: OnExhausted = None,
            when_frozen: WhenFrozen = "refuse",
            priority: Urgency = Priority.NORMAL,
            idempotency_key: Key = None,
            callback: CallbackUrl = None,
            callback_secret: CallbackSecret = None,
        ) -> Response[OperationView | BatchView | DryRunView]:
            self._allowed(request)
            terms = Terms(
                "windlass",
                _seconds(start_within),
                _seconds(finish_within) or saga.finish_by,
                trace=self.desk.trace,
                traces=self.desk.traces,
                hold_exhausted=None if on_exhausted is None else on_exhausted == "hold",
                waits_for_thaw=when_frozen == "wait",
                callback=callback_of(self.desk, callback, callback_secret),
                priority=priority,
            )
            if dry_run:
                return answered(200, self._rehearsed(Submission(saga, request), terms))
            return self._accepted(Submission(saga, request), terms, idempotency_key)

        submit.__annotations__["request"] = _body_of(saga)
        submit.__doc__ = catalogue.sentence(saga.request_type)
        submit.__name__ = saga.operation
        return submit

    def unknown(self, operation_type: str) -> Response[Any]:
        raise self._no_type(operation_type)

    def list(
        self,
        application: filters.Application = None,
        cluster: filters.Cluster = None,
        account: filters.Account = None,
        type: filters.Type = None,  # noqa: A002
        status: filters.Statuses = None,
        caller: filters.Caller = None,
        since: filters.Since = None,
        until: filters.Until = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Page:
        """Operations that fit all of these, newest first; without any filter, those that run.

        Too rare ones are found over several pages: a page may hold fewer than `limit` and still have a `next`.
        """
        self.desk.knows(*filters.NAMES, *PAGED)
        asked = filters.asked_of(
            application=application,
            cluster=cluster,
            account=account,
            type=type,
            status=status,
            caller=caller,
            since=since,
            until=until,
        )
        wanted = filters.filter_of(self.desk, asked)
        if wanted == lists.Filter():
            wanted = lists.Filter(statuses=lists.OPEN)
        page = lists.operations(self.desk.hub, wanted, self.desk.rights.reads, limit=limit, after=place_of(after))
        return Page(
            operations=tuple(self._summaries(page.rows)),
            next=lists.sealed(page.next),
            degraded=degraded.of(self.desk.hub, page.rows),
        )

    def _summaries(self, rows: Sequence[Control]) -> Iterator[Summary]:
        hub = self.desk.hub
        overdue = {row.id for row in rows if backlog.overdue(hub, row)}
        words = backlog.words(backlog.read(hub)) if overdue else None
        return (summary_of(row, words if row.id in overdue else None) for row in rows)

    def one(self, operation: str) -> Response[OperationView | BatchView]:
        """One operation, or a batch, as it stands."""
        return answered(200, self._as_it_stands(operation))

    def signal(self, operation: str, request: Annotated[SignalRequest, Body()]) -> Response[OperationView | BatchView]:
        """Cancel, pause, resume, or decide what becomes of a held operation."""
        whole = self.desk.find(operation)
        for record in self._addressed(whole, request):
            send(self.desk, record.control, request)
        return answered(200, self._as_it_stands(operation))

    def _as_it_stands(self, operation: str) -> OperationView | BatchView:
        whole = self.desk.find(operation)
        opened = [token for record in whole.records for token in record.opened]
        return view_of(whole, degraded.of(self.desk.hub, [record.control for record in whole.records], opened))

    def types(self) -> Types:
        """What can be asked for."""
        return Types(types=tuple(type_of(saga) for saga in self.desk.sagas.values()))

    def type(self, operation_type: str) -> TypeAndSchema:
        """One operation type: its request, its states, its way back."""
        if operation_type not in self.desk.types:
            raise self._no_type(operation_type)
        return catalogue.described(self.desk.types[operation_type])

    def _no_type(self, operation_type: str) -> Problem:
        if operation_type in RETIRED:
            return Problem(404, RETIRED[operation_type])
        known = ", ".join(sorted(self.desk.types))
        return Problem(404, f"there is no operation type {operation_type!r}; known types: {known}")

    def _allowed(self, request: Request) -> None:
        found = problems(request, self.desk.accounts)
        if found:
            raise sentences(found)

    def _accepted(self, submission: Submission, terms: Terms, key: str | None) -> Response[Any]:
        accepted = self.desk.accept([submission], terms, key, _digest(submission.saga, self.desk.body))
        location = f"{self.desk.prefix}/operations/{accepted.id}"
        # Read anew it might fail, and somebody who hears 503 sends the same again.
        whole = records.accepted(accepted.rows, self.desk.sagas) if accepted.rows else self.desk.find(accepted.id)
        return answered(202, view_of(whole), {"Location": location})

    def _planned(self, submission: Submission) -> Any:
        """As the function of its module plans it: only that function may read the clouds. Raises a Problem where
        somebody else is changing the thing, which an operation would wait for.
        """
        saga, request = submission.saga, submission.request
        asked = {
            "saga": saga.name,
            "step": "Plan",
            "dryRun": True,
            "request": request.model_dump(mode="json", by_alias=True),
            "account": request.account,
            "region": request.region,
        }
        try:
            return self.desk.hub.functions.invoke(function_of(saga.plan).removesuffix("Function"), asked)
        except Conflict as busy:
            raise Problem(409, f"it cannot be planned now: {busy}") from None

    def _rehearsed(self, submission: Submission, terms: Terms) -> DryRunView:
        self.desk.rights.submits(submission)
        saga, plan = submission.saga, self._planned(submission)
        known, passed_by = catalogue.type_of(saga), saga.passed_by(plan)
        barred = intake.barred(self.desk.hub, submission, self.desk.caller, terms)
        return DryRunView(
            type=saga.operation,
            plan=plan,
            actions=known.actions,
            steps=tuple(one for one in known.story if one.name not in passed_by),
            undo=tuple(catalogue.undos(saga)),
            findings=() if barred is None else (barred,),
        )

    def _addressed(self, whole: records.Whole, request: SignalRequest) -> Iterator[records.Record]:
        """Of a batch, a cancel is for all that are not over, the last first; the rest for the one that is going on."""
        going = [one for one in whole.records if not one.control.status.over]
        if request.signal == "cancel" and going:
            return reversed(going)
        return iter((going or list(whole.records))[:1])


def add(desk: Desk) -> None:
    """The routes: a type's own before the one that answers for unknown types."""
    face = Operations(desk)
    for saga in desk.sagas.values():
        path, answers = f"/operations/{saga.operation}", {202: OperationView, 200: DryRunView}
        route(desk, "POST", path, face.submit_to(saga), answers, ONE_BY_ONE, links=links_of_submitting(SUBMIT))
    desk.page("POST", "/operations/<operation_type>", face.unknown, ANYBODY)
    route(desk, "GET", "/operations", face.list, {200: Page}, ONE_BY_ONE)
    route(desk, "GET", "/operations/types", face.types, {200: Types}, ANYBODY)
    route(desk, "GET", "/operations/types/<operation_type>", face.type, {200: TypeAndSchema}, ANYBODY)
    route(desk, "GET", "/operations/<operation>", face.one, {200: OperationView | BatchView}, READ_THE_OPERATION)
    route(
        desk,
        "POST",
        "/operations/<operation>/signals",
        face.signal,
        {200: OperationView | BatchView},
        READ_THE_OPERATION,
    )


def _body_of(saga: AnySaga) -> Any:
    """The request's model, read by its own strict door."""
    model = saga.request_type

    def strictly(body: Any, _: Any) -> Request:
        try:
            request: Request = model.of_windlass(body)
        except Invalid as error:
            raise sentences(error.codes) from None
        return request

    return Annotated[model, WrapValidator(strictly), Body()]


def _digest(saga: AnySaga, body: Json) -> str:
    canonical = json.dumps([saga.operation, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
