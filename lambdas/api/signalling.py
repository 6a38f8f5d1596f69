"""What callers tell running operations, and how it is sent."""

from typing import Literal

from pydantic import Field

from lambdas.api.desk import Desk
from lambdas.api.problems import sentences
from lambdas.api.rights import Rights
from lambdas.api.views import View
from lambdas.engine import signals
from lambdas.rows import Control

Signal = Literal["cancel", "pause", "resume", "decide"]
Decision = Literal["retry", "rollback", "skip", "abandon"]


class SignalRequest(View):
    """What to tell a running operation."""

    model_config = View.model_config | {"extra": "forbid"}

    signal: Signal
    decision: Decision | None = Field(
        default=None, description="With `decide`: what to do with the step, or the undo, that is held."
    )
    reason: str = Field(default="", max_length=200, description="Kept in the operation's record.")


def decided(request: SignalRequest) -> None:
    """Raises Problem for a `decide` that does not say what."""
    if request.signal == "decide" and request.decision is None:
        raise sentences(["decision: say which: retry, rollback, skip or abandon"])


def permitted(rights: Rights, row: Control, request: SignalRequest) -> bool:
    """Whether the caller may tell the operation that."""
    return rights.may(_action(request), rights.operation(row))


def send(desk: Desk, row: Control, request: SignalRequest) -> None:
    """Raises Forbidden, NotFound, NotNow, Problem."""
    decided(request)
    desk.rights.must(_action(request), desk.rights.operation(row))
    operation = row.id
    if request.signal == "decide":
        return signals.decide(desk.hub, desk.sagas, operation, str(request.decision), desk.caller, request.reason)
    act = {"cancel": signals.cancel, "pause": signals.pause, "resume": signals.resume}[request.signal]
    return act(desk.hub, desk.sagas, operation, desk.caller, request.reason)


def _action(request: SignalRequest) -> str:
    """As policies name it: a decision is the action itself."""
    return str(request.decision) if request.signal == "decide" else request.signal
