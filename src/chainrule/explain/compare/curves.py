"""The picture of two loss curves, by step; the losses by decades where that shows more.

Knows numbers; knows no run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from chainrule.explain.document import Figure
from chainrule.types import Array

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 300, 64, 40, 28, 18
POINTS = 400
"""Points of a curve at most: of each stretch of steps its mean is drawn."""
LONGEST = 16
"""Letters of a name in the legend."""
WIDE = 30.0
"""Losses whose largest is so many times the smallest are drawn by decades."""
STYLES = ('stroke-width="2"', 'stroke-width="2" stroke-dasharray="7 4"')


def thinned(losses: Array) -> list[tuple[float, float]]:
    """Return (step, mean loss) of at most so many equal stretches; what is not finite is left out.

    Examples
    --------
    >>> thinned(np.array([3.0, 1.0, np.nan]))
    [(0.0, 3.0), (1.0, 1.0)]
    """
    size = -(-len(losses) // POINTS) or 1
    found = []
    for start in range(0, len(losses), size):
        part = losses[start : start + size]
        part = part[np.isfinite(part)]
        if len(part):
            found.append((start + (size - 1) / 2, float(part.mean())))
    return found


def loss_curves(names: Sequence[str], losses: Sequence[Array], parted: int | None) -> Figure | None:
    """Return the picture of loss curves, with a mark where they part; None if there is nothing."""
    curves = [thinned(one) for one in losses]
    values = [value for curve in curves for _, value in curve]
    if not values or max(map(len, curves)) < 2:
        return None
    low, high = min(values), max(values)
    by_decades = low > 0 and high > WIDE * low
    y = Axis(
        [math.log10(v) for v in (low, high)] if by_decades else [low, high], HEIGHT - BOTTOM, TOP
    )
    x = Axis([0.0, max(len(one) for one in losses) - 1.0], LEFT, WIDTH - RIGHT)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" role="img" '
        'aria-label="Loss by step" font-size="11" fill="currentColor">',
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" '
        'stroke="currentColor"/>',
        *_marks(x, y, [low, high], max(len(one) for one in losses) - 1, by_decades=by_decades),
    ]
    for curve, style in zip(curves, STYLES, strict=False):
        places = " ".join(
            f"{x(step):.1f},{y(math.log10(v) if by_decades else v):.1f}" for step, v in curve
        )
        parts.append(f'<polyline points="{places}" fill="none" stroke="currentColor" {style}/>')
    if parted is not None:
        parts.append(
            f'<path d="M{x(parted):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="currentColor" '
            'stroke-dasharray="2 3" opacity="0.7"/>'
        )
    parts += [_legend(names), "</svg>"]
    return Figure("".join(parts), _words(names, losses, parted, by_decades=by_decades))


class Axis:
    """Maps numbers to places between two ends."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Return the place of a number."""
        width = self.high - self.low
        part = (value - self.low) / width if width else 0.5
        return self.start + part * (self.end - self.start)


def _marks(x: Axis, y: Axis, values: Sequence[float], last: int, *, by_decades: bool) -> list[str]:
    bottom = HEIGHT - BOTTOM
    found = []
    for value in values:
        at = y(math.log10(value) if by_decades else value)
        found.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for step in (0, last):
        found.append(
            f'<text x="{x(step):.1f}" y="{bottom + 16}" text-anchor="middle">{step:,}</text>'
        )
    scale = "loss, by decades" if by_decades else "loss"
    found.append(f'<text x="{LEFT}" y="{TOP - 12}">{scale}</text>')
    found.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">step</text>')
    return found


def _legend(names: Sequence[str]) -> str:
    found, left = [], WIDTH - RIGHT - 260
    for k, (name, style) in enumerate(zip(names, STYLES, strict=False)):
        at = left + 130 * k
        found.append(
            f'<path d="M{at} {TOP - 16}h26" stroke="currentColor" fill="none" {style}/>'
            f'<text x="{at + 32}" y="{TOP - 12}">{escape(_cut(name))}</text>'
        )
    return "".join(found)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\u2026"


def _words(
    names: Sequence[str], losses: Sequence[Array], parted: int | None, *, by_decades: bool
) -> str:
    ends = [
        f"{name} from {one[0]:.4g} to {one[-1]:.4g} in {len(one):,} steps"
        for name, one in zip(names, losses, strict=True)
        if len(one)
    ]
    where = "" if parted is None else f"; they part at step {parted:,}"
    scale = " (by decades)" if by_decades else ""
    return f"Losses by step{scale}: {'; '.join(ends)}{where}."
