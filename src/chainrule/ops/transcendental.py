"""exp, log and their relatives, sqrt, sin, cos, erf: one declaration each.

Knows values and local derivatives; knows no executor.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.graph import Example, Node, apply
from chainrule.ops.declare import elementwise, in_double
from chainrule.types import Array

exp = elementwise(
    "exp",
    "e to the power of each entry.",
    value=np.exp,
    local=lambda out, x: (out,),
    latex="e^{{{0}}}",
    examples=[(0.0,), ([-2.0, 1.5],)],
    numpy=(np.exp,),
    native=lambda m, x: m.exp(x),
)

log = elementwise(
    "log",
    "Natural logarithm; -inf at 0, NaN below.",
    value=np.log,
    local=lambda out, x: (1.0 / x,),
    latex=r"\ln {0}",
    examples=[(1.0,), ([0.3, 20.0],)],
    numpy=(np.log,),
    native=lambda m, x: m.log(x),
)

log1p = elementwise(
    "log1p",
    "log(1 + x), exact for tiny x.",
    value=np.log1p,
    local=lambda out, x: (1.0 / (1.0 + x),),
    latex=r"\ln(1 + {0})",
    examples=[(0.0,), ([-0.5, 1e-9],)],
    numpy=(np.log1p,),
    native=lambda m, x: m.log1p(x),
)

expm1 = elementwise(
    "expm1",
    "exp(x) - 1, exact for tiny x.",
    value=np.expm1,
    local=lambda out, x: (apply("exp", x),),
    latex="e^{{{0}}} - 1",
    examples=[(0.0,), ([-0.5, 1e-9],)],
    numpy=(np.expm1,),
    native=lambda m, x: m.expm1(x),
)

sqrt = elementwise(
    "sqrt",
    "Square root; NaN below 0.",
    value=np.sqrt,
    local=lambda out, x: (0.5 / out,),
    latex=r"\sqrt{{{0}}}",
    examples=[(4.0,), ([0.25, 2.0],)],
    numpy=(np.sqrt,),
    kinks=("sqrt'(0) is inf, but a zero upstream gradient gives 0",),
    at_kink=lambda x: x == 0,
    native=lambda m, x: m.sqrt(x),
)

square = elementwise(
    "square",
    "The square of each entry.",
    value=np.square,
    local=lambda out, x: (2.0 * x,),
    latex="{0}^2",
    examples=[(3.0,), ([-2.0, 0.5],)],
    numpy=(np.square,),
    native=lambda m, x: x * x,
)

reciprocal = elementwise(
    "reciprocal",
    "One over each entry.",
    value=lambda x: 1 / x,
    local=lambda out, x: (-out / x,),
    latex=r"\frac{{1}}{{{0}}}",
    examples=[(4.0,), ([-2.0, 0.5],)],
    numpy=(np.reciprocal,),
    native=lambda m, x: 1.0 / x,
)

sin = elementwise(
    "sin",
    "Sine; angles in radians.",
    value=np.sin,
    local=lambda out, x: (apply("cos", x),),
    latex=r"\sin({0})",
    examples=[(0.0,), ([-2.0, 0.5],)],
    numpy=(np.sin,),
)

cos = elementwise(
    "cos",
    "Cosine; angles in radians.",
    value=np.cos,
    local=lambda out, x: (-apply("sin", x),),
    latex=r"\cos({0})",
    examples=[(0.3,), ([-2.0, 0.5],)],
    numpy=(np.cos,),
)


def _special(name: str, x: Array) -> Array:
    """Return SciPy's special function of that name; imported when first used."""
    from scipy import special

    out: Array = getattr(special, name)(x)
    return out


def within(x: Node, bound: float) -> Node:
    """Return `x` kept within a bound beyond which its other factor is 0: no inf * 0 is made."""
    return apply("clip", x, -bound, bound)


@in_double
def _bell(x: Array) -> Array:
    """Return 2/sqrt(pi) exp(-x^2), with the rounding of x^2 made good."""
    scale = 2 / math.sqrt(math.pi)
    if np.iscomplexobj(x):
        return np.asarray(scale * np.exp(-x * x))
    return scale * _gauss(x, 1.0)


def _gauss(x: Array, factor: float) -> Array:
    """Return exp(-factor * x^2), factor a power of two, with the rounding of x^2 made good."""
    x = np.clip(x, -64.0, 64.0)  # beyond, it is 0
    head = x.astype(np.float32).astype(np.float64)  # its square is exact
    rest = np.where(np.isfinite(head), (x - head) * (x + head), 0.0)
    return np.asarray(np.exp(-factor * head * head) * np.exp(-factor * rest))


@in_double
def _erfc(x: Array) -> Array:
    """Return 1 - erf(x); SciPy's own loses up to 500 units in its far tail, so ours is scaled."""
    if np.iscomplexobj(x):
        return _special("erfc", x)
    tail = _special("erfcx", np.maximum(x, 1.0)) * _gauss(x, 1.0)
    return np.where(x > 1, tail, _special("erfc", x))


erf_slope = elementwise(
    "erf_slope",
    "The derivative of erf: 2/sqrt(pi) exp(-x^2).",
    value=_bell,
    local=lambda out, x: (-2.0 * within(x, 64.0) * out,),
    latex=r"\tfrac{{2}}{{\sqrt\pi}} e^{{-{0}^2}}",
    examples=[(0.0,), ([-2.0, 0.5],)],
    native=lambda m, x: m.erf_slope(x),
    script="""\
def erf_slope(x):
    x = np.clip(x, -64, 64)  # beyond, it is 0
    return 2 / math.sqrt(math.pi) * np.exp(-(x**2))
""",
)

erf = elementwise(
    "erf",
    "The error function.",
    value=lambda x: _special("erf", x),
    local=lambda out, x: (apply("erf_slope", x),),
    latex=r"\mathrm{{erf}}({0})",
    examples=[Example(([-2.0, 0.5],), out=[-0.9953222650189527, 0.5204998778130465]), (0.0,)],
    native=lambda m, x: m.erf(x),
    script="""\
erf = np.vectorize(math.erf, otypes=[float])
""",
)

erfc = elementwise(
    "erfc",
    "One minus the error function, exact in its far tail.",
    value=_erfc,
    local=lambda out, x: (-apply("erf_slope", x),),
    latex=r"\mathrm{{erfc}}({0})",
    examples=[Example(([-2.0, 0.5],), out=[1.9953222650189528, 0.4795001221869535]), (0.0,)],
    native=lambda m, x: m.erfc(x),
    script="""\
erfc = np.vectorize(math.erfc, otypes=[float])
""",
)


@in_double
def _normal_density(x: Array) -> Array:
    scale = 1 / math.sqrt(2 * math.pi)
    return scale * (np.exp(-x * x / 2) if np.iscomplexobj(x) else _gauss(x, 0.5))


@in_double
def _normal_cdf(x: Array) -> Array:
    if np.iscomplexobj(x):
        return 0.5 * _special("erfc", -x * math.sqrt(0.5))
    tail = 0.5 * _special("erfcx", np.maximum(-x, 1.0) * math.sqrt(0.5)) * _gauss(x, 0.5)
    return np.where(x < -1, tail, _special("ndtr", x))


normal_density = elementwise(
    "normal_density",
    "The density of the standard normal distribution.",
    value=_normal_density,
    local=lambda out, x: (-within(x, 64.0) * out,),
    latex=r"\varphi({0})",
    examples=[(0.0,), ([-2.0, 0.5],)],
    native=lambda m, x: m.normal_density(x),
    script="""\
def normal_density(x):
    x = np.clip(x, -64, 64)  # beyond, it is 0
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
""",
)

normal_cdf = elementwise(
    "normal_cdf",
    "The distribution function of the standard normal distribution, exact in its lower tail.",
    value=_normal_cdf,
    local=lambda out, x: (apply("normal_density", x),),
    latex=r"\Phi({0})",
    examples=[Example(([-2.0, 0.5],), out=[0.022750131948179207, 0.6914624612740131]), (0.0,)],
    native=lambda m, x: m.normal_cdf(x),
    script="""\
def normal_cdf(x):
    return erfc(-x / math.sqrt(2)) / 2
""",
)
