"""Nodes: built by operators and NumPy functions, checked when built, never recursed into."""

import gc

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DTypeError, GraphError, ShapeError, UnsupportedError
from chainrule.graph import apply, check, depends_on, find, leaves, toposort

A, B = np.array([[1.0, -2.0, 3.0]]), np.array([[0.5], [2.0]])


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: (x @ np.ones((3, 2)) - 1.0) ** 2,
        lambda x: np.ones((2, 1)) @ x,
        lambda x: np.where(x > 0, x, 0.1 * x),
        lambda x: np.maximum(0, x) + np.minimum(x, 1.0) - abs(x),
        lambda x: np.clip(x, -1.0, 2.5),
        lambda x: np.concatenate([x, x * 2], axis=1),
        lambda x: np.stack([x, -x])[1],
        lambda x: np.sum(x, axis=1, keepdims=True) + np.mean(x) - np.max(x, axis=0),
        lambda x: x.T.reshape(-1)[::-1],
        lambda x: np.transpose(x)[1:, None],
        lambda x: np.log1p(np.square(x)) / np.sqrt(np.abs(x)),
        lambda x: np.std(x, axis=1) + np.var(x) + x.min(),
        lambda x: np.einsum("rk,ku->ru", x, np.arange(6.0).reshape(3, 2)),
        lambda x: x[0, [2, 0, 2]] if isinstance(x, np.ndarray) else x[[0, 0, 0], [2, 0, 2]],
        lambda x: np.dot(x, np.arange(3.0)) + np.outer([1.0, 2.0], x[0])[1, 2],
        lambda x: +x - (-x) * 2.0 + (x == 1.0) * 3.0 + (x != 1.0) * x,
        lambda x: np.squeeze(np.expand_dims(x, 0), 0)[..., -1],
        lambda x: np.swapaxes(x, 0, 1) @ x,
        lambda x: 2.0**x - x**3.0 + np.power(np.abs(x), 0.5),
        lambda x: np.tanh(np.sin(x)) * np.cos(x) + np.expm1(x) + np.sign(x),
        lambda x: x[x.shape[0] - 1][np.array([True, False, True])],
    ],
)  # fmt: skip
def test_numpy_code_on_a_node_gives_what_it_gives_on_the_array(forward):
    x = cr.variable("x", A)
    out = forward(x)
    check(out)
    np.testing.assert_allclose(cr.evaluate(out), forward(A), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (lambda x: x + np.ones(4), ShapeError, r"add: shapes \(2, 3\) and \(4,\) do not broadcast"),
        (lambda x: x @ x, ShapeError, r"matmul needs .*got \(2, 3\) @ \(2, 3\)"),
        (lambda x: x.reshape(4, 2), ShapeError, "reshape"),
        (lambda x: x.sum(axis=2), ShapeError, "axis 2 was asked of shape"),
        (lambda x: x.sum(axis=(0, 0)), ShapeError, "named twice"),
        (lambda x: np.concatenate([x, np.ones((3, 2))]), ShapeError, "concat"),
        (lambda x: np.stack([x, x[0]]), ShapeError, "stack"),
        (lambda x: np.max(x[:0]), ShapeError, "max of nothing"),
        (lambda x: np.mean(x[:, :0]), ShapeError, "mean of nothing"),
        (lambda x: x[2], ShapeError, "index 2 is out of bounds"),
        (lambda x: x[0, 0, 0], ShapeError, "3 were indexed"),
        (lambda x: np.sort(x), UnsupportedError, "np.sort"),
        (lambda x: np.fft.fft(x), UnsupportedError, r"np.fft.fft"),
        (lambda x: np.add.reduce(x), UnsupportedError, "np.sum"),
        (lambda x: np.exp(x, out=np.zeros((2, 3))), UnsupportedError, "a = a"),
        (lambda x: bool(x[0, 0] > 0), UnsupportedError, "cr.where"),
        (lambda x: float(x[0, 0]), UnsupportedError, "cr.evaluate"),
        (lambda x: np.asarray(x), UnsupportedError, "cr.evaluate"),
        (lambda x: x.__setitem__(0, 1.0), UnsupportedError, "immutable"),
        (lambda x: apply("softsin", x), UnsupportedError, "softsin"),
        (lambda x: x + np.array(["a"]), DTypeError, "float64"),
        (lambda x: cr.gather(x, [0, 2], axis=0), GraphError, "2"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_way_out(wrong, error, said):
    x = cr.variable("x", np.ones((2, 3)))
    with pytest.raises((error, cr.ChainruleError), match=said):
        wrong(x)


def test_adding_a_node_into_an_array_in_place_is_refused():
    total = np.zeros(3)
    with pytest.raises(UnsupportedError, match="a = a"):
        total += cr.variable("x", np.ones(3))


def test_a_node_cannot_be_changed():
    x = cr.variable("x", [1.0, 2.0])
    with pytest.raises(AttributeError):
        x.name = "y"
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 5.0


def test_a_variable_copies_its_value():
    values = np.array([1.0, 2.0])
    x = cr.variable("x", values)
    values[0] = 99.0
    assert cr.evaluate(x)[0] == 1.0


def test_nodes_in_sets_and_dictionaries_go_by_identity():
    x, y = cr.variable("x", 1.0), cr.variable("x", 1.0)
    assert len({x, y}) == 2
    assert {x: "x", y: "y"}[y] == "y"


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_needs_no_recursion():
    x = cr.variable("x", 0.0)
    out = x
    for _ in range(100_000):
        out = out + 1.0
    assert len(toposort(out)) == 200_001
    assert len(depends_on(toposort(out), [x])) == 100_001
    check(out)
    repr(out)
    assert cr.evaluate(out) == 100_000.0
    assert cr.evaluate(cr.gradients(out, x)) == 1.0
    del out
    gc.collect()


def test_dtypes_are_inferred_as_numpy_infers_them():
    x32 = cr.variable("x", np.ones(2, np.float32))
    assert (x32 * 2 + 1).dtype == np.float32
    assert (x32 * np.ones(2)).dtype == np.float64
    assert (x32 > 0).dtype == np.bool_
    assert ((x32 > 0) * x32).dtype == np.float32
    assert (x32 + np.arange(2)).dtype == np.float32
    assert cr.variable("n", 3).dtype == np.float64


@pytest.mark.parametrize(
    "bad", [np.ones(2, np.complex128), np.ones(2, np.float16), ["a"], object()]
)
def test_dtypes_that_a_graph_cannot_hold_are_refused(bad):
    with pytest.raises(DTypeError):
        cr.constant(bad)


def test_integers_above_int64_are_refused():
    with pytest.raises(DTypeError, match="int64"):
        cr.constant(np.array([2**63], np.uint64))


def test_leaves_and_names_are_found():
    x = cr.variable("x", 1.0)
    out = x * 2.0 + cr.parameter("w", ())
    assert [node.name for node in leaves(out, op="variable")] == ["x"]
    assert find("w", out) is not None
    assert find("nobody", out) is None
