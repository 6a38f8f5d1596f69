"""A score as one self-contained page: no script, no font, nothing fetched."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rehearsal import svg
from rehearsal.crew import Cast
from rehearsal.models import MODELS
from rehearsal.models.calibrated import MIX
from rehearsal.score import Score
from rehearsal.statistics import CALLS, LEAST_RETRIES, outlasted
from rehearsal.tally import Tally
from rehearsal.terminal import breaking, policy, rate, uses
from rehearsal.windows import windows

STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--quiet:#5b6877;--paper:#fff;--line:#dfe4ea;--windlass:#1f6feb;
--clouddriver:#d9822b;--good:#2a9d5c;--bad:#c93c37}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9aa7b4;--paper:#10161d;--line:#2b3540;
--windlass:#5aa2ff;--clouddriver:#f0a35a}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
.lead{font-size:1.15rem}.quiet,svg .quiet{color:var(--quiet);fill:var(--quiet)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:.88em ui-monospace,monospace;background:color-mix(in srgb,var(--line) 45%,transparent);padding:.1em .3em;
border-radius:3px;overflow-wrap:anywhere}td:first-child code{white-space:nowrap}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(24rem,1fr));gap:1rem}
figure{margin:1rem 0}figcaption{font-weight:600;margin-bottom:.3rem}svg{width:100%;max-width:40rem;height:auto}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .grid{stroke:var(--line)}
svg polyline{fill:none;stroke-width:2.5}svg rect.windlass,svg circle.windlass{fill:var(--windlass)}
svg rect.clouddriver,svg circle.clouddriver{fill:var(--clouddriver)}svg polyline.windlass{stroke:var(--windlass)}
svg polyline.clouddriver{stroke:var(--clouddriver)}svg rect.good{fill:var(--good)}svg rect.bad{fill:var(--bad)}
"""

GOOD = ("SUCCEEDED", "ROLLED_BACK", "NOT_STARTED")


def page(score: Score) -> str:
    """The whole page."""
    body = "".join((*_opening(score), *_ends(score), *_severities(score), *_operations(score), *_closing(score)))
    title = escape(f"Rehearsal: {score.plan.faults}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _opening(score: Score) -> Iterator[str]:
    plan = score.plan
    yield f"<h1>Rehearsal under <em>{escape(plan.faults)}</em></h1>"
    for cast, tally in score.asked:
        beside = score.beside(cast)
        against = (
            f" Clouddriver's policy under the same faults failed {rate(beside.rate)} of {beside.runs:,}."
            if beside
            else ""
        )
        yield (
            f'<p class="lead"><strong>{cast.operation}</strong>: {tally.failed:,} of {tally.runs:,} runs failed, '
            f"{tally.orphaned:,} left something behind. The true rate is below "
            f"<strong>{rate(tally.bound)}</strong> with 95 % confidence (exact, Clopper-Pearson).{against}</p>"
        )
    yield (
        f'<p class="quiet">Compiled machines with the real activity, wait, guard, hold and intake code over a fake '
        f"cloud and table in virtual time; {score.seconds:,.0f} s on {plan.processes} processes. Again: "
        f"<code>{escape(plan.command)}</code></p>"
    )


def _ends(score: Score) -> Iterator[str]:
    yield "<h2>Ends</h2>"
    head = ("operation", "policy", "severity", "runs", "ends", "failed", "rate", "below (95 %)", "left behind")
    yield _table(head, (_row(cast, tally) for cast, tally in score.played.items()), numbers=(2, 3, 5, 6, 7, 8))
    yield '<div class="pictures">'
    for cast, tally in score.asked:
        for one, of in ((tally, "Windlass"), (score.beside(cast), "Clouddriver's policy")):
            if one is not None:
                yield svg.bars(f"{cast.operation}, {of}", [*_bars(one)])
    yield "</div>"


def _row(cast: Cast, tally: Tally) -> tuple[str, ...]:
    ends = ", ".join(f"{count:,} {end}" for end, count in tally.ends.most_common())
    numbers = (f"{tally.failed:,}", rate(tally.rate), rate(tally.bound), f"{tally.orphaned:,}")
    return (cast.operation, policy(cast), f"x{cast.severity:g}", f"{tally.runs:,}", ends, *numbers)


def _bars(tally: Tally) -> Iterator[tuple[str, float, str, str]]:
    for end, count in tally.ends.most_common():
        yield end.replace("_", " ").lower(), count, f"{count:,}", "good" if end in GOOD else "bad"
    if tally.orphaned:
        yield "left behind", tally.orphaned, f"{tally.orphaned:,}", "bad"


def _severities(score: Score) -> Iterator[str]:
    if not score.breaks:
        return
    yield "<h2>Severity</h2>"
    for operation, severity in score.breaks.items():
        yield f"<p><strong>{operation}</strong> {breaking(severity, score.plan.around)}.</p>"
        both = [
            _line(score, operation, "Windlass", "windlass"),
            _line(score, operation, "Clouddriver's policy", "clouddriver"),
        ]
        shown = [line for line in both if len(line.points) > 1]
        yield svg.lines(f"{operation}: runs that did not fail", shown, "severity", "share")


def _line(score: Score, operation: str, name: str, kind: str) -> svg.Line:
    mine = [one for one in score.played.items() if one[0].operation == operation and policy(one[0]) in name]
    points = sorted((cast.severity, 1 - tally.rate) for cast, tally in mine)
    return svg.Line(name, kind, tuple(points))


def _operations(score: Score) -> Iterator[str]:
    for cast, tally in score.asked:
        yield f"<h2>{cast.operation}: what one took</h2>"
        yield _table(("", ""), uses(tally))
        yield '<div class="pictures">'
        drawn = [svg.Line("Windlass", "windlass", _ended(tally))]
        if (beside := score.beside(cast)) is not None:
            drawn.append(svg.Line("Clouddriver's policy", "clouddriver", _ended(beside)))
        yield svg.lines("ended within", drawn, "seconds", "share of the runs")
        costs = sorted(tally.use.costs.items(), key=lambda one: -one[1])
        shown = [(name, cost, f"${cost:.6f}", "windlass") for name, cost in costs]
        yield svg.bars(f"dollars for one: {tally.use.total:.6f}", shown)
        busiest = tally.calls.most_common(18)
        yield svg.bars(
            "calls of one, by API",
            [(name, count, f"{count / tally.runs:.2f}", "windlass") for name, count in busiest],
        )
        yield "</div>"


def _ended(tally: Tally) -> tuple[tuple[float, float], ...]:
    """Which share had ended by when: at most some 200 points."""
    seen, points = 0, []
    step = max(len(tally.seconds) // 200, 1)
    for number, second in enumerate(sorted(tally.seconds)):
        seen += tally.seconds[second]
        if number % step == 0 or seen == tally.runs:
            points.append((float(max(second, 1)), seen / tally.runs))
    return tuple(points)


def _closing(score: Score) -> Iterator[str]:
    failing = [(cast, seed, why) for cast, tally in score.asked for seed, why in tally.failures]
    if failing:
        yield "<h2>Failing seeds</h2>"
        yield _table(
            ("why", "see its whole history"),
            (
                (why, f"python -m rehearsal {score.plan.replay(cast, seed).partition('rehearsal ')[2]}")
                for cast, seed, why in failing
            ),
            code=(1,),
        )
    yield "<h2>Faults</h2>"
    if "calibrated" in score.plan.faults:
        yield "<p><code>calibrated</code> is this mix, fitted so that Clouddriver's policy fails 4 %:</p>"
        yield _table(("part", "reason"), ((one.text, one.why) for one in MIX), code=(0,))
    parts = [one.split(":")[0] for one in score.plan.faults.split("+")]
    named = [(f"{name}{MODELS[name].usage}", MODELS[name].what) for name in dict.fromkeys(parts) if name in MODELS]
    if named:
        yield _table(("model", "what it does"), named, code=(0,))
    shortest, usual, _ = windows()
    yield (
        f"<p>A state is retried for two hours: the entrypoint counts from its first failure. Behind it stands the "
        f"machine's own retrier, for when our code cannot even run: simulated with its jitter, 99 % of its windows "
        f"last longer than {shortest / 3600:.2f} hours, half of them longer than {usual / 3600:.2f}.</p>"
        "<p>For faults that strike each call independently, with probability p, the rate can be worked out: a Task of "
        "k calls fails an attempt with q = 1 &minus; (1 &minus; p)<sup>k</sup> and for good with "
        f"q<sup>r+1</sup>. For createServerGroup with {', '.join(map(str, CALLS))} calls by Task, p = 4 % and the "
        f"{LEAST_RETRIES} retries that two hours hold, that is {outlasted(0.04, CALLS, LEAST_RETRIES):.0e}: no "
        "number of runs could show it. What is left is what is not independent: bursts, outages, our own mistakes. "
        "Hence the other models.</p>"
    )


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), code: Sequence[int] = ()
) -> str:
    def cell(tag: str, number: int, text: str) -> str:
        shown = f"<code>{escape(text)}</code>" if number in code and tag == "td" else escape(text)
        return f"<{tag}{' class=n' if number in numbers else ''}>{shown}</{tag}>"

    def row(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(tag, n, text) for n, text in enumerate(cells))}</tr>"

    above = row("th", head) if any(head) else ""
    return f"<table>{above}{''.join(row('td', cells) for cells in rows)}</table>"
