r"""The slope of a function of one number from its values alone, with an error bar one can believe.

Differences are taken over a sweep of steps h, each a quarter of the one before. Truncation shrinks
with h, rounding grows as noise / h; the noise is measured, not assumed. The largest step that is
compatible with every smaller one is taken (Lepski's rule), Richardson's extrapolation included, and
slopes from the left and from the right tell kinks and jumps from bends. Knows numbers; knows no
graph, no arrays of entries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from chainrule.autodiff.noise import (
    SURE,
    Level,
    Line,
    jumps,
    quantum_of,
    with_scatter,
)
from chainrule.types import Array

Kind = Literal["smooth", "kink", "jump", "steep", "edge", "none"]

ROUGH = 1e4
"""Noise of so many roundings is more than rounding."""
SHORT = 2.0**-10
"""A slope that only steps below this part of the first show may be that of rounding."""
RATIO = 4.0
LEVELS = 36
"""Steps of a sweep at most: the smallest is about 1e-21 of the first."""
STILL = 4
"""So many steps in a row at which the function moves hardly more than its noise end a sweep."""
RESOLVED = 1e-9
"""Relative error at which no other range of steps is tried."""


@dataclass(frozen=True)
class Side:
    """A slope and its error bar.

    Attributes
    ----------
    value, error : float
        The slope lies within `error` of `value`.
    """

    value: float
    error: float


@dataclass(frozen=True)
class Slope:
    """What a sweep found.

    Attributes
    ----------
    value, error : float
        The slope lies within `error` of `value`; an infinite error says nothing is known.
    kind : {"smooth", "kink", "jump", "steep", "edge", "none"}
        Slopes of both sides agree; they differ; the function jumps; it rises without bound; it has
        values on one side only; it has none beside the point.
    left, right : Side or None
        The slope of each side, where they differ.
    step : float
        The step behind `value`.
    noise : float
        How far a value of the function may be off.
    quantum : float
        By how much its values jump, if they were rounded to few digits.
    coarse : tuple of Side
        What larger steps alone show, where a slope holds on a tiny stretch only and they contradict
        it.
    points : tuple of (float, float, float)
        Each step, the difference quotient there, and the error that noise makes in it.
    """

    value: float
    error: float
    kind: Kind
    left: Side | None = None
    right: Side | None = None
    step: float = 0.0
    noise: float = 0.0
    quantum: float = 0.0
    coarse: tuple[Side, ...] = ()
    points: tuple[tuple[float, float, float], ...] = ()


def slope_along(
    line: Line,
    starts: Sequence[float] = (1.0,),
    *,
    least: float = 0.0,
    noise: float = 0.0,
    unit: float = 2.0**-53,
) -> Slope:
    """Return the slope of a function of one number at 0.

    Parameters
    ----------
    line : callable
        The function; it gives NaN where it has no value.
    starts : sequence of float
        Sizes on which the function may vary: the first is tried, the others while the error is
        large.
    least : float
        The smallest step that makes sense.
    noise : float
        How far a value may be off, as far as it is known; more is found out.
    unit : float
        The rounding unit of the function's values.

    Returns
    -------
    Slope

    Examples
    --------
    >>> import math
    >>> found = slope_along(math.sin)
    >>> abs(found.value - 1) < found.error < 1e-9
    True
    >>> slope_along(abs).kind
    'kink'
    """
    center = line(0.0)
    found: Slope | None = None
    for start in starts:
        new = _sweep(line, center, start, max(least, 1e-307), noise, unit)
        found = new if found is None else _better(found, new)
        moved = max((abs(quotient) * h for h, quotient, _ in found.points), default=0.0)
        if found.kind != "none" and found.error <= RESOLVED * max(abs(found.value), moved / start):
            break
    assert found is not None, "at least one size is tried"
    return found


def _better(one: Slope, other: Slope) -> Slope:
    """Return the sharper of two findings, unless it contradicts the other."""
    if one.kind == "none" or other.kind == "none":
        return other if one.kind == "none" else one
    if one.kind != other.kind:
        return one if one.kind != "smooth" else other
    sharp, wide = (one, other) if one.error <= other.error else (other, one)
    return sharp if abs(sharp.value - wide.value) <= sharp.error + wide.error else wide


def _sweep(
    line: Line, center: float, start: float, least: float, noise: float, unit: float
) -> Slope:
    """Return what one range of steps says."""
    levels = _levels(line, center, start, least, noise, unit)
    if len(levels) < 3:
        return _from_one_side(line, center, start, least, noise, unit)
    if jumps(levels, center):
        h0 = levels[-1].h
        return Slope(math.nan, math.inf, "jump", step=h0, noise=levels[-1].noise)
    quantum = quantum_of(levels)
    plain = levels
    fine = levels[-1].h < 1e-3 * levels[0].h
    levels = with_scatter(levels, quantum, RATIO) if fine else levels
    h = np.array([one.h for one in levels])
    bound = np.array([one.noise for one in levels])
    right = np.array([(one.up - center) / one.h for one in levels])
    left = np.array([(center - one.down) / one.h for one in levels])
    middle = np.array([(one.up - one.down) / (2 * one.h) for one in levels])
    points = tuple(zip(h.tolist(), middle.tolist(), (bound / h).tolist(), strict=True))
    kind = _kind(np.abs(right - left), bound / h)
    most = float(bound.max())
    if kind == "smooth":
        best = _best(middle, bound / h, (2, 4))
        error = best.error or _of_flat(levels, center, start, unit)
        if _is_all_noise(levels, center, unit):
            error = math.inf
        found = Slope(best.value, error, kind, step=float(h[best.level]), noise=most,
                      quantum=quantum, points=points)  # fmt: skip
        return replace(found, coarse=_coarse(plain, found, float(h[best.top])))
    one, other = _side(left, bound / h), _side(right, bound / h)
    half = abs(one.value - other.value) / 2
    error = half + max(one.error, other.error) if kind == "kink" else math.inf
    return Slope(
        (one.value + other.value) / 2, error, kind, left=one, right=other, step=float(h[-1]),
        noise=most, quantum=quantum, points=points,
    )  # fmt: skip


def _is_all_noise(levels: Sequence[Level], center: float, unit: float) -> bool:
    """Tell whether the function moves hardly more than it jitters, and that is not its rounding."""
    noise = max(one.noise for one in levels)
    size = max(max(abs(one.up), abs(one.down), abs(center)) for one in levels)
    moved = max(max(abs(one.up - center), abs(one.down - center)) for one in levels)
    return noise > ROUGH * unit * size and moved < 2 * SURE * noise


def _of_flat(levels: Sequence[Level], center: float, start: float, unit: float) -> float:
    """Return the error of a slope 0 that is exact: a move below the rounding of values near by."""
    still = [one.h for one in levels if one.up == center == one.down]
    near = [max(abs(one.up), abs(one.down)) for one in levels]
    return unit * max(near, default=abs(center)) / max(still, default=start)


def _coarse(plain: Sequence[Level], found: Slope, top: float) -> tuple[Side, ...]:
    """Return the slopes that larger steps alone show, if they are others than what was found."""
    sides = []
    while top <= SHORT * plain[0].h:
        levels = [one for one in plain if one.h > RATIO**2 * top]
        if len(levels) < 4:
            break
        levels = with_scatter(levels, 0.0, RATIO)
        h = np.array([one.h for one in levels])
        middle = np.array([(one.up - one.down) / (2 * one.h) for one in levels])
        best = _best(middle, np.array([one.noise for one in levels]) / h, (2, 4))
        if abs(best.value - found.value) > 2 * best.error + found.error:
            sides.append(Side(best.value, best.error))
        top = max(float(h[best.top]), RATIO * top)
    return tuple(sides)


def _levels(
    line: Line, center: float, start: float, least: float, noise: float, unit: float
) -> list[Level]:
    """Return the values of a sweep, from the largest step that has values on both sides down."""
    levels: list[Level] = []
    still = 0
    h = math.ldexp(1.0, math.frexp(start)[1] + 1)
    for _ in range(LEVELS):
        if h < least:
            break
        up, down = line(h), line(-h)
        if not (math.isfinite(up) and math.isfinite(down)):
            levels.clear()
        else:
            bound = max(noise, 2 * unit * max(abs(up), abs(down), abs(center)))
            levels.append(Level(h, up, down, bound))
            moved = max(abs(up - center), abs(down - center))
            still = still + 1 if moved <= 8 * bound else 0
            if still == STILL:
                break
        h /= RATIO
    return levels


def _kind(gaps: Array, bars: Array) -> Kind:
    """Tell from the gaps between the slopes of both sides, by step, what happens at the point.

    The gap of a smooth function falls with h; at a kink it stays, at a jump it grows as 1 / h.
    """
    clear = np.flatnonzero(gaps > SURE * bars)
    if not len(clear):
        return "smooth"
    last = int(clear[-1])
    below = slice(last + 1, None)
    if last < 5 or (SURE * bars[below] < gaps[last] / 2).any():
        return "smooth"  # only large steps show it, or it is gone where a kink's would still show
    power = math.log(gaps[last - 2] / gaps[last]) / math.log(RATIO**2) if gaps[last - 2] else -1.0
    if power > 0.3 or not np.isfinite(power):
        return "smooth"
    if power > -0.25:
        return "kink"
    return "steep" if power > -0.75 else "jump"


def _side(quotients: Array, bars: Array) -> Side:
    found = _best(quotients, 2 * bars, (1, 2))
    return Side(found.value, found.error)


@dataclass(frozen=True)
class _Best:
    """The estimate with the least error bar.

    `level` is where it stands, `top` the largest step that no smaller one contradicts.
    """

    level: int
    value: float
    error: float
    top: int


def _best(quotients: Array, bars: Array, powers: tuple[int, int]) -> _Best:
    """Return the best estimate from quotients of falling h.

    `powers` are those of the first terms of the truncation error, which Richardson removes.
    """
    families = [(quotients, bars)]
    for power in powers:
        values, noise = families[-1]
        factor = RATIO**power
        if len(values) > 2:
            extrapolated = (factor * values[1:] - values[:-1]) / (factor - 1)
            families.append((extrapolated, (factor * noise[1:] + noise[:-1]) / (factor - 1)))
    found = [_admissible(values, noise) for values, noise in families]
    best = replace(min(found, key=lambda one: one.error), top=min(one.top for one in found))
    plain = found[0]
    return plain if abs(best.value - plain.value) > best.error + plain.error else best


def _admissible(values: Array, noise: Array) -> _Best:
    """Return the level with the least error bar among those that no smaller step contradicts."""
    best = _Best(len(values) - 1, float(values[-1]), math.inf, len(values) - 1)
    low, high = -math.inf, math.inf
    for level in range(len(values) - 1, -1, -1):
        value, bar = float(values[level]), 1.5 * float(noise[level])
        if value + bar < low or value - bar > high:
            break
        low, high = max(low, value - bar), min(high, value + bar)
        best = replace(best, top=level)
        if level + 1 < len(values):
            error = abs(value - float(values[level + 1])) + 2 * float(noise[level + 1])
            if error <= best.error:
                best = _Best(level, value, error, level)
    return best


def _from_one_side(
    line: Line, center: float, start: float, least: float, noise: float, unit: float
) -> Slope:
    """Return the slope of the one side that has values: the point is at the edge."""
    for sign in (1.0, -1.0):
        mirrored = _levels(_mirror(line, sign), center, start, least, noise, unit)
        if len(mirrored) < 3:
            continue
        h = np.array([one.h for one in mirrored])
        bars = np.array([one.noise for one in mirrored]) / h
        quotients = np.array([sign * (one.up - center) / one.h for one in mirrored])
        side = _side(quotients, bars)
        points = tuple(zip(h.tolist(), quotients.tolist(), bars.tolist(), strict=True))
        found = Slope(side.value, side.error, "edge", step=float(h[-1]), points=points)
        return replace(found, right=side) if sign > 0 else replace(found, left=side)
    return Slope(math.nan, math.inf, "none")


def _mirror(line: Line, sign: float) -> Line:
    """Return the function with one side of it on both."""
    return lambda t: line(sign * abs(t))
