"""How far rounding moves a gradient, entry by entry, measured on the gradient itself.

Along a short line the gradient is evaluated at equal distances. High differences of a smooth
function vanish there, those of rounding do not, and a mistake in a formula is as smooth as the
right one: so this says how exact a gradient is, never whether it is right. Knows arrays; knows no
graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.autodiff.noise import DEVIATIONS
from chainrule.types import Array

Gradient = Callable[[list[Array]], Sequence[Array] | None]
"""A gradient as a function of the arrays; None where it has none."""

POINTS = 9
LINES = 2
"""Lines that are tried; the smaller noise counts, because a kink on one looks like noise."""


def gradient_noise(
    gradient: Gradient, arrays: Sequence[Array], directions: Sequence[Sequence[Array]], unit: float
) -> list[Array]:
    """Return a bound of the rounding in each entry of a gradient; zeros if it cannot be told.

    Parameters
    ----------
    gradient : callable
        From arrays to arrays.
    arrays : sequence of numpy.ndarray
        Where.
    directions : sequence of sequences of numpy.ndarray
        Lines through that point, each with entries of the size of the point's.
    unit : float
        The rounding unit that the gradient is computed in.
    """
    spacing = max(2.0**-18, 8 * math.sqrt(unit))
    found: list[Array] | None = None
    for direction in directions:
        new = _along(gradient, arrays, direction, spacing)
        if new is not None:
            pairs = zip(found or new, new, strict=True)
            found = [np.minimum(one, other) for one, other in pairs]
    return found or [np.zeros(a.shape) for a in arrays]


def measured_rounding(
    gradient: Gradient, arrays: Sequence[Array], directions: Sequence[Sequence[Array]], unit: float
) -> list[Array]:
    """Return a bound of the rounding in a gradient that can also be computed with more digits.

    The gradient is computed at points near by in its own dtype and in the next wider one: the
    difference is rounding, whatever the formula. Where there is no wider one, see `gradient_noise`.
    """
    wider = np.float64 if arrays[0].dtype == np.float32 else np.longdouble
    apart: list[list[Array]] = [[] for _ in arrays]
    for direction in directions if np.finfo(wider).eps < unit else ():
        for k in (0.0, 1.0, 2.0, -1.0):
            near = [
                (a + k * 2.0**-9 * d).astype(a.dtype)
                for a, d in zip(arrays, direction, strict=True)
            ]
            short, long = gradient(near), gradient([a.astype(wider) for a in near])
            if short is None or long is None:
                break
            for own, one, other in zip(apart, short, long, strict=True):
                with np.errstate(all="ignore"):
                    own.append(np.abs(one.astype(wider) - other).astype(np.float64))
    if len(apart[0]) < 2:
        return gradient_noise(gradient, arrays, directions, unit)
    return [_usual(np.stack(own)) for own in apart]


def _usual(apart: Array) -> Array:
    """Return a bound from the largest difference but one: one point may lie beside a kink."""
    found = DEVIATIONS * np.sort(apart, axis=0)[-2]
    return np.where(np.isfinite(found), found, 0.0)


def _along(
    gradient: Gradient, arrays: Sequence[Array], direction: Sequence[Array], spacing: float
) -> list[Array] | None:
    values: list[list[Array]] = [[] for _ in arrays]
    for k in range(1, POINTS + 1):
        moved = [
            (a + k * spacing * d).astype(a.dtype) for a, d in zip(arrays, direction, strict=True)
        ]
        given = gradient(moved)
        if given is None:
            return None
        for own, one in zip(values, given, strict=True):
            own.append(np.asarray(one, np.float64))
    return [_bound(np.stack(own)) for own in values]


def _bound(values: Array) -> Array:
    """Return the noise of values along the first axis, from their fourth to sixth differences."""
    sigmas = []
    with np.errstate(all="ignore"):
        size = np.max(np.abs(values), axis=0)
        differences = values / np.where(size > 0, size, 1.0)  # no square over- or underflows
        for k in range(1, 7):
            differences = np.diff(differences, axis=0)
            if k >= 4:
                variance = math.comb(2 * k, k)
                sigmas.append(np.sqrt(np.mean(differences**2, axis=0) / variance))
        found = DEVIATIONS * size * np.median(np.stack(sigmas), axis=0)
    return np.where(np.isfinite(found), found, 0.0)
