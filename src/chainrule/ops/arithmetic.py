"""Arithmetic: add, sub, mul, div, neg, power, and `chain`, which the chain rule itself uses.

One declaration each. Knows values and local derivatives; knows no executor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph import Example, Node, apply, constant
from chainrule.ops.declare import elementwise, in_double
from chainrule.types import Array

PAIRS = [(2.0, 3.0), (-1.5, 0.25), ([1.0, -2.0], 3.0)]


def is_constant(x: Node, number: float) -> bool:
    """Tell whether every entry of `x` is known to be this number."""
    if x.op != "constant" or x.data is None or not x.size:
        return False
    return bool(np.all(x.data == number))


def only(x: Node, *others: Node) -> Node | None:
    """Return `x` if an operation with the other inputs would have its shape."""
    return x if np.broadcast_shapes(x.shape, *(o.shape for o in others)) == x.shape else None


def _drop_zero(x: Node, y: Node) -> Node | None:
    if is_constant(y, 0):
        return only(x, y)
    return only(y, x) if is_constant(x, 0) else None


add = elementwise(
    "add",
    "Sum of two arrays, entry by entry.",
    value=np.add,
    local=lambda out, x, y: (1, 1),
    latex="{0} + {1}",
    examples=PAIRS,
    numpy=(np.add,),
    rewrite=_drop_zero,
    native=lambda m, x, y: x + y,
)

sub = elementwise(
    "sub",
    "Difference of two arrays, entry by entry.",
    value=np.subtract,
    local=lambda out, x, y: (1, -1),
    latex="{0} - {1}",
    examples=PAIRS,
    numpy=(np.subtract,),
    rewrite=lambda x, y: only(x, y) if is_constant(y, 0) else None,
    native=lambda m, x, y: x - y,
)


def _drop_one(x: Node, y: Node) -> Node | None:
    if is_constant(y, 1):
        return only(x, y)
    return only(y, x) if is_constant(x, 1) else None


mul = elementwise(
    "mul",
    "Product of two arrays, entry by entry.",
    value=np.multiply,
    local=lambda out, x, y: (y, x),
    latex=r"{0} \cdot {1}",
    examples=PAIRS,
    numpy=(np.multiply,),
    rewrite=_drop_one,
    native=lambda m, x, y: x * y,
)

div = elementwise(
    "div",
    "Quotient of two arrays, entry by entry; division by zero gives inf or NaN as IEEE 754 says.",
    value=np.divide,
    local=lambda out, x, y: (1.0 / y, -out / y),
    latex=r"\frac{{{0}}}{{{1}}}",
    examples=PAIRS,
    numpy=(np.divide,),
    rewrite=lambda x, y: only(x, y) if is_constant(y, 1) else None,
    native=lambda m, x, y: x / y,
)

neg = elementwise(
    "neg",
    "The negative of each entry.",
    value=np.negative,
    local=lambda out, x: (-1,),
    latex="-{0}",
    examples=[(2.0,), (-1.5,)],
    numpy=(np.negative,),
    rewrite=lambda x: x.inputs[0] if x.op == "neg" else None,
    native=lambda m, x: -x,
)


def chain_value(g: Array, local: Array) -> Array:
    """Return ``g * local``, exactly 0 where `g` is 0, even where `local` is inf or NaN."""
    product = np.multiply(g, local)
    lost = np.isnan(product)
    return np.where(lost & (g == 0), 0 * g, product) if lost.any() else product


chain = elementwise(
    "chain",
    "Upstream gradient times local derivative: exactly 0 where the upstream gradient is 0.",
    value=chain_value,
    local=lambda out, g, local: (local, g),
    latex=r"{0} \cdot {1}",
    examples=PAIRS,
    rewrite=lambda g, local: only(g, local) if is_constant(local, 1) else _drop_one(g, local),
    native=lambda m, g, local: m.chain(g, local),
)


@in_double
def _power_slope(x: Array, y: Array, order: int = 1, by: int = 0) -> Array:
    """Return the derivative of that order of ``x ** (y - by)``; powers that overflow are split."""
    exponent = y - by
    slope = lowered = _lowered(x, y, by + order)
    split = np.ones_like(exponent)
    for j in range(order):
        slope, split = slope * (exponent - j), split * (exponent - j) / x
    split = split * np.power(x, exponent)
    slope = np.where(np.isinf(lowered) & np.isfinite(split), split, slope)
    flat = np.isin(np.real(exponent), range(order))
    return np.where(flat, 0, slope)


def _lowered(x: Array, y: Array, by: int) -> Array:
    """Return ``x ** (y - by)``; from 2**53 on y is even, and ``y - by`` may not be held exactly."""
    even = (np.abs(y) >= 2.0**53) & (np.real(x) < 0)
    return np.asarray(np.where(even, (-1) ** by, 1) * np.power(np.where(even, -x, x), y - by))


def _power_slope_locals(out: Node, x: Node, y: Node, order: int = 1, by: int = 0) -> Any:
    """Return the next derivative by the base, and that of the product of factors by the exponent.

    With f = e (e-1) ... (e-n+1) and e = y - by: d/dy f x^(e-n) = (f' + f log x) x^(e-n).
    """
    by_base = apply("power_slope", x, y, order=order + 1, by=by)
    if y.op == "constant":
        return by_base, None
    factor, slope = constant(1.0, y.dtype), constant(0.0, y.dtype)
    for j in range(order):
        factor, slope = factor * (y - float(by + j)), slope * (y - float(by + j)) + factor
    bare = apply("power_slope", x, y, order=0, by=by + order)
    zero = apply("logical_and", x == 0, y > float(by + order))
    by_exponent = apply("chain", bare, slope + factor * apply("log", x))
    return by_base, apply("where", zero, 0.0, by_exponent)


power_slope = elementwise(
    "power_slope",
    "The derivative of x**y by x, y * x**(y - 1), and those of higher order.",
    value=_power_slope,
    local=_power_slope_locals,
    latex=r"\partial^{{{order}}} {0}^{{{1}}}",
    examples=[
        Example((2.0, 3.0), {"order": 1}),
        Example(([0.5, 2.0, -1.5], 2.0), {"order": 1}),
        Example((1.5, -0.5), {"order": 0, "by": 1}),
    ],
    kinks=("0 where the exponent is 0, at base 0 too",),
    at_kink=lambda x, y, order=1, by=0: (x == 0) | ((y >= by) & (y < by + order) & (y % 1 == 0)),
    native=lambda m, x, y, order=1, by=0: m.power_slope(x, y, order, by),
)


def _times_log(out: Node, x: Node, y: Node) -> Node:
    """Return ``out * log(x)``, the derivative of a power `y` of `x`; 0 for 0 to a positive one."""
    zero = apply("logical_and", x == 0, y > 0)
    return apply("where", zero, 0.0, out * apply("log", x))


def _power_locals(out: Node, x: Node, y: Node) -> tuple[Any, Any]:
    return _by_base(x, y), None if y.op == "constant" else _times_log(out, x, y)


def _by_base(x: Node, y: Node) -> Any:
    """Return the derivative of ``x ** y`` by `x`; a number where the exponent is one."""
    for exponent, local in ((0, 0.0), (1, 1.0), (2, 2.0 * x)):
        if is_constant(y, exponent) and y.size == 1:
            return local
    return apply("power_slope", x, y, order=1)


def _power(x: Array, y: Array) -> Array:
    return np.square(x) if np.ndim(y) == 0 and y == 2 else np.power(x, y)


power = elementwise(
    "power",
    "First array to the power of the second, entry by entry.",
    value=_power,
    local=_power_locals,
    latex="{0}^{{{1}}}",
    examples=[(2.0, 3.0), (1.5, -0.5), ([0.5, 2.0], 2.0)],
    numpy=(np.power,),
    kinks=("d/dx x**0 = 0, at x = 0 too", "d/dy 0**y = 0 for y > 0"),
    at_kink=lambda x, y: (y == 0) | ((x == 0) & (y > 0)),
    rewrite=lambda x, y: only(x, y) if is_constant(y, 1) else None,
    native=lambda m, x, y: m.power(x, y),
)
