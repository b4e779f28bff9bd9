"""NumPy's functions, operators and indexes on nodes give what they give on arrays."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import chainrule as cr
from chainrule.errors import ChainruleError, DTypeError, ShapeError, UnsupportedError
from chainrule.graph import check

X = np.array([[0.5, -1.5, 2.0], [1.25, 0.75, -0.25]])
W = np.array([[1.0, 2.0], [-1.0, 0.5], [0.25, 3.0]])

FUNCTIONS = {
    "add.at left": lambda x: X + x,
    "array @ node": lambda x: W @ x,
    "node @ array": lambda x: x @ W,
    "vector @ node": lambda x: W[0] @ x,
    "node @ vector": lambda x: x @ W[:, 0],
    "batch @ node": lambda x: np.stack([W, W]) @ x,
    "number operators": lambda x: 2 * x + 1 - x / 4 - 3 / (x + 9) + (-x) ** 2 + 2**x,
    "in place": lambda x: [x := x + 1, x := x * 2][-1],
    "abs": lambda x: abs(x),
    "np.float64 left": lambda x: np.float64(2.0) * x + np.float32(1.0),
    "where": lambda x: np.where(x > 0, x, np.exp(x)),
    "where, array condition": lambda x: np.where(X > 0, x, 0),
    "clip": lambda x: np.clip(x, -1, 1),
    "clip, named": lambda x: np.clip(x, a_min=0, a_max=None),
    "maximum": lambda x: np.maximum(0, x),
    "fmin": lambda x: np.fmin(x, 1.0),
    "concatenate": lambda x: np.concatenate([x, X, x], axis=1),
    "concatenate, flat": lambda x: np.concatenate([x, X], axis=None),
    "stack": lambda x: np.stack([x, X], axis=-1),
    "vstack": lambda x: np.vstack([x, np.ones(3)]),
    "hstack": lambda x: np.hstack([x, np.ones((2, 1))]),
    "column_stack": lambda x: np.column_stack([x, np.ones(2)]),
    "append": lambda x: np.append(x, [[1.0, 2.0, 3.0]], axis=0),
    "sum, axes": lambda x: np.sum(x, axis=(0, -1)) + np.sum(x, 0, keepdims=True),
    "mean": lambda x: np.mean(x, axis=-1, keepdims=True),
    "average": lambda x: np.average(x, axis=0, weights=[1.0, 3.0]),
    "max and min": lambda x: np.max(x, axis=1) - np.amin(x),
    "var and std": lambda x: np.var(x, axis=0, ddof=1) + np.std(x, axis=0),
    "linalg.norm": lambda x: np.linalg.norm(x, axis=1) + np.linalg.norm(x),
    "logs": lambda x: np.log2(x * x + 1) + np.log10(x * x + 1) + np.log1p(x * x),
    "powers": lambda x: np.power(x, 3) + np.square(x) + np.sqrt(x * x + 1) + np.exp2(x),
    "circular": lambda x: np.sin(x) + np.cos(x) + np.tan(x),
    "hyperbolic": lambda x: np.sinh(x) + np.cosh(x) + np.tanh(x),
    "reciprocal": lambda x: np.reciprocal(x) + np.positive(x) + np.negative(x),
    "fabs and sign": lambda x: np.fabs(x) * np.sign(x) + np.floor(x),
    "multiply": lambda x: np.multiply(np.subtract(x, 1), np.divide(x, 2)),
    "reshape": lambda x: np.reshape(x, (3, -1)) + x.reshape(3, 2) + x.reshape((3, 2)),
    "ravel": lambda x: np.ravel(x) + x.flatten() + x.ravel(),
    "transpose": lambda x: np.transpose(x, (1, 0)) + x.T + x.transpose() + x.transpose(1, 0),
    "axes": lambda x: np.moveaxis(np.swapaxes(np.expand_dims(x, (0, 2)), 0, 1), -1, 0),
    "squeeze": lambda x: np.squeeze(x[None], axis=0) * np.squeeze(x[:1]),
    "broadcast_to": lambda x: np.broadcast_to(x, (4, 2, 3)),
    "flip and roll": lambda x: np.flip(x) + np.roll(x, 1) + np.roll(x, -1, axis=1),
    "repeat": lambda x: np.repeat(x, 2) @ np.ones(12) + np.repeat(x, 3, axis=1),
    "take": lambda x: np.take(x, [0, 5, 5]) @ np.ones(3) + np.take(x, [2, 0], axis=1),
    "cumsum": lambda x: np.cumsum(x, axis=1) + np.cumsum(x, axis=0) + np.cumsum(x)[-1],
    "diagonal": lambda x: np.diagonal(x) * np.trace(x),
    "dot": lambda x: np.dot(x, W) + x.dot(W) + np.dot(x, 2.0)[:, :2],
    "inner, outer, vdot": lambda x: np.inner(x, x) + np.outer(x[0], x[1])[:2, :2] * np.vdot(x, x),
    "einsum": lambda x: np.einsum("rk,ku->ru", x, W) + np.einsum("rk->r", x)[:, None],
    "einsum, no arrow": lambda x: np.einsum("rk,ku", x, W),
    "likes": lambda x: x * np.ones_like(x) + np.zeros_like(x) + np.full_like(x, 2.0),
    "shape": lambda x: x * np.shape(x)[0] + np.ndim(x) + np.size(x) + x.size + len(x),
    "methods": lambda x: x.sum(0) + x.mean(axis=0) + x.max(0) - x.min(0) + x.var(0) + x.std(0),
    "clip method": lambda x: x.clip(-1, 1) + x.astype("float64"),
    "masks": lambda x: x * (x > 0) + x * ((x < 1) & (x > -1)) + x * ~(x > 0) + ((x > 1) | False),
    "comparisons": lambda x: 1.0 * (x == 0.5) + (x != 0.5) + (x <= 1) + (x >= 1) + 0.0 * x,
    "iteration": lambda x: sum(row * row for row in x),
    "copy": lambda x: np.copy(x) * 2,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    function = FUNCTIONS[name]
    x = cr.variable("x", X)
    out = function(x)
    check(out)
    expected = function(X)
    np.testing.assert_allclose(cr.evaluate(out), expected, rtol=4e-15, atol=1e-15)
    assert out.shape == np.shape(expected)
    if name in ("comparisons", "maximum", "clip", "clip, named"):
        return
    loss = np.sum(out * np.cos(np.arange(out.size)).reshape(out.shape))
    reference = cr.complex_step(lambda a: cr.evaluate(loss, {"x": a}), X)
    found = cr.evaluate(cr.gradients(loss, x))
    np.testing.assert_allclose(found, reference, rtol=1e-12, atol=1e-14)


WRONG = {
    "unknown ufunc": (lambda x: np.arctan2(x, x), "np.arctan2 was called on a node"),
    "unknown function": (lambda x: np.linalg.inv(x), "np.linalg.inv was called on a node"),
    "a value function": (lambda x: np.argmax(x), "apply it to cr.evaluate"),
    "a test": (lambda x: np.any(x > 0), "apply it to cr.evaluate"),
    "dtype=": (lambda x: np.exp(x, dtype="f4"), "node.astype for dtype="),
    "dtype= of a function": (lambda x: np.sum(x, dtype="f4"), r"np.sum .* takes \(x, axis=None, "),
    "where=": (lambda x: np.exp(x, where=X > 0), "cr.where for where="),
    "out=": (lambda x: np.exp(x, out=X.copy()), "a = a"),
    "reduce": (lambda x: np.add.reduce(x), "np.sum"),
    "outer method": (lambda x: np.multiply.outer(x, x), "only plain calls"),
    "array of nodes": (lambda x: np.array([x, x]), "np.stack"),
    "list of nodes": (lambda x: X + [x[0], x[1]], "np.stack"),
    "float": (lambda x: float(x[0, 0]), "cr.evaluate"),
    "int": (lambda x: int(x[0, 0]), "cr.evaluate"),
    "math": (lambda x: math.exp(x[0, 0]), "use NumPy's instead"),
    "if": (lambda x: 1 if x[0, 0] > 0 else 0, "cr.where"),
    "max of Python": (lambda x: max(x[0, 0], 0), "np.maximum"),
    "range": (lambda x: range(x[0, 0]), "cr.evaluate"),
    "in": (lambda x: 0.5 in x, "cr.where"),
    "format": (lambda x: f"{x[0, 0]:.3f}", "Print float"),
    "floor division": (lambda x: x // 2, "cr.floor"),
    "modulo": (lambda x: 7 % x, "cr.floor"),
    "round": (lambda x: round(x), "cr.floor"),
    "assignment": (lambda x: x.__setitem__(0, 1), "immutable"),
    "complex number": (lambda x: x * 1j, "real and imaginary part"),
    "text": (lambda x: x + "a", "no number"),
    "none": (lambda x: x + None, "no number"),
    "half precision": (lambda x: x * np.float16(2), "astype"),
    "length of a number": (lambda x: len(x[0, 0]), "has no length"),
    "iteration over a number": (lambda x: list(x[0, 0]), "has no entries"),
    "shapes": (lambda x: x + np.ones((3, 2)), r"add: shapes \(2, 3\) and \(3, 2\) do not"),
    "product": (lambda x: x @ x, r"matmul needs .* got \(2, 3\) @ \(2, 3\)"),
    "product with a number": (lambda x: np.matmul(x, 2), r"use \* for that"),
    "axis": (lambda x: np.sum(x, axis=2), "axis 2 was asked of shape .* Use an axis from -2 to 1"),
    "axis twice": (lambda x: np.sum(x, axis=(0, -2)), "named twice"),
    "reshape": (lambda x: x.reshape(4), r"reshape: \(2, 3\) has 6 entries, \(4,\) has 4"),
    "reshape with -1": (lambda x: x.reshape(4, -1), "no length fits for -1"),
    "reshape with two -1": (lambda x: x.reshape(-1, -1), "no length fits for -1"),
    "transpose": (lambda x: np.transpose(x, (0, 0)), r"axes \(0, 0\) are not an order"),
    "transpose, few axes": (lambda x: np.transpose(x, (0,)), "are not an order"),
    "swapaxes": (lambda x: np.swapaxes(x, 0, 2), "swapaxes: axis 2"),
    "squeeze": (lambda x: np.squeeze(x, axis=0), "not of length 1"),
    "broadcast_to": (lambda x: np.broadcast_to(x, (3, 2)), "cannot be expanded"),
    "concatenate": (lambda x: np.concatenate([x, W]), "cannot be joined along axis 0"),
    "concatenate nothing": (lambda x: cr.concat([]), "nothing to join"),
    "stack": (lambda x: np.stack([x, W]), "all shapes must be equal"),
    "einsum": (lambda x: np.einsum("rk->k,", x), "einsum"),
    "einsum, letters": (lambda x: np.einsum("abc->a", x), "names 3 axes"),
    "index": (lambda x: x[2], "index 2 is out of bounds"),
    "too many indexes": (lambda x: x[0, 0, 0], "too many indices"),
    "float index": (lambda x: x[1.0], r"x\[key\] of shape \(2, 3\)"),
    "mask of another shape": (lambda x: x[np.ones(3, bool)], r"x\[key\] of shape \(2, 3\)"),
    "index of a float node": (lambda x: x[cr.variable("i", [0.0])], "dtype='int64'"),
    "index of a mask node": (lambda x: x[x > 0], r"cr.where\(mask, x, 0\)"),
    "norm of another order": (lambda x: np.linalg.norm(x, 1), "ord=1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_named_with_a_way_out(name):
    function, said = WRONG[name]
    with pytest.raises(ChainruleError) as caught:
        function(cr.variable("x", X))
    text = str(caught.value)
    assert re.search(said, " ".join(text.split())), text
    assert len(text.splitlines()) <= 2
    assert all(len(line) < 200 for line in text.splitlines())


@pytest.mark.parametrize("operator", ["+=", "-=", "*=", "/=", "@=", "**="])
def test_an_array_cannot_take_a_node_in_place(operator):
    names = {"a": np.ones((3, 3)), "x": cr.variable("x", np.ones((3, 3)))}
    with pytest.raises(UnsupportedError, match="Write a = a"):
        exec(f"a {operator} x", names)


KEYS = [
    np.s_[0], np.s_[-1], np.s_[...], np.s_[:], np.s_[None], np.s_[1, 2], np.s_[..., 0],
    np.s_[:, -1], np.s_[::-1], np.s_[::-1, ::2], np.s_[5:2], np.s_[-100:100], np.s_[None, :, None],
    np.s_[:, None, 1], np.s_[..., None], np.s_[0, ..., None], (), [1, 0, 1], np.s_[:, [2, 0]],
    np.s_[[0, 1], [2, 0]], np.s_[[[0], [1]], [2, 0]], np.s_[1, [0, 0]], np.s_[[0, 1], None],
    X > 0, (X > 0).tolist(), [True, False], np.s_[:, [True, False, True]], np.s_[1:, [0, 1]],
    np.int64(1), np.array(1), np.array([1], np.uint8), np.s_[np.array([-1, -2])], np.s_[-1:-3:-1],
    True, np.s_[X.shape[0] - 1], [],
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_every_form_of_index(key):
    same_index(X, key)


def same_index(array, key):
    """Compare value and gradient of an index with NumPy's."""
    x = cr.variable("x", array)
    key_for_numpy = np.array(key, int) if isinstance(key, list) and not key else key
    expected = array[key_for_numpy]
    out = x[key_for_numpy]
    check(out)
    assert out.shape == expected.shape
    np.testing.assert_array_equal(cr.evaluate(out), expected)
    g = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    wanted = np.zeros_like(array)
    np.add.at(wanted, key_for_numpy, g)
    found = cr.evaluate(cr.gradients(np.sum(out * g), x))
    np.testing.assert_array_equal(found, wanted)


@st.composite
def indexed(draw):
    """An array of numbered entries and an index into it, as NumPy takes them."""
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=4))
    basic = arrays.basic_indices(shape, allow_newaxis=True, max_dims=5)
    whole = arrays.integer_array_indices(shape)
    masks = arrays.arrays(bool, shape)
    key = draw(st.one_of(basic, whole, masks))
    return np.arange(1.0, math.prod(shape) + 1).reshape(shape), key


@given(indexed())
@settings(max_examples=150, deadline=None)
def test_random_indexes(found):
    same_index(*found)


def test_indexes_may_be_computed():
    x, i = cr.variable("x", X), cr.variable("i", [1, 0], dtype="int64")
    j = cr.constant(np.array([2, 2]))
    assert cr.evaluate(x[i]).tolist() == X[[1, 0]].tolist()
    assert cr.evaluate(x[i, j]).tolist() == X[[1, 0], [2, 2]].tolist()
    assert cr.evaluate(x[0, i]).tolist() == X[0, [1, 0]].tolist()
    with pytest.raises(UnsupportedError, match=r"cr.gather\(x, index, axis\)"):
        x[:, i]
    with pytest.raises(ShapeError, match="3 indexes were given"):
        x[i, i, i]


def test_a_truth_value_is_never_taken_by_accident():
    x = cr.variable("x", X)
    with pytest.raises(UnsupportedError):
        assert x == 0
    assert (x == 0).dtype == np.bool_
    with pytest.raises(DTypeError):
        x == None  # noqa: E711


@given(
    arrays.arrays(np.float64, (2, 3), elements=st.floats(-4, 4)),
    st.lists(st.sampled_from(sorted(FUNCTIONS)), min_size=1, max_size=3),
)
@settings(max_examples=80, deadline=None)
def test_random_chains_of_functions_keep_numpys_values(array, names):
    node, value = cr.variable("x", array), array
    with np.errstate(all="ignore"):
        for name in names:
            if np.shape(value) != (2, 3):
                break
            try:
                value = FUNCTIONS[name](value)
            except (ValueError, FloatingPointError):
                return
            node = FUNCTIONS[name](node)
        found = cr.evaluate(node)
        scale = max(1.0, float(np.max(np.abs(np.where(np.isfinite(value), value, 0)), initial=0)))
        np.testing.assert_allclose(found, value, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("bad", [[[1.0], [1.0, 2.0]], {"a": 1}, object(), "x", b"x", 1j, None])
def test_what_is_no_array_of_numbers_is_refused(bad):
    with pytest.raises(DTypeError):
        cr.graph.as_node(bad)
