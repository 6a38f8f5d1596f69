"""A dashboard as one picture: each widget at its place in the grid, in colours that follow the reader's light or dark.

By hand, as `rehearsal.svg` is and for its reasons: no script, no font, nothing fetched; it is shown as a file.
"""

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from rehearsal.widgets import ALARM, OK, Line, Shown, State

COLUMN, ROW, GAP, MARGIN, HEAD = 58, 44, 8, 12, 52
"""Pixels: of the grid, between widgets, around all, above all."""
LETTER = 6.9
"""About as wide as a letter of 12 px is."""
COLOURS = 10
MORE = 80
"""Pixels for how many lines are not named."""
TICK = 70
"""Pixels between two times at least."""
FOREIGN = "AWS measures this itself: a rehearsal has none of it"
STYLE = """
svg{--ink:#1d2733;--quiet:#5b6877;--paper:#f3f5f7;--panel:#fff;--line:#dfe4ea;--bad:#c93c37;
--c0:#1f6feb;--c1:#d9822b;--c2:#2a9d5c;--c3:#c93c37;--c4:#7d5bd0;--c5:#8c6d4f;--c6:#d667a8;--c7:#6b7785;--c8:#b5a229;
--c9:#2aa7b8}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--quiet:#9aa7b4;--paper:#0b1016;--panel:#151c24;--line:#2b3540;
--bad:#e5645f}}
text{font:12px system-ui,sans-serif;fill:var(--ink)}.quiet{fill:var(--quiet)}.title{font-weight:600;font-size:13px}
.name{font-weight:600;font-size:20px}.big{font-weight:600;font-size:34px}.on{fill:#fff}.on.title{font-size:12px}
.paper{fill:var(--paper)}.panel{fill:var(--panel);stroke:var(--line)}.grid{stroke:var(--line)}
.ALARM{fill:#c02f2a}.OK{fill:#24804b}.UNKNOWN{fill:#66727f}
.mark{stroke:var(--bad);stroke-dasharray:5 4}.marked{fill:var(--bad)}
polyline{fill:none;stroke-width:1.8;stroke-linejoin:round}polygon{fill-opacity:.75}
""" + "".join(f".f{n}{{fill:var(--c{n})}}.s{n}{{stroke:var(--c{n})}}" for n in range(COLOURS))


def picture(name: str, note: str, shown: Iterable[Shown], span: tuple[float, float]) -> str:
    """The whole file. `note` says where it is from, `span` when it begins and ends (epoch seconds)."""
    widgets = list(shown)
    width = 24 * COLUMN + 2 * MARGIN
    height = HEAD + max(one.place.y + one.place.height for one in widgets) * ROW + MARGIN
    head = (
        f'<rect class="paper" width="{width}" height="{height}"/>'
        f'<text class="name" x="{MARGIN + 4}" y="26">{escape(name)}</text>'
        f'<text class="quiet" x="{MARGIN + 4}" y="44">{escape(note)}</text>'
    )
    drawn = "".join(_widget(one, span) for one in widgets)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(name)}"><style>{STYLE}</style>{head}{drawn}</svg>\n'
    )


@dataclass(frozen=True)
class _Box:
    """Where something is drawn."""

    x: float
    y: float
    width: float
    height: float

    @property
    def foot(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width

    def less(self, left: float, top: float, right: float, foot: float) -> "_Box":
        return _Box(self.x + left, self.y + top, self.width - left - right, self.height - top - foot)


def _widget(shown: Shown, span: tuple[float, float]) -> str:
    at = shown.place
    whole = _Box(MARGIN + at.x * COLUMN, HEAD + at.y * ROW, at.width * COLUMN, at.height * ROW)
    box = whole.less(GAP / 2, GAP / 2, GAP / 2, GAP / 2)
    frame = f'<rect class="panel" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4"/>'
    title = f'<text class="title" x="{box.x + 10}" y="{box.y + 20}">{escape(shown.title)}</text>' if shown.title else ""
    inside = box.less(10, 30 if title else 8, 10, 8)
    return frame + title + "".join(_inside(shown, inside, span))


def _inside(shown: Shown, box: _Box, span: tuple[float, float]) -> Iterator[str]:
    if shown.kind == "text":
        yield from _text(shown.markdown, box)
    elif shown.kind == "alarm":
        yield from _states(shown.states, box)
    elif shown.kind == "numbers":
        yield from _numbers(shown.numbers, box)
    else:
        yield from _chart(shown, box, span)


def _text(markdown: str, box: _Box) -> Iterator[str]:
    """Headings, and paragraphs broken into lines; links and emphasis as their words."""
    y = box.y + 14
    for line in markdown.splitlines():
        is_heading = line.startswith("#")
        for part in textwrap.wrap(_plain(line.lstrip("# ")), int(box.width / LETTER)):
            yield f'<text class="{"title" if is_heading else "words"}" x="{box.x}" y="{y:.0f}">{escape(part)}</text>'
            y += 17


def _plain(markdown: str) -> str:
    words = markdown.replace("**", "").replace("`", "")
    while "](" in words:
        before, _, rest = words.partition("](")
        words = before.replace("[", "", 1) + rest.partition(")")[2]
    return words


STATE = 40
"""Pixels high."""


def _states(states: Sequence[State], box: _Box) -> Iterator[str]:
    """A field each, in as many columns as there is room for."""
    rows = max(1, int(box.height / STATE))
    columns = math.ceil(len(states) / rows)
    width = box.width / columns
    for number, one in enumerate(states):
        x, y = box.x + number // rows * width, box.y + number % rows * STATE
        name = one.name.partition("-")[2]
        yield (
            f'<rect class="{one.state}" x="{x:.1f}" y="{y}" width="{width - 6:.1f}" height="{STATE - 5}" rx="3"/>'
            f'<text class="on title" x="{x + 8:.1f}" y="{y + 15}">{escape(name)}</text>'
            f'<text class="on" x="{x + 8:.1f}" y="{y + 30}">{escape(_told(one))}</text>'
        )


def _told(one: State) -> str:
    if one.state not in (ALARM, OK):
        return "AWS tells it; not rehearsed"
    if one.rang is None:
        return "OK"
    first, last = map(_clock, one.rang)
    return f"In alarm since {first}" if one.state == ALARM else f"OK; rang {first} to {last}"


def _numbers(numbers: Sequence[tuple[str, float | None]], box: _Box) -> Iterator[str]:
    width = box.width / max(len(numbers), 1)
    for number, (name, value) in enumerate(numbers):
        x, y = box.x + number * width, box.y + box.height / 2
        yield f'<text class="big" x="{x:.1f}" y="{y:.0f}">{"--" if value is None else _short(value)}</text>'
        for line, part in enumerate(textwrap.wrap(name, max(int(width / LETTER) - 1, 8))):
            yield f'<text class="quiet" x="{x:.1f}" y="{y + 22 + 15 * line:.0f}">{escape(part)}</text>'


def _chart(shown: Shown, box: _Box, span: tuple[float, float]) -> Iterator[str]:
    legend = _legend(shown.lines, box)
    inside = box.less(44, 20, 16, 24 + 16 * len(legend))
    heights = _heights(shown.lines, is_stacked=shown.is_stacked)
    is_empty = all(value is None for line in shown.lines for value in line.values)
    highs = [high for line in heights for _, high in line if high is not None]
    top = _nice(max([*highs, *(value for _, value in shown.marks)], default=0.0))
    yield f'<text class="quiet" x="{box.x}" y="{box.y + 6}">{escape(shown.axis)}</text>'
    yield from _times(inside, span)
    if not is_empty or shown.marks:
        yield from _levels(inside, top)
    for number, line in reversed(list(enumerate(heights))):
        yield from (_area if shown.is_stacked else _line)(line, number % COLOURS, inside, top)
    for words, value in shown.marks:
        yield from _mark(words, value, inside, top)
    if is_empty:
        yield _empty(FOREIGN if shown.is_foreign else "nothing in this time", inside)
    yield from _entries(legend, box)


def _empty(why: str, box: _Box) -> str:
    middle = f'x="{box.x + box.width / 2:.0f}" y="{box.y + box.height / 2:.0f}" text-anchor="middle"'
    return f'<text class="quiet" {middle}>{why}</text>'


Heights = list[tuple[float, float | None]]
"""Of a line: from where to where it reaches, for each period; None where there was no point."""


def _heights(lines: Sequence[Line], *, is_stacked: bool) -> list[Heights]:
    """On each other, if they are stacked: what was not told is nothing then."""
    if not is_stacked:
        return [[(0.0, value) for value in line.values] for line in lines]
    floors = [0.0] * (len(lines[0].values) if lines else 0)
    heights: list[Heights] = []
    for line in lines:
        tops = [floor + (value or 0.0) for floor, value in zip(floors, line.values, strict=True)]
        heights.append(list(zip(floors, tops, strict=True)))
        floors = tops
    return heights


def _points(line: Heights, box: _Box, top: float) -> list[tuple[float, float, float] | None]:
    """Across, floor and height in pixels."""
    step = box.width / len(line)
    return [
        None
        if high is None
        else (box.x + (number + 0.5) * step, box.foot - low / top * box.height, box.foot - high / top * box.height)
        for number, (low, high) in enumerate(line)
    ]


def _area(line: Heights, colour: int, box: _Box, top: float) -> Iterator[str]:
    there = [one for one in _points(line, box, top) if one is not None]
    if all(low == high for _, low, high in there):
        return
    outline = [(x, high) for x, _, high in there] + [(x, low) for x, low, _ in reversed(there)]
    yield f'<polygon class="f{colour}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in outline)}"/>'


def _line(line: Heights, colour: int, box: _Box, top: float) -> Iterator[str]:
    """In pieces, where points are missing; a point alone is a dot."""
    piece: list[tuple[float, float]] = []
    for one in [*_points(line, box, top), None]:
        if one is not None:
            piece.append((one[0], one[2]))
            continue
        if len(piece) == 1:
            yield f'<circle class="f{colour}" cx="{piece[0][0]:.1f}" cy="{piece[0][1]:.1f}" r="2.2"/>'
        elif piece:
            yield f'<polyline class="s{colour}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in piece)}"/>'
        piece = []


def _levels(box: _Box, top: float) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        y = box.foot - share * box.height
        yield f'<line class="grid" x1="{box.x:.1f}" x2="{box.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="quiet" x="{box.x - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{_short(share * top)}</text>'


def _times(box: _Box, span: tuple[float, float]) -> Iterator[str]:
    began, ended = span
    hours = round((ended - began) / 3600)
    step = next(step for step in (1, 2, 3, 4, 6, 12, 24) if box.width * step / hours >= TICK or step == 24)
    for hour in range(0, hours + 1, step):
        x, when = box.x + box.width * hour / hours, _clock(began + hour * 3600)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{box.foot:.1f}" y2="{box.foot + 4:.1f}"/>'
        yield f'<text class="quiet" x="{x:.1f}" y="{box.foot + 16:.1f}" text-anchor="middle">{when}</text>'


def _mark(words: str, value: float, box: _Box, top: float) -> Iterator[str]:
    y = box.foot - value / top * box.height
    yield f'<line class="mark" x1="{box.x:.1f}" x2="{box.right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    yield f'<text class="marked" x="{box.right:.1f}" y="{y - 4:.1f}" text-anchor="end">{escape(words)}</text>'


def _legend(lines: Sequence[Line], box: _Box) -> list[list[tuple[float, str, int | None]]]:
    """In at most two rows: place, name and colour of each line; those that find no room are counted at the end."""
    rows: list[list[tuple[float, str, int | None]]] = [[]]
    x = box.x
    for number, line in enumerate(lines):
        wide, is_last = 24 + LETTER * len(line.name), number + 1 == len(lines)
        room = box.right - (0 if is_last or len(rows) == 1 else MORE)
        if x + wide > room and rows[-1]:
            if len(rows) == 2:
                rows[-1].append((x, f"and {len(lines) - number} more", None))
                break
            rows.append([])
            x = box.x
        rows[-1].append((x, line.name, number % COLOURS))
        x += wide
    return rows


def _entries(legend: Sequence[Sequence[tuple[float, str, int | None]]], box: _Box) -> Iterator[str]:
    for row, entries in enumerate(legend):
        y = box.foot - 2 - 16 * (len(legend) - 1 - row)
        for x, name, colour in entries:
            if colour is None:
                yield f'<text class="quiet" x="{x:.0f}" y="{y:.0f}">{escape(name)}</text>'
                continue
            yield f'<rect class="f{colour}" x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" rx="2"/>'
            yield f'<text x="{x + 14:.0f}" y="{y:.0f}">{escape(name)}</text>'


def _nice(value: float) -> float:
    """The next of 1, 2, 4, 5, 8 and their tenfolds, so that the half of it is short too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.999)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")
