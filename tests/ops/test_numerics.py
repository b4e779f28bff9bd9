"""Right answers for nasty inputs, value and gradient, row by row in the words of the promise.

Rows about tables, optimizers, losses and layers are tested in their own rooms.
"""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.errors import ShapeError, ValueRefused

INF, NAN = math.inf, math.nan
LOG2 = math.log(2)


def both(function, at, dtype=None):
    """Return the value of a function and the gradient of the sum of its entries."""
    x = cr.variable("x", np.asarray(at, dtype or np.float64))
    out = function(x)
    return cr.evaluate([out, cr.gradients(np.sum(out), x)])


def second(function, at):
    """Return the gradient of the sum of the entries of the gradient."""
    x = cr.variable("x", np.asarray(at, np.float64))
    slope = cr.gradients(np.sum(function(x)), x)
    return cr.evaluate(cr.gradients(np.sum(slope), x))


def bce(x, y):
    """Binary cross-entropy from a logit, as the losses write it."""
    return cr.softplus(x) - y * x


ROWS = [
    # words, function, input, value, gradient
    ("1 sigmoid(1000)", cr.sigmoid, 1000.0, 1.0, 0.0),
    ("1 sigmoid(-1000)", cr.sigmoid, -1000.0, 0.0, 0.0),
    ("2 sigmoid(-708)", cr.sigmoid, -708.0, 3.307553003638408e-308, 3.307553003638408e-308),
    ("2 sigmoid(-745), a subnormal", cr.sigmoid, -745.0, 5e-324, 5e-324),
    ("4 sigmoid'(40)", cr.sigmoid, 40.0, 1.0, 4.248354255291589e-18),
    ("4 sigmoid'(-100)", cr.sigmoid, -100.0, 3.720075976020836e-44, 3.720075976020836e-44),
    ("5 tanh'(20)", np.tanh, 20.0, 1.0, 1.6993417021166355e-17),
    ("5 tanh'(-20)", np.tanh, -20.0, -1.0, 1.6993417021166355e-17),
    ("5 tanh'(400)", np.tanh, 400.0, 1.0, 0.0),
    ("6 softplus(1000)", cr.softplus, 1000.0, 1000.0, 1.0),
    ("6 softplus(-1000)", cr.softplus, -1000.0, 0.0, 0.0),
    ("6 softplus(-40)", cr.softplus, -40.0, 4.248354255291589e-18, 4.248354255291589e-18),
    ("7 log sigmoid(-1000)", ops.log_sigmoid, -1000.0, -1000.0, 1.0),
    ("7 log sigmoid(1000)", ops.log_sigmoid, 1000.0, 0.0, 0.0),
    ("12 BCE(logit 1000, y=1)", lambda x: bce(x, 1.0), 1000.0, 0.0, 0.0),
    ("12 BCE(logit -1000, y=1)", lambda x: bce(x, 1.0), -1000.0, 1000.0, -1.0),
    ("13 BCE(logit 0, y=0)", lambda x: bce(x, 0.0), 0.0, LOG2, 0.5),
    ("16 elu(-1000)", cr.elu, -1000.0, -1.0, 0.0),
    ("16 elu'(1), exp not evaluated above 0", cr.elu, 1000.0, 1000.0, 1.0),
    ("16 elu'(0), from the right", lambda x: cr.elu(x, alpha=0.5), 0.0, 0.0, 1.0),
    ("17 relu(-0.0)", cr.relu, -0.0, 0.0, 0.0),
    ("17 relu(0)", cr.relu, 0.0, 0.0, 0.0),
    ("leaky_relu(0), from the right", cr.leaky_relu, 0.0, 0.0, 1.0),
    ("abs(0)", np.abs, 0.0, 0.0, 0.0),
    ("18 sqrt(x)**2 at 0", lambda x: np.sqrt(x) ** 2, 0.0, 0.0, 0.0),
    ("18 0 * sqrt(x) at 0", lambda x: 0.0 * np.sqrt(x), 0.0, 0.0, 0.0),
    ("18 sqrt(0)", np.sqrt, 0.0, 0.0, INF),
    ("18 norm of zeros", cr.norm, [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("18 std of a constant", cr.std, [3.0, 3.0, 3.0], 0.0, [0.0, 0.0, 0.0]),
    ("19 mean of 1e308 twice", cr.mean, [1e308, 1e308], 1e308, [0.5, 0.5]),
    ("19 mean of 1e308 and -1e308", cr.mean, [1e308, -1e308], 0.0, [0.5, 0.5]),
    ("20 mean of 14.62 a thousand times", cr.mean, [14.62] * 1000, 14.62, [1e-3] * 1000),
    ("20 std of 14.62 a thousand times", cr.std, [14.62] * 1000, 0.0, [0.0] * 1000),
    ("20 var of 0.1 a thousand times", cr.var, [0.1] * 1000, 0.0, [0.0] * 1000),
    ("21 norm of subnormals", cr.norm, [3e-310, 4e-310], 5e-310, [0.6, 0.8]),
    ("21 norm of the smallest", cr.norm, [5e-324], 5e-324, [1.0]),
    ("21 std of subnormals", cr.std, [1e-310, 3e-310], 1e-310, [-0.5, 0.5]),
    (
        "var of a large offset",
        cr.var,
        [1e12, 1e12 + 0.125, 1e12 + 0.25],
        1 / 96,
        [-1 / 12, 0, 1 / 12],
    ),
    ("std of a large offset", cr.std, [2.0**52, 2.0**52 + 1], 0.5, [-0.5, 0.5]),
    ("norm of huge numbers", cr.norm, [3e200, 4e200], 5e200, [0.6, 0.8]),
    ("norm of the hugest", cr.norm, [1.7e308, 0.0], 1.7e308, [1.0, 0.0]),
    ("std of huge numbers", cr.std, [-1e200, 1e200], 1e200, [-0.5, 0.5]),
    ("std where x - mean overflows", cr.std, [-1.7e308, 1.7e308], 1.7e308, [-0.5, 0.5]),
    ("norm with inf", cr.norm, [INF, 1.0], INF, None),
    ("maximum(0, z) at 0 shares", lambda z: np.maximum(0, z), 0.0, 0.0, 0.5),
    ("minimum(0, z) at 0 shares", lambda z: np.minimum(0, z), 0.0, 0.0, 0.5),
    ("max of ties shares", np.max, [2.0, 1.0, 2.0], 2.0, [0.5, 0.0, 0.5]),
    ("max of ties with the other zero", np.max, [0.0, -0.0], 0.0, [0.5, 0.5]),
    ("min of three ties", np.min, [1.0, 1.0, 1.0], 1.0, [1 / 3] * 3),
    ("max with inf", np.max, [1.0, INF], INF, [0.0, 1.0]),
    ("max of two inf", np.max, [INF, INF], INF, [0.5, 0.5]),
    ("max of -inf", np.max, [-INF, -INF, -INF, -INF], -INF, [0.25] * 4),
    ("clip on the lower bound", lambda x: np.clip(x, -1.0, 1.0), -1.0, -1.0, 1.0),
    ("clip on the upper bound", lambda x: np.clip(x, -1.0, 1.0), 1.0, 1.0, 1.0),
    ("clip outside", lambda x: np.clip(x, -1.0, 1.0), [-1.5, 1.5], [-1.0, 1.0], [0.0, 0.0]),
    (
        "clip with equal bounds",
        lambda x: np.clip(x, 1.0, 1.0),
        [0.0, 1.0, 2.0],
        [1.0] * 3,
        [0.0] * 3,
    ),
    ("clip with crossed bounds, as NumPy", lambda x: np.clip(x, 2.0, 1.0), 0.0, 1.0, 0.0),
    ("clip without bounds", lambda x: np.clip(x, None, None), 1e300, 1e300, 1.0),
    ("clip at inf", lambda x: np.clip(x, -1.0, None), INF, INF, 1.0),
    ("power: x**0 at 0", lambda x: x**0, 0.0, 1.0, 0.0),
    ("power: x**0 at inf", lambda x: x**0, INF, 1.0, 0.0),
    (
        "power: x**0.0 in an array",
        lambda x: x ** np.array([0.0, 2.0]),
        [0.0, 3.0],
        [1.0, 9.0],
        [0.0, 6.0],
    ),
    ("power: 0**y for y > 0", lambda y: 0.0**y, [0.5, 3.0], [0.0, 0.0], [0.0, 0.0]),
    ("power: x**1 at 0", lambda x: x**1, 0.0, 0.0, 1.0),
    ("power: x**2 at 0", lambda x: x**2, -0.0, 0.0, 0.0),
    (
        "power: negative base, whole exponents",
        lambda x: x ** np.array([3.0, -2.0]),
        [-2.0, -0.5],
        [-8.0, 4.0],
        [12.0, 16.0],
    ),
    ("power: 1**y", lambda y: 1.0**y, [0.0, 1e300], [1.0, 1.0], [0.0, 0.0]),
    ("power: x**0.5 near 0", lambda x: x**0.5, 1e-300, 1e-150, 5e149),
    (
        "power: (-1)**y for even y beyond 2**53",
        lambda x: x ** np.array([1e18]),
        [-1.0],
        [1.0],
        [-1e18],
    ),
    ("log1p near -1", np.log1p, -1 + 2**-53, -53 * LOG2, 2.0**53),
    ("log1p at -1", np.log1p, -1.0, -INF, INF),
    ("log1p of a subnormal", np.log1p, 5e-324, 5e-324, 1.0),
    ("log at 0", np.log, 0.0, -INF, INF),
    ("log of a subnormal", np.log, 5e-324, -744.4400719213812, INF),
    ("log at inf", np.log, INF, INF, 0.0),
    ("expm1 of a tiny number", np.expm1, 1e-300, 1e-300, 1.0),
    ("expm1 far below", np.expm1, -1000.0, -1.0, 0.0),
    ("exp overflows to inf", np.exp, 1000.0, INF, INF),
    ("exp at -inf", np.exp, -INF, 0.0, 0.0),
    ("exp to a subnormal", np.exp, -740.0, 4.2e-322, 4.2e-322),
    ("erf far out", cr.erf, [30.0, -30.0], [1.0, -1.0], [0.0, 0.0]),
    ("erf'(26)", cr.erf, 26.0, 1.0, 2.9470349932662695e-294),
    ("erf of a tiny number", cr.erf, 1e-300, 1.1283791670955126e-300, 1.1283791670955126),
    ("erfc far out keeps digits", ops.erfc, 26.0, 5.663192408856143e-296, -2.9470349932662695e-294),
    (
        "gelu far below keeps digits",
        cr.gelu,
        -30.0,
        -1.472014178144456e-196,
        -4.416031690708494e-195,
    ),
    ("gelu at inf", cr.gelu, [INF, -INF], [INF, 0.0], [1.0, 0.0]),
    ("gelu of huge numbers", cr.gelu, [1e300, -1e300], [1e300, 0.0], [1.0, 0.0]),
    ("silu far below", cr.silu, -800.0, 0.0, 0.0),
    ("silu at inf", cr.silu, [INF, -INF], [INF, 0.0], [1.0, 0.0]),
    ("silu of huge numbers", cr.silu, [1e300, -1e300], [1e300, 0.0], [1.0, 0.0]),
    ("tanh of a subnormal", np.tanh, 5e-324, 5e-324, 1.0),
    ("sigmoid at inf", cr.sigmoid, [INF, -INF], [1.0, 0.0], [0.0, 0.0]),
    ("tanh at inf", np.tanh, [INF, -INF], [1.0, -1.0], [0.0, 0.0]),
    ("softplus at inf", cr.softplus, [INF, -INF], [INF, 0.0], [1.0, 0.0]),
    ("elu at inf", cr.elu, [INF, -INF], [INF, -1.0], [1.0, 0.0]),
    ("logsumexp of huge logits", cr.logsumexp, [1000.0, 1000.0], 1000.0 + LOG2, [0.5, 0.5]),
    ("logsumexp with -inf", cr.logsumexp, [-INF, 0.0], 0.0, [0.0, 1.0]),
    ("logsumexp of -inf only", cr.logsumexp, [-INF, -INF], -INF, [0.5, 0.5]),
    ("logsumexp with one inf", cr.logsumexp, [INF, 0.0], INF, [1.0, 0.0]),
    (
        "8 log_softmax of far logits",
        cr.log_softmax,
        [1e4, 0.0, -1e4],
        [0.0, -1e4, -2e4],
        [-2.0, 1.0, 1.0],
    ),
    ("9 softmax with one inf", cr.softmax, [INF, 0.0], [1.0, 0.0], [0.0, 0.0]),
    (
        "11 softmax with one -inf",
        lambda x: cr.softmax(x) * np.array([1.0, 2.0, 4.0]),
        [-INF, 0.0, 0.0],
        [0.0, 1.0, 2.0],
        [0.0, -0.5, 0.5],
    ),
    (
        "10 masked softmax of -inf only",
        lambda x: cr.softmax(x, masked=True),
        [-INF, -INF],
        [0.0, 0.0],
        [0.0, 0.0],
    ),
    (
        "10 masked softmax otherwise",
        lambda x: cr.softmax(x, masked=True),
        [0.0, -INF],
        [1.0, 0.0],
        [0.0, 0.0],
    ),
    (
        "where: NaN in the branch not taken",
        lambda x: np.where(x > 0, np.log(x), x),
        [-1.0, 1.0],
        [-1.0, 0.0],
        [1.0, 1.0],
    ),
    (
        "where: inf in the branch not taken",
        lambda x: np.where(x == 0, 1.0, np.sin(x) / x),
        0.0,
        1.0,
        0.0,
    ),
    (
        "a zero upstream gradient at inf",
        lambda x: 0.0 * np.exp(x)[0] + x[1],
        [1e4, 2.0],
        None,
        [0.0, 1.0],
    ),
    ("x / 0 with zero upstream", lambda x: np.where(x > 5.0, 1.0 / x, 0.0), 0.0, 0.0, 0.0),
    ("product of huge and tiny", lambda x: x * 1e-300, 1e300, 1.0, 1e-300),
    ("a sum of nothing", np.sum, np.zeros((3, 0)), 0.0, np.zeros((3, 0))),
    ("a norm of nothing", cr.norm, np.zeros(0), 0.0, np.zeros(0)),
    (
        "sign and floor have slope 0",
        lambda x: np.sign(x) + np.floor(x),
        [2.5, -0.5],
        [3.0, -2.0],
        [0.0, 0.0],
    ),
]


@pytest.mark.parametrize(
    ("words", "function", "at", "value", "gradient"), ROWS, ids=[r[0] for r in ROWS]
)
def test_row(words, function, at, value, gradient):
    found, slope = both(function, at)
    if value is not None:
        np.testing.assert_allclose(found, value, rtol=5e-15, atol=0)
    if gradient is not None:
        np.testing.assert_allclose(slope, gradient, rtol=5e-15, atol=0)
    assert not np.isnan(slope).any()


FINITE_SECOND = [
    ("relu at 0", cr.relu, 0.0, 0.0),
    ("abs at 0", np.abs, 0.0, 0.0),
    ("leaky_relu at 0", cr.leaky_relu, 0.0, 0.0),
    ("elu at 0, from the right", cr.elu, 0.0, 0.0),
    ("max of ties", np.max, [1.0, 1.0], [0.0, 0.0]),
    ("maximum of ties", lambda x: np.maximum(x, 1.0), 1.0, 0.0),
    ("clip on a bound", lambda x: np.clip(x, 0.0, 1.0), [0.0, 1.0], [0.0, 0.0]),
    ("norm of zeros", cr.norm, [0.0, 0.0], [0.0, 0.0]),
    ("std of a constant", cr.std, [2.0, 2.0], [0.0, 0.0]),
    ("power x**0 at 0", lambda x: x**0, 0.0, 0.0),
    ("power x**2 at 0", lambda x: x**2, 0.0, 2.0),
    ("power x**3 at 0", lambda x: x**3.0, 0.0, 0.0),
    (
        "where with NaN not taken",
        lambda x: np.where(x > 0, np.sqrt(x), x * x),
        [-2.0, 1.0],
        [2.0, -0.25],
    ),
    (
        "where with log of 0 not taken",
        lambda x: np.where(x > 0, np.log(x), 0.0),
        [0.0, 2.0],
        [0.0, -0.25],
    ),
    ("sigmoid at inf", cr.sigmoid, [INF, -INF, 1000.0], [0.0, 0.0, 0.0]),
    ("tanh at inf", np.tanh, [INF, -INF, 1000.0], [0.0, 0.0, 0.0]),
    ("softplus at inf", cr.softplus, [INF, -INF], [0.0, 0.0]),
    ("silu at inf", cr.silu, [INF, -INF, 1e300], [0.0, 0.0, 0.0]),
    ("gelu at inf", cr.gelu, [INF, -INF, 1e300], [0.0, 0.0, 0.0]),
    ("erf at inf", cr.erf, [INF, -INF, 1e300], [0.0, 0.0, 0.0]),
    ("softmax with -inf", lambda x: cr.softmax(x)[1], [-INF, 0.0, 0.0], None),
    ("logsumexp with inf", cr.logsumexp, [INF, 0.0], None),
    ("sigmoid'' far out keeps digits", cr.sigmoid, -700.0, 9.85967654375977e-305),
]


@pytest.mark.parametrize(
    ("words", "function", "at", "expected"), FINITE_SECOND, ids=[r[0] for r in FINITE_SECOND]
)
def test_second_derivative_is_finite_and_right(words, function, at, expected):
    found = second(function, at)
    assert np.isfinite(found).all()
    if expected is not None:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


def test_row_3_sigmoid_of_minus_100_in_float32_is_subnormal():
    found, slope = both(cr.sigmoid, -100.0, np.float32)
    assert found.dtype == slope.dtype == np.float32
    assert found == slope == np.float32(3.8e-44)


def test_row_14_cross_entropy_from_probabilities_has_no_hidden_clamp():
    def from_probability(p, y):
        return -(ops.chain(y, cr.log(p)) + ops.chain(1 - y, cr.log(1 - p)))

    assert from_probability(0.0, 0.0) == 0.0
    assert from_probability(0.0, 1.0) == INF


@pytest.mark.parametrize("function", [cr.softmax, cr.log_softmax])
@pytest.mark.parametrize("bad", [[INF, INF], [-INF, -INF]])
def test_rows_9_and_10_a_row_without_a_right_answer_is_named(function, bad):
    logits = np.array([[0.0, 1.0], bad, [2.0, 3.0]])
    with pytest.raises(ValueRefused, match=r"softmax of row 1: .*\n  At least one logit must be"):
        cr.evaluate(function(cr.variable("x", logits)))
    with pytest.raises(ValueRefused, match="row 1"):
        function(logits)
    with pytest.raises(ValueRefused, match="column 1"):
        function(logits.T, axis=0)


def test_nan_goes_through_and_is_not_swallowed():
    for function in (cr.relu, cr.leaky_relu, cr.elu, cr.softmax, np.max, np.min, cr.norm, cr.std):
        found, _ = both(function, [NAN, 1.0])
        assert np.isnan(found).any(), function
    assert np.isnan(both(lambda x: np.maximum(x, 0), NAN)[0])
    assert np.isnan(both(lambda x: np.clip(x, 0, 1), NAN)[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
def test_row_24_class_indexes_never_wrap(dtype):
    x = cr.variable("x", np.arange(300.0))
    last = np.iinfo(dtype).max if dtype != np.int64 else 255
    assert cr.evaluate(cr.gather(x, np.array([last, 0], dtype))).tolist() == [float(last), 0.0]
    if dtype != np.uint8:
        with pytest.raises(ValueRefused, match=r"index -1 at position 1 points outside .* 300"):
            cr.gather(x, np.array([0, -1], dtype))
    index = cr.variable("i", shape=(2,), dtype="int64")
    with pytest.raises(ValueRefused, match="index -1"):
        cr.evaluate(cr.gather(x, index), {"i": np.array([0, -1])})


def test_row_25_integers_become_float_before_arithmetic():
    small = np.array([250, 251, 252], np.uint8)
    x = cr.variable("x", small)
    assert cr.evaluate(x - np.mean(x)).tolist() == [-1.0, 0.0, 1.0]
    assert cr.evaluate(cr.constant(small) * 2).tolist() == [500.0, 502.0, 504.0]
    assert ops.square(np.array([16], np.int8)).tolist() == [256.0]
    assert cr.evaluate(cr.constant(np.array([2**62, 2**62])).sum()) == 2.0**63


def test_integers_are_compared_as_integers():
    n = cr.constant(np.array([2**53, 2**53 + 1]))
    assert cr.evaluate(n == 2**53 + 1).tolist() == [False, True]
    assert cr.evaluate(n > 2**53).tolist() == [False, True]


@pytest.mark.parametrize("function", [np.mean, np.max, np.min, cr.var, cr.std, cr.softmax])
def test_row_28_a_mean_or_extreme_of_nothing_is_an_error(function):
    with pytest.raises(ShapeError, match=r"of nothing|too few entries"):
        function(cr.variable("x", np.zeros(0)))


def test_the_seeds_own_sigmoid_is_no_trap():
    """1 / (1 + exp(-x)) overflows inside at -1000; value and gradient are still right."""
    found, slope = both(lambda x: 1 / (1 + np.exp(-x)), [-1000.0, 0.0, 1000.0])
    assert found.tolist() == [0.0, 0.5, 1.0]
    assert slope.tolist() == [0.0, 0.25, 0.0]


@pytest.mark.parametrize("x", [1e9, 1e30, 1e200, 1.7e308])
def test_the_bell_is_zero_far_out_and_never_nan(x):
    for name in ("erf_slope", "normal_density"):
        assert float(ops.function(name)(x)) == float(ops.function(name)(-x)) == 0.0
    assert [float(ops.function("normal_cdf")(v)) for v in (x, -x)] == [1.0, 0.0]
    assert [float(ops.function("gelu")(v)) for v in (x, -x)] == [x, 0.0]
    assert [float(ops.function("gelu_slope")(v)) for v in (x, -x)] == [1.0, 0.0]
