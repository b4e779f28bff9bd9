"""The interpreter, recordings, the referee, and graphs as functions of arrays."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError, SpecError
from chainrule.executors import Recording, bind, compare, record
from chainrule.executors.interpreter import FREED_BYTES
from chainrule.plan import make_plan


def program():
    x = cr.variable("x", shape=(2, 3))
    hidden = np.tanh(x)
    return bind(make_plan({"hidden": hidden, "out": np.sum(hidden * hidden, axis=1)}))


def test_a_recording_holds_every_value_by_name_and_node():
    found = record(program(), {"x": np.ones((2, 3))})
    np.testing.assert_array_equal(found["hidden"], np.tanh(np.ones((2, 3))))
    assert len(found.values) == len(found.plan.instructions)
    assert found.of(found.plan.forward["out"]).shape == (2,)
    with pytest.raises(SpecError, match=r"nothing is called 'z9'; there are .*hidden"):
        found["z9"]


def test_a_missing_or_misshapen_input_is_named():
    with pytest.raises(SpecError, match="a value for 'x'"):
        record(program(), {})
    with pytest.raises(ShapeError, match=r"'x' has shape \(3, 2\); the plan was made for \(2, 3\)"):
        record(program(), {"x": np.ones((3, 2))})


def planted(found, number, entry, change):
    """Return the recording with one entry of one value changed, as a second executor's."""
    values = [v.copy() for v in found.values]
    values[number][entry] += change
    return Recording(found.plan, tuple(values), "native")


def test_the_referee_names_the_first_node_that_differs():
    found = record(program(), {"x": np.arange(6.0).reshape(2, 3)})
    assert compare(found, found) is None
    difference = compare(found, planted(found, 1, (1, 2), 1e-6))
    assert difference.instruction.node.op == "tanh"
    assert difference.index == (1, 2)
    assert str(difference).startswith("node 1 tanh (2, 3): interpreter 0.99")
    assert str(difference).endswith("native 0.9999102042625951 at [1, 2]; 1 nodes before it agree")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_referee_sees_what_is_not_finite(value):
    found = record(program(), {"x": np.ones((2, 3))})
    values = [v.copy() for v in found.values]
    values[1][0, 0] = value
    other = Recording(found.plan, tuple(values), "native")
    assert compare(found, other).index == (0, 0)
    assert compare(other, other) is None


def test_the_referee_allows_rounding():
    found = record(program(), {"x": np.ones((2, 3))})
    assert compare(found, planted(found, 1, (0, 0), 1e-16)) is None
    assert compare(found, planted(found, 1, (0, 0), 1e-16), tolerance=0.0) is not None


def test_large_dead_values_are_freed_and_small_ones_stay():
    entries = FREED_BYTES // 8 + 1
    for size, freed in ((entries, 2), (4, 0)):
        x = cr.variable("x", shape=(size,))
        values = bind(make_plan({"out": np.sum(np.exp(np.tanh(x)))})).values({"x": np.zeros(size)})
        assert sum(v is None for v in values) == freed


def test_the_interpreter_is_silent_about_overflow():
    assert cr.evaluate(np.exp(cr.variable("x", 1000.0))) == np.inf


def test_evaluate_gives_the_form_it_was_asked_for():
    x = cr.variable("x", [1.0, 2.0])
    assert isinstance(cr.evaluate([x, x * 2]), list)
    assert set(cr.evaluate({"twice": x * 2})) == {"twice"}
    assert cr.evaluate(np.sum(x), {x: [5.0, 6.0]}) == 11.0
    assert cr.evaluate(np.sum(x), {"x": [5, 6]}) == 11.0
    assert cr.evaluate(3.0) == 3.0


def test_what_evaluate_returns_is_ones_own():
    x = cr.variable("x", [1.0, 2.0])
    found = cr.evaluate(x)
    found[0] = 99.0
    assert cr.evaluate(x)[0] == 1.0


def test_a_variable_without_a_value_is_asked_for():
    with pytest.raises(SpecError, match=r"a value for 'x'"):
        cr.evaluate(cr.variable("x", shape=(2,)) * 2)


def test_two_variables_of_one_name_are_refused():
    x, other = cr.variable("x", 1.0), cr.variable("x", 2.0)
    with pytest.raises(SpecError, match="two different variables are called 'x'"):
        cr.evaluate(x + other)


def loss(parameters, data):
    hidden = np.tanh(data @ parameters["W"] + parameters["b"])
    return np.sum(hidden**2)


def test_grad_takes_dictionaries_and_gives_them_back():
    parameters = {"W": np.array([[0.5], [-1.0]]), "b": np.array([0.1])}
    data = np.array([[1.0, 2.0], [0.0, -1.0]])
    value, found = cr.value_and_grad(loss)(parameters, data)
    assert value == loss(parameters, data)
    for name, array in parameters.items():

        def moved(a, name=name):
            return loss({**parameters, name: a}, data)

        np.testing.assert_allclose(found[name], cr.complex_step(moved, array), rtol=1e-13)


def test_grad_by_several_arguments():
    found = cr.grad(lambda a, b: a * b**2, wrt=(0, 1))(3.0, 2.0)
    assert [float(g) for g in found] == [4.0, 12.0]


def test_grad_nests_without_confusing_the_levels():
    assert cr.grad(lambda x: x * cr.grad(lambda y: x + y)(x))(1.0) == 1.0
    assert cr.grad(lambda x: x * cr.grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert cr.grad(lambda x: cr.grad(lambda y: y**2)(x) * cr.grad(np.exp)(0.0))(5.0) == 2.0


def test_grad_keeps_float32():
    found = cr.grad(lambda x: np.sum(np.tanh(x) * 2.0))(np.ones(3, np.float32))
    assert found.dtype == np.float32


def test_grad_of_what_is_no_number_says_so():
    with pytest.raises(ShapeError, match=r"returned shape \(2,\)"):
        cr.grad(lambda x: x * 2)(np.ones(2))


def test_grad_of_a_constant_is_zero():
    assert cr.grad(lambda x: 3.0)(2.0) == 0.0


def test_the_seeds_forward_pass_is_differentiable_as_it_is():
    X = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    np.random.seed(1)
    W1, b1 = np.random.rand(3, 4), np.random.rand(1, 4)
    W2, b2 = np.random.rand(4, 1), np.random.rand(1, 1)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def forward(W1, b1, W2, b2):
        hidden = sigmoid(np.dot(X, W1) + b1)
        out = sigmoid(np.dot(hidden, W2) + b2)
        return 0.5 * np.sum((out - y) ** 2)

    found = cr.grad(forward, wrt=(0, 1, 2, 3))(W1, b1, W2, b2)
    net = cr.Network.from_spec("3-4:sigmoid-1:sigmoid")
    start = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    run = cr.train(net, X, y, loss="half_squared_error", reduction="sum", steps=1, initial=start)
    for ours, name in zip(found, start, strict=True):
        np.testing.assert_allclose(
            ours.reshape(run.at(0).gradients[name].shape), run.at(0).gradients[name], rtol=1e-13
        )
