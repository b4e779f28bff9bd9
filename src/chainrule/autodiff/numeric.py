"""Derivatives from values alone: the complex step and central differences.

They take a callable on arrays and serve as references for the rules. Knows no graph, no executor.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from chainrule.errors import ShapeError
from chainrule.types import Array, ArrayLike

STEP = 2.0**-100
"""Imaginary step beside a number of size 1: its square vanishes, so nothing is lost."""


def complex_step(function: Callable[[Array], ArrayLike], x: ArrayLike) -> Array:
    """Return the gradient of a real-analytic scalar function, to the last digits.

    Parameters
    ----------
    function : callable
        Takes a complex array of the shape of `x` and returns a number. It must not use abs,
        comparisons of complex numbers or conjugates.
    x : array_like
        Where; float64.

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`.

    Notes
    -----
    df/dx = Im f(x + ih) / h + O(h^2); Squire and Trapp, SIAM Review 40 (1998). The step is a
    power of two far below each entry, so that tiny and huge entries are served too; below 1e-300
    digits are lost.

    Examples
    --------
    >>> complex_step(lambda x: (x ** 3).sum(), [2.0, 1.0])
    array([12.,  3.])
    """
    at = np.asarray(x, np.float64)
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        moved, step = at.astype(np.complex128), imaginary_step(float(at[index]))
        moved[index] += step * 1j
        gradient[index] = _number(function(moved)).imag / step
    return gradient


def imaginary_step(x: float) -> float:
    """Return the imaginary step beside an entry of this size; never subnormal.

    Examples
    --------
    >>> imaginary_step(0.0) == STEP
    True
    """
    exponent = 0 if x == 0 or not math.isfinite(x) else math.frexp(x)[1]
    return max(math.ldexp(STEP, exponent), float(np.finfo(np.float64).tiny))


def central_differences(
    function: Callable[[Array], ArrayLike], x: ArrayLike, h: float | None = None
) -> Array:
    r"""Return the gradient of a scalar function from two values an entry.

    Parameters
    ----------
    function : callable
        Takes an array of the shape of `x` and returns a number.
    x : array_like
        Where; float64.
    h : float, optional
        The step; by default the cube root of the rounding unit times max(1, \|x\|), where the
        error of truncation and that of rounding are about equal. Give a smaller one where the
        function is not smooth within it (log near 0).

    Returns
    -------
    numpy.ndarray
        Of the shape of `x`, right to about 10 digits at best.

    Examples
    --------
    >>> central_differences(lambda x: (x ** 2).sum(), [2.0, 1.0]).round(6)
    array([4., 2.])
    """
    at = np.asarray(x, np.float64)
    gradient = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        step = h if h is not None else np.cbrt(np.finfo(float).eps) * max(1.0, abs(at[index]))
        up, down = at.copy(), at.copy()
        up[index] += step
        down[index] -= step
        rise = _number(function(up)).real - _number(function(down)).real
        gradient[index] = rise / (up[index] - down[index])
    return gradient


def _number(value: ArrayLike) -> np.complex128:
    array = np.asarray(value)
    if array.size != 1:
        raise ShapeError(f"the function returned shape {array.shape}; it must return one number.")
    return np.complex128(array.reshape(())[()])
