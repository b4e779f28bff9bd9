"""Sine and cosine of angles that are not huge.

Knows instructions; knows no other function.
"""

from __future__ import annotations

import math

from chainrule.executors.native.maths.basic import Basic
from chainrule.executors.native.values import Value

NEAR = 1e5
"""Larger angles lose digits in the reduction below."""

QUARTER = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
"""pi / 2 in three parts, each the float64 nearest to what is left (mpmath, 400 bits)."""

TERMS = 9
"""Terms of the Taylor series: the next one is below 1e-18 of the first within pi / 4."""


class Trigonometric(Basic):
    """Sine and cosine in float64 to 1.5 units, for processors that fuse multiply and add."""

    def sin(self, x: Value) -> Value:
        """Return the sine of an angle of at most `NEAR`."""
        return self.where(x.same(0.0), x, self._turned(x, 0))  # the sign of a zero stays

    def cos(self, x: Value) -> Value:
        """Return the cosine of an angle of at most `NEAR`."""
        return self._turned(x, 1)

    def _turned(self, x: Value, quarters: int) -> Value:
        """Return sin(x + quarters * pi / 2): x = n pi / 2 + r, and the last bits of n choose."""
        w = self.writer
        magic = 1.5 * 2.0**52  # adding it rounds to a whole number, which stands in the last bits
        shifted = w.fma(x, 1 / QUARTER[0], magic)
        count = shifted - magic
        r = x
        for part in QUARTER:
            r = w.fma(-count, count.like(part), r)
        whole = w.bits(shifted, "i64") + quarters
        value = self.where((whole & 1).same(1), self._series(r, 0), self._series(r, 1))
        return self.where((whole & 2).same(2), -value, value)

    def _series(self, r: Value, first: int) -> Value:
        """Return the Taylor series of sin (first = 1) or cos (first = 0) within pi / 4."""
        w, square = self.writer, r * r
        total = square.like((-1.0) ** TERMS / math.factorial(2 * TERMS + first))
        for k in range(TERMS - 1, 0, -1):
            total = w.fma(total, square, (-1.0) ** k / math.factorial(2 * k + first))
        total = total * square
        return w.fma(total, r, r) if first else total + 1.0
