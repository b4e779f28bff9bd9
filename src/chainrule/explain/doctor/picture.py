"""A small picture of losses: one line each, on a scale that shows both.

Knows numbers and SVG; knows nothing of what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.types import Array

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 240, 64, 16, 110, 32
MOST_POINTS = 200
STYLES = ('stroke-dasharray="6 4"', "")
"""The first curve is dashed, so that both can be told apart without colour."""
TIMES = 20.0
"""From this ratio of largest to smallest on, the scale is logarithmic."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A named line.

    Attributes
    ----------
    name : str
        Written at its end.
    values : numpy.ndarray
        One for each step.
    """

    name: str
    values: Array


def picture(curves: Sequence[Curve], start: int) -> str:
    """Return curves over steps as SVG in the colour of the text around it.

    Examples
    --------
    >>> picture([Curve("a", np.array([1.0, 0.5]))], 0)[:4]
    '<svg'
    """
    finite = np.concatenate([one.values[np.isfinite(one.values)] for one in curves])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    logarithmic = low > 0 and high > TIMES * low
    longest = max(len(one.values) for one in curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="currentColor">',
        _frame(low, high, start, longest, logarithmic),
    ]
    for one, style in zip(curves, STYLES, strict=False):
        parts.append(_line(one, style, low, high, longest, logarithmic))
    return "".join([*parts, "</svg>"])


def _line(one: Curve, style: str, low: float, high: float, longest: int, logarithmic: bool) -> str:
    steps = np.unique(np.linspace(0, len(one.values) - 1, MOST_POINTS).astype(int))
    points = [
        (_across(int(k), longest), _down(float(one.values[k]), low, high, logarithmic))
        for k in steps if np.isfinite(one.values[k])
    ]  # fmt: skip
    if not points:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return (
        f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="1.5" {style}/>'
        f'<text x="{x + 6:.1f}" y="{y + 4:.1f}">{one.name}</text>'
    )


def _across(step: int, longest: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * step / max(longest - 1, 1)


def _down(value: float, low: float, high: float, logarithmic: bool) -> float:
    if logarithmic:
        value, low, high = (float(np.log(max(v, 1e-300))) for v in (value, low, high))
    share = (value - low) / (high - low) if high > low else 0.5
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _frame(low: float, high: float, start: int, longest: int, logarithmic: bool) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    scale = " (log)" if logarithmic else ""
    return (
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="currentColor" '
        'stroke-width="0.5"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{LEFT - 6}" y="{bottom + 4}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 10}">step {start}</text>'
        f'<text x="{right}" y="{HEIGHT - 10}" text-anchor="end">{start + longest}</text>'
        f'<text x="{(LEFT + right) // 2}" y="{HEIGHT - 10}" text-anchor="middle">loss{scale}</text>'
    )
