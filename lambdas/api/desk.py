"""What every route works with: the request at hand, who sent it, and the hub."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from lambdas.accounts import Accounts
from lambdas.api.caller import caller_of, trace_of
from lambdas.api.problems import Problem, sentences
from lambdas.api.records import Whole, find
from lambdas.engine import intake, signals
from lambdas.engine.intake import Accepted, Caller, Submission, Terms
from lambdas.engine.tasks import AnySaga, Sagas
from lambdas.hub import Hub


@dataclass(frozen=True)
class Desk:
    app: APIGatewayRestResolver
    hub_of: Callable[[], Hub]
    sagas: Sagas
    delegates: tuple[str, ...] = ()

    @property
    def hub(self) -> Hub:
        return self.hub_of()

    @property
    def event(self) -> Mapping[str, Any]:
        return self.app.current_event.raw_event

    @property
    def caller(self) -> Caller:
        return caller_of(self.event, self.delegates)

    @property
    def trace(self) -> str | None:
        return trace_of(self.event)

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

    def route(self, method: str, path: str, act: Callable[..., Any], tag: str, **more: Any) -> None:
        """Let that function answer: its signature is validated, its first line stands in /docs."""
        summary = (act.__doc__ or "").partition("\n")[0]
        register = self.app.route(
            path, method, summary=summary, description=act.__doc__, tags=[tag], enable_validation=True, **more
        )
        register(act)

    def accept(
        self, submissions: Sequence[Submission], terms: Terms, key: str | None, digest: str | None = None
    ) -> Accepted:
        """Accept these operations, or none; whoever is preempted hears of it. Raises what intake does."""
        accepted = intake.accept(self.hub, submissions, caller=self.caller, terms=terms, key=key, digest=digest)
        if any(one.preempts for one in submissions):
            signals.wake_holders(self.hub, self.sagas, accepted.id)
        return accepted

    def find(self, operation: str) -> Whole:
        """The operation or batch of that id. Raises NotFound."""
        return find(self.hub, self.sagas, operation)


def meant(name: str, known: Sequence[str]) -> str:
    """What whoever wrote a name that nobody knows may have meant."""
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def parsed(text: str) -> Any:
    """A body as JSON, or a Problem that says what is wrong with it."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Problem(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deep") from None


def _no_number(constant: str) -> float:
    raise Problem(400, f"the body is not JSON: {constant} is no number")
