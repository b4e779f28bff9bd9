"""Curves as SVG: lines over a common axis, told apart without colour, in the page's own ink.

The picture takes its colours from the style of the page that it stands in. Knows numbers; knows
nothing of training.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from chainrule.explain.digits import digits

WIDTH, HEIGHT = 720, 276
LEFT, RIGHT, TOP, BOTTOM = 72, 16, 54, 34
POINTS = 400
"""Points of a line at most; each is the mean of the values that it stands for."""
SPAN = 20.0
"""Above this quotient of the largest and smallest value the axis is logarithmic."""
LEAST = 1e-300
"""Least distance of two ticks."""
BESIDE = 320
"""From one name above the picture to the next."""


@dataclass(frozen=True)
class Curve:
    """A line of a picture.

    Attributes
    ----------
    name : str
        What it shows.
    values : sequence of float
        Its values, one a step or epoch; NaN where there is none.
    style : str
        ``first`` (drawn through) or ``second`` (dashed).
    """

    name: str
    values: Sequence[float]
    style: str = "first"


@dataclass(frozen=True)
class Axes:
    """How values become places on the picture."""

    count: int
    low: float
    high: float
    logarithmic: bool

    def x(self, place: float) -> float:
        """Return where the value of a number from 1 on stands."""
        share = (place - 1) / (self.count - 1) if self.count > 1 else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return the height of a value."""
        low, high, here = (self._scaled(v) for v in (self.low, self.high, value))
        share = (here - low) / (high - low) if high > low else 0.5
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def axes_for(curves: Sequence[Curve]) -> Axes | None:
    """Return axes that hold all curves; None where there is nothing to draw."""
    finite = [v for curve in curves for v in curve.values if math.isfinite(v)]
    count = max((len(curve.values) for curve in curves), default=0)
    if not finite or count < 2:
        return None
    low, high = min(finite), max(finite)
    return Axes(count, low, high, low > 0 and high / low > SPAN)


def draw(
    curves: Sequence[Curve],
    across: str,
    kept: int | None = None,
    *,
    word: str = "kept:",
    first: int = 1,
) -> str:
    """Return the picture of some curves; "" where there is nothing to draw.

    Parameters
    ----------
    curves : sequence of Curve
        What to draw.
    across : str
        What is counted from left to right.
    kept : int, optional
        The place, from 1, that is marked.
    word : str
        What is said beside the mark.
    first : int
        What the first place is called: 1, or 0 where people count from there.

    Examples
    --------
    >>> picture = draw([Curve("loss", [4.0, 2.0, 1.0])], "epoch")
    >>> picture.count("<polyline"), "loss 1" in picture
    (2, True)
    """
    axes = axes_for(curves)
    if axes is None:
        return ""
    parts = [*_grid(axes, across, first), *(_line(curve, axes) for curve in curves)]
    parts += _names(curves)
    if kept is not None and 1 <= kept < axes.count:
        parts += _mark(axes, kept, f"{word} {kept - 1 + first:,}")
    words = escape(f"{', '.join(curve.name for curve in curves)} by {across}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}" class="curves">'
        f"{''.join(parts)}</svg>"
    )


def _grid(axes: Axes, across: str, first: int) -> list[str]:
    """Return the ticks of both axes."""
    parts = []
    for value in ticks(axes):
        y = axes.y(value)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(_text(LEFT - 8, y + 4, digits(value, "short"), "end"))
    parts.append(_text(axes.x(1), HEIGHT - 12, str(first), "middle"))
    parts.append(_text(axes.x(axes.count), HEIGHT - 12, f"{axes.count - 1 + first:,}", "end"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    scale = ", logarithmic upwards" if axes.logarithmic else ""
    return [*parts, _text(middle, HEIGHT - 12, f"{across}{scale}", "middle")]


def ticks(axes: Axes) -> list[float]:
    """Return round values for the axis of an axes' values.

    Examples
    --------
    >>> ticks(Axes(10, 0.0, 1.0, False))
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(Axes(10, 0.04, 3.0, True))
    [0.1, 0.3, 1.0, 3.0]
    """
    if axes.logarithmic:
        return _powers(axes)
    rough = axes.high / 4 - axes.low / 4
    if rough < LEAST:
        return [axes.low]
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * k for k in (1, 2, 5, 10) if unit * k >= rough * 0.8)
    start, end = math.ceil(axes.low / step), math.floor(axes.high / step)
    return [float(f"{k * step:.12g}") for k in range(start, end + 1)]


def _powers(axes: Axes) -> list[float]:
    """Return 1, 2 and 5 times powers of ten, or of many decades only some powers."""
    first, last = math.floor(math.log10(axes.low)), math.ceil(math.log10(axes.high))
    every = max((last - first) // 4, 1)
    steps = (1, 2, 5) if last - first <= 2 else (1, 3) if last - first == 3 else (1,)
    found = [float(f"{m}e{k}") for k in range(first, last + 1, every) for m in steps]
    return [value for value in found if axes.low <= value <= axes.high]


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def _line(curve: Curve, axes: Axes) -> str:
    """Return a curve as lines; a gap of NaN begins a new one, unless nothing lies between."""
    places = " ".join(f"{axes.x(p):.1f},{axes.y(v):.1f}" for p, v in thinned(curve.values))
    return f'<polyline class="{curve.style}" points="{places}"/>'


def thinned(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return (place, value) for at most so many points, NaN left out.

    Examples
    --------
    >>> thinned([4.0, float("nan"), 1.0])
    [(1.0, 4.0), (3.0, 1.0)]
    """
    count = len(values)
    pieces = min(count, POINTS)
    edges = [k * count // max(pieces, 1) for k in range(pieces + 1)]
    found = []
    for a, b in pairwise(edges):
        known = [(k, v) for k, v in enumerate(values[a:b], a + 1) if math.isfinite(v)]
        if known:
            place, value = (sum(column) / len(known) for column in zip(*known, strict=True))
            found.append((place, value))
    return found


def _names(curves: Sequence[Curve]) -> list[str]:
    """Return the name of each line and its last value, above the picture beside a piece of it."""
    parts = []
    for number, curve in enumerate(curves):
        known = [v for v in curve.values if math.isfinite(v)]
        x = LEFT + BESIDE * number
        words = f"{curve.name} {digits(known[-1], 'short')}" if known else curve.name
        parts.append(f'<polyline class="{curve.style}" points="{x},14 {x + 30},14"/>')
        parts.append(_text(x + 38, 19, words, "start", curve.style))
    return parts


def _mark(axes: Axes, kept: int, words: str) -> list[str]:
    """Return the mark at a place, with words beside it."""
    x = axes.x(kept)
    near = "end" if kept > axes.count / 2 else "start"
    aside = -6 if near == "end" else 6
    return [
        f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14}" y2="{HEIGHT - BOTTOM}"/>',
        _text(x + aside, TOP - 4, words, near),
    ]
