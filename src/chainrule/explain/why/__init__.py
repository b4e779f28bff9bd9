"""Why: the chain rule behind one number, symbol by symbol and number by number.

Knows graphs, their values and their names; what it says it says in a neutral document. This is the
door for functions: what stands behind it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation

__all__ = ["why"]

MOST = 24
"""Operations and terms that are shown where there are many."""


def why(f: Any, x: Any, index: Any = None, *, terms: int = MOST) -> Explanation:
    """Return the chain rule behind the derivative of a function by one of its inputs.

    Parameters
    ----------
    f : Node or callable
        One number, computed from variables that were made with values; or a function of one
        array, which is then called with `x`.
    x : Node, str or array_like
        What to differentiate by: a variable of `f`, its name, or for a callable the value.
    index : int or tuple of int, optional
        Which entry of `x`; by default the one with the largest gradient.
    terms : int
        How many operations and terms are shown where there are many.

    Returns
    -------
    Explanation
        Print it, or take ``.latex() .markdown() .html() .json()``.

    Raises
    ------
    SpecError, ShapeError
        If `f` is not one number, or does not depend on such an input.

    Examples
    --------
    >>> import chainrule as cr
    >>> x, y = cr.variable("x", 3.0), cr.variable("y", -4.0)
    >>> f = (x + cr.sigmoid(y)) / (cr.sigmoid(x) + (x + y) ** 2)
    >>> print(cr.why(f, x).text().splitlines()[0])
    df/dx = 2.05956980
    """
    from chainrule.explain.why.function import why_function

    return why_function(f, x, index, terms)
