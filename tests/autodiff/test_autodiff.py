"""Reverse and forward mode as graphs, numeric references by value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ShapeError
from chainrule.graph import check, toposort


def network(x):
    """A function with forks, broadcasting, products, a softmax and a norm."""
    w = cr.constant(np.linspace(-1, 1, 12).reshape(3, 4))
    hidden = np.tanh(x @ w + np.arange(4.0))
    shares = cr.softmax(hidden)
    return np.sum(shares * hidden) + cr.norm(hidden) + np.mean(hidden[:, ::2] ** 2)


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_reverse_forward_and_complex_step_agree(numbers):
    at = np.array(numbers).reshape(2, 3)
    x = cr.variable("x", at)
    out = network(x)
    found = cr.gradients(out, x)
    check(found, after="gradients")
    reverse = cr.evaluate(found)
    reference = cr.complex_step(lambda a: cr.evaluate(out, {"x": a}), at)
    np.testing.assert_allclose(reverse, reference, rtol=1e-11, atol=1e-12)
    direction = np.linspace(0.5, -1.0, 6).reshape(2, 3)
    forward = cr.evaluate(cr.directional_derivative(out, [x], [direction]))
    np.testing.assert_allclose(forward, np.sum(reverse * direction), rtol=1e-11, atol=1e-12)


def test_second_order_is_the_gradient_of_the_gradient():
    at = np.array([[0.3, -0.4, 0.9], [1.0, 0.2, -0.7]])
    x = cr.variable("x", at)
    along = np.sum(cr.gradients(network(x), x) * np.arange(6.0).reshape(2, 3))
    second = cr.evaluate(cr.gradients(along, x))
    reference = cr.complex_step(lambda a: cr.evaluate(along, {"x": a}), at)
    np.testing.assert_allclose(second, reference, rtol=1e-10, atol=1e-11)


def test_tenth_order():
    x = cr.variable("x", 0.5)
    out = np.exp(2.0 * x)
    for _ in range(10):
        out = cr.gradients(out, x)
    np.testing.assert_allclose(cr.evaluate(out), 2.0**10 * np.exp(1.0), rtol=1e-14)


def test_gradients_by_an_inner_node_take_it_as_given():
    x = cr.variable("x", 2.0)
    middle = x * 3.0
    assert cr.evaluate(cr.gradients(middle**2 + x, middle)) == 12.0


def test_what_the_loss_does_not_depend_on_has_zero_gradient():
    x, y = cr.variable("x", 2.0), cr.variable("y", np.ones((2, 3), np.float32))
    found = cr.gradients(x * x, [x, y])
    assert cr.evaluate(found[0]) == 4.0
    assert found[1].shape == (2, 3)
    assert found[1].dtype == np.float32
    np.testing.assert_array_equal(cr.evaluate(found[1]), 0.0)


def test_only_what_is_needed_is_differentiated():
    x, w = cr.variable("x", np.ones((50, 40))), cr.variable("w", np.ones((40, 3)))
    found = cr.gradients(np.sum(np.tanh(x @ w)), w)
    assert all(node.shape != (50, 40) or not node.inputs for node in toposort(found))


def test_paths_that_meet_add_up():
    x = cr.variable("x", 3.0)
    assert cr.evaluate(cr.gradients(x + x, x)) == 2.0
    assert cr.evaluate(cr.gradients(x * x * x, x)) == 27.0


def test_a_gradient_is_that_of_one_number():
    with pytest.raises(ShapeError, match="that of one number"):
        cr.gradients(cr.variable("x", np.ones(3)) * 2, cr.variable("y", 1.0))


def test_mixed_dtypes_give_each_input_a_gradient_of_its_own():
    x, y = cr.variable("x", np.ones(3, np.float32)), cr.variable("y", np.ones(3))
    found = cr.gradients(np.sum(x * y), [x, y])
    assert [g.dtype for g in found] == [np.float32, np.float64]


def test_integers_have_no_gradient_and_stop_none():
    labels = cr.constant([2, 0])
    x = cr.variable("x", np.ones((2, 3)))
    picked = cr.gather(x.T, labels)
    np.testing.assert_array_equal(
        cr.evaluate(cr.gradients(np.sum(picked), x)), [[1, 0, 1], [1, 0, 1]]
    )


def test_stop_gradient_stops():
    x = cr.variable("x", 3.0)
    assert cr.evaluate(cr.gradients(x * cr.stop_gradient(x), x)) == 3.0


def test_a_direction_of_another_shape_is_refused():
    x = cr.variable("x", np.ones(3))
    with pytest.raises(ShapeError, match=r"shape \(2,\), not \(3,\)"):
        cr.directional_derivative(x * 2, [x], [np.ones(2)])


def test_the_complex_step_is_right_to_the_last_digits():
    found = cr.complex_step(lambda x: np.exp(x[0]) / np.sqrt(x[1]), [1.0, 2.0])
    np.testing.assert_allclose(
        found, [np.e / np.sqrt(2), -np.e / (2 * np.sqrt(2) ** 3)], rtol=4e-16
    )


def test_central_differences_have_ten_digits_at_best():
    found = cr.central_differences(lambda x: np.sum(np.sin(x)), [0.1, 2.0, -3.0])
    np.testing.assert_allclose(found, np.cos([0.1, 2.0, -3.0]), rtol=1e-9)


@pytest.mark.parametrize("method", [cr.complex_step, cr.central_differences])
def test_numeric_references_want_one_number_back(method):
    with pytest.raises(ShapeError, match="one number"):
        method(lambda x: x, [1.0, 2.0])
