"""exp and expm1.

Both are taken apart as ``exp(x) = 2^n exp(r)`` with ``n = round(x / log 2)``, so that
``|r| <= log(2) / 2``. The rounding is made by adding 1.5 * 2^52 (Format.magic), which leaves n in
the low bits. ``r`` is held as a sum of two: ``n`` times the upper part of log 2 is exact, so is its
difference from x; ``small = -n * lower`` goes into the small rest. Then

    exp(r) - 1 = r + r^2 q(r) = high + rest,  high = x - n * upper,  rest = small + r^2 q(r)

where q comes from ``coefficients.EXP`` (Cody and Waite, Software Manual for the Elementary
Functions, 1980, chapter 6, with a polynomial in place of their quotient). Knows numbers;
knows no operation.
"""

from __future__ import annotations

import math

from chainrule.executors.native.maths.basic import Basic
from chainrule.executors.native.maths.coefficients import EXP, LN2
from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.values import Value


class Exponential(Basic):
    """The exponential function and expm1."""

    def reduced(self, x: Value, count: Value) -> tuple[Value, Value]:
        """Return `high` and `small`, of which the sum is ``r = x - count * log 2``."""
        upper, lower = LN2[x.kind]
        return self.writer.fma(count, -upper, x), count * -lower

    def rest(self, high: Value, small: Value) -> Value:
        """Return ``small + r^2 q(r)``, so that few instructions wait in a row after r."""
        r = high + small
        fma, r2, table = self.writer.fma, r * r, EXP[r.kind]
        odd = [r.like(table[-1])] if len(table) % 2 else []
        q = [fma(table[i + 1], r, table[i]) for i in range(0, len(table) - 1, 2)] + odd
        if r.kind == "f32":
            return fma(r2 * r2, fma(r2, q[2], q[1]), fma(r2, q[0], small))
        r4 = r2 * r2
        tail = fma(fma(q[5], r2, q[4]), r4, fma(r2, q[3], q[2]))
        return fma(r4 * r2, tail, fma(r2, fma(r2, q[1], q[0]), small))

    def _rounded(self, x: Value, factor: float) -> Value:
        """Return the number of which the low bits are ``round(x * factor)``."""
        return self.writer.fma(x, factor, FORMATS[x.kind].magic)

    def _power(self, bits: Value, kind: str, less: int = 0) -> Value:
        """Return two to the power of an integer, less some powers."""
        form = FORMATS[kind]
        return self.float_of((bits << form.fraction) + ((form.bias - less) << form.fraction))

    def _exp(self, x: Value) -> tuple[Value, Value, Value, Value]:
        """Return `high`, `small`, and the bits of n / 2 and of the other half of n."""
        form = FORMATS[x.kind]
        x = self.no_less_than(self.no_more_than(x, form.most), form.least)
        sum_ = self._rounded(x, 1 / math.log(2))
        half = self.bits(self._rounded(x, 0.5 / math.log(2)))
        return *self.reduced(x, sum_ - form.magic), half, self.bits(sum_) - half

    def exp(self, x: Value) -> Value:
        """Return e to the power of `x`.

        2^n may be too large or too small for a float where the result is not: it is multiplied by
        in two steps, so that subnormal results are rounded once.
        """
        return self.exp_of_sum(x, None)

    def exp_of_sum(self, x: Value, low: Value | None) -> Value:
        """Return e to the power of a sum, of which the second is far smaller."""
        high, small, half, other = self._exp(x)
        first = self._power(half, x.kind)
        p = high + self.rest(high, small if low is None else small + low)
        return self.writer.fma(p, first, first) * self._power(other, x.kind)

    def expm1(self, x: Value) -> Value:
        """Return ``exp(x) - 1``.

        With s = 2^n / 2 the result is twice (s - 1/2) + s * high + s * rest. The first sum and the
        first product are added with what their rounding loses, and `rest` with what the rounding
        of r took from it (around 0.35 it counts four times); halving keeps 2^n finite.
        """
        fma, form = self.writer.fma, FORMATS[x.kind]
        high, small, half, other = self._exp(x)
        r = high + small
        slip = (high - r) + small
        rest = fma(0.5 * r, r, fma((r * r) * r, self.polynomial(EXP[x.kind][1:], r), small))
        s = self._power(half, x.kind) * self._power(other, x.kind, less=1)
        base = s - 0.5
        near = fma(s, high, base)
        lost = fma(s, high, base - near) + ((s - base) - 0.5)
        out = near + fma(s, rest, fma(s * slip, high, lost))
        return self.where(self.abs(x) < form.grain, x, out + out)
