"""log and log1p.

``x = 2^e m`` with m between sqrt(1/2) and sqrt(2), taken from the bits; f = m - 1 is exact. With
``z = f / (2 + f)`` and ``h = f^2 / 2``

    log(m) = 2 atanh(z) = f - (h - z (h + R)),    R = 2 z^2 p(z^2)

where p comes from ``coefficients.LOG``: only small terms are rounded (the formula of ``e_log.c``
of fdlibm, Sun Microsystems, 1993). log1p rounds 1 + x and puts what was lost into the small terms.
Knows numbers; knows no operation.
"""

from __future__ import annotations

import math
import struct

from chainrule.executors.native.maths.coefficients import LN2, LOG
from chainrule.executors.native.maths.exponential import Exponential
from chainrule.executors.native.maths.formats import FORMATS, Format
from chainrule.executors.native.values import Number, Value


def _root_bits(form: Format) -> int:
    """Return the bits of sqrt(1/2)."""
    if form.kind == "f32":
        return int(struct.unpack("<i", struct.pack("<f", math.sqrt(0.5)))[0])
    return int(struct.unpack("<q", struct.pack("<d", math.sqrt(0.5)))[0])


class Logarithm(Exponential):
    """The natural logarithm and log1p."""

    def log(self, x: Value) -> Value:
        """Return the natural logarithm: -inf at 0, NaN below."""
        return self._at_the_ends(self._log_of(*self.normal(x), 0.0), x, x)

    def log1p(self, x: Value) -> Value:
        """Return ``log(1 + x)``."""
        form = FORMATS[x.kind]
        u = x + 1.0
        part = u - 1.0
        lost = (1.0 - (u - part)) + (x - part)
        out = self._log_of(u, x.like(2.0**form.fraction + form.bias), lost / u)
        out = self._at_the_ends(out, u, x)
        return self.where(self.abs(x) < form.grain, x, out)

    def _at_the_ends(self, out: Value, argument: Value, x: Value) -> Value:
        """Return `out` for a positive argument, -inf for 0, NaN below; inf and NaN stay."""
        below = self.where(argument.same(0.0), -math.inf, x.like(math.nan))
        return self.where(argument <= 0.0, below, self.where(x < math.inf, out, x))

    def normal(self, x: Value) -> tuple[Value, Value]:
        """Return a number lifted out of the subnormal ones, and the bias of its binade then."""
        form = FORMATS[x.kind]
        lift, bias = form.fraction + 2, 2.0**form.fraction + form.bias
        small = x < form.tiny
        lifted = self.where(small, x * 2.0**lift, x)
        return lifted, self.where(small, bias + lift, x.like(bias))

    def taken_apart(self, x: Value, bias: Value) -> tuple[Value, Value]:
        """Return e and m of a normal number; `bias` counts its binade from 0.

        The exponent becomes a float as the low bits of 2^fraction.
        """
        form = FORMATS[x.kind]
        root, mask = _root_bits(form), (1 << form.fraction) - 1
        moved = self.bits(x) + (form.one - root)
        large = (form.bias + form.fraction) << form.fraction
        whole = self.writer.arithmetic("lshr", moved, form.fraction) | large
        return self.float_of(whole) - bias, self.float_of((moved & mask) + root)

    def _log_of(self, x: Value, bias: Value, lost: Number) -> Value:
        """Return ``log(x) + lost`` for a normal number."""
        w = self.writer
        count, m = self.taken_apart(x, bias)
        f = m - 1.0
        z = f / (m + 1.0)
        z2, half = z * z, (0.5 * f) * f
        series = self.polynomial(LOG[x.kind], z2)
        upper, lower = LN2[x.kind]
        small = w.fma(count, lower, x.like(lost))
        inner = half - w.fma(z, w.fma(z2 + z2, series, half), small)
        return w.fma(count, upper, f - inner)
