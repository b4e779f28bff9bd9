"""Forms of elementwise operations that ONNX has not, or onnxruntime not in float64.

Knows formulas; the bell curves are in `normal`.
"""

from __future__ import annotations

import numpy as np

from chainrule.export.onnx.forms import common, form
from chainrule.export.onnx.writer import Value


@form("square")
def square(x: Value) -> Value:
    """Return x * x."""
    return x * x


@form("alias")
@form("stop_gradient")
def itself(x: Value) -> Value:
    """Return the value itself: no gradient passes through an exported model anyway."""
    return x


@form("is_finite")
def is_finite(x: Value) -> Value:
    """Return where |x| is less than infinity, which NaN is not."""
    return x.is_finite()


@form("not_equal")
def not_equal(x: Value, y: Value) -> Value:
    """Return where they are not equal."""
    first, second = common(x, y)
    return ~first.same(second)


@form("where")
def where(condition: Value, x: Value, y: Value) -> Value:
    """Return one of two."""
    return condition.cast(np.bool_).choose(*common(x, y))


@form("shift")
def shift(x: Value, y: Value) -> Value:
    """Return the difference, 0 where both are equal: inf minus inf would be NaN."""
    return x.same(y).choose(0.0, x - y)


@form("chain")
def chain(g: Value, local: Value) -> Value:
    """Return the product, 0 where the first is 0, whatever the second is."""
    return g.same(0.0).choose(0.0, g * local)


@form("clip")
def clip(x: Value, low: Value, high: Value) -> Value:
    """Return the entries between bounds; the upper one is looked at last."""
    x, low, high = common(x, low, high)
    raised = (x < low).choose(low, x)
    return (raised > high).choose(high, raised)


@form("leaky_relu", single="LeakyRelu")
def leaky_relu(x: Value, alpha: float = 0.01) -> Value:
    """Return x from 0 on, alpha x below."""
    return (x >= 0.0).choose(x, x * alpha)


@form("elu", single="Elu")
def elu(x: Value, alpha: float = 1.0) -> Value:
    """Return x from 0 on, alpha (exp(x) - 1) below."""
    return (x >= 0.0).choose(x, expm1(x.op("Min", 0.0)) * alpha)


@form("log1p", wide=True)
def log1p(x: Value) -> Value:
    """Return log(1 + x): the log of the rounded sum, times what rounding changed in x.

    W. Kahan's way; where the sum is 1, x itself.
    """
    total = x + 1.0
    return total.same(1.0).choose(x, total.op("Log") * (x / (total - 1.0)))


@form("expm1", wide=True)
def expm1(x: Value) -> Value:
    """Return exp(x) - 1: near 0 in W. Kahan's way, as `log1p`; far from it as it stands."""
    power = x.op("Exp")
    less = power - 1.0
    near = power.same(1.0).choose(x, less * (x / power.op("Log")))
    return (x.op("Abs") < 1.0).choose(near, less)


@form("softplus", single="Softplus")
def softplus(x: Value) -> Value:
    """Return the larger of x and 0, plus log(1 + exp(-|x|))."""
    return x.op("Max", 0.0) + log1p((-x.op("Abs")).op("Exp"))


@form("log_sigmoid", wide=True)
def log_sigmoid(x: Value) -> Value:
    """Return -softplus(-x)."""
    return -softplus(-x)


@form("silu", wide=True)
def silu(x: Value) -> Value:
    """Return x times the sigmoid, exact in the tail; x is bounded so that -inf gives 0."""
    e = (-x.op("Abs")).op("Exp")
    share = (x < 0.0).choose(e, 1.0) / (e + 1.0)
    return x.op("Max", -1000.0) * share
