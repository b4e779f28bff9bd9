"""How far two right executors may be apart: a bound for one operation, from bounds on its inputs.

`allowed` is the size of the difference that rounding and the differences of the inputs explain;
infinite where no answer is promised (a sum that overflows in some orders, a comparison of values
that are equal up to rounding). With exact inputs it judges one operation alone; carried through a
plan it is a running error bound. Knows operations; knows no executor.
"""

import itertools
import math

import numpy as np

from chainrule.graph import primitives

EXACT = frozenset([
    "add", "sub", "mul", "div", "neg", "chain", "less", "less_equal", "greater",
    "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
    "is_finite", "where", "maximum", "minimum", "clip", "sign", "floor", "abs", "stop_gradient",
    "alias", "sqrt", "square", "reciprocal", "relu", "leaky_relu", "shift", "binade",
])  # fmt: skip
"""Operations that IEEE 754 rounds once, or not at all: equal inputs give equal bits."""

ROUNDS = frozenset([
    "add", "sub", "mul", "div", "chain", "sqrt", "square", "reciprocal", "leaky_relu", "shift",
])  # fmt: skip
"""Those of them that round."""

UNITS = {"power": 64, "power_slope": 256, "normal_density": 64, "erf_slope": 64, "gelu_slope": 64,
         "gelu": 32, "erfc": 1024, "normal_cdf": 64}  # fmt: skip
"""Rounding units that other operations may be apart; `OTHERS` where none are named."""

OTHERS = 8

MOVES = frozenset([
    "expand", "reshape", "transpose", "concat", "slice", "place", "gather",
])  # fmt: skip
EXTREMES = ("max", "min")


def unit(dtype):
    """Return half the distance from 1 to the next number; 0 for what is no float."""
    return float(np.finfo(dtype).eps) / 2 if dtype.kind == "f" else 0.0


def smallest(dtype):
    """Return the smallest number above 0."""
    return float(np.finfo(dtype).smallest_subnormal) if dtype.kind == "f" else 0.0


def growth(count):
    """Return how many rounding units a sum of so many terms may be off, of its absolute terms."""
    return min(count + 1.0, 8.0 + 4.0 * math.sqrt(count))


def allowed(node, value, inputs, errors=None):
    """Return how far from `value` another executor's may be.

    Parameters
    ----------
    node : Node
        The operation.
    value : array
        Its value at `inputs`.
    inputs : list of array
        The values of its inputs.
    errors : list of array, optional
        Bounds for each input; all 0 if left out.
    """
    with np.errstate(all="ignore"):
        rule = RULES.get(node.op, _corners)
        found = rule(node, np.asarray(value), [np.asarray(x) for x in inputs], errors)
        return np.where(np.isnan(found), np.inf, found)


def apart(a, b):
    """Return the difference of each entry; 0 where both are equal, or both NaN."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(all="ignore"):
        found = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    return np.where(np.isnan(found), np.inf, found)


def _value(node, inputs):
    """Return the operation's value in float64, infinite beyond the range of its dtype."""
    found = np.asarray(primitives[node.op].value(*inputs, **node.attrs), np.float64)
    if node.dtype == np.float32:
        largest = float(np.finfo(np.float32).max) * (1 + 2.0**-25)
        found = np.where(np.abs(found) > largest, np.copysign(np.inf, found), found)
    return found


def _wide(x):
    return x.astype(np.float64) if x.dtype == np.float32 else x


def _corners(node, value, inputs, errors):
    """Entry by entry: the largest deviation where each input is moved up or down by its bound."""
    wide = [_wide(x) for x in inputs]
    off = _open(node, wide, errors)
    if node.dtype == np.float32 and (node.op not in EXACT or errors is not None):
        off = off + apart(_value(node, wide), value)
    moved = [i for i, e in enumerate(errors or []) if np.any(e)]
    for signs in itertools.product((1.0, -1.0), repeat=len(moved)):
        there = list(wide)
        for i, sign in zip(moved, signs, strict=True):
            there[i] = _moved(wide[i], errors[i], sign)
        if moved:
            off = np.maximum(off, apart(_value(node, there), value))
    return off + _own(node, value, inputs, errors is None)


def _open(node, inputs, errors):
    """Return infinity where inputs are too uncertain for what the ends of a range tell."""
    off = np.zeros(node.shape)
    if errors is None or node.op in STRAIGHT:
        return off
    for i, (x, e) in enumerate(zip(inputs, errors, strict=True)):
        if x.dtype == np.bool_ or not np.any(e):
            continue
        is_pole = node.op in POLES and (i == len(inputs) - 1 or node.op.startswith("power"))
        reach = np.abs(x) if is_pole else np.maximum(1.0, np.abs(x))
        off = np.where((e > 0) & ~(e <= 0.01 * reach), np.inf, off)
    return off


STRAIGHT = frozenset([
    "add", "sub", "mul", "neg", "chain", "less", "less_equal", "greater", "greater_equal",
    "logical_and", "logical_or", "logical_not", "where", "maximum", "minimum", "clip", "sign",
    "floor", "abs", "stop_gradient", "alias", "relu", "leaky_relu", "shift", "sigmoid", "tanh",
    "exp", "expm1", "softplus", "log_sigmoid", "erf", "erfc", "normal_cdf", "elu", "sqrt",
    "log", "log1p", "is_finite",
])  # fmt: skip
"""Operations whose values between two inputs lie between those at them, or that are linear."""

POLES = frozenset([
    "div", "reciprocal", "power_slope", "power", "binade",
])  # fmt: skip
"""Operations that are not continuous at 0 of their last input."""


def _wave(node, value, inputs, errors):
    """A sine moves at most as far as its input, which may be many waves long."""
    off = apart(_value(node, [_wide(inputs[0])]), value)
    moved = 0.0 if errors is None else np.minimum(errors[0], 2.0)
    return off + moved + _own(node, value, inputs, errors is None)


def _moved(x, error, sign):
    if x.dtype == np.bool_:
        return x ^ ((error > 0) & (sign < 0))
    return np.where(error > 0, x + sign * error, x)


def _own(node, value, inputs, alone):
    """Return what the operation itself may be off."""
    if node.op in EXACT and (alone or node.op not in ROUNDS):
        return 0.0
    units = 2.0 if node.op in EXACT else UNITS.get(node.op, OTHERS)
    size = np.where(np.isfinite(value), np.abs(value), 0.0).astype(np.float64)
    if node.op in TERMS:
        size = size + np.abs(_terms(node.op, _wide(inputs[0])))
    tiny = units * smallest(node.dtype)
    if node.op == "erfc" and node.dtype == np.float64:
        tiny = float(np.finfo(np.float64).tiny)  # SciPy gives 0 for subnormal results
    if node.op in PRODUCTS:
        tiny = tiny * np.maximum(1.0, np.abs(_wide(inputs[0])))
    exact = value == 0
    for x in inputs if node.op in EXACT else []:
        exact = exact & np.any([x == 0], axis=0) if node.op in ("mul", "chain") else exact
    return units * unit(node.dtype) * size + np.where(exact & (node.op in EXACT), 0.0, tiny)


PRODUCTS = ("silu", "silu_slope", "gelu", "gelu_slope")
"""Operations that multiply by the input what may be too small to hold all its digits."""

TERMS = {"silu_slope": "sigmoid", "gelu_slope": "normal_cdf"}
"""Operations that are sums of terms of opposite sign, and what each term is as large as."""


def _terms(name, x):
    found = (1 + np.abs(x)) * primitives[TERMS[name]].value(x)
    return np.where(np.isfinite(found), found, 0.0)


def _equal(node, value, inputs, errors):
    """Equal is open where values are within their bounds, unless one is the other's extreme."""
    if errors is None or not (np.any(errors[0]) or np.any(errors[1])):
        return np.zeros(node.shape)
    x, y = (np.asarray(a, np.float64) for a in inputs)
    near = apart(x, y) <= errors[0] + errors[1]
    off = np.where(near & (errors[0] + errors[1] > 0), 1.0, 0.0)
    source = node.inputs[1]
    while source.op in ("expand", "reshape"):
        source = source.inputs[0]
    if source.op in EXTREMES and source.inputs[0] is node.inputs[0]:
        near = np.broadcast_to(near, node.shape)
        count = near.sum(axis=source.attrs["axes"], keepdims=True)
        off = np.where(count > 1, off, 0.0)
    return np.broadcast_to(off, node.shape)


def _cast(node, value, inputs, errors):
    (x,) = inputs
    if node.dtype.kind != "f":
        return _corners(node, value, inputs, errors) if errors is not None else np.zeros(x.shape)
    own = 0.0
    if node.dtype == np.float32 and x.dtype == np.float64 and errors is not None:
        own = 2 * unit(node.dtype) * np.abs(value.astype(np.float64)) + smallest(node.dtype)
        own = np.where(np.isfinite(own), own, 0.0)
    if errors is None:
        return np.zeros(x.shape)
    ends = [apart((_wide(x) + s * errors[0]).astype(node.dtype), value) for s in (1, -1)]
    return np.maximum(*ends) + own


def _move(node, value, inputs, errors):
    """Entries put elsewhere bring their bounds along."""
    if errors is None or not any(np.any(e) for e in errors):
        return np.zeros(node.shape)
    given = list(errors)
    if node.op == "gather":
        given[1] = inputs[1]
    return np.asarray(primitives[node.op].value(*given, **node.attrs), np.float64)


def _sum(node, value, inputs, errors):
    return _total(
        node, value, inputs, errors, lambda x: np.sum(x, _axes(node), keepdims=_kept(node))
    )


def _mean(node, value, inputs, errors):
    count = max(1, math.prod(inputs[0].shape[a] for a in _axes(node)))

    def mean(x):
        return np.sum(x / count, _axes(node), keepdims=_kept(node))

    return _total(node, value, inputs, errors, mean)


def _scatter(node, value, inputs, errors):
    def total(x):
        return np.asarray(primitives["scatter"].value(x, inputs[1], **node.attrs))

    return _total(node, value, inputs, errors, total)


def _axes(node):
    return node.attrs["axes"]


def _kept(node):
    return bool(node.attrs.get("keepdims", False))


def _total(node, value, inputs, errors, total):
    """Sums: the bounds of the terms, and rounding of the sum of absolute terms."""
    x = np.asarray(inputs[0], np.float64)
    count = max(1, inputs[0].size // max(1, value.size))
    terms = total(np.where(np.isfinite(x), np.abs(x), 0.0))
    own = growth(count) * unit(np.dtype(np.float64)) * terms + 4 * count * 5e-324
    if node.dtype == np.float32:
        own = own + 2 * unit(node.dtype) * np.abs(value.astype(np.float64)) + smallest(node.dtype)
    if count == 1:
        own = np.zeros(value.shape)
    limit = float(np.finfo(node.dtype).max)
    if node.op != "mean":
        own = np.where(terms >= limit * (1 - 1e-6), np.inf, np.where(np.isfinite(value), own, 0.0))
    else:
        own = np.where(np.isfinite(value), own, 0.0)
    return own if errors is None else own + total(np.asarray(errors[0], np.float64))


def _extreme(node, value, inputs, errors):
    if errors is None:
        return np.zeros(node.shape)
    return np.max(errors[0], axis=_axes(node), keepdims=_kept(node), initial=0.0)


def _matmul(node, value, inputs, errors):
    """Products: the sum of absolute terms, rounded as often as there are terms."""
    a, b = (np.where(np.isfinite(x), np.abs(x), 0.0).astype(np.float64) for x in inputs)
    count = a.shape[-1]
    terms = a @ b
    own = growth(count) * unit(node.dtype) * terms + 4 * count * smallest(node.dtype)
    own = np.where(terms >= float(np.finfo(node.dtype).max) * (1 - 1e-6), np.inf,
                   np.where(np.isfinite(value), own, 0.0))  # fmt: skip
    if errors is None:
        return own
    (x, y), (e, f) = inputs, errors
    x, y = np.abs(x.astype(np.float64)), np.abs(y.astype(np.float64))
    return own + (x @ f if np.any(f) else 0) + (e @ y if np.any(e) else 0) + (
        e @ f if np.any(e) and np.any(f) else 0)  # fmt: skip


def _guard(node, value, inputs, errors):
    return np.zeros(node.shape) if errors is None else errors[0]


def _decided(node, value, inputs, errors):
    open_ = errors is not None and not np.isfinite(errors[0]).all()
    return np.full(node.shape, np.inf if open_ else 0.0)


RULES = {
    "equal": _equal,
    "not_equal": _equal,
    "cast": _cast,
    "sum": _sum,
    "mean": _mean,
    "scatter": _scatter,
    "max": _extreme,
    "min": _extreme,
    "matmul": _matmul,
    "sin": _wave,
    "cos": _wave,
    "guard": _guard,
    "decided": _decided,
    **dict.fromkeys(MOVES, _move),
}
"""How other operations than those that act entry by entry pass on bounds."""


def running(plan, values):
    """Return the bound of each value of a plan, in order: leaves are exact."""
    bounds = []
    for instruction in plan.instructions:
        node = instruction.node
        if not instruction.inputs:
            bounds.append(np.zeros(node.shape))
            continue
        inputs = [np.asarray(values[n]) for n in instruction.inputs]
        errors = [bounds[n] for n in instruction.inputs]
        bounds.append(allowed(node, values[instruction.number], inputs, errors))
    return bounds
