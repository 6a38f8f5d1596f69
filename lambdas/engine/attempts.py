"""Attempts of activities: what becomes of one that fails."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from lambdas.engine import control
from lambdas.engine.tasks import Task
from lambdas.errors import Answer, Broken, Decision, Exhausted, Rejected, Retryable, WindlassError
from lambdas.hub import Hub
from lambdas.rows import Control

T = TypeVar("T")


def attempt(hub: Hub, task: Task, started: control.Started, act: Callable[[], T]) -> T:
    """Act once. A failure is over for certain, and says so, best effort: else the attempt's time limit does.

    Raises Exhausted for what no retry can cure any more.
    """
    try:
        return act()
    except Exception as error:
        with suppress(WindlassError):
            control.ended(hub, started)
        judged = _judged(hub, task, started.control, foreseen(error))
        if judged is error:
            raise
        raise judged from error


def foreseen(error: Exception) -> WindlassError:
    """The error as one of the closed set: what we did not foresee is our bug."""
    if isinstance(error, Retryable | Rejected | Decision):
        return error
    # A foreign error's sentence may quote a request; an Answer's is ours.
    return Broken(f"{type(error).__name__}: {error}" if isinstance(error, Answer) else type(error).__name__)


def _judged(hub: Hub, task: Task, row: Control, error: WindlassError) -> WindlassError:
    hopeless = control.spent(hub, row) if isinstance(error, Retryable) else _no_way_back(task, row, error)
    return Exhausted(f"{type(error).__name__}: {error}") if hopeless else error


def _no_way_back(task: Task, row: Control, error: WindlassError) -> bool:
    """Done once before the pivot, and refused when a recovery runs it again: that must not lead back any more."""
    return isinstance(error, Rejected) and row.pivoted and task.step in {one.name for one in task.saga.reversible}
