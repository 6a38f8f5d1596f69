"""A score in words: what the terminal and the page both say."""

from collections.abc import Iterator

from rehearsal import bound
from rehearsal.crew import CLOUDDRIVER, Cast
from rehearsal.models import service_of
from rehearsal.prices import IDLE_MONTH, KEY_MONTH, SWEEP_MONTH
from rehearsal.score import Score
from rehearsal.tally import Tally
from rehearsal.windows import WINDOW, windows

DOORS = {
    "windlass": "by Windlass's own door, with a day to finish",
    "clouddriver": "by Clouddriver's door, with ten minutes to start and fifty to finish",
}
HOUR = 3600


def policy(cast: Cast) -> str:
    return "Clouddriver" if cast.policy == CLOUDDRIVER else "Windlass"


def severity(cast: Cast) -> str:
    return f"x{cast.severity:,.3g}" if cast.severity < 1000 else f"x{cast.severity:,.0f}"


def rate(share: float) -> str:
    """4.01 %, 0.015 %, 9.99e-07 where a percentage would show nothing, and plain 0."""
    if not share:
        return "0"
    if share < 1e-4:
        return f"{share:.2e}"
    return f"{share * 100:.2f} %" if share >= 0.01 else f"{share * 100:.2g} %"


def end(status: str) -> str:
    """`needs attention`."""
    return status.replace("_", " ").lower()


def ends(tally: Tally) -> Iterator[str]:
    for status, count in tally.ends.most_common():
        yield f"{count:,} {end(status)}"


def verdict(cast: Cast, tally: Tally, beside: Tally | None) -> str:
    """One sentence for each operation, with how sure it is."""
    against = (
        f" Clouddriver's policy failed {rate(beside.rate)} of {beside.runs:,} under the same faults." if beside else ""
    )
    return (
        f"{cast.operation}: {tally.failed:,} of {tally.runs:,} runs failed, {tally.orphaned:,} left something behind. "
        f"The true rate of failures is below {rate(tally.bound)}, that of orphans below {rate(tally.orphan_bound)}, "
        f"each with 95 % confidence (exact, Clopper-Pearson).{against}"
    )


def breaking(operation: str, point: float | None, runs: int) -> str:
    """Where it begins to fail."""
    if point is None:
        return f"{operation} did not fail at any severity tried, in {runs:,} runs each."
    return (
        f"{operation} begins to fail at severity {point:.3g}: the lowest tried at which one of {runs:,} runs failed "
        f"(doubled until one fails, then halved four times between)."
    )


def uses(tally: Tally) -> Iterator[tuple[str, str]]:
    """What one operation took."""
    use, runs = tally.use, max(tally.runs, 1)
    yield "took", took(tally)
    yield "went wrong", struck(tally)
    yield "attempts again", f"{tally.mean(tally.retries):.2f}; most {max(tally.retries, default=0):,}"
    yield "held for a decision", f"{tally.held:,} runs"
    yield "transitions", f"{tally.mean(tally.transitions):.1f}; most {max(tally.transitions, default=0):,}"
    yield "function invocations", f"{use.invocations:.1f}, {use.working:.1f} s together"
    yield "calls by service", ", ".join(f"{count / runs:.1f} {name}" for name, count in services(tally))
    yield (
        "calls by API",
        ", ".join(f"{count / runs:.2f} {name}" for name, count in tally.calls.most_common(SHOWN_CALLS)),
    )
    yield "table units", f"{use.reads:.0f} read, {use.writes:.0f} written (in {tally.metered:,} metered runs)"
    yield "dollars", f"{use.total:.6f}: {', '.join(f'{name} {cost:.6f}' for name, cost in use.costs.items())}"
    yield (
        "dollars a month, idle",
        f"{IDLE_MONTH:.2f}: the key {KEY_MONTH:.2f}, the wait sweep {SWEEP_MONTH:.2f}",
    )


SHOWN_CALLS = 18
"""The busiest APIs; the rest are called less than once in an operation."""


def uses_of_clouddriver(tally: Tally) -> Iterator[tuple[str, str]]:
    """As far as that policy has it: it runs on servers of its own, and keeps nothing in a table."""
    runs = max(tally.runs, 1)
    yield "took", took(tally)
    yield "went wrong", struck(tally)
    yield "calls by service", ", ".join(f"{count / runs:.1f} {name}" for name, count in services(tally))
    yield (
        "failed because",
        "; ".join(f"{count:,} {why}" for why, count in tally.reasons.most_common(6)) or "none failed",
    )


def took(tally: Tally) -> str:
    """Whatever the end was."""
    shares = ", ".join(f"p{share * 100:g} {tally.took(share):,} s" for share in (0.5, 0.9, 0.99, 0.999))
    return f"{shares}, longest {max(tally.seconds, default=0):,} s"


def struck(tally: Tally) -> str:
    runs = max(tally.runs, 1)
    return f"{tally.struck / runs:.2f} calls; none in {tally.clean / runs:.1%} of the runs"


def services(tally: Tally) -> list[tuple[str, int]]:
    """Calls by service, the most first."""
    counted: dict[str, int] = {}
    for name, count in tally.calls.items():
        counted[service_of(name)] = counted.get(service_of(name), 0) + count
    return sorted(counted.items(), key=lambda one: -one[1])


def retrying() -> str:
    """How long a state is retried."""
    found = windows()
    return (
        f"A failing step is retried for {WINDOW / HOUR:g} hours from its first failure: the entrypoint counts time, "
        f"not attempts. Where our own code cannot even run, the machine's retrier stands behind it with "
        f"{found.attempts} attempts. With its jitter simulated, 99 % of its windows last longer than "
        f"{found.lasts.least / HOUR:.2f} hours, and 99 % of the entrypoint's hold at least {found.within.least:.0f} "
        f"attempts."
    )


WINDOW_HEAD = (
    "retry windows, simulated with the machine's own jitter",
    "99 % are above",
    "half are above",
    "1 % are above",
)


def windows_shown() -> Iterator[tuple[str, ...]]:
    """The same as rows of a table."""
    found = windows()
    hours = (found.lasts.least, found.lasts.usual, found.lasts.most)
    attempts = (found.within.least, found.within.usual, found.within.most)
    yield f"hours that {found.attempts} attempts last", *(f"{one / HOUR:.2f}" for one in hours)
    yield f"attempts within {WINDOW / HOUR:g} hours", *(f"{one:.0f}" for one in attempts)


def independent() -> str:
    return bound.sentence()


def played(score: Score) -> str:
    """What was run, and how to run it again."""
    processes = f"{score.plan.processes} process{'es' if score.plan.processes > 1 else ''}"
    return (
        f"Compiled machines with the real activity, wait, guard, hold and intake code over a fake cloud and table in "
        f"virtual time, {DOORS[score.plan.door]}; {score.seconds:,.0f} s on {processes}."
    )
