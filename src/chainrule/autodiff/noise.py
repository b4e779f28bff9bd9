"""How far values of a function are off: rounding, stairs and jumps, measured on the values.

Knows numbers; knows no derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

Line = Callable[[float], float]
"""The function along a line: its value at a distance; NaN where there is none."""

NARROW = 2.0**-16
"""A stretch on which the function stands still is its rounding if it is narrower than this."""
MULTIPLES = 1e4
"""Moves that are so many times the smallest say nothing on whether they are multiples of it."""
JUMP = 1e-4
"""A jump is at least this part of the largest move of the sweep; smaller ones are noise."""
DEVIATIONS = 4.0
"""A bound of the noise is so many of its standard deviations."""
SURE = 10.0
"""What counts is so many times its noise."""


@dataclass(frozen=True)
class Level:
    """Values at a step's distance on both sides, and the noise of each."""

    h: float
    up: float
    down: float
    noise: float


def with_scatter(levels: Sequence[Level], quantum: float, ratio: float) -> list[Level]:
    """Return the levels with more noise, if quotients of the smallest steps say there is."""
    last = levels[-4:]
    middle = [(one.up - one.down) / 2 for one in last]
    apart = [
        abs(middle[k] / ratio - middle[k + 1]) * ratio / (ratio - 1) for k in range(len(last) - 1)
    ]
    more = max([*apart, quantum])
    return [replace(one, noise=max(one.noise, more)) for one in levels]


def quantum_of(levels: Sequence[Level]) -> float:
    """Return by how much values jump if the function stands still beside the point, else 0.

    Values that do not move at tiny steps but at larger ones were rounded to few digits on the way,
    if all their moves are multiples of one, or the stretch is too narrow to be the function's own.
    """
    center = levels[-1].up
    if levels[-1].down != center:
        return 0.0
    moves = [(one.h, abs(v - center)) for one in levels for v in (one.up, one.down) if v != center]
    if not moves or moves[-1][0] == levels[-1].h:
        return 0.0
    sizes = sorted(size for _, size in moves)
    if moves[-1][0] <= NARROW * levels[0].h:
        return max(size for h, size in moves if h <= 4 * moves[-1][0])
    few = [size for size in sizes if size < MULTIPLES * sizes[0]]
    is_stairs = (
        len(few) >= 6
        and few[-1] > 4 * few[0]
        and any(
            all(abs(size * k / few[0] - round(size * k / few[0])) < 0.02 for size in few)
            for k in range(1, 7)
        )
    )
    return sizes[0] if is_stairs else 0.0


def jumps(levels: Sequence[Level], center: float) -> bool:
    """Tell whether a side of the function keeps its distance however small the step."""
    last = levels[-6:]
    if len(last) < 6:
        return False
    largest = max(max(abs(one.up - center), abs(one.down - center)) for one in levels)
    for sizes in ([abs(one.up - center) for one in last], [abs(one.down - center) for one in last]):
        low, high = min(sizes), max(sizes)
        if low > max(SURE * last[-1].noise, JUMP * largest) and high < 1.1 * low:
            return True
    return False


def rounding_noise(line: Line, spacing: float, unit: float = 2.0**-53) -> float:
    """Return a bound of how far values of a function are off, from values side by side.

    Parameters
    ----------
    line : callable
        The function along a line.
    spacing : float
        The distance of two values: so small that the function is straight over a few.
    unit : float
        The rounding unit of the values; half of it times the value is the least noise there is.

    Notes
    -----
    Moré and Wild, SIAM J. Sci. Comput. 33 (2011): higher differences of a smooth function vanish,
    those of noise do not; the k-th has variance (2k)! / (k!)^2 times that of the noise.

    Examples
    --------
    >>> import math
    >>> rounding_noise(lambda t: 1e10 + math.sin(t), 1e-10) < 1e-5
    True
    """
    center = line(0.0)
    values = np.array([line(spacing * k) for k in range(1, 10)])  # on one side: no kink at 0
    least = unit * abs(center) if math.isfinite(center) else 0.0
    if not np.isfinite(values).all():
        return least
    size = float(np.abs(values).max()) or 1.0
    values = values / size  # so that no square over- or underflows
    sigmas = []
    for k in range(1, 7):
        values = np.diff(values)
        if k >= 3:
            variance = math.comb(2 * k, k)
            sigmas.append(size * float(np.sqrt(np.mean(values**2) / variance)))
    return max(DEVIATIONS * float(np.median(sigmas)), least)
