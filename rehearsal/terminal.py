"""A score as tables on the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from rehearsal.crew import CLOUDDRIVER, Cast
from rehearsal.models import service_of
from rehearsal.score import Score
from rehearsal.tally import Tally


def show(console: Console, score: Score) -> None:
    """Ends, then what Windlass took, then what failed and how to see it."""
    for cast, tally in score.asked:
        console.print(_ends(score, cast.operation))
        console.print(_use(cast, tally))
    for operation, severity in score.breaks.items():
        console.print(f"{operation} {breaking(severity, score.plan.around)}")
    for line in _failures(score):
        console.print(line, soft_wrap=True, markup=False)


def breaking(severity: float | None, runs: int) -> str:
    """Where it begins to fail, in words."""
    if severity is None:
        return f"did not fail at any severity tried, in {runs:,} runs each"
    return f"begins to fail at severity {severity:.3g} (first failures among {runs:,} runs)"


def _ends(score: Score, operation: str) -> Table:
    table = Table(title=f"{operation}: {score.plan.faults}, {score.plan.door}'s door")
    for name in ("policy", "severity", "runs", "ends", "failed", "rate", "below, 95 %", "left"):
        table.add_column(name, justify="left" if name in ("policy", "ends") else "right")
    for cast, tally in score.played.items():
        if cast.operation == operation:
            ends = "\n".join(f"{count:,} {end}" for end, count in tally.ends.most_common())
            numbers = (f"{tally.failed:,}", rate(tally.rate), rate(tally.bound), f"{tally.orphaned:,}")
            table.add_row(policy(cast), f"{cast.severity:g}", f"{tally.runs:,}", ends, *numbers)
    return table


def policy(cast: Cast) -> str:
    return "Clouddriver" if cast.policy == CLOUDDRIVER else "Windlass"


def rate(share: float) -> str:
    """4.01 %, or 9.99e-07 where a percentage would show nothing."""
    return f"{share:.2%}" if share >= 1e-4 or not share else f"{share:.2e}"


def _use(cast: Cast, tally: Tally) -> Table:
    table = Table(title=f"{cast.operation} by Windlass, per operation", show_header=False)
    for name, value in uses(tally):
        table.add_row(name, value)
    return table


def uses(tally: Tally) -> Iterator[tuple[str, str]]:
    """What one operation took, in words."""
    use, runs = tally.use, max(tally.runs, 1)
    took = ", ".join(f"p{share * 100:g} {tally.took(share):,} s" for share in (0.5, 0.9, 0.99, 0.999))
    yield "took", f"{took}, longest {max(tally.seconds, default=0):,} s"
    yield "calls that went wrong", f"{tally.struck / runs:.2f}; none in {tally.clean / runs:.1%} of the runs"
    yield "retries", f"{tally.mean(tally.retries):.2f}; most {max(tally.retries, default=0):,}"
    yield "held", f"{tally.held:,} runs"
    yield "transitions", f"{tally.mean(tally.transitions):.1f}; most {max(tally.transitions, default=0):,}"
    yield "function invocations", f"{use.invocations:.1f}, {use.working:.1f} s together"
    yield "calls by service", ", ".join(f"{count / runs:.1f} {name}" for name, count in services(tally))
    yield "table units", f"{use.reads:.0f} read, {use.writes:.0f} written (in {tally.metered:,} metered runs)"
    yield "dollars", f"{use.total:.6f} ({', '.join(f'{name} {cost:.6f}' for name, cost in use.costs.items())})"


def services(tally: Tally) -> list[tuple[str, int]]:
    """Calls by service, the most first."""
    counted: dict[str, int] = {}
    for name, count in tally.calls.items():
        counted[service_of(name)] = counted.get(service_of(name), 0) + count
    return sorted(counted.items(), key=lambda one: -one[1])


def _failures(score: Score) -> Iterator[str]:
    for cast, tally in score.asked:
        for seed, why in tally.failures:
            yield f"{cast.operation}, seed {seed}: {why}"
            yield f"  {score.plan.replay(cast, seed)}"
