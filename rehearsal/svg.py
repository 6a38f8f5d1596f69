"""Small pictures: bars and lines as inline SVG, drawn in the page's own colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 16, 16, 44


@dataclass(frozen=True)
class Line:
    """A named line through points."""

    name: str
    kind: str
    """A class of the page's style: `windlass`, `clouddriver`."""
    points: tuple[tuple[float, float], ...]


def bars(title: str, values: Sequence[tuple[str, float, str, str]]) -> str:
    """Horizontal bars: (name, value, the value in words, class)."""
    longest = max((value for _, value, _, _ in values), default=0) or 1
    rows = []
    for number, (name, value, words, kind) in enumerate(values):
        top, width = 8 + number * 28, 320 * value / longest
        rows.append(
            f'<text x="212" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="220" y="{top}" width="{max(width, 1):.1f}" height="20" rx="2"/>'
            f'<text class="quiet" x="{228 + max(width, 1):.1f}" y="{top + 15}">{escape(words)}</text>'
        )
    return _picture(title, "".join(rows), 16 + 28 * len(values))


def lines(title: str, drawn: Sequence[Line], across: str, up: str, *, logarithmic: bool = True) -> str:
    """Lines over an axis that is logarithmic or not; upwards is a share from 0 to 1."""
    points = [point for line in drawn for point in line.points]
    if not points:
        return ""
    scale = _Scale.of([x for x, _ in points], logarithmic)
    return _picture(title, _axes(scale, across, up) + "".join(_drawn(line, scale) for line in drawn), HEIGHT)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[float], logarithmic: bool) -> "_Scale":
        if logarithmic:
            positive = [max(one, 1e-9) for one in values]
            return cls(math.log10(min(positive)), max(math.log10(max(positive)), math.log10(min(positive)) + 0.1), True)
        return cls(min(values), max(*values, min(values) + 1e-9), False)

    def x(self, value: float) -> float:
        at = math.log10(max(value, 1e-9)) if self.logarithmic else value
        return LEFT + (WIDTH - LEFT - RIGHT) * (at - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[float]:
        if not self.logarithmic:
            return [self.low + (self.high - self.low) * n / 4 for n in range(5)]
        decades = range(math.floor(self.low), math.ceil(self.high) + 1)
        fine = (1, 2, 5) if self.high - self.low < 3 else (1,)
        marks = [step * 10.0**decade for decade in decades for step in fine]
        return [mark for mark in marks if self.low - 1e-9 <= math.log10(mark) <= self.high + 1e-9]


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _axes(scale: _Scale, across: str, up: str) -> str:
    level = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>'
        f'<text class="quiet" x="{LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    )
    marks = "".join(
        f'<text class="quiet" x="{scale.x(mark):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{mark:g}</text>'
        for mark in scale.ticks
    )
    names = (
        f'<text class="quiet" x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(across)}</text>'
        f'<text class="quiet" x="{LEFT}" y="{TOP - 4}">{escape(up)}</text>'
    )
    return level + marks + names


def _drawn(line: Line, scale: _Scale) -> str:
    path = " ".join(f"{scale.x(x):.1f},{_y(y):.1f}" for x, y in line.points)
    x, y = line.points[-1]
    dots = "".join(
        f'<circle class="{line.kind}" cx="{scale.x(px):.1f}" cy="{_y(py):.1f}" r="3"/>' for px, py in line.points
    )
    below = _y(y) + 18  # a line that ends at the top has its name under it
    name = f'<text x="{scale.x(x) - 6:.1f}" y="{below:.1f}" text-anchor="end">{escape(line.name)}</text>'
    return f'<polyline class="{line.kind}" points="{path}"/>{dots if len(line.points) < 12 else ""}{name}'


def _picture(title: str, inside: str, height: int) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{inside}</svg></figure>'
    )
