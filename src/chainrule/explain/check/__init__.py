"""check: a gradient against derivatives found from values alone, a verdict for each entry.

Knows functions, runs as records, and the neutral document; knows no view. This is the door: what
stands behind it is imported when it is asked for, so that `import chainrule` stays quick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.explain.check.verdict import Check

__all__ = ["check"]


def check(
    f: Callable[[Any], Any],
    gradient: Any,
    x: Any,
    *,
    entries: int | None = None,
    seed: int = 0,
) -> Check:
    """Compare a gradient with derivatives found from the function's values alone.

    Parameters
    ----------
    f : callable
        Takes x in the form given here, returns one number. NumPy, PyTorch, plain Python, ours.
    gradient : array_like, callable, or dict or tuple like x
        The gradient at x, or a function of x that gives it.
    x : number, array, or dict or tuple of arrays
        Where. float32 is judged by the error that float32 has.
    entries : int, optional
        How many entries are looked at: all of up to 100 by default, else a sample in which every
        array has its share. All entries are always looked at together, along a direction.
    seed : int
        Fixes the sample and the direction.

    Returns
    -------
    Check
        True if the gradient passed; print it for the verdict on each entry.

    Raises
    ------
    ShapeError, DTypeError, SpecError
        If the function does not return one number, or the gradient does not have the form of x.
    ValueRefused
        If the function has no finite value at x.

    Notes
    -----
    The complex step (Squire and Trapp, SIAM Review 40, 1998) is used where the function takes
    complex numbers and central differences agree; else central differences over a sweep of steps,
    extrapolated, each with the error that truncation and measured noise may make. An entry is
    called wrong only outside of all error bars, and a kink or a jump is told, not failed.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([0.5, -1.0])
    >>> import chainrule as cr
    >>> bool(cr.check(lambda w: np.sum(np.tanh(w) ** 2), 2 * np.tanh(w) / np.cosh(w) ** 2, w))
    True
    >>> print(cr.check(lambda w: np.sum(w**2), w, w).entries[0].verdict)
    wrong: yours 0.50000000 is half of 1
    """
    from chainrule.explain.check.of_function import check_function

    return check_function(f, gradient, x, entries, seed)
