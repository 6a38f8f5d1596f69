"""What a rehearsal found out: for each operation and severity both policies' tallies, and where Windlass fails."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rehearsal.crew import CLOUDDRIVER, Cast, tallies
from rehearsal.models import parse
from rehearsal.tally import Failure, Tally

SEVERITIES = (1.0, 3.0, 10.0)
"""By how much the faults are multiplied beside what was asked for."""

HARDEST = 1e6
ELSEWHERE = 2
"""Failing seeds shown for a severity that was not asked for."""
Heard = Callable[[Cast, int], None]
"""Told how many runs of which cast are done now."""


@dataclass(frozen=True)
class Plan:
    """What is to be rehearsed."""

    operations: tuple[str, ...]
    faults: str
    severity: float
    runs: int
    seed: int
    processes: int
    door: str = "windlass"
    around: int = 0
    """Runs for each of the other severities and of the search; 0: only what was asked for."""

    @property
    def command(self) -> str:
        """Which command repeats it."""
        operation = self.operations[0] if len(self.operations) == 1 else "all"
        door = "" if self.door == "windlass" else f" --door {self.door}"
        around = f" --around {self.around}" if self.around else " --only"
        return (
            f"python -m rehearsal run {operation} --faults {self.faults} --severity {self.severity:g} "
            f"--runs {self.runs} --seed {self.seed}{door}{around}"
        )

    def replay(self, cast: Cast, seed: int) -> str:
        """Which command shows one run with its history."""
        door = "" if cast.door == "windlass" else f" --door {cast.door}"
        return (
            f"python -m rehearsal replay {cast.operation} --faults {cast.faults} --severity {cast.severity:g} "
            f"--seed {seed}{door}"
        )


@dataclass
class Score:
    """Tallies by cast, in the order played."""

    plan: Plan
    played: dict[Cast, Tally] = field(default_factory=dict)
    breaks: dict[str, float | None] = field(default_factory=dict)
    """By operation, the lowest severity tried at which a run failed; None: none did."""
    seconds: float = 0.0

    @property
    def rows(self) -> list[tuple[Cast, Tally]]:
        """All that was played, each severity's two policies side by side."""
        order = {operation: number for number, operation in enumerate(self.plan.operations)}
        return sorted(
            self.played.items(),
            key=lambda one: (order[one[0].operation], one[0].severity, one[0].policy == CLOUDDRIVER),
        )

    def of(self, operation: str) -> list[tuple[Cast, Tally]]:
        """The rows of one operation."""
        return [one for one in self.rows if one[0].operation == operation]

    @property
    def failures(self) -> list[tuple[Cast, Tally, list[Failure]]]:
        """Seeds with which Windlass failed: as asked for, and a few at each other severity."""
        return [
            (cast, tally, tally.failures if cast.severity == self.plan.severity else tally.failures[:ELSEWHERE])
            for cast, tally in self.rows
            if tally.failures and cast.policy != CLOUDDRIVER
        ]

    @property
    def failed(self) -> bool:
        """Whether Windlass failed in what was asked for."""
        return any(tally.failed for cast, tally in self.asked)

    @property
    def asked(self) -> list[tuple[Cast, Tally]]:
        """Windlass's tallies at the severity asked for."""
        mine = ((cast, tally) for cast, tally in self.played.items() if cast.policy != CLOUDDRIVER)
        return [(cast, tally) for cast, tally in mine if cast.severity == self.plan.severity]

    def beside(self, cast: Cast) -> Tally | None:
        """What Clouddriver's policy came to under the same faults."""
        return self.played.get(_other(cast))


def casts(plan: Plan) -> list[tuple[Cast, int]]:
    """Everything to play, and how often; without the search."""
    asked = [(Cast(one, plan.faults, plan.severity, plan.door), plan.runs) for one in plan.operations]
    severities = [one for one in SEVERITIES if one != plan.severity] if plan.around else []
    more = [(Cast(one, plan.faults, times, plan.door), plan.around) for one in plan.operations for times in severities]
    compared = () if parse(plan.faults).rivals else COMPARED  # nobody has written down what is right there then
    beside = [(_other(cast), min(runs, 20_000)) for cast, runs in (*asked, *more) if cast.operation in compared]
    return [*asked, *more, *beside]


COMPARED = ("createServerGroup",)
"""Operations that Clouddriver's policy is written down for."""


def rehearse(plan: Plan, heard: Heard = lambda cast, runs: None) -> Score:
    """Play it all."""
    score = Score(plan)
    for cast, runs in casts(plan):
        score.played[cast] = _played(plan, cast, runs, heard)
    if plan.around and plan.faults != "none":
        for operation in plan.operations:
            point = score.breaks[operation] = _breaking_point(plan, operation, heard)
            if point is not None:
                _play_at(score, operation, (point, 2 * point), heard)
    return score


def _play_at(score: Score, operation: str, severities: Iterable[float], heard: Heard) -> None:
    """What the search stopped short of: how often both fail there, and how it ends."""
    plan = score.plan
    for severity in severities:
        mine = Cast(operation, plan.faults, severity, plan.door)
        for cast in (mine, _other(mine)) if operation in COMPARED else (mine,):
            if cast not in score.played:
                score.played[cast] = _played(plan, cast, plan.around, heard)


def _played(plan: Plan, cast: Cast, runs: int, heard: Heard) -> Tally:
    total = Tally()
    for tally in tallies(cast, runs=runs, seed=plan.seed, processes=plan.processes):
        total.merge(tally)
        heard(cast, tally.runs)
    return total


def _breaking_point(plan: Plan, operation: str, heard: Heard) -> float | None:
    """Double the severity until a run fails, then halve the step four times."""

    def fails(severity: float) -> bool:
        """One failure is enough to know."""
        cast = Cast(operation, plan.faults, severity, plan.door)
        for tally in tallies(cast, runs=plan.around, seed=plan.seed, processes=plan.processes):
            heard(cast, 0)
            if tally.failed:
                return True
        return False

    low, high = 0.0, 1.0
    while not fails(high):
        low, high = high, high * 2
        if high > HARDEST:
            return None
    for _ in range(4):
        middle = (low + high) / 2
        low, high = (low, middle) if fails(middle) else (middle, high)
    return high


def _other(cast: Cast) -> Cast:
    return Cast(cast.operation, cast.faults, cast.severity, policy=CLOUDDRIVER)
