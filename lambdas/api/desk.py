"""What every route works with: the request at hand, who sent it, and the hub."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from math import isfinite
from typing import Any, cast

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from lambdas.accounts import Accounts
from lambdas.api.caller import caller_of, trace_of, traces_of
from lambdas.api.doors import Doors
from lambdas.api.problems import Problem, sentences
from lambdas.api.records import Whole, find, no_operation
from lambdas.api.rights import Arguments, Needs, Rights
from lambdas.engine import intake, signals
from lambdas.engine.crowds import Wary
from lambdas.engine.intake import Accepted, Caller, Submission, Terms
from lambdas.engine.tasks import AnySaga, Sagas
from lambdas.hub import Hub
from lambdas.rows import Control, control_key, control_of

log = logging.getLogger(__name__)
LONGEST_PATH = 1_000
"""Bytes of a path, decoded: the names in it become keys, and a sort key has at most 1,024."""
MOST_DIGITS = 38
SMALLEST, LARGEST = 1e-130, 1e126
"""Of a number that the table can hold:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""


@dataclass(frozen=True)
class Desk:
    app: APIGatewayRestResolver
    hub_of: Callable[[], Hub]
    sagas: Sagas
    doors: Doors
    needs: dict[Callable[..., Any], Needs] = field(default_factory=dict)
    """Of each route's function."""
    wary: Wary = field(default_factory=Wary)

    @property
    def hub(self) -> Hub:
        return self.hub_of()

    @property
    def event(self) -> Mapping[str, Any]:
        return self.app.current_event.raw_event

    @property
    def caller(self) -> Caller:
        return caller_of(self.event, self.doors, self._now)

    def _now(self) -> float:
        return self.hub.now()  # the hub is made for whoever needs the time

    @property
    def rights(self) -> Rights:
        """The caller's, for this request."""
        known: Rights | None = self.app.context.get("rights")
        if known is None:
            known = Rights(self.hub, self.caller)
            self.app.context["rights"] = known
        return known

    @property
    def trace(self) -> str | None:
        return trace_of(self.event)

    @property
    def traces(self) -> dict[str, str]:
        return traces_of(self.event)

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.hub.table)

    @property
    def body(self) -> dict[str, Any]:
        """The body as it was sent, which has to be one JSON object."""
        body = self.app.current_event.json_body
        if not isinstance(body, dict):
            raise Problem(400, "the body is not one JSON object; send a batch to POST /aws/ops")
        return body

    def knows(self, *names: str) -> None:
        """Raises a Problem for a parameter that is none of these: a filter misspelt would answer everything."""
        asked = self.event.get("queryStringParameters") or {}
        found = [f"{one}: there is no such parameter; {meant(one, names)}" for one in asked if one not in names]
        if found:
            raise sentences(found)

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The query's, as they were sent."""
        return dict(self.event.get("multiValueQueryStringParameters") or {})

    @property
    def prefix(self) -> str:
        """What stands before every path: the stage, unless a domain name hides it."""
        context = self.event.get("requestContext") or {}
        shown, path = context.get("path") or "", self.event.get("path") or ""
        return shown.removesuffix(path) if shown.endswith(path) else ""

    @cached_property
    def types(self) -> Mapping[str, AnySaga]:
        """The sagas by the operation type that requests name."""
        return {saga.operation: saga for saga in self.sagas.values()}

    def route(self, method: str, path: str, act: Callable[..., Any], tag: str, needs: Needs, **more: Any) -> None:
        """Let that function answer: its signature is validated, its first line stands in /docs."""
        self.needs[act] = needs
        summary = (act.__doc__ or "").partition("\n")[0]
        register = self.app.route(
            path, method, summary=summary, description=act.__doc__, tags=[tag], enable_validation=True, **more
        )
        register(act)

    def page(self, method: str, path: str, act: Callable[..., Any], needs: Needs) -> None:
        """Let that function answer, and say nothing of it in /docs."""
        self.needs[act] = needs
        self.app.route(path, method, include_in_schema=False)(act)

    def authorise(self, act: Callable[..., Any], arguments: Arguments) -> None:
        """Raises NotFound, Forbidden. A route that does not say what it needs is none: nothing is open."""
        self.app.context.pop("rights", None)  # never another request's, whatever became of that
        self.app.context.pop("admitted", None)
        needs = self.needs.get(act)
        if needs is None:
            raise NotFoundError
        _fits_a_key(str(self.event.get("path", "")))
        for resource in needs.of(self, arguments):
            self.rights.must(needs.action, resource)

    def accept(
        self, submissions: Sequence[Submission], terms: Terms, key: str | None, digest: str | None = None
    ) -> Accepted:
        """Accept these operations, or none; whoever is preempted hears of it. Raises Forbidden, what intake does."""
        for one in submissions:
            self.rights.submits(one)
        hub, wary = self.hub, self.wary.until > self._now()
        accepted = intake.accept(hub, submissions, caller=self.caller, terms=terms, key=key, digest=digest, wary=wary)
        self.wary.after(started=accepted.started, now=hub.now())
        log.info("%s was accepted from %s", accepted.id, signals.said(self.caller, ""))
        self._log(accepted)
        if any(one.preempts for one in submissions):
            signals.wake_holders(self.hub, self.sagas, accepted.id)
        return accepted

    def _log(self, accepted: Accepted) -> None:
        """The line from which whoever knows an id of the caller's finds the operation, and with it all others."""
        caller = self.caller
        about = {"operation": accepted.id, "caller": caller.principal, "user": caller.user, **self.traces}
        _logger().info("repeated" if accepted.repeated else "accepted", extra=about)

    def find(self, operation: str) -> Whole:
        """The operation or batch of that id, as it stands. Raises NotFound, also for what the caller may not read."""
        whole = self.app.context.pop("admitted", None)
        if whole is not None and whole.id == operation:
            return cast(Whole, whole)
        whole = find(self.hub, self.sagas, operation)
        if not all(self.rights.reads(one.control) for one in whole.records):
            raise no_operation(operation)
        return whole

    def admitted(self, arguments: Arguments) -> list[Control]:
        """The operations that the path names; what was read of them is kept for the first `find`. Raises NotFound."""
        whole = self.find(arguments.get("operation") or arguments["task"])
        self.app.context["admitted"] = whole
        return [one.control for one in whole.records]

    def row(self, operation: str) -> Control:
        """Its control row alone. Raises NotFound as `find` does."""
        item = self.hub.table.get(control_key(operation))
        if item is None or not self.rights.reads(row := control_of(item)):
            raise no_operation(operation)
        return row


def _fits_a_key(path: str) -> None:
    """Raises Problem where the names in a path are longer than a row's key can be."""
    if len(path.encode(errors="replace")) > LONGEST_PATH:
        raise Problem(404, f"there is nothing of such a name: the path has more than {LONGEST_PATH} bytes")


@cache
def _logger() -> Any:
    """That of all functions (`lambdas.handlers`): made with the first operation that is accepted."""
    from aws_lambda_powertools import Logger  # noqa: PLC0415  the function's start has no use for it

    return Logger(service="windlass")


def meant(name: str, known: Sequence[str]) -> str:
    """What whoever wrote a name that nobody knows may have meant."""
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def parsed(text: str) -> Any:
    """A body as JSON, or a Problem that says what is wrong with it."""
    try:
        body = json.loads(text, parse_constant=_no_number, parse_int=_whole, parse_float=_finite)
        if "\\ud" in text.lower():
            _of_whole_characters(body)
        return body
    except json.JSONDecodeError as error:
        raise Problem(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deep") from None


def _of_whole_characters(body: Any) -> None:
    """Raises Problem for half of a surrogate pair, which JSON can write and UTF-8 cannot."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Problem(400, "the body has half of a character: \\ud800 to \\udfff come in pairs") from None


def _whole(digits: str) -> int:
    """As the table can hold it; Python itself refuses thousands of digits, in words about Python."""
    if len(digits) > MOST_DIGITS:
        raise Problem(400, f"the body has a number of {len(digits)} digits; {MOST_DIGITS} are possible")
    return int(digits)


def _finite(text: str) -> float:
    """JSON can write what no float is, 1e400, and a float what the table cannot hold, 1e-172."""
    number = float(text)
    fits = number == 0 or (isfinite(number) and SMALLEST <= abs(number) < LARGEST)
    if not fits or len(text) > MOST_DIGITS:
        raise Problem(400, f"the body has the number {text[:MOST_DIGITS]}, which is out of range")
    return number


def _no_number(constant: str) -> float:
    raise Problem(400, f"the body is not JSON: {constant} is no number")
