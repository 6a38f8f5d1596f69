"""What passes between a state and a function: JSON that neither can change in the other's hands, and its limits."""

from collections.abc import Callable
from dataclasses import dataclass

from .failures import TOO_LARGE, Failure, TaskError
from .jsontext import Json, decode, encode, too_large


@dataclass(frozen=True, slots=True)
class Took:
    """A function's result that was so long in coming."""

    seconds: float
    result: Json


Outcome = Json | Took
Invoke = Callable[[str, Json], Outcome]
"""Call the function of that name; it gives its result, or raises TaskError."""


def sent(payload: Json, state: str) -> Json:
    """The function's own copy of what the state sends."""
    text = encode(payload)
    if too_large(text):
        raise oversized(state, final=True)
    return decode(text)


def returned(result: Json, function: str) -> tuple[Json, int]:
    """The state's own copy of what Lambda gave, which can be nothing but JSON, and how many characters it has."""
    try:
        text = encode(result)
    except (TypeError, ValueError) as error:
        raise TaskError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if too_large(text):
        raise oversized(function)
    return decode(text), len(text)


def timed(outcome: Outcome) -> tuple[Json, float]:
    """The result and how long it took: nothing, unless the function says otherwise."""
    return (outcome.result, outcome.seconds) if type(outcome) is Took else (outcome, 0.0)


def oversized(called: str, *, final: bool = False) -> Failure:
    cause = f"The state/task '{called}' returned a result with a size exceeding the maximum number of bytes"
    return Failure(TOO_LARGE, f"{cause} service limit.", final=final)
