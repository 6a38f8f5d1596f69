"""What a flood came to, beside what was promised of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lambdas.engine import guards
from lambdas.engine.intake import START_CHECK
from lambdas.rows import Status
from rehearsal.flood import Flood, Post
from rehearsal.published import BUCKETS, DESCRIBE, START

SOON = 1.0
"""Seconds within which 99 % of what is submitted while older ones drain has to be started."""
WINDOW, SHARE = 10, 0.8
"""In any ten seconds each of k callers with enough to drain gets at least 0.8 / k of it."""
SWEEPS = 2
"""In a second: each reads all that waits. One that another asked for, and the rule's."""
FULL = 0.9 * WINDOW * BUCKETS[START][1] / 2
"""So many are drained in ten seconds, within a tenth, where half of the bucket is the limit."""


@dataclass(frozen=True)
class Verdict:
    what: str
    measured: str
    promised: str = ""
    kept: bool = True


def verdicts(flood: Flood) -> list[Verdict]:
    """All that was promised, and what else tells how it went."""
    return [*_nothing_lost(flood), *_intake(flood), *_drain(flood), *_fresh(flood), *_order(flood), *_buckets(flood)]


def _nothing_lost(flood: Flood) -> Iterator[Verdict]:
    rows = [row for row in flood.table.rows() if row["sk"] == "control"]
    ends = Counter(row["status"] for row in rows)
    lost = sum(flood.started(post) is None for post in flood.posts) + len(rows) - ends[Status.SUCCEEDED]
    doubled = sum(len(post.ids) > 1 for post in flood.posts) + len(rows) - len(flood.posts)
    yield Verdict("requests, each with a key", f"{len(flood.posts):,}")
    yield Verdict("lost", f"{lost:,}", "0: each is started and ends", lost == 0)
    yield Verdict("doubled", f"{doubled:,}", "0: each is one operation", doubled == 0)
    kept = sum(guards.read(flood.plain, row["guards"][0]).owner is not None for row in rows)
    yield Verdict("guards kept", f"{kept:,}", "0", kept == 0)


def _intake(flood: Flood) -> Iterator[Verdict]:
    answers = sorted(flood.answers)
    spread = f"{median(answers):.3f}, {_at(answers, 0.99):.3f}, {answers[-1]:.3f} s"
    yield Verdict("intake answers after: median, p99, longest", spread)
    yield Verdict("processes of the API", f"{flood.most_processes} of {flood.script.processes}")
    yield Verdict(
        "not answered, sent again", f"{flood.rejected:,} without a process, {flood.killed:,} by one that died"
    )


def _drain(flood: Flood) -> Iterator[Verdict]:
    again = flood.began + flood.script.down
    drained = [one for one in _drained(flood) if one.started > again]
    flooded = [one for one in drained if not one.fresh]
    took = max((one.started for one in flooded), default=flood.clock.now) - again
    yield Verdict("waiting when starts succeed again", f"{len(flooded):,}")
    yield Verdict("drained", f"within {took:.0f} s, {len(flooded) / max(took, 1):.0f} a second")
    most = max((flood.sweeps[second] for second in range(int(again), int(again + took))), default=0)
    yield Verdict("sweeps in a second of the drain", f"at most {most}", f"at most {SWEEPS}", most <= SWEEPS)
    parts = list(shares(drained))
    told = f"{min(parts):.2f} / k, in {len(parts)} windows" if parts else "no window in which callers had to share"
    yield Verdict(f"least share of a caller in any {WINDOW} s", told, f"{SHARE} / k", min(parts, default=1) >= SHARE)


def _fresh(flood: Flood) -> Iterator[Verdict]:
    waits = sorted(_wait(flood, post) for post in flood.posts if post.fresh)
    late = sum(one > SOON for one in waits)
    told = f"{_at(waits, 0.99):.3f} s; {late} of {len(waits):,} later than {SOON:g} s"
    yield Verdict("fresh ones meanwhile start within: p99", told, f"{SOON:g} s", _at(waits, 0.99) <= SOON)


def _order(flood: Flood) -> Iterator[Verdict]:
    """Two on one group: the second may be started first, and yet begins when the first is over."""
    pairs = list(_pairs(flood))
    passed = sum(flood.started(second) < flood.started(first) for first, second in pairs)  # type: ignore[operator]
    right = sum(_in_order(flood, first, second) for first, second in pairs)
    told = f"{right} of {len(pairs)}, {passed} of them started the other way round"
    yield Verdict("two on one group keep their order", told, "all", right == len(pairs))


def _buckets(flood: Flood) -> Iterator[Verdict]:
    published = flood.published
    for name in (START, DESCRIBE):
        size, refill = BUCKETS[name]
        told = f"{published.calls[name]:,}, {published.most[name]} in a second, {published.throttled[name]:,} too many"
        kept = name != DESCRIBE or not published.throttled[name]
        yield Verdict(name, told, f"bucket of {size}, {refill} a second", kept)


@dataclass(frozen=True)
class Drained:
    """One that the backlog started: whose, from when on it could, and when it did. No guard keeps it from that."""

    caller: str
    due: float
    started: float
    fresh: bool = False
    """It was sent when starts succeeded again, and shares in the drain all the same."""


def _drained(flood: Flood) -> Iterator[Drained]:
    for post in flood.posts:
        found = next((flood.published.started[one] for one in post.ids), None)
        if found is not None and found[1] == "sweep":
            yield Drained(post.caller, post.accepted + START_CHECK, found[0], post.fresh)


def shares(drained: Sequence[Drained]) -> Iterator[float]:
    """The least that a caller got of what he was to get, by window.

    That is 1 / k of what was drained, k being those who had something to drain; or, where it is less, all he had
    waiting when the window began: whoever has fewer to start than his share, and starts them, is not kept short. Only
    windows in which the bucket is the limit, and two or more have something waiting: else nobody has to share.
    """
    first, last = (int(end(one.started for one in drained)) for end in (min, max)) if drained else (0, 0)
    for at in range(first, last - WINDOW):
        got = Counter(one.caller for one in drained if at <= one.started < at + WINDOW)
        waited = Counter(one.caller for one in drained if one.due <= at <= one.started)
        if len(waited) > 1 and got.total() >= FULL:
            share = got.total() / len(got | waited)
            yield min(got[caller] / min(share, count) for caller, count in waited.items())


def _pairs(flood: Flood) -> Iterator[tuple[Post, Post]]:
    seconds = {post.group: post for post in flood.posts if post.fresh}
    return ((post, seconds[post.group]) for post in flood.posts if not post.fresh and post.group in seconds)


def _in_order(flood: Flood, first: Post, second: Post) -> bool:
    before, after = (flood.control(next(iter(post.ids))) for post in (first, second))
    return before.closed is not None and after.started is not None and before.closed <= after.started


def _wait(flood: Flood, post: Post) -> float:
    """From its acceptance to its start."""
    started = flood.started(post)
    return float("inf") if started is None else started - post.accepted


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
