"""A score as one self-contained page: no script, no font, nothing fetched."""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rehearsal import svg, words
from rehearsal.crew import CLOUDDRIVER, Cast
from rehearsal.models import MODELS
from rehearsal.models.calibrated import MIX
from rehearsal.score import Score
from rehearsal.tally import Tally

STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--quiet:#5b6877;--paper:#fff;--line:#dfe4ea;--windlass:#1f6feb;
--clouddriver:#d9822b;--good:#2a9d5c;--back:#6f86a8;--unstarted:#a9b4c2;--person:#e3b341;--bad:#c93c37;--never:#7d2ae8}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9aa7b4;--paper:#10161d;--line:#2b3540;
--windlass:#5aa2ff;--clouddriver:#f0a35a;--good:#3fb56f;--back:#7f97ba;--unstarted:#596675;--bad:#e5645f;--never:#a878f5}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:66rem;margin:2rem auto;
padding:0 1rem}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.4rem;border-bottom:1px solid var(--line)}
.lead{font-size:1.1rem}.quiet,svg .quiet{color:var(--quiet);fill:var(--quiet)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.asked td{font-weight:600}
code{font:.88em ui-monospace,monospace;background:color-mix(in srgb,var(--line) 45%,transparent);padding:.1em .3em;
border-radius:3px;overflow-wrap:anywhere}td:first-child code,.took td:first-child{white-space:nowrap}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 1.5rem}
figure{margin:1rem 0;min-width:0}figcaption{font-weight:600;margin-bottom:.3rem}
svg{width:100%;max-width:40rem;height:auto}
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .grid{stroke:var(--line)}
svg .mark{stroke:var(--bad);stroke-dasharray:5 4}
svg polyline{fill:none;stroke-width:2.5;stroke-linejoin:round}
""" + "".join(
    f"svg rect.{kind},svg circle.{kind}{{fill:var(--{kind})}}svg polyline.{kind}{{stroke:var(--{kind})}}"
    for kind in ("windlass", "clouddriver", "good", "back", "unstarted", "person", "bad", "never")
)

ENDS = {
    "SUCCEEDED": "good",
    "ROLLED_BACK": "back",
    "NOT_STARTED": "unstarted",
    "NEEDS_ATTENTION": "person",
    "FAILED": "bad",
    "NEVER_ENDS": "never",
}
"""Every end that there is, in the order of the bars, and its colour."""


def page(score: Score) -> str:
    """The whole page."""
    body = "".join((*_opening(score), *_ends(score), *_severities(score), *_operations(score), *_closing(score)))
    title = escape(f"Rehearsal under {score.plan.faults}")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _opening(score: Score) -> Iterator[str]:
    yield f"<h1>Rehearsal under <em>{escape(score.plan.faults)}</em></h1>"
    for cast, tally in score.asked:
        yield f'<p class="lead">{escape(words.verdict(cast, tally, score.beside(cast)))}</p>'
    for operation, point in score.breaks.items():
        yield f'<p class="lead">{escape(words.breaking(operation, point, score.plan.around))}</p>'
    yield (
        f'<p class="quiet">{escape(words.played(score))} To repeat it: <code>{escape(score.plan.command)}</code></p>'
    )


def _ends(score: Score) -> Iterator[str]:
    yield "<h2>How the runs ended</h2>"
    for operation in score.plan.operations:
        rows = [svg.Row(_named(cast), _pieces(tally), _remark(tally)) for cast, tally in score.of(operation)]
        yield svg.stacked(operation, rows, [(kind, words.end(status)) for status, kind in ENDS.items()])
    head = ("operation", "faults", "policy", "runs", "ended", "failed", "below, 95 %", "left behind")
    yield _table(
        head,
        (_row(cast, tally) for cast, tally in score.rows),
        numbers=(1, 3, 5, 6, 7),
        asked=[number for number, (cast, _) in enumerate(score.rows) if cast.severity == score.plan.severity],
    )


def _named(cast: Cast) -> str:
    return f"{words.severity(cast)} {words.policy(cast)}"


def _pieces(tally: Tally) -> tuple[tuple[str, int], ...]:
    return tuple((kind, tally.ends[status]) for status, kind in ENDS.items())


def _remark(tally: Tally) -> str:
    left = f", {tally.orphaned:,} left" if tally.orphaned else ""
    return f"{tally.failed:,} failed{left}" if tally.failed or left else "none failed"


def _row(cast: Cast, tally: Tally) -> tuple[str, ...]:
    numbers = (words.rate(tally.rate), words.rate(tally.bound), f"{tally.orphaned:,}")
    ended = ", ".join(words.ends(tally))
    return (cast.operation, words.severity(cast), words.policy(cast), f"{tally.runs:,}", ended, *numbers)


def _severities(score: Score) -> Iterator[str]:
    if not score.breaks:
        return
    yield "<h2>Harder and harder faults</h2>"
    yield '<div class="pictures">'
    for operation, point in score.breaks.items():
        both = (_line(score, operation, "windlass"), _line(score, operation, "clouddriver"))
        marks = [] if point is None else [svg.Mark(point, f"Windlass begins to fail at x{point:.3g}")]
        drawn = [line for line in both if line.points]
        yield svg.lines(f"{operation}: share of runs that did not fail", drawn, "severity of the faults", marks)
    yield "</div>"


def _line(score: Score, operation: str, kind: str) -> svg.Line:
    mine = [one for one in score.of(operation) if (one[0].policy == CLOUDDRIVER) == (kind == "clouddriver")]
    name = "Clouddriver's policy" if kind == "clouddriver" else "Windlass"
    return svg.Line(name, kind, tuple((cast.severity, 1 - tally.rate) for cast, tally in mine))


def _operations(score: Score) -> Iterator[str]:
    for cast, tally in score.asked:
        beside = score.beside(cast)
        yield f"<h2>{cast.operation}: what one took</h2>"
        yield '<div class="pictures">'
        shown = _successes(tally, beside)
        yield svg.lines("share of all runs that had succeeded", shown, "seconds since the request")
        costs = sorted(tally.use.costs.items(), key=lambda one: -one[1])
        dollars = [(name, cost, f"${cost:.6f}", "windlass") for name, cost in costs]
        yield svg.bars(f"dollars for one operation: {tally.use.total:.6f}", dollars)
        yield "</div>"
        yield f'<div class="took">{_took(tally, beside)}</div>'
        busiest = tally.calls.most_common(words.SHOWN_CALLS)
        calls = [(name, count, f"{count / tally.runs:.2f}", "windlass") for name, count in busiest]
        yield svg.bars("calls of one operation, by API", calls)


def _took(tally: Tally, beside: Tally | None) -> str:
    """The picture of calls says what the row of calls would."""
    mine = [(name, value) for name, value in words.uses(tally) if name != "calls by API"]
    if beside is None:
        return _table(("", "Windlass"), mine)
    other = dict(words.uses_of_clouddriver(beside))
    rows = [(name, value, other.pop(name, "")) for name, value in mine]
    rows += [(name, "", value) for name, value in other.items()]
    return _table(("", "Windlass", "Clouddriver's policy"), rows)


POINTS = 200
"""Of a line: more than anybody can see."""


def _successes(tally: Tally, beside: Tally | None) -> list[svg.Line]:
    """Both on one axis: each goes on level to where the longest ended."""
    named = [("Windlass", "windlass", tally), ("Clouddriver's policy", "clouddriver", beside)]
    drawn = [(name, kind, _succeeded(of)) for name, kind, of in named if of is not None and of.succeeded]
    latest = max((points[-1][0] for _, _, points in drawn), default=0.0)
    return [svg.Line(name, kind, (*points, (latest, points[-1][1]))) for name, kind, points in drawn]


def _succeeded(tally: Tally) -> tuple[tuple[float, float], ...]:
    """Which share of all runs had succeeded by when."""
    seen = 0
    points: list[tuple[float, float]] = []
    step = math.ceil(len(tally.succeeded) / POINTS)
    for number, second in enumerate(sorted(tally.succeeded)):
        if not points:
            points.append((float(max(second, 1)), 0.0))
        seen += tally.succeeded[second]
        if number % step == 0 or number == len(tally.succeeded) - 1:
            points.append((float(max(second, 1)), seen / tally.runs))
    return tuple(points)


def _closing(score: Score) -> Iterator[str]:
    yield from _failures(score)
    yield "<h2>The faults</h2>"
    if "calibrated" in score.plan.faults.split("+"):
        yield "<p><code>calibrated</code> is this mix, fitted so that Clouddriver's policy fails 4 %:</p>"
        yield _table(("part", "reason"), ((one.text, one.why) for one in MIX), code=(0,))
    parts = [one.split(":")[0] for one in score.plan.faults.split("+")]
    named = [(f"{name}{MODELS[name].usage}", MODELS[name].what) for name in dict.fromkeys(parts) if name in MODELS]
    if named:
        yield _table(("model", "what it does"), named, code=(0,))
    yield f"<h2>How long a step is retried</h2><p>{escape(words.retrying())}</p>"
    yield _table(words.WINDOW_HEAD, words.windows_shown(), numbers=(1, 2, 3))
    yield f"<h2>What needs no trying</h2><p>{escape(words.independent())}</p>"


def _failures(score: Score) -> Iterator[str]:
    if not score.failures:
        return
    yield "<h2>Failing seeds</h2>"
    yield _table(
        ("faults", "why", "what shows its whole history"),
        (
            (words.severity(cast), why, score.plan.replay(cast, seed))
            for cast, _, shown in score.failures
            for seed, why in shown
        ),
        code=(2,),
    )


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    code: Sequence[int] = (),
    asked: Sequence[int] = (),
) -> str:
    """`numbers` and `code` are columns, `asked` the rows that answer what was asked for."""

    def cell(tag: str, number: int, text: str) -> str:
        shown = f"<code>{escape(text)}</code>" if number in code and tag == "td" else escape(text)
        return f"<{tag}{' class=n' if number in numbers else ''}>{shown}</{tag}>"

    def row(tag: str, cells: Sequence[str], kind: str = "") -> str:
        return f"<tr{kind}>{''.join(cell(tag, n, text) for n, text in enumerate(cells))}</tr>"

    above = row("th", head) if any(head) else ""
    below = "".join(row("td", cells, " class=asked" if n in asked else "") for n, cells in enumerate(rows))
    return f"<table>{above}{below}</table>"
