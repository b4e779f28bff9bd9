"""The picture of a sweep: the error of the difference quotient against the step h, both by decades.

The famous V: truncation to the right, rounding to the left. Drawn as SVG, and with matplotlib for
files of other kinds. Knows sweeps; knows no gradient.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from chainrule.autodiff.sweep import Slope
from chainrule.errors import MissingExtraError, SpecError
from chainrule.explain.document import Figure

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, BOTTOM, MARGIN = 560, 300, 64, 44, 18
FLOOR = 1e-17
"""Errors below this part of the derivative are drawn there: no double can show them."""


def curves(slope: Slope, value: float) -> tuple[list[Point], list[Point]]:
    """Return (h, error of the quotient) and (h, error that noise makes), what is not 0."""
    low = FLOOR * max(abs(value), 1e-300)
    measured = [(h, max(abs(quotient - value), low)) for h, quotient, _ in slope.points]
    rounding = [(h, bar) for h, _, bar in slope.points if 0 < bar < math.inf]
    return [p for p in measured if math.isfinite(p[1])], rounding


def sweep_figure(name: str, slope: Slope, value: float) -> Figure | None:
    """Return the picture of a sweep; None if there are too few points for one."""
    measured, rounding = curves(slope, value)
    if len(measured) < 3:
        return None
    x = Decades([h for h, _ in measured], LEFT, WIDTH - MARGIN)
    y = Decades([e for _, e in [*measured, *rounding]], HEIGHT - BOTTOM, MARGIN)
    best = min(measured, key=lambda one: one[1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" role="img" '
        f'aria-label="Error against h" font-size="11" fill="currentColor">',
        *_axes(x, y, [h for h, _ in measured], [e for _, e in [*measured, *rounding]]),
        _polyline(rounding, x, y, 'stroke-dasharray="5 4" opacity="0.6"'),
        _polyline(measured, x, y, 'stroke-width="2"'),
        *(f'<circle cx="{x(h):.1f}" cy="{y(e):.1f}" r="2.5"/>' for h, e in measured),
        f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - 8}" text-anchor="end">step h</text>',
        f'<text x="{LEFT}" y="12">error of the difference quotient; dashed: rounding</text>',
        "</svg>",
    ]
    text = (
        f"Error of the central difference of {name} against h: least, about "
        f"{best[1]:.0e}, at h = {best[0]:.0e}. Smaller steps drown in rounding, larger ones see "
        "the curve bend, if it does."
    )
    return Figure("".join(parts), text)


class Decades:
    """Maps numbers to places on an axis by their logarithm."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        logs = [math.log10(v) for v in values if v > 0]
        self.low, self.high = math.floor(min(logs)), math.ceil(max(logs))
        self.high += self.high == self.low
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Return the place of a number."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    @property
    def ticks(self) -> range:
        """The decades that are marked: seven at most."""
        return range(self.low, self.high + 1, max(1, -(-(self.high - self.low) // 6)))


def _axes(x: Decades, y: Decades, hs: Sequence[float], errors: Sequence[float]) -> list[str]:
    bottom = HEIGHT - BOTTOM
    lines = [
        f'<path d="M{LEFT} {MARGIN}V{bottom}H{WIDTH - MARGIN}" fill="none" stroke="currentColor"/>'
    ]
    for power in x.ticks:
        at = x(10.0**power)
        lines.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">1e{power}</text>')
    for power in y.ticks:
        at = y(10.0**power)
        lines.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">1e{power}</text>')
    return lines


def _polyline(points: Sequence[Point], x: Decades, y: Decades, style: str) -> str:
    places = " ".join(f"{x(h):.1f},{y(e):.1f}" for h, e in points)
    return f'<polyline points="{places}" fill="none" stroke="currentColor" {style}/>'


def draw_sweeps(path: str | os.PathLike[str], sweeps: Sequence[tuple[str, Slope, float]]) -> None:
    """Draw the sweeps of entries into a file with matplotlib.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    SpecError
        If there is nothing to draw, or no such place.
    """
    try:
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise MissingExtraError(
            "Drawing needs matplotlib: pip install 'chainrule[plot]'."
        ) from None
    sweeps = [one for one in sweeps if all(curves(one[1], one[2]))]
    if not sweeps:
        raise SpecError("a plot was asked for, but no entry has a slope to draw errors of.")
    canvas = Canvas(figsize=(7, 4.5), layout="constrained")
    axes = canvas.subplots()
    for name, slope, value in sweeps:
        measured, rounding = curves(slope, value)
        (line,) = axes.loglog(*zip(*measured, strict=True), marker="o", markersize=3, label=name)
        axes.loglog(*zip(*rounding, strict=True), "--", color=line.get_color(), alpha=0.5)
    axes.set_xlabel("step h")
    axes.set_ylabel("error of the difference quotient (dashed: rounding)")
    axes.legend()
    try:
        canvas.savefig(path)
    except (ValueError, OSError) as error:
        raise SpecError(f"the drawing cannot be written to {os.fspath(path)!r}: {error}.") from None
