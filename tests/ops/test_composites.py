"""Composites, which have no rule of their own: against mpmath, and to third order by complex steps.

Entries are compared relative to the largest of their tensor, or of the terms that make them.
"""

import numpy as np
import pytest
from mpmath import mp, mpf

import chainrule as cr

DIGITS = 700
UNITS = 8


def _softmax(row):
    top = max(row)
    e = [mp.exp(x - top) for x in row]
    return [x / sum(e) for x in e]


def _spread(row):
    middle = sum(row) / len(row)
    return [x - middle for x in row]


def _var(row):
    rest = _spread(row)
    return sum(d * d for d in rest) / len(row), [2 * d / len(row) for d in rest]


def _std(row):
    length = mp.sqrt(_var(row)[0])
    return length, [d / (len(row) * length) if length else mpf(0) for d in _spread(row)]


def _norm(row):
    length = mp.sqrt(sum(x * x for x in row))
    return length, [x / length if length else mpf(0) for x in row]


def _logsumexp(row):
    top = max(row)
    return top + mp.log(sum(mp.exp(x - top) for x in row)), _softmax(row)


def _first_share(row):
    p = _softmax(row)
    return p[0], [p[0] * ((i == 0) - p[i]) for i in range(len(row))]


def _first_log_share(row):
    value, p = _logsumexp(row)
    return row[0] - value, [(i == 0) - p[i] for i in range(len(row))]


RIGHT = {
    "mean": (cr.mean, lambda row: (sum(row) / len(row), [mpf(1) / len(row)] * len(row))),
    "var": (cr.var, _var),
    "std": (cr.std, _std),
    "norm": (cr.norm, _norm),
    "logsumexp": (cr.logsumexp, _logsumexp),
    "softmax": (lambda x: cr.softmax(x)[0], _first_share),
    "log_softmax": (lambda x: cr.log_softmax(x)[0], _first_log_share),
}
LOGITS = ("logsumexp", "softmax", "log_softmax")


def rows(dtype):
    """Yield rows of numbers: ordinary, huge, tiny, mixed, with an offset, far apart."""
    reach = 300 if dtype == np.float64 else 18
    offset = 12 if dtype == np.float64 else 4
    rng = np.random.default_rng(7)
    for _ in range(15):
        normal = rng.standard_normal(rng.integers(2, 6))
        yield normal
        yield normal * 10.0 ** rng.uniform(-reach, reach)
        yield normal * 10.0 ** rng.uniform(-reach, reach, normal.size)
        yield normal + 10.0 ** rng.uniform(0, offset)
        yield np.round(normal * 300)
        yield np.repeat(normal[:1] * 10.0 ** rng.uniform(-reach, reach), 4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", RIGHT)
def test_value_and_gradient_at_nasty_magnitudes(name, dtype):
    function, right = RIGHT[name]
    for row in rows(dtype):
        row = row.astype(dtype)
        x = cr.variable("x", row)
        out, slope = cr.evaluate([function(x), cr.gradients(function(x), x)])
        with mp.workdps(DIGITS):
            numbers = [mpf(float(v)) for v in row]
            value, gradient = right(numbers)
            size = max(map(abs, numbers)) + 1 if name in LOGITS else abs(value)
            size = sum(map(abs, numbers)) / len(numbers) if name == "mean" else size
            assert_near(out, value, size, dtype, (name, row))
            widest = max(*map(abs, gradient), 1 if name in LOGITS else 0)
            for found, wanted in zip(slope, gradient, strict=True):
                assert_near(found, wanted, widest, dtype, (name, row))


def assert_near(found, wanted, size, dtype, where):
    """Fail where a number is further off than a few rounding units of its size."""
    info = np.finfo(dtype)
    if abs(wanted) >= float(info.max):
        assert np.isinf(found), where
        return
    assert np.isfinite(found), where
    allowed = UNITS * (float(info.eps) * size + float(info.smallest_subnormal))
    assert abs(mpf(float(found)) - wanted) <= allowed, (*where, found, wanted)


COMPOSITES = {
    "softmax": lambda x: cr.softmax(x, axis=0),
    "log_softmax": cr.log_softmax,
    "logsumexp": lambda x: cr.logsumexp(x, axis=1, keepdims=True),
    "norm": lambda x: cr.norm(x, axis=(0, 1)) * x[0],
    "std": lambda x: cr.std(x, axis=1, ddof=1),
    "var": lambda x: cr.var(x, axis=0) ** 2,
    "mean": lambda x: cr.mean(x, axis=0) ** 3,
    "einsum": lambda x: cr.einsum("ij,kj->ik", x, x) ** 2,
    "matmul": lambda x: x @ x.T @ x,
    "gather": lambda x: cr.gather(x, [2, 0, 0], axis=1) ** 2 * x,
    "activations": lambda x: cr.gelu(x) * cr.silu(x) + cr.softplus(cr.tanh(x)) * cr.erf(x),
    "power": lambda x: (x * x) ** x + x**3.0,
}


@pytest.mark.parametrize("name", COMPOSITES)
def test_three_orders_of_derivative(name):
    rng = np.random.default_rng(3)
    at, v = rng.standard_normal((3, 3)), rng.standard_normal((3, 3))
    x = cr.variable("x", at)
    out = COMPOSITES[name](x)
    scalar = np.sum(out * np.cos(np.arange(out.size)).reshape(out.shape))
    for _ in range(3):
        slope = cr.gradients(scalar, x)
        reference = cr.complex_step(lambda a, f=scalar: cr.evaluate(f, {"x": a}), at)
        size = np.max(np.abs(reference))
        np.testing.assert_allclose(cr.evaluate(slope), reference, rtol=0, atol=1e-12 * size)
        scalar = np.sum(slope * v)
