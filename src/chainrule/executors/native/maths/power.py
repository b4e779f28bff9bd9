"""The power function, from a logarithm in two parts.

``x^y = exp(y log|x|)`` with a sign. Where the exponent is large, a logarithm in one float would
lose ten bits of the result. So with ``|x| = 2^e m`` and ``z = (m - 1) / (m + 1)``

    log|x| = e log(2) + 2 z (1 + z^2 (1/3 + z^2 (1/5 + ...)))

is evaluated in pairs of floats down to the term 1/5, which is small enough for one; the products
of pairs are exact (Dekker, Numerische Mathematik 18, 1971, page 224). float32 goes through
float64, where one part is enough. Knows numbers; knows no operation.
"""

from __future__ import annotations

import math

from chainrule.executors.native.maths.coefficients import LN2, LOG_TAIL
from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.maths.normal import Normal
from chainrule.executors.native.values import Value

Pair = tuple[Value, Value]

THIRD = (1 / 3, 2.0**-54 / 3)
"""1/3 in two parts."""


class Power(Normal):
    """Powers with any base and exponent."""

    def power(self, x: Value, y: Value) -> Value:
        """Return `x` to the power of `y`, with the special cases of C."""
        if y.text == y.like(2.0).text:
            return x * x
        if x.kind == "f64":
            return self._signed_power(x, y, self._power_of_size(self.abs(x), y))
        base, exponent = (self.writer.convert(v, "f64") for v in (x, y))
        size = self.exp(exponent * self.log(self.abs(base)))
        return self._signed_power(x, y, self.writer.convert(size, x.kind))

    def power_slope(self, x: Value, y: Value, order: int = 1, by: int = 0) -> Value:
        """Return the derivative of that order, by `x`, of ``x ** (y - by)``."""
        base, exponent = (self.writer.convert(v, "f64") for v in (x, y))
        return self.writer.convert(self._power_slope(base, exponent, order, by), x.kind)

    def _power_slope(self, x: Value, y: Value, order: int, by: int) -> Value:
        """Return the slope in float64; where the lower power overflows, it is divided instead."""
        exponent = y - float(by)
        even = (self.abs(y) >= 2.0**53) & (x < 0.0)
        lowered = self.power(self.where(even, -x, x), y - float(by + order))
        if (by + order) % 2:
            lowered = self.where(even, -lowered, lowered)
        slope, split, flat = lowered, self.power(x, exponent), even & ~even
        for j in range(order):
            factor = exponent - float(j)
            slope, split = slope * factor, split * (factor / x)
            flat = flat | factor.same(0.0)
        lost = self.abs(lowered).same(math.inf) & self.is_finite(split)
        return self.where(flat, 0.0, self.where(lost, split, slope))

    def _signed_power(self, x: Value, y: Value, size: Value) -> Value:
        """Return the power, given ``|x|^y``."""
        whole = self.floor(y).same(y)
        half = 0.5 * y
        odd = whole & self.floor(half).differs(half)
        size = self.where(self.abs(x).same(1.0) & (self.abs(y) > 0.0), 1.0, size)
        out = self.where(odd, self.with_sign(size, x), size)
        out = self.where((x < 0.0) & (x > -math.inf) & ~whole, math.nan, out)
        return self.where(x.same(1.0) | y.same(0.0), 1.0, out)

    def _product(self, a: Value, b: Value) -> Pair:
        """Return a product as its rounded value and what was lost."""
        out = a * b
        if self.writer.fused:
            return out, self.writer.fma(a, b, -out)
        a1, b1 = (self.float_of(self.bits(v) & -(1 << 27)) for v in (a, b))
        a2, b2 = a - a1, b - b1
        return out, (((a1 * b1 - out) + a1 * b2) + a2 * b1) + a2 * b2

    def _pair_product(self, a: Pair, b: Pair) -> Pair:
        high, low = self._product(a[0], b[0])
        return high, low + (a[0] * b[1] + a[1] * b[0])

    def _pair_sum(self, a: Pair, b: Pair) -> Pair:
        """Return a sum; the first is the larger one, or zero."""
        high = a[0] + b[0]
        return high, ((a[0] - high) + b[0]) + (a[1] + b[1])

    def _log_pair(self, x: Value) -> Pair:
        """Return the logarithm of a positive number."""
        count, m = self.taken_apart(*self.normal(x))
        below = m + 1.0
        lost, f, y = m - (below - 1.0), m - 1.0, 1.0 / below
        z = f * y
        product, low = self._product(z, below)
        z_pair = z, (((f - product) - low) - z * lost) * y
        w = self._pair_product(z_pair, z_pair)
        tail = w[0] * self.polynomial(LOG_TAIL["f64"], w[0])
        third = self._pair_sum((x.like(THIRD[0]), x.like(THIRD[1])), (tail, x.like(0.0)))
        twice = z_pair[0] + z_pair[0], z_pair[1] + z_pair[1]
        change = self._pair_product(twice, self._pair_product(w, third))
        upper, lower = LN2["f64"]
        whole = count * upper, count * lower
        return self._pair_sum(whole, self._pair_sum(twice, change))

    def _power_of_size(self, x: Value, y: Value) -> Value:
        """Return ``x^y`` for x from 0 on."""
        form = FORMATS["f64"]
        log = self._log_pair(x)
        ends = self.where(x.same(0.0), -math.inf, x)
        plain = x.same(0.0) | ~self.is_finite(x)
        high, low = self._pair_product(log, (y, y.like(0.0)))
        high = self.where(plain, y * ends, high)
        bounded = self.no_less_than(self.no_more_than(high, form.most), form.least)
        low = self.where(bounded.same(high) & self.is_finite(low), low, 0.0)
        return self.exp_of_sum(bounded, low)
