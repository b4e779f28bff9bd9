"""Arithmetic: add, sub, mul, div, neg, power, and `chain`, which the chain rule itself uses.

One declaration each. Knows values and local derivatives; knows no executor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph import Node, apply
from chainrule.ops.declare import elementwise
from chainrule.types import Array

PAIRS = [(2.0, 3.0), (-1.5, 0.25), ([1.0, -2.0], 3.0)]


def is_constant(x: Node, number: float) -> bool:
    """Tell whether every entry of `x` is known to be this number."""
    return x.op == "constant" and x.size > 0 and bool(np.all(x.data == number))


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
)


def chain_value(g: Array, local: Array) -> Array:
    """Return ``g * local``, exactly 0 where `g` is 0, even where `local` is inf or NaN."""
    product = np.multiply(g, local)
    return product if np.isfinite(product).all() else np.where(g == 0, 0 * g, product)


chain = elementwise(
    "chain",
    "Upstream gradient times local derivative: exactly 0 where the upstream gradient is 0.",
    value=chain_value,
    local=lambda out, g, local: (local, g),
    latex=r"{0} \cdot {1}",
    examples=PAIRS,
    rewrite=lambda g, local: only(g, local) if is_constant(local, 1) else _drop_one(g, local),
)


def _power_locals(out: Node, x: Node, y: Node) -> tuple[Any, Any]:
    return _by_base(x, y), apply("where", _zero_to_a_positive(x, y), 0.0, out * apply("log", x))


def _by_base(x: Node, y: Node) -> Any:
    """Return the derivative of ``x ** y`` by `x`: ``y * x ** (y - 1)``, and 0 where y is 0."""
    for exponent, local in ((0, 0.0), (1, 1.0), (2, 2.0 * x)):
        if is_constant(y, exponent) and y.size == 1:
            return local
    slope = y * apply("power", x, y - 1.0)
    never_zero = y.op == "constant" and bool(np.all(y.data != 0))
    return slope if never_zero else apply("where", y == 0, 0.0, slope)


def _zero_to_a_positive(x: Node, y: Node) -> Node:
    return apply("logical_and", x == 0, y > 0)


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
)
