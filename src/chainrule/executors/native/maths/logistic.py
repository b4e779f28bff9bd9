"""sigmoid, tanh, softplus and their slopes, from one reciprocal.

With ``a = |x|`` and ``exp(a) = 2^n (1 + p)``, s = 2^-n:

    sigmoid(-a) = 1 / (1 + exp(a)) = s y,    y = 1 / (s + 1 + p)

The numerator is a power of two, so everything that is rounded is the denominator and the division;
what both lose is computed exactly, as ``d = 1 - y * (s + 1 + p)``, and y (1 + d) is right to far
more digits than a float holds. From w = sigmoid(-a) follow sigmoid(a) = 1 - w, the slope w - w^2,
tanh(a / 2) = 1 - 2 w. Near 0 tanh is an odd polynomial. The results are multiplied by s last, and
in two steps, so that subnormal ones are rounded once. Knows numbers; knows no operation.
"""

from __future__ import annotations

import math

from chainrule.executors.native.maths.coefficients import LN2, LOG_COSH, SOFTPLUS, TANH
from chainrule.executors.native.maths.formats import FORMATS
from chainrule.executors.native.maths.logarithm import Logarithm
from chainrule.executors.native.values import Value

NEAR = 0.5493061443340549
"""atanh(1/2): above it 1 - 2 w loses nothing."""

LEVEL = 0.45
"""Below it log(1 + exp(x)) hardly changes from one float to the next, and must not fall."""


class Logistic(Logarithm):
    """The logistic function and its relatives."""

    def _parts(self, x: Value, factor: int) -> tuple[Value, Value, Value, Value]:
        """Return 2^lift s, s, and `high` and `rest`, of which the sum is p, for factor * |x|."""
        form = FORMATS[x.kind]
        a = self.no_more_than(self.abs(x), form.reach / factor)
        sum_ = self._rounded(a, factor / math.log(2))
        high, small = self.reduced(a if factor == 1 else a + a, sum_ - form.magic)
        power = self.bits(sum_) << form.fraction
        lifted = self.float_of((self.bits(a).like(form.one + (form.lift << form.fraction))) - power)
        return lifted, lifted * 2.0**-form.lift, high, self.rest(high, small)

    def _reciprocal(self, x: Value, factor: int) -> tuple[Value, Value, Value, Value]:
        """Return 2^lift s, s, y and d: sigmoid(-factor * |x|) is ``s * y * (1 + d)``."""
        fma = self.writer.fma
        lifted, s, high, rest = self._parts(x, factor)
        below = ((s + 1.0) + high) + rest
        lost = (((1.0 - below) + s) + high) + rest
        y = 1.0 / below
        return lifted, s, y, fma(-y, lost, fma(-y, below, 1.0))

    def _scaled(self, x: Value, lifted: Value, doublings: int = 0) -> Value:
        """Return ``x * s``, doubled some times."""
        return (x * lifted) * 2.0 ** (doublings - FORMATS[x.kind].lift)

    def _lifted_tail(self, x: Value) -> Value:
        """Return 2^lift times ``sigmoid(-|x|)``."""
        lifted, _, y, d = self._reciprocal(x, 1)
        first = y * lifted
        return self.writer.fma(d, first, first)

    def _tail(self, x: Value) -> Value:
        """Return ``sigmoid(-|x|)``."""
        return self._lifted_tail(x) * 2.0 ** -FORMATS[x.kind].lift

    def _head(self, x: Value) -> Value:
        """Return ``sigmoid(|x|)``."""
        return self.writer.fma(self._lifted_tail(x), -(2.0 ** -FORMATS[x.kind].lift), 1.0)

    def sigmoid(self, x: Value) -> Value:
        """Return ``1 / (1 + exp(-x))``."""
        return self.where(x < 0.0, self._tail(x), self._head(x))

    def _slope(self, x: Value, factor: int) -> tuple[Value, Value]:
        """Return 2^lift s, and the slope of the sigmoid at factor * x over s.

        w - w^2 with w = s (y + g) is s times y + g - s y (y + 2 g); the largest term is added
        last.
        """
        fma = self.writer.fma
        lifted, s, y, d = self._reciprocal(x, factor)
        g, w = y * d, s * y
        return lifted, y + fma(-w, y, fma(-(w + w), g, g))

    def sigmoid_slope(self, x: Value) -> Value:
        """Return the derivative of the sigmoid."""
        lifted, slope = self._slope(x, 1)
        return self._scaled(slope, lifted)

    def tanh_slope(self, x: Value) -> Value:
        """Return the derivative of tanh: four times that of the sigmoid at 2 x."""
        lifted, slope = self._slope(x, 2)
        return self._scaled(slope, lifted, 2)

    def tanh(self, x: Value) -> Value:
        """Return the hyperbolic tangent."""
        fma = self.writer.fma
        _, s, y, d = self._reciprocal(x, 2)
        w = s * y
        far = fma(-2.0, fma(d, w, w), 1.0)
        a = self.no_more_than(self.abs(x), FORMATS[x.kind].reach / 2)
        a2 = a * a
        near = fma(a * a2, self.polynomial(TANH[x.kind], a2), a)
        return self.with_sign(self.where(a < NEAR, near, far), x)

    def softplus(self, x: Value) -> Value:
        """Return ``log(1 + exp(x))``: ``max(x, 0) + log(1 + exp(-|x|))``.

        The logarithm is 2 atanh(z) with z = 1 / (1 + 2 exp(|x|)) = s / (s + 2 + 2 p), a reciprocal
        as that of the sigmoid. Near 0 it is log(2) + x / 2 + log(cosh(x / 2)).
        """
        fma = self.writer.fma
        lifted, s, high, rest = self._parts(x, 1)
        below = fma(2.0, rest, fma(2.0, high, s + 2.0))
        lost = fma(2.0, rest, fma(2.0, high, (2.0 - below) + s))
        y = 1.0 / below
        d = fma(-y, lost, fma(-y, below, 1.0))
        z2 = (s * y) * (s * y)
        series = y + y * fma(z2, self.polynomial(SOFTPLUS[x.kind], z2), d)
        far = self.no_less_than(x, 0.0) + self._scaled(series, lifted, 1)
        return self.where(self.abs(x) < LEVEL, self._softplus_near(x), far)

    def _softplus_near(self, x: Value) -> Value:
        """Return ``log(2) + x / 2 + log(cosh(x / 2))`` for small `x`."""
        upper, lower = LN2[x.kind]
        x2, half = x * x, 0.5 * x
        even = self.writer.fma(x2, self.polynomial(LOG_COSH[x.kind], x2), lower)
        first = half + upper
        return first + (((upper - first) + half) + even)

    def log_sigmoid(self, x: Value) -> Value:
        """Return the logarithm of the sigmoid: ``-softplus(-x)``."""
        return -self.softplus(-x)

    def silu(self, x: Value) -> Value:
        """Return ``x * sigmoid(x)``; -0.0 at -inf.

        Above 0 it is x less x times the tail of the sigmoid, of which little is seen.
        """
        fma, reach = self.writer.fma, FORMATS[x.kind].reach
        lifted, _, y, d = self._reciprocal(x, 1)
        bounded = self.no_less_than(self.no_more_than(x, reach), -reach)
        below = self._scaled(bounded * fma(d, y, y), lifted)
        return self.where(x <= 0.0, below, fma(-bounded, self._tail(x), x))

    def silu_slope(self, x: Value) -> Value:
        """Return the derivative of silu, ``sigmoid(x) + x * slope``; float32 in float64."""
        return self.in_double(self._silu_slope, x)

    def _silu_slope(self, x: Value) -> Value:
        fma, reach = self.writer.fma, FORMATS[x.kind].reach
        _, _, y, d = self._reciprocal(x, 1)
        lifted, slope = self._slope(x, 1)
        bounded = self.no_less_than(self.no_more_than(x, reach), -reach)
        below = self._scaled(fma(bounded, slope, fma(d, y, y)), lifted)
        above = fma(bounded, self._scaled(slope, lifted), self._head(x))
        return self.where(x < 0.0, below + 0.0, above)

    def leaky_relu(self, x: Value, alpha: float = 0.01) -> Value:
        """Return `x` from 0 on, else ``alpha * x``."""
        return self.where(x >= 0.0, x, alpha * x)

    def elu(self, x: Value, alpha: float = 1.0) -> Value:
        """Return `x` from 0 on, else ``alpha * expm1(x)``."""
        return self.where(x >= 0.0, x, alpha * self.expm1(self.no_more_than(x, 0.0)))

    def elu_slope(self, x: Value, alpha: float = 1.0) -> Value:
        """Return the derivative of elu."""
        return self.where(x >= 0.0, 1.0, alpha * self.exp(self.no_more_than(x, 0.0)))
