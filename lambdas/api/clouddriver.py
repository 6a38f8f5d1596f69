"""Clouddriver's face: what an unmodified Orca posts and polls.

`OperationsController.groovy` says the routes, Orca's `KatoRestService.java` which of them it uses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel

from lambdas.api import records
from lambdas.api.desk import Desk
from lambdas.api.links import TASK, links_of_submitting
from lambdas.api.problems import Problem, SpringView, invalid
from lambdas.api.rights import ONE_BY_ONE, READ_THE_OPERATION, Arguments, Forbidden, Needs
from lambdas.api.task import TaskView, task_of
from lambdas.authority import Resource
from lambdas.engine import intake, signals
from lambdas.engine.freezes import Frozen
from lambdas.engine.intake import Submission, Terms
from lambdas.engine.preemption import CannotPreempt
from lambdas.engine.tasks import AnySaga
from lambdas.errors import NotFound
from lambdas.requests import Invalid, account_of
from lambdas.requests.retired import RETIRED

START_WITHIN, FINISH_WITHIN = timedelta(minutes=10), timedelta(minutes=50)
"""Orca stops looking at 60 minutes (`MonitorKatoTask.groovy`)."""
PROVIDER = "aws"

Json = dict[str, Any]
REFUSALS: dict[int, Any] = {
    status: {"description": said, "content": {"application/json": {"model": SpringView}}}
    for status, said in {
        400: "It is not valid, or not allowed: `errors` says why.",
        403: "Nobody is known to have sent it.",
        404: "There is no such task.",
        409: "Not now.",
        413: "Too large.",
        422: "It cannot be done as asked.",
        503: "Send the same request again.",
    }.items()
}
Batch = Annotated[list[Json], Body(description="Operations in order: `[{name: description}, …]`.")]
Description = Annotated[Json, Body(description="One operation's description; unknown fields are ignored.")]
RequestId = Annotated[str | None, Query(alias="clientRequestId", description="The same id again is the same task.")]


class TaskId(BaseModel):
    """Orca reads `id`, its Lambda client `resourceUri` too."""

    id: str
    resourceUri: str  # noqa: N815  Clouddriver's name


@dataclass(frozen=True)
class Clouddriver:
    desk: Desk

    def submit_batch(self, provider: str, body: Batch, client_request_id: RequestId = None) -> TaskId:
        """Run operations in order, as one task."""
        return self._submit([(name, one, provider) for name, one in _named(body)], client_request_id)

    def submit_one(self, provider: str, name: str, body: Description, client_request_id: RequestId = None) -> TaskId:
        """Run one operation."""
        return self._submit([(name, body, provider)], client_request_id)

    def submit_batch_anywhere(self, body: Batch, client_request_id: RequestId = None) -> TaskId:
        """Run operations in order; each description names its provider."""
        return self._submit([(name, one, _provider(one)) for name, one in _named(body)], client_request_id)

    def submit_one_anywhere(self, name: str, body: Description, client_request_id: RequestId = None) -> TaskId:
        """Run one operation; its description names its provider."""
        return self._submit([(name, body, _provider(body))], client_request_id)

    def task(self, task: str) -> TaskView:
        """One task, finished or not."""
        return task_of(self.desk.find(task))

    def tasks(self) -> list[TaskView]:
        """The tasks that run."""
        shown = (row for row in records.running(self.desk.hub) if self.desk.rights.reads(row))
        return [task_of(self.desk.find(one)) for one in dict.fromkeys(row.batch or row.id for row in shown)]

    def resume(self, task: str) -> TaskId:
        """Try the failed step of a parked task once more; one that goes on by itself just goes on."""
        whole = self.desk.find(task)
        going = [one for one in whole.records if not one.control.status.over]
        if not going:
            raise Problem(400, f"Task {task} is over and cannot be resumed; submit its operations again")
        for record in going:
            self._go_on(record)
        return _task_id(task)

    def _submit(self, named: Sequence[tuple[str, Any, str]], key: str | None) -> TaskId:
        submissions = [one for name, description, provider in named for one in self._read(name, description, provider)]
        if not submissions:
            raise invalid(["no operations"])
        if len(submissions) > intake.LARGEST_BATCH:
            raise invalid([f"{len(submissions)} operations; a task has at most {intake.LARGEST_BATCH}"])
        terms = Terms("clouddriver", START_WITHIN, FINISH_WITHIN, trace=self.desk.trace, traces=self.desk.traces)
        try:
            return _task_id(self.desk.accept(submissions, terms, key).id)
        except (Frozen, CannotPreempt) as refused:
            raise invalid([str(refused)]) from None  # Orca shows what a 400 says, and repeats no 400
        except Forbidden as denied:
            raise invalid(list(_denied(denied))) from None

    def _read(self, name: str, description: Any, provider: str) -> list[Submission]:
        """Raises a Problem with everything that is wrong with this description."""
        saga = self._saga(name, provider)
        if not isinstance(description, dict):
            raise invalid([f"the description of {name} is not an object"])
        normalised = description if saga.request_type.both_accounts else _normalised(description)
        self._has_account(normalised)
        try:
            requests = saga.request_type.of_stage(normalised, self.desk.accounts)
        except Invalid as error:
            raise invalid(error.codes) from None
        return [Submission(saga, request) for request in requests]

    def _has_account(self, description: Json) -> None:
        """As its converters do, before anything is validated (`AbstractAtomicOperationsCredentialsConverter`)."""
        account, known = account_of(description), self.desk.accounts
        if not account:
            raise Problem(400, "credentials are required")
        if account not in known:
            raise Problem(400, f"credentials not found (name: {account}, names: {', '.join(sorted(known))})")

    def _saga(self, name: str, provider: str) -> AnySaga:
        """By its name or its legacy bean's, a version cut off (`AnnotationsBasedAtomicOperationsRegistry`)."""
        known = self._by_name()
        plain = name.partition("@")[0]
        if provider == PROVIDER and plain in RETIRED:
            raise invalid([RETIRED[plain]])
        if provider != PROVIDER or plain not in known:
            raise Problem(
                400,
                f"No atomic operation converter found for description '{name}' and cloud provider '{provider}'. "
                f"Known for '{PROVIDER}': {', '.join(sorted(self.desk.types))}.",
            )
        return known[plain]

    def _by_name(self) -> Mapping[str, AnySaga]:
        return {name: saga for saga in self.desk.sagas.values() for name in saga.request_type.clouddriver_names}

    def _go_on(self, record: records.Record) -> None:
        operation, hub, caller = record.control.id, self.desk.hub, self.desk.caller
        if record.paused:
            self.desk.rights.must("resume", self.desk.rights.operation(record.control))
            signals.resume(hub, self.desk.sagas, operation, caller, "task resumed")
        elif record.parked:
            self.desk.rights.must("retry", self.desk.rights.operation(record.control))
            signals.decide(hub, self.desk.sagas, operation, "retry", caller, "task resumed")


def _read(desk: Desk, arguments: Arguments) -> Iterable[Resource]:
    """As of any operation, in Clouddriver's words."""
    try:
        return READ_THE_OPERATION.of(desk, arguments)
    except NotFound:
        raise Problem(404, f"Task not found (id: {arguments['task']})") from None


READ_THE_TASK = Needs("read", _read)


def add(desk: Desk) -> None:
    """The routes; a task's id comes before a literal colon in `:resume`."""
    face = Clouddriver(desk)
    for method, path, act, answer, needs in (
        ("POST", "/ops", face.submit_batch_anywhere, TaskId, ONE_BY_ONE),
        ("POST", "/ops/<name>", face.submit_one_anywhere, TaskId, ONE_BY_ONE),
        ("POST", "/<provider>/ops", face.submit_batch, TaskId, ONE_BY_ONE),
        ("POST", "/<provider>/ops/<name>", face.submit_one, TaskId, ONE_BY_ONE),
        ("GET", "/task", face.tasks, list[TaskView], ONE_BY_ONE),
        ("GET", "/task/<task>", face.task, TaskView, READ_THE_TASK),
        ("POST", "/task/<task>:resume", face.resume, TaskId, READ_THE_TASK),
    ):
        usual = {"description": "As Clouddriver answers.", "content": {"application/json": {"model": answer}}}
        links = {"links": links_of_submitting(TASK)} if "/ops" in path else {}
        desk.route(method, path, act, "Clouddriver", needs, responses=REFUSALS | {200: usual | links})


def _named(batch: Sequence[Json]) -> Iterator[tuple[str, Any]]:
    return ((name, description) for one in batch for name, description in one.items())


def _denied(error: Forbidden) -> Iterator[str]:
    """Clouddriver's own words first (fiat's `FiatPermissionEvaluator` behind `DescriptionAuthorizer`)."""
    attributes = error.resource.attributes
    yield f"Access denied to account {attributes['account']}"
    yield f"Access denied to application {attributes['application']}"
    yield str(error)


def _provider(description: Any) -> str:
    named = description.get("cloudProvider") if isinstance(description, dict) else None
    return named if isinstance(named, str) and named else PROVIDER


def _normalised(description: Json) -> Json:
    """`credentials` wins over `account`, and each fills the other (`CredentialsAccountNormalizationPreProcessor`)."""
    account = description.get("credentials") or description.get("account")
    return description | {"credentials": account, "account": account} if account else description


def _task_id(task: str) -> TaskId:
    return TaskId(id=task, resourceUri=f"/task/{task}")
