"""What needs no polynomial: choices, signs, roots, and the evaluation of polynomials.

Knows instructions; knows no transcendental function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.values import Number, Value
from chainrule.executors.native.writer import Writer


class Basic:
    """Functions of one instruction or a few.

    Parameters
    ----------
    writer : Writer
        Where instructions are written.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def where(self, condition: Value, yes: Number, no: Number) -> Value:
        """Return the second where the condition is true, else the third."""
        return self.writer.where(condition, yes, no)

    def abs(self, x: Value) -> Value:
        """Return the absolute value."""
        return self.writer.intrinsic("fabs", x)

    def sqrt(self, x: Value) -> Value:
        """Return the square root; NaN below 0."""
        return self.writer.intrinsic("sqrt", x)

    def floor(self, x: Value) -> Value:
        """Return the largest integer not above.

        Processors so old that they cannot fuse may have no instruction for it. There a number below
        2**23 (2**52) is rounded by adding and taking away that power of two, and put right.
        """
        if self.writer.fused:
            return self.writer.intrinsic("floor", x)
        whole = 2.0**23 if x.kind == "f32" else 2.0**52
        size = self.abs(x)
        near = self.writer.intrinsic("copysign", (size + whole) - whole, x)
        below = self.where(near > x, near - 1.0, near)
        found = self.writer.intrinsic("copysign", below, x)
        return self.where(size < whole, found, x)

    def trunc(self, x: Value) -> Value:
        """Return the integer next to a number on the side of zero."""
        return self.writer.intrinsic("copysign", self.floor(self.abs(x)), x)

    def maximum(self, x: Value, y: Number) -> Value:
        """Return the larger one, and NaN if one is NaN."""
        larger = self.where(x > y, x, y)
        return self.where(x.differs(x), x, larger)

    def minimum(self, x: Value, y: Number) -> Value:
        """Return the smaller one, and NaN if one is NaN."""
        smaller = self.where(x < y, x, y)
        return self.where(x.differs(x), x, smaller)

    def no_more_than(self, x: Value, bound: float) -> Value:
        """Return `x`, or the bound where `x` is larger; NaN stays."""
        return self.where(x > bound, bound, x)

    def no_less_than(self, x: Value, bound: float) -> Value:
        """Return `x`, or the bound where `x` is smaller; NaN stays."""
        return self.where(x < bound, bound, x)

    def clip(self, x: Value, low: Value, high: Value) -> Value:
        """Return `x`, but no lower than the second and no higher than the third."""
        raised = self.where(x < low, low, x)
        return self.where(raised > high, high, raised)

    def sign(self, x: Value) -> Value:
        """Return -1, 0 or 1; NaN stays."""
        below = self.where(x < 0.0, -1.0, self.where(x.same(0.0), 0.0, x))
        return self.where(x > 0.0, 1.0, below)

    def is_finite(self, x: Value) -> Value:
        """Return where `x` is neither infinite nor NaN."""
        if not x.is_float:
            return x | ~x
        return self.abs(x) < math.inf

    def truth(self, x: Value) -> Value:
        """Return where `x` is true: not 0."""
        return x if x.kind == "i1" else x.differs(0)

    def relu(self, x: Value) -> Value:
        """Return `x` above 0, else 0.0; NaN stays."""
        return self.where(x <= 0.0, 0.0, x)

    def chain(self, g: Value, local: Value) -> Value:
        """Return ``g * local``, but 0 where `g` is 0 and the product would be NaN."""
        product = g * local
        if g.is_never_zero:
            return product
        return self.where(product.differs(product), self.where(g.same(0.0), g, product), product)

    def shift(self, x: Value, y: Value) -> Value:
        """Return ``x - y``, but 0 where they are equal, infinite ones too."""
        return self.where(x.same(y), 0.0, x - y)

    def binade(self, x: Value) -> Value:
        """Return the power of two at or below the size of `x`; 1 for 0, inf and NaN."""
        form = FORMATS[x.kind]
        up = 2.0 ** (form.fraction + 1)
        size = self.abs(x)
        small = size < form.tiny
        bits = self.bits(self.where(small, size * up, size))
        power = self.float_of(bits & ~((1 << form.fraction) - 1))
        power = self.where(small, power * (1 / up), power)
        special = x.same(0.0) | ~self.is_finite(x)
        return self.where(special, 1.0, power)

    def polynomial(self, coefficients: Sequence[float], x: Value) -> Value:
        """Return a polynomial, the lowest power first, so that few instructions wait in a row.

        Estrin's scheme: neighbours are paired until three terms are left.
        """
        fma, terms = self.writer.fma, list[Number](coefficients)
        while len(terms) > 3:
            pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
            terms = [fma(p[1], x, p[0]) if len(p) == 2 else p[0] for p in pairs]
            x = x * x
        out = x.like(terms.pop())
        while terms:
            out = fma(out, x, terms.pop())
        return out

    def bits(self, x: Value) -> Value:
        """Return the bits of a float as an integer."""
        return self.writer.bits(x, FORMATS[x.kind].whole)

    def float_of(self, bits: Value) -> Value:
        """Return the float that has these bits."""
        return self.writer.bits(bits, "f32" if bits.kind == "i32" else "f64")

    def with_sign(self, size: Value, like: Value) -> Value:
        """Return a number that is not negative, with the sign of another."""
        sign = self.bits(like) & FORMATS[like.kind].sign
        return self.float_of(self.bits(size) | sign)

    def in_double(self, function: Callable[[Value], Value], x: Value) -> Value:
        """Return a function of a float32, computed in float64 and rounded once."""
        if x.kind == "f64":
            return function(x)
        return self.writer.convert(function(self.writer.convert(x, "f64")), x.kind)
