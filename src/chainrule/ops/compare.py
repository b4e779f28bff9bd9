"""Comparisons and choices: less, equal ..., where, maximum, minimum, clip, sign, abs.

Comparisons look at the real part, so that the complex step takes the branch of the real number.
Knows values and local derivatives; knows no executor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph import Node, apply, constant, implements
from chainrule.ops.declare import broadcast_rule, call, elementwise, linear, offered, unbroadcast
from chainrule.types import Array, DType

PAIRS = [(1.0, 2.0), ([1.0, 3.0, 2.0], 2.0)]


def boolean(*dtypes: DType, **attrs: Any) -> DType:
    """Return the dtype of a comparison."""
    return np.dtype(np.bool_)


def _comparison(name: str, words: str, symbol: str, ufunc: np.ufunc, native: Any) -> Any:
    return elementwise(
        name,
        f"Where the first array is {words} the second: true or false; it has no slope.",
        value=lambda x, y: ufunc(np.real(x), np.real(y)),
        local=lambda out, x, y: (None, None),
        latex="{0} " + symbol + " {1}",
        examples=PAIRS,
        numpy=(ufunc,),
        dtype=boolean,
        native=native,
    )


less = _comparison("less", "less than", "<", np.less, lambda m, x, y: x < y)
less_equal = _comparison("less_equal", "at most", r"\le", np.less_equal, lambda m, x, y: x <= y)
greater = _comparison("greater", "greater than", ">", np.greater, lambda m, x, y: x > y)
greater_equal = _comparison(
    "greater_equal", "at least", r"\ge", np.greater_equal, lambda m, x, y: x >= y
)
equal = _comparison("equal", "equal to", "=", np.equal, lambda m, x, y: x.same(y))
not_equal = _comparison(
    "not_equal", "other than", r"\ne", np.not_equal, lambda m, x, y: x.differs(y)
)

logical_and = elementwise(
    "logical_and",
    "Where both arrays are true.",
    value=np.logical_and,
    local=lambda out, x, y: (None, None),
    latex=r"{0} \land {1}",
    examples=[([True, False], True)],
    numpy=(np.logical_and,),
    dtype=boolean,
    native=lambda m, x, y: m.truth(x) & m.truth(y),
)

logical_or = elementwise(
    "logical_or",
    "Where at least one of two arrays is true.",
    value=np.logical_or,
    local=lambda out, x, y: (None, None),
    latex=r"{0} \lor {1}",
    examples=[([True, False], False)],
    numpy=(np.logical_or,),
    dtype=boolean,
    native=lambda m, x, y: m.truth(x) | m.truth(y),
)

logical_not = elementwise(
    "logical_not",
    "Where the array is false.",
    value=np.logical_not,
    local=lambda out, x: (None,),
    latex=r"\lnot {0}",
    examples=[([True, False],)],
    numpy=(np.logical_not,),
    dtype=boolean,
    native=lambda m, x: ~m.truth(x),
)

is_finite = elementwise(
    "is_finite",
    "Where the entries are neither infinite nor NaN.",
    value=np.isfinite,
    local=lambda out, x: (None,),
    latex=r"\mathrm{{finite}}({0})",
    examples=[([1.0, 2.0],)],
    numpy=(np.isfinite,),
    dtype=boolean,
    native=lambda m, x: m.is_finite(x),
)


def _where_adjoint(g: Node, out: Node, condition: Node, x: Node, y: Node) -> tuple[Any, ...]:
    return (
        None,
        unbroadcast(apply("where", condition, g, 0.0), x.shape),
        unbroadcast(apply("where", condition, 0.0, g), y.shape),
    )


where = linear(
    "where",
    "The second array where the condition is true, else the third; the other's gradient is 0.",
    value=np.where,
    shape=broadcast_rule("where"),
    dtype=lambda condition, x, y: np.result_type(x, y),
    adjoint=_where_adjoint,
    latex=r"\begin{{cases}} {1} & {0} \\ {2} & \text{{else}} \end{{cases}}",
    examples=[
        ([True, False], [1.0, 2.0], [3.0, 4.0]),
        ([[True], [False]], [1.0, 2.0], 3.0),
        (False, [1.0, 2.0], 3.0),
    ],
    numpy=(np.where,),
    native=lambda m, condition, x, y: m.where(m.truth(condition), x, y),
)


def switch(condition: Node, yes: float, no: float, like: Node) -> Node:
    """Return one of two numbers, in the dtype of `like`."""
    return apply("where", condition, constant(yes, like.dtype), constant(no, like.dtype))


def _share(out: Node, x: Node, y: Node) -> Node:
    """Return 1 where x is above y, 1/2 at a tie, else 0."""
    return apply("where", x == y, constant(0.5, out.dtype), switch(x > y, 1.0, 0.0, out))


def _pick(ufunc: np.ufunc, wins: Any) -> Any:
    def value(x: Array, y: Array) -> Array:
        if not (np.iscomplexobj(x) or np.iscomplexobj(y)):
            picked: Array = ufunc(x, y)
            return picked
        tie = np.real(x) == np.real(y)
        return np.where(tie, (x + y) / 2, np.where(wins(np.real(x), np.real(y)), x, y))

    return value


maximum = elementwise(
    "maximum",
    "The larger of two arrays, entry by entry; NaN if one is NaN.",
    value=_pick(np.maximum, np.greater),
    local=lambda out, x, y: (_share(out, x, y), _share(out, y, x)),
    latex=r"\max({0}, {1})",
    examples=[(1.0, 2.0), ([1.0, 3.0], 2.0)],
    numpy=(np.maximum, np.fmax),
    kinks=("a tie shares the gradient equally",),
    at_kink=lambda x, y: x == y,
    native=lambda m, x, y: m.maximum(x, y),
)

minimum = elementwise(
    "minimum",
    "The smaller of two arrays, entry by entry; NaN if one is NaN.",
    value=_pick(np.minimum, np.less),
    local=lambda out, x, y: (_share(out, y, x), _share(out, x, y)),
    latex=r"\min({0}, {1})",
    examples=[(1.0, 2.0), ([1.0, 3.0], 2.0)],
    numpy=(np.minimum, np.fmin),
    kinks=("a tie shares the gradient equally",),
    at_kink=lambda x, y: x == y,
    native=lambda m, x, y: m.minimum(x, y),
)


def _clip_value(x: Array, low: Array, high: Array) -> Array:
    raised = np.where(np.real(x) < np.real(low), low, x)
    return np.where(np.real(raised) > np.real(high), high, raised)


def _clip_locals(out: Node, x: Node, low: Node, high: Node) -> tuple[Any, ...]:
    above = apply("logical_or", x > high, low > high)
    below = apply("logical_and", x < low, low <= high)
    outside = apply("logical_or", apply("logical_or", x < low, x > high), low >= high)
    inside = apply("logical_not", outside)
    return tuple(switch(where_, 1.0, 0.0, out) for where_ in (inside, below, above))


elementwise(
    "clip",
    "The entries, but no lower than the second and no higher than the third input.",
    value=_clip_value,
    local=_clip_locals,
    latex=r"\mathrm{{clip}}({0}, {1}, {2})",
    examples=[([-2.0, 0.3, 2.0], -1.0, 1.0)],
    kinks=("the gradient is 1 inside and on a bound, 0 outside, and 0 between equal bounds",),
    at_kink=lambda x, low, high: (x == low) | (x == high) | (low == high),
    native=lambda m, x, low, high: m.clip(x, low, high),
)


@offered
def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """Return the entries, but no lower than `low` and no higher than `high` (None: no bound).

    The gradient is 1 inside and on a bound, 0 outside.

    Examples
    --------
    >>> clip([-2.0, 0.3, 5.0], -1.0, 1.0).tolist()
    [-1.0, 0.3, 1.0]
    """
    return call("clip", x, -np.inf if low is None else low, np.inf if high is None else high)


@implements(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


sign = elementwise(
    "sign",
    "-1, 0 or 1; its derivative is 0.",
    value=lambda x: np.sign(np.real(x)),
    local=lambda out, x: (None,),
    latex=r"\mathrm{{sign}}({0})",
    examples=[([-2.0, 3.0],)],
    numpy=(np.sign,),
    native=lambda m, x: m.sign(x),
)

floor = elementwise(
    "floor",
    "The largest integer not above each entry; its derivative is 0.",
    value=lambda x: np.floor(np.real(x)),
    local=lambda out, x: (None,),
    latex=r"\lfloor {0} \rfloor",
    examples=[([-1.5, 2.25],)],
    numpy=(np.floor,),
    native=lambda m, x: m.floor(x),
)

absolute = elementwise(
    "abs",
    "The absolute value of each entry.",
    value=lambda x: x * np.sign(x.real) if np.iscomplexobj(x) else np.abs(x),
    local=lambda out, x: (apply("sign", x),),
    latex=r"\left|{0}\right|",
    examples=[([-2.0, 3.0],)],
    numpy=(np.abs,),
    kinks=("abs'(0) = 0",),
    at_kink=lambda x: x == 0,
    native=lambda m, x: m.abs(x),
)

stop_gradient = elementwise(
    "stop_gradient",
    "The value itself, through which no gradient passes.",
    value=np.real,
    local=lambda out, x: (None,),
    latex="{0}",
    examples=[(2.0,)],
    native=lambda m, x: x,
)

alias = elementwise(
    "alias",
    "The value itself, as a node of its own, so that a derivative can be taken by it alone.",
    value=lambda x: x,
    local=lambda out, x: (1,),
    latex="{0}",
    examples=[(2.0,)],
    native=lambda m, x: x,
)
