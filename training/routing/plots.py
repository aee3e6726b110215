"""Lines over two axes as inline SVG, in the style of `training.evaluate.svg`."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from training.evaluate.svg import axis, figure, mark

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 10, 44


@dataclass(frozen=True, slots=True)
class Line:
    """Points that belong together, from left to right; with a mark at each or not."""

    name: str
    points: Sequence[tuple[float, float]]
    marks: bool = True


def xy_plot(title: str, lines: Sequence[Line], x_label: str, y_label: str) -> str:
    """Lines over two axes that begin at 0."""
    points = [point for line in lines for point in line.points]
    across = axis(0.0, max((x for x, _ in points), default=1.0))
    up = axis(0.0, max((y for _, y in points), default=1.0))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + x / across[-1] * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - y / up[-1] * (HEIGHT - TOP - BOTTOM),
        )

    parts = [_grid(place(x, 0.0), place(x, up[-1]), f"{x:g}", below=True) for x in across]
    parts += [_grid(place(0.0, y), place(across[-1], y), f"{y:g}", below=False) for y in up]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" class="tick">{escape(x_label)}</text>')
    half = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="14" y="{half}" class="tick" transform="rotate(-90 14 {half})">'
        f"{escape(y_label)}</text>"
    )
    for number, line in enumerate(lines):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line.points))
        drawn = [f'<polyline points="{path}" style="fill: none"/>']
        if line.marks:
            for x, y in line.points:
                words = f"<title>{escape(line.name)}: {x:.3g}, {y:.3g}</title>"
                drawn.append(f"<g>{words}{mark(number, *place(x, y))}</g>")
        parts.append(f'<g class="s{number}">{"".join(drawn)}</g>')
    return figure(title, [line.name for line in lines], (WIDTH, HEIGHT), parts)


def _grid(start: tuple[float, float], end: tuple[float, float], words: str, *, below: bool) -> str:
    (x1, y1), (x2, y2) = start, end
    at = f'x="{x1:.1f}" y="{y1 + 14:.1f}"' if below else f'x="{x1 - 14:.1f}" y="{y1 + 4:.1f}"'
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="grid"/>'
        f'<text {at} class="tick">{words}</text>'
    )
