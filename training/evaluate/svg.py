"""Plots as inline SVG: rates with their intervals, a mark of its own for every series.

Colours are CSS variables (``--s0`` to ``--s4``), so that they follow light and dark; no series is
told by colour alone. Every plot says in words what it shows, and the tables beside it hold the
same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

ROW = 15
GAP = 9
LEFT = 190
WIDTH = 760
RIGHT = 20
MARKS = ("circle", "square", "diamond", "triangle", "cross")


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval; all in percent."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A value for each label, None where there is none."""

    name: str
    points: Sequence[Point | None]


def dot_plot(
    title: str, labels: Sequence[str], series: Sequence[Series], unit: str = "error rate, %"
) -> str:
    """Labels down the side; for each, a mark with a whisker for every series."""
    found = [point for one in series for point in one.points if point is not None]
    edges = [v for p in found for v in (p.value, p.low, p.high) if v is not None]
    ticks = axis(min([0.0, *edges]), max([0.0, *edges]))
    scale = _Scale(ticks[0], ticks[-1])
    block = ROW * len(series) + GAP
    height = block * len(labels) + 40
    parts = [_grid(ticks, scale, height, unit)]
    for row, label in enumerate(labels):
        top = row * block + GAP
        middle = top + ROW * len(series) / 2
        parts.append(
            f'<text x="{LEFT - 10}" y="{middle + 4:g}" class="label">{escape(label)}</text>'
        )
        for number, one in enumerate(series):
            point = one.points[row]
            if point is not None:
                parts.append(
                    _point(point, number, top + ROW * (number + 0.5), scale, one.name, label)
                )
    return figure(title, [one.name for one in series], (WIDTH, height), parts)


def axis(low: float, high: float) -> list[float]:
    """Round values that enclose a range, about five of them."""
    span = (high - low) or 1.0
    raw = span / 5
    power = 10.0 ** floor(log10(raw))
    step = next(power * f for f in (1.0, 2.0, 5.0, 10.0) if power * f >= raw * 0.999)
    first, last = floor(low / step), max(ceil(high / step), floor(low / step) + 1)
    return [round(number * step, 10) for number in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def _grid(ticks: Sequence[float], scale: _Scale, height: int, unit: str) -> str:
    bottom = height - 36
    lines = [
        f'<line x1="{scale.x(t):.1f}" x2="{scale.x(t):.1f}" y1="0" y2="{bottom}" '
        f'class="{"zero" if t == 0 else "grid"}"/>'
        f'<text x="{scale.x(t):.1f}" y="{bottom + 13}" class="tick">{t:g}</text>'
        for t in ticks
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return (
        "".join(lines) + f'<text x="{middle}" y="{height - 4}" class="tick">{escape(unit)}</text>'
    )


def _point(point: Point, number: int, y: float, scale: _Scale, name: str, label: str) -> str:
    x = scale.x(point.value)
    words = f"{label}, {name}: {point.value:.2f}"
    whisker = ""
    if point.low is not None and point.high is not None:
        words += f" ({point.low:.2f} to {point.high:.2f})"
        whisker = (
            f'<line x1="{scale.x(point.low):.1f}" x2="{scale.x(point.high):.1f}" '
            f'y1="{y:g}" y2="{y:g}"/>'
        )
    return f'<g class="s{number}"><title>{escape(words)}</title>{whisker}{mark(number, x, y)}</g>'


def mark(number: int, x: float, y: float) -> str:
    """The mark of a series at a place."""
    kind = MARKS[number % len(MARKS)]
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:g}" r="4.5"/>'
    corners = {
        "square": ((-4, -4), (4, -4), (4, 4), (-4, 4)),
        "diamond": ((0, -5.5), (5.5, 0), (0, 5.5), (-5.5, 0)),
        "triangle": ((0, -5), (5, 4), (-5, 4)),
        "cross": ((-1.5, -5), (1.5, -5), (1.5, -1.5), (5, -1.5), (5, 1.5), (1.5, 1.5), (1.5, 5),
                  (-1.5, 5), (-1.5, 1.5), (-5, 1.5), (-5, -1.5), (-1.5, -1.5)),
    }[kind]  # fmt: skip
    return f'<path d="M{"L".join(f"{x + dx:.1f} {y + dy:g}" for dx, dy in corners)}Z"/>'


def figure(title: str, names: Sequence[str], size: tuple[int, int], parts: Sequence[str]) -> str:
    """A plot with its title and its key; ``size`` is width and height."""
    keys = "".join(
        f'<span><svg width="14" height="14" aria-hidden="true"><g class="s{number}">'
        f"{mark(number, 7, 7)}</g></svg> {escape(name)}</span>"
        for number, name in enumerate(names)
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><p class="key">{keys}</p>'
        f'<svg viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg></figure>"
    )
