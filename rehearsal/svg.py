"""Small pictures: bars, stacked bars and lines as inline SVG, drawn in the page's own colours.

By hand and not by a library of charts: the page is one file without a script, its text is the reader's font, and its
colours follow the reader's light or dark through the page's own variables, which matplotlib and pygal write as fixed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 20, 34, 46
ROW = 28
LETTER = 7.0
"""About as wide as a letter is, for what has to be placed beside words."""


@dataclass(frozen=True)
class Line:
    """A named line through points."""

    name: str
    kind: str
    """A class of the page's style: `windlass`, `clouddriver`."""
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Mark:
    """A place on the axis that the text speaks of."""

    at: float
    words: str


@dataclass(frozen=True)
class Row:
    """One bar of several pieces: what came to how many."""

    name: str
    pieces: tuple[tuple[str, int], ...]
    """(class of the page's style, count)"""
    words: str = ""
    """What stands behind it."""


def bars(title: str, values: Sequence[tuple[str, float, str, str]]) -> str:
    """Horizontal bars: (name, value, the value in words, class)."""
    longest = max((value for _, value, _, _ in values), default=0) or 1
    rows = []
    for number, (name, value, words, kind) in enumerate(values):
        top, width = 8 + number * ROW, 320 * value / longest
        rows.append(
            f'<text x="212" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="220" y="{top}" width="{max(width, 1):.1f}" height="20" rx="2"/>'
            f'<text class="quiet" x="{228 + max(width, 1):.1f}" y="{top + 15}">{escape(words)}</text>'
        )
    return _picture(title, "".join(rows), 16 + ROW * len(values))


def stacked(title: str, rows: Sequence[Row], names: Sequence[tuple[str, str]]) -> str:
    """Bars of the same length, each cut by shares. `names`: (class, word) of what may occur, in its order."""
    occurring = {kind for row in rows for kind, count in row.pieces if count}
    legend = [(kind, word) for kind, word in names if kind in occurring]
    drawn = "".join(_stacked(row, 40 + number * ROW) for number, row in enumerate(rows))
    return _picture(title, _legend(legend, 8) + drawn, 48 + ROW * len(rows))


def _stacked(row: Row, top: float) -> str:
    left, whole, at = 150, sum(count for _, count in row.pieces) or 1, 0.0
    drawn = [f'<text x="{left - 8}" y="{top + 15}" text-anchor="end">{escape(row.name)}</text>']
    for kind, count in row.pieces:
        width = 340 * count / whole
        if count:  # one failure in a million is still seen
            drawn.append(
                f'<rect class="{kind}" x="{min(left + at, left + 338):.1f}" y="{top}" width="{max(width, 2):.1f}" '
                f'height="20"><title>{count:,}</title></rect>'
            )
        at += width
    drawn.append(f'<text class="quiet" x="{left + 350}" y="{top + 15}">{escape(row.words)}</text>')
    return "".join(drawn)


def _legend(names: Sequence[tuple[str, str]], left: float) -> str:
    drawn, at = [], left
    for kind, word in names:
        drawn.append(
            f'<rect class="{kind}" x="{at:.0f}" y="6" width="12" height="12" rx="2"/>'
            f'<text x="{at + 17:.0f}" y="17">{escape(word)}</text>'
        )
        at += 17 + LETTER * len(word) + 18
    return "".join(drawn)


def lines(title: str, drawn: Sequence[Line], across: str, marks: Sequence[Mark] = ()) -> str:
    """Lines over a logarithmic axis; upwards is a share from 0 to 1."""
    values = [x for line in drawn for x, _ in line.points] + [mark.at for mark in marks]
    if not values:
        return ""
    scale = _Scale.of(values)
    inside = [_legend([(line.kind, line.name) for line in drawn], LEFT), _axes(scale, across)]
    inside += [_marked(mark, scale) for mark in marks]
    inside += [_drawn(line, scale) for line in drawn]
    return _picture(title, "".join(inside), HEIGHT)


@dataclass(frozen=True)
class _Scale:
    """From the logarithm of a value to its place."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "_Scale":
        low, high = (math.log10(max(one, 1e-9)) for one in (min(values), max(values)))
        return cls(low, max(high, low + 0.3))

    def x(self, value: float) -> float:
        at = math.log10(max(value, 1e-9))
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> Iterator[float]:
        fine = (1, 2, 5) if self.high - self.low < 3 else (1,)
        for decade in range(math.floor(self.low), math.ceil(self.high) + 1):
            for step in fine:
                if self.low - 1e-9 <= decade + math.log10(step) <= self.high + 1e-9:
                    yield step * 10.0**decade


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _axes(scale: _Scale, across: str) -> str:
    level = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>'
        f'<text class="quiet" x="{LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    ticks = "".join(
        f'<text class="quiet" x="{scale.x(tick):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{tick:,g}</text>'
        for tick in scale.ticks
    )
    name = f'<text class="quiet" x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(across)}</text>'
    return level + ticks + name


def _marked(mark: Mark, scale: _Scale) -> str:
    """An upright line with its words on the side that has room."""
    x = scale.x(mark.at)
    side, beside = ("end", x - 6) if x > WIDTH / 2 else ("start", x + 6)
    foot = HEIGHT - BOTTOM
    return (
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{foot}"/>'
        f'<text class="quiet" x="{beside:.1f}" y="{foot - 8}" text-anchor="{side}">{escape(mark.words)}</text>'
    )


def _drawn(line: Line, scale: _Scale) -> str:
    path = " ".join(f"{scale.x(x):.1f},{_y(y):.1f}" for x, y in line.points)
    dots = "".join(
        f'<circle class="{line.kind}" cx="{scale.x(x):.1f}" cy="{_y(y):.1f}" r="3.5"><title>{x:,g}: {y:.2%}</title>'
        "</circle>"
        for x, y in line.points
    )
    return f'<polyline class="{line.kind}" points="{path}"/>{dots if len(line.points) < 12 else ""}'


def _picture(title: str, inside: str, height: int) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{inside}</svg></figure>'
    )
