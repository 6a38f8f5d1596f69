"""What passes between a state and a function: JSON that neither can change in the other's hands, and its limits."""

from collections.abc import Callable
from typing import NamedTuple

from .failures import TOO_LARGE, Failure, TaskError
from .jsontext import LIMIT, Json, copied


class Took(NamedTuple):
    """A function's result that was so long in coming."""

    seconds: float
    result: Json


Outcome = Json | Took
Invoke = Callable[[str, Json], Outcome]
"""Call the function of that name; it gives its result, or raises TaskError."""


def sent(payload: Json, state: str) -> Json:
    """The function's own copy of what the state sends."""
    copy, size = copied(payload)
    if size > LIMIT:
        raise oversized(state, final=True)
    return copy


def returned(result: Json, function: str) -> tuple[Json, int]:
    """The state's own copy of what Lambda gave, which can be nothing but JSON, and how many bytes it has."""
    try:
        copy, size = copied(result)
    except (TypeError, ValueError) as error:
        raise TaskError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if size > LIMIT:
        raise oversized(function)
    return copy, size


def timed(outcome: Outcome) -> tuple[Json, float]:
    """The result and how long it took: nothing, unless the function says otherwise."""
    return (outcome.result, outcome.seconds) if type(outcome) is Took else (outcome, 0.0)


def oversized(called: str, *, final: bool = False) -> Failure:
    cause = f"The state/task '{called}' returned a result with a size exceeding the maximum number of bytes"
    return Failure(TOO_LARGE, f"{cause} service limit.", final=final)
