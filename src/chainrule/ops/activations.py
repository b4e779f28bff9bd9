"""Activation functions: one declaration each.

Where the derivative in terms of the output would lose digits (sigmoid'(40) is 4.2e-18, not 0),
it is an operation of its own (``sigmoid_slope``), so that every order of derivative keeps them.
Knows values and local derivatives; knows no executor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph import Example, apply, constant
from chainrule.ops.compare import switch
from chainrule.ops.declare import declared, elementwise, in_double
from chainrule.ops.transcendental import within
from chainrule.types import Array

POINTS: list[Any] = [([-2.0, 0.7, 3.0],), (0.3,)]


@in_double
def _sigmoid(x: Array) -> Array:
    negative = np.real(x) < 0
    e = np.exp(np.where(negative, x, -x))  # never overflows
    return np.asarray(np.where(negative, e, 1) / (1 + e))


@in_double
def _sigmoid_slope(x: Array) -> Array:
    e = np.exp(np.where(np.real(x) < 0, x, -x))
    return np.asarray(e / ((1 + e) * (1 + e)))


sigmoid_slope = elementwise(
    "sigmoid_slope",
    "The derivative of the sigmoid, exact in both tails.",
    value=_sigmoid_slope,
    local=lambda out, x: (-out * apply("tanh", 0.5 * x),),
    latex=r"\sigma'({0})",
    examples=POINTS,
    native=lambda m, x: m.sigmoid_slope(x),
    script="""\
def sigmoid_slope(x):
    e = np.exp(-np.abs(x))
    return e / (1 + e) ** 2
""",
)

sigmoid = elementwise(
    "sigmoid",
    "1 / (1 + exp(-x)), without overflow.",
    value=_sigmoid,
    local=lambda out, x: (apply("sigmoid_slope", x),),
    latex=r"\sigma({0})",
    examples=POINTS,
    native=lambda m, x: m.sigmoid(x),
    textbook=lambda out, x: (1.0 / (1.0 + apply("exp", -x)), out * (1.0 - out)),
    script="""\
def sigmoid(x):
    e = np.exp(-np.abs(x))  # never above 1, so nothing overflows
    return np.where(x < 0, e, 1) / (1 + e)
""",
)


@in_double
def _tanh_slope(x: Array) -> Array:
    e = np.exp(np.where(np.real(x) < 0, x, -x) * 2)
    return np.asarray(4 * e / ((1 + e) * (1 + e)))


tanh_slope = elementwise(
    "tanh_slope",
    "The derivative of tanh, exact in both tails.",
    value=_tanh_slope,
    local=lambda out, x: (-2.0 * out * apply("tanh", x),),
    latex=r"\tanh'({0})",
    examples=POINTS,
    native=lambda m, x: m.tanh_slope(x),
    script="""\
def tanh_slope(x):
    e = np.exp(-2 * np.abs(x))
    return 4 * e / (1 + e) ** 2
""",
)

tanh = elementwise(
    "tanh",
    "Hyperbolic tangent.",
    value=np.tanh,
    local=lambda out, x: (apply("tanh_slope", x),),
    latex=r"\tanh({0})",
    examples=POINTS,
    numpy=(np.tanh,),
    native=lambda m, x: m.tanh(x),
    textbook=lambda out, x: (None, 1.0 - apply("square", out)),
)


def _relu(x: Array) -> Array:
    if np.iscomplexobj(x):
        return np.where(x.real > 0, x, 0)
    return np.maximum(x, 0) + np.zeros((), np.asarray(x).dtype)  # -0.0 becomes 0.0, NaN stays


relu = elementwise(
    "relu",
    "max(x, 0); its derivative at 0 is 0.",
    value=_relu,
    local=lambda out, x: (switch(x > 0, 1.0, 0.0, out),),
    latex=r"\mathrm{{relu}}({0})",
    examples=POINTS,
    kinks=("relu'(0) = 0",),
    at_kink=lambda x: x == 0,
    native=lambda m, x: m.relu(x),
    textbook=lambda out, x: (apply("maximum", x, 0.0), None),
    script="""\
def relu(x):
    return np.maximum(x, 0)
""",
)


leaky_relu = elementwise(
    "leaky_relu",
    "x above 0, alpha * x below; alpha is 0.01 unless given.",
    value=lambda x, alpha=0.01: np.where(np.real(x) >= 0, x, alpha * x),
    local=lambda out, x, alpha=0.01: (switch(x >= 0, 1.0, alpha, out),),
    latex=r"\mathrm{{leaky\_relu}}({0})",
    source="Maas, Hannun and Ng, ICML 30 (2013)",
    examples=[*POINTS, Example(([-2.0, 0.7],), {"alpha": 0.2})],
    kinks=("leaky_relu'(0) = 1, the derivative from the right",),
    at_kink=lambda x, alpha=0.01: x == 0,
    native=lambda m, x, alpha=0.01: m.leaky_relu(x, alpha),
    textbook=lambda out, x, alpha=0.01: (apply("where", x >= 0, x, alpha * x), None),
    script="""\
def leaky_relu(x, alpha=0.01):
    return np.where(x >= 0, x, alpha * x)
""",
)


@in_double
def _elu(x: Array, alpha: float = 1.0) -> Array:
    below = np.where(np.real(x) > 0, 0, x)
    return np.where(np.real(x) >= 0, x, alpha * np.expm1(below))


@in_double
def _elu_slope(x: Array, alpha: float = 1.0) -> Array:
    below = np.where(np.real(x) > 0, 0, x)
    return np.where(np.real(x) >= 0, 1.0, alpha * np.exp(below))


elu_slope = elementwise(
    "elu_slope",
    "The derivative of elu: 1 from 0 on, alpha * exp(x) below.",
    value=_elu_slope,
    local=lambda out, x, alpha=1.0: (apply("where", x >= 0, 0.0, out),),
    latex=r"\mathrm{{elu}}'({0})",
    examples=[*POINTS, Example(([-2.0, 0.7],), {"alpha": 0.5})],
    kinks=("elu''(0) = 0, the derivative from the right",),
    at_kink=lambda x, alpha=1.0: x == 0,
    native=lambda m, x, alpha=1.0: m.elu_slope(x, alpha),
    script="""\
def elu_slope(x, alpha=1.0):
    return np.where(x >= 0, 1, alpha * np.exp(np.minimum(x, 0)))
""",
)

elu = elementwise(
    "elu",
    "x above 0, alpha * (exp(x) - 1) below; alpha is 1 unless given.",
    value=_elu,
    local=lambda out, x, alpha=1.0: (apply("elu_slope", x, alpha=alpha),),
    latex=r"\mathrm{{elu}}({0})",
    source="Clevert, Unterthiner and Hochreiter, arXiv:1511.07289, equation 15",
    examples=[*POINTS, Example(([-2.0, 0.7],), {"alpha": 0.5})],
    kinks=("elu'(0) = 1, the derivative from the right",),
    at_kink=lambda x, alpha=1.0: x == 0,
    native=lambda m, x, alpha=1.0: m.elu(x, alpha),
    textbook=lambda out, x, alpha=1.0: (
        apply("where", x >= 0, x, alpha * (apply("exp", x) - 1.0)),
        apply("where", x >= 0, constant(1.0, x.dtype), out + alpha),
    ),
    script="""\
def elu(x, alpha=1.0):
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))
""",
)


@in_double
def _softplus(x: Array) -> Array:
    negative = np.real(x) < 0
    return np.where(negative, 0, x) + np.log1p(np.exp(np.where(negative, x, -x)))


softplus = elementwise(
    "softplus",
    "log(1 + exp(x)), without overflow.",
    value=_softplus,
    local=lambda out, x: (apply("sigmoid", x),),
    latex=r"\mathrm{{softplus}}({0})",
    source="Dugas et al., Advances in NIPS 13 (2001)",
    examples=POINTS,
    native=lambda m, x: m.softplus(x),
    textbook=lambda out, x: (apply("log", 1.0 + apply("exp", x)), None),
    script="""\
def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
""",
)

log_sigmoid = elementwise(
    "log_sigmoid",
    "log of the sigmoid, without overflow: -softplus(-x).",
    value=lambda x: -_softplus(-x),
    local=lambda out, x: (apply("sigmoid", -x),),
    latex=r"\ln\sigma({0})",
    examples=POINTS,
    native=lambda m, x: m.log_sigmoid(x),
    textbook=lambda out, x: (-apply("log", 1.0 + apply("exp", -x)), 1.0 - apply("exp", out)),
    script="""\
def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
""",
)


@in_double
def _silu(x: Array) -> Array:
    return np.where(np.real(x) == -np.inf, -0.0, x * _sigmoid(x))


@in_double
def _silu_slope(x: Array) -> Array:
    slope = _sigmoid_slope(x)
    return np.asarray(_sigmoid(x) + np.where(slope == 0, 0, x) * slope)


silu_slope = elementwise(
    "silu_slope",
    "The derivative of silu: sigmoid(x) + x * sigmoid'(x).",
    value=_silu_slope,
    local=lambda out, x: (
        apply("sigmoid_slope", x) * (2.0 - within(x, 800.0) * apply("tanh", 0.5 * x)),
    ),
    latex=r"\mathrm{{silu}}'({0})",
    examples=POINTS,
    native=lambda m, x: m.silu_slope(x),
    script="""\
def silu_slope(x):
    return sigmoid(x) + x * sigmoid_slope(x)
""",
)

silu = elementwise(
    "silu",
    "x * sigmoid(x), also called swish.",
    value=_silu,
    local=lambda out, x: (apply("silu_slope", x),),
    latex=r"\mathrm{{silu}}({0})",
    source="Elfwing, Uchibe and Doya, arXiv:1702.03118; Ramachandran et al., arXiv:1710.05941",
    examples=POINTS,
    native=lambda m, x: m.silu(x),
    textbook=lambda out, x: (
        x * apply("sigmoid", x),
        apply("sigmoid", x) + out * (1.0 - apply("sigmoid", x)),
    ),
    script="""\
def silu(x):
    return x * sigmoid(x)
""",
)


@in_double
def _gelu(x: Array) -> Array:
    return np.where(np.real(x) == -np.inf, -0.0, x * declared("normal_cdf").value(x))


@in_double
def _gelu_slope(x: Array) -> Array:
    density = declared("normal_density").value(x)
    tail = np.where(density == 0, 0, x) * density
    return np.asarray(declared("normal_cdf").value(x) + tail)


gelu_slope = elementwise(
    "gelu_slope",
    "The derivative of gelu: the normal distribution function plus x times its density.",
    value=_gelu_slope,
    local=lambda out, x: (apply("normal_density", x) * (2.0 - apply("square", within(x, 64.0))),),
    latex=r"\mathrm{{gelu}}'({0})",
    examples=[
        Example(
            ([-2.0, 0.5, 3.0],), out=[-0.0852318010781969, 0.8674951246561628, 1.0119456472041839]
        ),
        *POINTS,
    ],
    native=lambda m, x: m.gelu_slope(x),
    script="""\
def gelu_slope(x):
    return normal_cdf(x) + x * normal_density(x)
""",
)

gelu = elementwise(
    "gelu",
    "x times the normal distribution function of x (the exact form, not the tanh one).",
    value=_gelu,
    local=lambda out, x: (apply("gelu_slope", x),),
    latex=r"\mathrm{{gelu}}({0})",
    source="Hendrycks and Gimpel, arXiv:1606.08415, equation 1",
    examples=[
        Example(
            ([-2.0, 0.5, 3.0],), out=[-0.0455002638963584, 0.3457312306370066, 2.9959503059051097]
        ),
        *POINTS,
    ],
    native=lambda m, x: m.gelu(x),
    textbook=lambda out, x: (
        x * apply("normal_cdf", x),
        apply("normal_cdf", x) + x * apply("normal_density", x),
    ),
    script="""\
def gelu(x):
    return x * normal_cdf(x)
""",
)
