"""Faults of single calls, each independent of the others."""

from collections.abc import Callable
from typing import Any

from lambdas.errors import Rejected, Transient
from lambdas.rows import Status
from rehearsal.faults import Call, Effect, Faults, Kind, after, before, kill_after, kill_before
from rehearsal.models.model import Stage, Strikes, of_the_cloud

LATEST = 900.0
"""Seconds: effects of AWS were seen that much after their call had failed."""


def independent(probability: float) -> Strikes:
    """Any call fails with this probability: half of them before their effect, half after it."""

    def strikes(stage: Stage) -> None:
        _each(stage, probability, lambda call: before if stage.rng.random() < 0.5 else after)

    return strikes


def lost_answers(probability: float) -> Strikes:
    """It happened, and the answer was lost."""
    return lambda stage: _each(stage, probability, lambda call: after)


def kills(probability: float) -> Strikes:
    """Whoever makes the call dies: half of them before its effect, half after it."""

    def strikes(stage: Stage) -> None:
        _each(stage, probability, lambda call: kill_before if stage.rng.random() < 0.5 else kill_after)

    return strikes


def late(probability: float, longest: float = LATEST) -> Strikes:
    """A changing call fails, and takes effect all the same some time later."""

    def strikes(stage: Stage) -> None:
        _each(stage, probability, lambda call: _landing(call, _delay(stage, call, longest), dies=False))

    return strikes


def hangs(probability: float, longest: float = LATEST) -> Strikes:
    """Lambda's time is over while the call goes on: the Task has failed, and it happens all the same.

    It may land during the undo, or after a guard has changed hands. A process that is no Lambda does not die of it: it
    hears of a broken connection.
    """

    def strikes(stage: Stage) -> None:
        _each(
            stage, probability, lambda call: _landing(call, _delay(stage, call, longest), dies=stage.world is not None)
        )

    return strikes


def refusal(latest: int = 60) -> Strikes:
    """From a random call on, that API refuses what this state asks of it: for ever."""

    def strikes(stage: Stage) -> None:
        first = stage.rng.randint(1, latest)
        refused: list[tuple[str, str]] = []

        def model(call: Call) -> Kind | None:
            if call.number < first or not of_the_cloud(call.name):
                return None
            if not refused:
                refused.append((call.where, call.name))
            return _refuse if (call.where, call.name) == refused[0] else None

        stage.faults.models.append(model)

    return strikes


REFUSED = frozenset({Status.ROLLED_BACK, Status.NEEDS_ATTENTION})
"""Ends that are right where AWS's word is final: put back, or a person called past the pivot."""


def _refuse(faults: Faults, call: Call, effect: Effect) -> Any:
    """Refused for good."""
    raise Rejected(f"rehearsed: {call} is refused")


def _each(stage: Stage, probability: float, kind: Callable[[Call], Kind | None]) -> None:
    stage.faults.sometimes(stage.chance(probability), stage.rng, kind)


def _delay(stage: Stage, call: Call, longest: float) -> float:
    """AWS's control planes may be that late; a write of the table or an answer of a token lands within seconds."""
    bound = longest if of_the_cloud(call.name) else min(longest, 5.0)
    return stage.rng.random() * bound


def _landing(call: Call, delay: float, *, dies: bool) -> Kind | None:
    if call.reads:
        return kill_before if dies else before

    def lands_later(faults: Faults, call: Call, effect: Effect) -> Any:
        faults.lands_later(effect, delay)
        if dies:
            faults.die()
        raise Transient(f"rehearsed: {call} takes effect {delay:.0f} s later")

    lands_later.__name__ = "hang" if dies else "late"
    return lands_later
