"""What the routes of Windlass's own face have in common: what they answer, what goes wrong, and pages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from lambdas.api import lists
from lambdas.api.desk import Desk
from lambdas.api.links import Links, links_of
from lambdas.api.problems import ProblemView, sentences
from lambdas.api.rights import Needs
from lambdas.api.views import View

Limit = Annotated[int, Query(ge=1, le=100, description="The most that one page holds.")]
After = Annotated[str | None, Query(description="`next` of the page before.")]
PAGED = ("limit", "after")
"""Names of these two."""

_ANSWERS = {
    200: "As it stands, or as it would be.",
    202: "Accepted: it will be done, whatever happens to this process.",
}


def described(problems: Mapping[int, str]) -> dict[int, Any]:
    """What may go wrong, by status."""
    content = {"application/problem+json": {"model": ProblemView}}
    return {status: {"description": said, "content": content} for status, said in problems.items()}


PROBLEMS = described(
    {
        400: "The request is not valid.",
        403: "Nobody is known to have sent it, or its sender may not do that.",
        404: "There is no such thing.",
        409: "Not now.",
        413: "Too large.",
        422: "It cannot be done as asked, or its key was used with another body.",
        503: "Send the same request again.",
    }
)


def route(
    desk: Desk,
    method: str,
    path: str,
    act: Callable[..., Any],
    answers: dict[int, Any],
    needs: Needs,
    problems: Mapping[int, Any] = PROBLEMS,
    links: Links | None = None,
) -> None:
    """Let that function answer; the model of each status it may answer with. The first is the usual one.

    `links`: what can be asked next; None where the path says it.
    """
    usual = next(iter(answers))
    told = dict(problems) | {
        status: {"description": _ANSWERS[status], "content": {"application/json": {"model": model}}}
        for status, model in answers.items()
    }
    if found := links_of(method, path) if links is None else links:
        told[usual] |= {"links": found}
    desk.route(method, path, act, "Windlass", needs, status_code=usual, responses=told)


def answered(status: int, view: View, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response(status, "application/json", view, headers)


def place_of(after: str | None) -> lists.Place | None:
    """Where a page begins, from the cursor of the one before."""
    try:
        return None if after is None else lists.opened(after)
    except ValueError as error:
        raise sentences([f"after: {error}"]) from None


def seconds_of(moment: datetime | None) -> float | None:
    """Epoch seconds of a parameter; one without an offset is UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
