"""Signals at random moments: people change their minds."""

from lambdas.rows import Status
from rehearsal.models.model import Stage, Strikes

PAUSE = 600.0
"""Seconds that a pause lasts on average."""
ENDS = frozenset({Status.ROLLED_BACK, Status.NOT_STARTED})


def signals(latest: int = 120) -> Strikes:
    """Cancel, or pause and resume, just before a random call of the run."""

    def strikes(stage: Stage) -> None:
        if stage.world is None:
            return
        world, rng = stage.world, stage.rng
        what, back_after = rng.choice(("cancel", "pause")), rng.expovariate(1 / PAUSE)

        def send() -> None:
            world.signal_soon(what)
            if what == "pause":
                world.clock.at(back_after, lambda: world.signal_soon("resume"))

        stage.faults.before(rng.randint(6, latest), send)

    return strikes
