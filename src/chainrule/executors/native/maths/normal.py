"""erf, erfc, the normal distribution and gelu.

For ``a = |x|``, exp(-a^2) is taken apart as in `exponential`: a^2 is the exact square of the upper
half of a's digits and a rest, which goes into the small part, so nothing is lost where a^2 is
large. The tail is

    erfc(a) = exp(-a^2) W(q) / (1 + 2 a),    q = (a - 4) / (a + 4)

where W comes from ``coefficients.ERFCX`` (the form of Shepherd and Laframboise, Mathematics of
Computation 36, 1981, page 249). Near 0 erf is an odd polynomial. All is computed in float64.
Knows numbers; knows no operation.
"""

from __future__ import annotations

import math

from chainrule.executors.native.maths.coefficients import (
    BELL,
    ERF,
    ERFCX,
    ERFCX_REST,
    TWO_BY_ROOT_PI,
)
from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.maths.logistic import Logistic
from chainrule.executors.native.values import Value

FAR = 28.0
"""Beyond it erfc is 0."""

ROOT, ROOT_REST = 0.7071067811865476, -4.833646656726457e-17
"""sqrt(1/2) in two parts. The slope of exp(a^2) erfc(a) times what a lost makes that good."""

HALF = 0.4769362762044699
"""Where erf is 1/2: below it erfc is one minus erf without loss."""


class Normal(Logistic):
    """The error function and its relatives."""

    def erf(self, x: Value) -> Value:
        """Return the error function."""
        return self.in_double(self._erf, x)

    def erfc(self, x: Value) -> Value:
        """Return one minus the error function."""
        return self.in_double(self._erfc, x)

    def erf_slope(self, x: Value) -> Value:
        """Return the derivative of erf."""
        return self.in_double(lambda y: self._bell(y, TWO_BY_ROOT_PI, 1.0), x)

    def normal_density(self, x: Value) -> Value:
        """Return the density of the standard normal distribution."""
        return self.in_double(lambda y: self._bell(y, BELL, 0.5), x)

    def normal_cdf(self, x: Value) -> Value:
        """Return the distribution function of the standard normal distribution."""
        return self.in_double(self._normal_cdf, x)

    def gelu(self, x: Value) -> Value:
        """Return `x` times the normal distribution function."""
        return self.in_double(self._gelu, x)

    def gelu_slope(self, x: Value) -> Value:
        """Return the derivative of gelu."""
        return self.in_double(self._gelu_slope, x)

    def _square(self, x: Value, factor: float) -> tuple[Value, Value, Value]:
        """Return |x|, and 2^lift s and p for ``exp(-factor * x^2) = s * (1 + p)``."""
        form = FORMATS[x.kind]
        a = self.no_more_than(self.abs(x), FAR / math.sqrt(factor))
        top = self.float_of(self.bits(a) & -(1 << 27))
        square, lost = (-factor * top) * top, ((a - top) * (a + top)) * factor
        sum_ = self._rounded(square, 1 / math.log(2))
        high, small = self.reduced(square, sum_ - form.magic)
        power = self.bits(sum_) << form.fraction
        lifted = self.float_of(power + (form.one + (form.lift << form.fraction)))
        return a, lifted, high + self.rest(high, small - lost)

    def _ratio(self, a: Value) -> tuple[Value, Value]:
        """Return ``exp(a^2) erfc(a)`` as a number and what it lacks."""
        fma = self.writer.fma
        first, *others = ERFCX["f64"]
        q = (a - 4.0) / (a + 4.0)
        change = fma(q, self.polynomial(others, q), ERFCX_REST)
        w = change + first
        rest = (first - w) + change
        twice = a + a
        below = twice + 1.0
        part = below - twice
        lost = (twice - (below - part)) + (1.0 - part)
        y = 1.0 / below
        out = w * y
        return out, (fma(-out, lost, fma(-out, below, w)) + rest) * y

    def _times(self, p: Value, number: Value, lack: Value) -> Value:
        """Return ``(1 + p) * (number + lack)``, the largest term added last."""
        fma = self.writer.fma
        return number + fma(p, number, fma(p, lack, lack))

    def _bell(self, x: Value, number: tuple[float, float], factor: float) -> Value:
        _, lifted, p = self._square(x, factor)
        return self._scaled(self._times(p, p.like(number[0]), p.like(number[1])), lifted)

    def _small(self, x: Value) -> Value:
        """Return erf(x) near 0."""
        return self.writer.fma(x, self.polynomial(ERF["f64"], x * x), x)

    def _erf(self, x: Value) -> Value:
        far = self.with_sign(1.0 - self._erfc(self.abs(x)), x)
        return self.where(self.abs(x) < 1.0, self._small(x), far)

    def _erfc(self, x: Value) -> Value:
        a, lifted, p = self._square(x, 1.0)
        tail = self._scaled(self._times(p, *self._ratio(a)), lifted)
        far = self.where(x < 0.0, 2.0 - tail, tail)
        return self.where(a < HALF, 1.0 - self._small(x), far)

    def _normal_tail(self, x: Value) -> tuple[Value, Value, Value]:
        """Return 2^lift s, the distribution function at -|x| by s / 2, and itself."""
        a, lifted, p = self._square(x, 0.5)
        by_root = a * ROOT
        ratio, lack = self._ratio(by_root)
        lost = self.writer.fma(a, ROOT, -by_root) + a * ROOT_REST
        slope = self.writer.fma(by_root + by_root, ratio, -TWO_BY_ROOT_PI[0])
        tail = self._times(p, ratio, self.writer.fma(lost, slope, lack))
        near = self.writer.fma(self._small(by_root), -0.5, 0.5)
        return lifted, tail, self.where(by_root < HALF, near, self._scaled(tail, lifted, -1))

    def _normal_cdf(self, x: Value) -> Value:
        _, _, below = self._normal_tail(x)
        return self.where(x < 0.0, below, 1.0 - below)

    def _gelu(self, x: Value) -> Value:
        lifted, tail, value = self._normal_tail(x)
        bounded = self._bounded(x)
        far = self._scaled(bounded * tail, lifted, -1)
        below = self.where(x > -1.0, x * value, far)
        return self.where(x <= 0.0, below, self.writer.fma(-bounded, value, x))

    def _gelu_slope(self, x: Value) -> Value:
        fma = self.writer.fma
        lifted, tail, value = self._normal_tail(x)
        _, _, p = self._square(x, 0.5)
        density = self._times(p, p.like(2 * BELL[0]), p.like(2 * BELL[1]))
        bounded = self._bounded(x)
        far = self._scaled(fma(bounded, density, tail), lifted, -1) + 0.0
        slope = bounded * self._scaled(density, lifted, -1)
        return self.where(x < -1.0, far, slope + self.where(x < 0.0, value, 1.0 - value))

    def _bounded(self, x: Value) -> Value:
        far = FAR / math.sqrt(0.5)
        return self.no_less_than(self.no_more_than(x, far), -far)
