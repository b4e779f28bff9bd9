"""grad, value_and_grad and evaluate: every form of argument, nesting, and what they refuse."""

from typing import NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DTypeError, ShapeError, SpecError, UnsupportedError


class Pair(NamedTuple):
    """Two numbers with names."""

    a: object
    b: object


NESTED = [
    # the inner gradient must not see the outer variable's copy, nor lose it
    ("x d/dy(x + y)", lambda g: g(lambda x: x * g(lambda y: x + y)(1.0))(2.0), 1.0),
    ("x d/dy(x y)", lambda g: g(lambda x: x * g(lambda y: x * y)(1.0))(2.0), 4.0),
    ("d/dy(x y) at y = x", lambda g: g(lambda x: g(lambda y: x * y)(x))(3.0), 1.0),
    ("d/dy(y y) at y = x", lambda g: g(lambda x: g(lambda y: y * y)(x) + x)(1.0), 3.0),
    (
        "three levels",
        lambda g: g(lambda x: g(lambda y: g(lambda z: x * y * z)(1.0) * x)(x))(3.0),
        6.0,
    ),
    ("third order", lambda g: g(g(g(np.tanh)))(2.0), 0.2526540650980627),
    ("inner does not depend", lambda g: g(lambda x: x * g(lambda y: y * y)(3.0))(5.0), 6.0),
    ("same function twice", lambda g: g(lambda x: g(np.sin)(x) * g(np.sin)(2 * x))(0.0), 0.0),
    ("keywords", lambda g: g(lambda x, y: x * g(lambda z, w: z * w)(1.0, w=y))(2.0, y=5.0), 5.0),
    ("value inside", lambda g: g(lambda x: cr.value_and_grad(lambda y: x * y)(3.0)[0])(2.0), 3.0),
]


@pytest.mark.parametrize(("words", "run", "expected"), NESTED, ids=[n[0] for n in NESTED])
def test_gradients_inside_gradients(words, run, expected):
    found = run(cr.grad)
    assert not isinstance(found, cr.graph.Node)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_a_hessian_times_a_vector():
    def product(w):
        return np.sum(cr.grad(lambda v: np.sum(v**3))(w) * np.array([1.0, 2.0]))

    assert cr.grad(product)(np.array([1.0, 2.0])).tolist() == [6.0, 24.0]


def test_called_with_a_node_it_gives_a_node():
    x = cr.variable("x", 2.0)
    slope = cr.grad(lambda y: y**3)(x)
    assert cr.evaluate(slope, {"x": 3.0}) == 27.0
    assert cr.evaluate(cr.gradients(slope, x)) == 12.0


def test_a_variable_of_ones_own_inside_the_function_keeps_its_value():
    w = cr.variable("w", 3.0)
    assert cr.grad(lambda x: x * w)(1.0) == 3.0


FORMS = [
    (lambda p: p["a"] * p["b"], {"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0}),
    (lambda p: p[0] * p[1], [2.0, 3.0], [3.0, 2.0]),
    (lambda p: p[0] * p[1], (2.0, 3.0), [3.0, 2.0]),
    (lambda p: np.sum(p[0]) * p[1], [np.ones(2), 3.0], [[3.0, 3.0], 2.0]),
    (lambda p: p.a * p.b, Pair(2.0, 3.0), Pair(3.0, 2.0)),
    (lambda p: p.a * p.b["c"][0], Pair(2.0, {"c": [3.0, None]}), Pair(3.0, {"c": [2.0, None]})),
    (lambda p: p["a"] * 2, {"a": 1.0, "none": None}, {"a": 2.0, "none": None}),
    (lambda p: p * p, 3, 6.0),
    (lambda p: np.sum(p * p), np.array([3, 4]), [6.0, 8.0]),
    (lambda p: np.sum(p), [], []),
    (lambda p: np.sum(p), np.zeros((0, 2)), np.zeros((0, 2))),
    (lambda p: p[0][1] * p[1][0], [[1.0, 2.0], [3.0, 4.0]], [[0.0, 3.0], [2.0, 0.0]]),
    (lambda p: 3.0, 2.0, 0.0),
]


@pytest.mark.parametrize(("function", "argument", "expected"), FORMS)
def test_the_gradient_has_the_form_of_the_argument(function, argument, expected):
    found = cr.grad(function)(argument)
    assert isinstance(found, Pair) == isinstance(argument, Pair)
    same(found, expected)


def same(found, expected):
    """Compare two trees; a list of numbers may come back as an array."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected:
            same(found[key], expected[key])
    elif isinstance(found, (list, tuple)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            same(a, b)
    elif expected is None:
        assert found is None
    else:
        np.testing.assert_array_equal(found, expected)


def test_several_arguments_and_the_last():
    assert cr.value_and_grad(lambda a, b: a * b, wrt=[0, 1])(2.0, 3.0) == (6.0, (3.0, 2.0))
    assert cr.grad(lambda a, b: a * b * b, wrt=-1)(2.0, 3.0) == 12.0
    assert cr.grad(lambda a, b, c: a * b + c, wrt=(2, 0))(2.0, 3.0, 4.0) == (1.0, 3.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_go_through(dtype):
    value, slope = cr.value_and_grad(lambda x: np.sum(np.tanh(x) * 2) + 1)(np.ones(3, dtype))
    assert value.dtype == slope.dtype == dtype
    assert cr.grad(lambda x: x * x)(dtype(2)).dtype == dtype


REFUSED = [
    (
        "not a number",
        lambda: cr.grad(lambda x: x * x)(np.ones(1)),
        ShapeError,
        r"returned shape \(1,\)",
    ),
    ("a tuple", lambda: cr.grad(lambda x: (x, x))(1.0), ShapeError, "returned a tuple"),
    ("nothing", lambda: cr.grad(lambda x: None)(1.0), ShapeError, "returned a NoneType"),
    (
        "a truth value",
        lambda: cr.grad(lambda x: x > 0)(1.0),
        DTypeError,
        "a derivative needs floats",
    ),
    ("an integer", lambda: cr.grad(lambda x: x.astype("int64"))(1.0), DTypeError, "needs floats"),
    (
        "by no argument",
        lambda: cr.grad(lambda x: x, wrt=1)(1.0),
        SpecError,
        "called with 1 arguments",
    ),
    ("by a name", lambda: cr.grad(lambda x: x, wrt="x")(1.0), SpecError, "wrt='x'"),
    ("by one twice", lambda: cr.grad(lambda x: x, wrt=(0, 0))(1.0), SpecError, "different numbers"),
    ("by text", lambda: cr.grad(lambda p: p["a"])({"a": 1.0, "b": "x"}), DTypeError, "no number"),
    ("by booleans", lambda: cr.grad(np.sum)(np.array([True])), DTypeError, "needs floats"),
    ("by complex numbers", lambda: cr.grad(lambda x: x)(3j), DTypeError, "real and imaginary"),
    ("an if", lambda: cr.grad(lambda x: x if x > 0 else -x)(1.0), UnsupportedError, "cr.where"),
    (
        "gradients of a number",
        lambda: cr.gradients(3.0, cr.variable("x")),
        DTypeError,
        "the loss is 3.0",
    ),
    ("gradients by a number", lambda: cr.gradients(cr.variable("x"), 3), DTypeError, "wrt is 3"),
    (
        "by an integer node",
        lambda: cr.gradients(*[cr.variable("i", 2, dtype="int64")] * 2),
        DTypeError,
        "floats",
    ),
    ("no value", lambda: cr.evaluate(cr.variable("x") * 2), SpecError, "needs a value for 'x'"),
    ("no node", lambda: cr.evaluate(None), DTypeError, "no number"),
    ("another shape", lambda: given(np.ones(2), 1.0), ShapeError, r"'x' has shape \(\)"),
    ("text for a number", lambda: given(1.0, "a"), DTypeError, "'x' needs numbers"),
    (
        "a broken number for an integer",
        lambda: given(1, 1.7, "int64"),
        DTypeError,
        "1.7 would be changed",
    ),
    ("a number for a truth value", lambda: given(True, 0.5), DTypeError, "0.5 would be changed"),
    ("too large for float32", lambda: given(np.float32(1), 1e300), DTypeError, r"1e\+300 would be"),
    ("NaN for an integer", lambda: given(1, np.nan, "int64"), DTypeError, "nan would be changed"),
    (
        "a strange key",
        lambda: cr.evaluate(cr.variable("x", 1.0), {3: 1.0}),
        SpecError,
        "or its name",
    ),
]


def given(value, instead, dtype=None):
    """Evaluate a variable at another value."""
    return cr.evaluate(cr.variable("x", value, dtype=dtype), {"x": instead})


@pytest.mark.parametrize(("words", "run", "error", "said"), REFUSED, ids=[r[0] for r in REFUSED])
def test_refused_in_one_or_two_lines(words, run, error, said):
    with pytest.raises(ChainruleError, match=said) as caught:
        run()
    assert isinstance(caught.value, error)
    assert len(str(caught.value).splitlines()) <= 2


def test_evaluate_answers_in_the_form_it_was_asked_in():
    x = cr.variable("x", [1.0, 2.0])
    found = cr.evaluate({"a": [x, (x * 2, None)], "p": Pair(np.sum(x), 3.0)})
    assert found["a"][1][0].tolist() == [2.0, 4.0]
    assert found["a"][1][1] is None
    assert found["p"] == Pair(3.0, 3.0)
    assert cr.evaluate([]) == []


def test_values_that_fit_are_taken_exactly():
    assert given(np.float32(1), 0.5).dtype == np.float32
    assert given(1, 3.0, "int64") == 3
    assert given(True, 0) == np.False_
    assert np.isinf(given(np.float32(1), np.inf))
    assert np.isnan(given(1.0, np.nan))


def test_a_cast_to_integers_passes_no_gradient():
    x = cr.variable("x", [1.7, 2.2])
    through = x.astype("int64").astype("float64")
    assert cr.evaluate(through).tolist() == [1.0, 2.0]
    assert cr.evaluate(cr.gradients(np.sum(through * x), x)).tolist() == [1.0, 2.0]
    half = x.astype("float32").astype("float64")
    assert cr.evaluate(cr.gradients(np.sum(half * 2), x)).tolist() == [2.0, 2.0]


def test_forward_mode_takes_one_node_or_several():
    x, y = cr.variable("x", [1.0, 2.0]), cr.variable("y", 3.0)
    assert cr.evaluate(cr.directional_derivative(x * y, x, [1.0, 0.0])).tolist() == [3.0, 0.0]
    both = cr.directional_derivative(x * y, [x, y], [[1.0, 0.0], 1.0])
    assert cr.evaluate(both).tolist() == [4.0, 2.0]
    with pytest.raises(ShapeError, match="1 directions were given for 2 nodes"):
        cr.directional_derivative(x * y, [x, y], [1.0])
    with pytest.raises(ShapeError, match=r"has shape \(\), not \(2,\)"):
        cr.directional_derivative(x, x, 1.0)


def test_the_complex_step_serves_tiny_and_huge_entries():
    at = [1e-30, 1e300, 1e-290, 3.0]
    found = cr.complex_step(lambda x: np.log(x).sum(), at)
    np.testing.assert_allclose(found, 1 / np.array(at), rtol=1e-14)
    assert cr.complex_step(lambda x: (x**2 + 3 * x).sum(), [0.0]).tolist() == [3.0]


def test_a_graph_takes_the_complex_step():
    x = cr.variable("x", [0.3, -0.7])
    loss = np.sum(cr.softmax(x) * cr.gelu(x)) + cr.norm(x) + cr.std(x) + np.max(x)
    found = cr.complex_step(lambda a: cr.evaluate(loss, {"x": a}), [0.3, -0.7])
    np.testing.assert_allclose(cr.evaluate(cr.gradients(loss, x)), found, rtol=1e-13)


def test_a_function_that_is_not_a_number_has_no_numeric_gradient():
    for numeric in (cr.complex_step, cr.central_differences):
        with pytest.raises(ShapeError, match=r"returned shape \(2,\)"):
            numeric(lambda x: x, [1.0, 2.0])
