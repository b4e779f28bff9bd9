"""Forms of erf, erfc, the normal distribution and gelu, in float64.

The tail is ``erfc(a) = exp(-a^2) W(q) / (1 + 2 a)`` with ``q = (a - 4) / (a + 4)``, near 0 erf is
an odd polynomial; the coefficients are those of our own machine code. Knows formulas.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from chainrule.executors.native.maths.coefficients import BELL, ERF, ERFCX, TWO_BY_ROOT_PI
from chainrule.export.onnx.forms import form
from chainrule.export.onnx.writer import Value

FAR = 28.0
"""Beyond it erfc is 0."""

HALF = 0.4769362762044699
"""Where erf is 1/2: below it erfc is one minus erf without loss."""


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """Return a polynomial by Horner's rule; the lowest power comes first."""
    *others, last = coefficients
    out: Value = x * last + others[-1]
    for coefficient in reversed(others[:-1]):
        out = out * x + coefficient
    return out


def _small(x: Value) -> Value:
    """Return erf(x) near 0."""
    return x + x * _polynomial(x * x, ERF["f64"])


def _tail(a: Value) -> Value:
    """Return erfc of numbers from 0 on."""
    near = a.op("Min", FAR)
    w = _polynomial((near - 4.0) / (near + 4.0), ERFCX["f64"])
    return (-(a * a)).op("Exp") * w / (near + near + 1.0)


@form("erf", single="Erf")
def erf(x: Value) -> Value:
    """Return the error function."""
    a = x.op("Abs")
    return (a < 1.0).choose(_small(x), x.op("Sign") * (1.0 - _tail(a)))


@form("erfc", wide=True)
def erfc(x: Value) -> Value:
    """Return one minus the error function, without loss where that is tiny."""
    a = x.op("Abs")
    tail = _tail(a)
    far = (x < 0.0).choose(2.0 - tail, tail)
    return (a < HALF).choose(1.0 - _small(x), far)


@form("normal_cdf", wide=True)
def normal_cdf(x: Value) -> Value:
    """Return the normal distribution function."""
    return erfc(x * -math.sqrt(0.5)) * 0.5


@form("normal_density", wide=True)
def normal_density(x: Value) -> Value:
    """Return the density of the normal distribution."""
    return (x * x * -0.5).op("Exp") * BELL[0]


@form("erf_slope", wide=True)
def erf_slope(x: Value) -> Value:
    """Return the derivative of the error function."""
    return (-(x * x)).op("Exp") * TWO_BY_ROOT_PI[0]


@form("gelu", single="Gelu")
def gelu(x: Value) -> Value:
    """Return x times the normal distribution function; x is bounded so that -inf gives 0."""
    return x.op("Max", -64.0) * normal_cdf(x)
