"""Faults of Windlass's own functions and of the messages between them. Who has none of these is not struck."""

import random
from typing import Any

from lambdas.errors import Transient
from rehearsal.failures import TaskError
from rehearsal.faults import Call, Effect, Faults, Kind, bug
from rehearsal.models.model import Stage, Strikes, of_the_cloud

MESSAGES = ("machines.succeed", "machines.fail")
LATEST = 60.0
"""Seconds that a message or an event may be late."""


def bad_release(seconds: float) -> Strikes:
    """From a random invocation on our own code is broken for so long: it cannot be imported, or raises KeyError.

    Of Clouddriver's process the same: every operation that it works on fails.
    """

    def strikes(stage: Stage) -> None:
        lasts, first, imports = seconds * stage.severity, stage.rng.randint(2, 12), stage.rng.random() < 0.5
        release = _Release(first, lasts, stage)
        if stage.world is not None and imports:
            stage.world.invocations.append(release.breaks_import)
        else:
            stage.faults.models.append(release.breaks_calls)

    return strikes


class _Release:
    """Broken from one invocation (or call) on, for a while."""

    def __init__(self, first: int, lasts: float, stage: Stage) -> None:
        self._first, self._lasts, self._clock, self._faults = first, lasts, stage.clock, stage.faults
        self._seen, self._began = 0, float("inf")

    def breaks_import(self, where: str) -> None:
        if self._broken():
            self._faults.struck.append((Call(self._faults.calls, where, "functions.run"), "not imported"))
            raise TaskError("Runtime.ImportModuleError", "Unable to import module 'lambdas.handlers'")

    def breaks_calls(self, call: Call) -> Kind | None:
        return bug if of_the_cloud(call.name) and self._broken() else None

    def _broken(self) -> bool:
        self._seen += 1
        if self._seen == self._first:
            self._began = self._clock.now
        return self._began <= self._clock.now < self._began + self._lasts


def doubles(probability: float) -> Strikes:
    """A function is invoked twice with the same event: the second time up to a minute later, to nobody's ears."""

    def strikes(stage: Stage) -> None:
        if stage.world is None:
            return
        world, chance, rng = stage.world, stage.chance(probability), stage.rng
        world.doubled = lambda: rng.random() * LATEST if rng.random() < chance else None

    return strikes


def messages(probability: float) -> Strikes:
    """Answers of tokens, records of the stream, status events and delayed sweeps: lost, late, doubled, reordered.

    An answer of a token is lost with an error, or accepted and late: Step Functions keeps what it has accepted.
    """

    def strikes(stage: Stage) -> None:
        if stage.world is None:
            return
        chance, rng = stage.chance(probability), stage.rng
        stage.faults.on(MESSAGES.__contains__, lambda call: _astray(rng) if rng.random() < chance else None)
        stage.world.delivery = lambda: _delivery(rng) if rng.random() < chance else (0.0,)

    return strikes


def nudges(probability: float = 0.0) -> Strikes:
    """Auto Scaling's events bring looks forward; with that probability each is lost, late, doubled, reordered."""

    def strikes(stage: Stage) -> None:
        if stage.world is None:
            return
        chance, rng = stage.chance(probability), random.Random(stage.rng.random())
        stage.world.hear(lambda: _delivery(rng) if rng.random() < chance else (0.0,))

    return strikes


def _astray(rng: random.Random) -> Kind:
    return rng.choice((_lost, _doubled, _late_by(rng.random() * LATEST)))


def _delivery(rng: random.Random) -> tuple[float, ...]:
    """After how many more seconds it arrives, each time it does: never, late, twice; late is out of order too."""
    one, two = rng.random() * LATEST, rng.random() * LATEST
    return rng.choice(((), (one,), (0.0, one), (one, two)))


def _lost(faults: Faults, call: Call, effect: Effect) -> Any:
    """An error, and nothing happened."""
    raise Transient(f"rehearsed: {call} got lost")


def _doubled(faults: Faults, call: Call, effect: Effect) -> Any:
    """The client's own retry: it arrives twice, and the caller hears of the second."""
    effect()
    return effect()


def _late_by(delay: float) -> Kind:
    def late(faults: Faults, call: Call, effect: Effect) -> None:
        faults.lands_later(effect, delay)

    return late
