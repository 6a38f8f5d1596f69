"""Client request tokens of CloudFormation: kept with every event, and the same one again is the same request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

from moto.core.responses import ActionResult

Method = Callable[..., Any]

_token: ContextVar[str | None] = ContextVar("token", default=None)
"""Of the request that is being answered."""


def tokened(method: Method) -> Method:
    """A method of the API that begins something on a stack."""

    @wraps(method)
    def answered(response: Any) -> Any:
        token = response._get_param("ClientRequestToken")
        if token is not None and (known := _begun(response, token)) is not None:
            return ActionResult({"StackId": known})
        with _answering(token):
            return method(response)

    return answered


def noted(add_event: Method) -> Method:
    """A stack's method that adds an event."""

    @wraps(add_event)
    def added(stack: Any, *given: Any, **named: Any) -> None:
        add_event(stack, *given, **named)
        stack.events[-1].client_request_token = _token.get()

    return added


@contextmanager
def _answering(token: str | None) -> Iterator[None]:
    before = _token.set(token)
    try:
        yield
    finally:
        _token.reset(before)


def _begun(response: Any, token: str) -> str | None:
    """The stack on which that token began something."""
    for stack in response.cloudformation_backend.stacks.values():
        if any(event.client_request_token == token for event in stack.events):
            return str(stack.stack_id)
    return None
