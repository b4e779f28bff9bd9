"""A 2-2-1 network for one page: every number is a line of algebra and exact in binary.

x = (1, 2)                     y = 3                L = 1/2 (out - y)^2

z1 = x W1 + b1,  W1 = | 1    -1/2 |  b1 = (1/2, -1/4)
                      | 1/2   1/4 |
   = (1 + 1 + 1/2,  -1/2 + 1/2 - 1/4) = (5/2, -1/4)
h1 = relu(z1) = (5/2, 0)
out = h1 W2 + b2,  W2 = (2, 4)',  b2 = -1
    = 5 + 0 - 1 = 4
L = 1/2 (4 - 3)^2 = 1/2

dL/dout = 4 - 3 = 1
dL/dW2 = h1' * 1 = (5/2, 0)'        dL/db2 = 1
dL/dh1 = 1 * W2' = (2, 4)           dL/dz1 = (2 * 1, 4 * 0) = (2, 0)
dL/dW1 = x' (2, 0) = | 2  0 |       dL/db1 = (2, 0)
                     | 4  0 |
"""

import numpy as np
import pytest

import chainrule as cr

W1, B1 = np.array([[1, -1 / 2], [1 / 2, 1 / 4]]), np.array([1 / 2, -1 / 4])
W2, B2 = np.array([[2.0], [4.0]]), np.array([-1.0])
INITIAL = {"W1": W1, "b1": B1, "W2": W2, "b2": B2}
GRADIENTS = {"W1": [[2, 0], [4, 0]], "b1": [2, 0], "W2": [[5 / 2], [0]], "b2": [1]}


def run_of(**settings):
    settings = {"optimizer": cr.SGD(1 / 4), "steps": 1, "initial": INITIAL} | settings
    return cr.train("2-2:relu-1", [[1, 2]], [3], loss="half_squared_error", **settings)


def same(found, expected):
    return {k: v.tolist() for k, v in found.items()} == {
        k: np.asarray(v, float).tolist() for k, v in expected.items()
    }


def test_forward():
    values = run_of().at(0).values
    assert values["z1"].tolist() == [[5 / 2, -1 / 4]]
    assert values["h1"].tolist() == [[5 / 2, 0]]
    assert values["out"].tolist() == [[4]]
    assert float(values["L"]) == 1 / 2


def test_backward():
    assert same(run_of().at(0).gradients, GRADIENTS)


def test_update():
    """Rate 1/4: W1 (1/2, -1/2 | -1/2, 1/4), b1 (0, -1/4), W2 (11/8, 4)', b2 -5/4."""
    run = run_of()
    new = {"W1": [[1 / 2, -1 / 2], [-1 / 2, 1 / 4]], "b1": [0, -1 / 4], "W2": [[11 / 8], [4]],
           "b2": [-5 / 4]}  # fmt: skip
    assert same(run.parameters, new)
    assert same(run.at(0).updates, {k: -np.array(v) / 4 for k, v in GRADIENTS.items()})


def test_two_steps_with_momentum_a_half():
    """b2: v = 1, b2 = -1 - 1/4 = -5/4. Then x W1 + b1 = (-1/2, -1/4): all hidden units are off.

    out = b2 = -5/4, dL/dout = -17/4, v = 1/2 - 17/4 = -15/4, b2 = -5/4 + 15/16 = -5/16.
    W1 has no gradient any more; its velocity goes on: W1 - 1/4 * 1/2 * (2, 0 | 4, 0).
    """
    run = run_of(optimizer=cr.Momentum(1 / 4, momentum=1 / 2), steps=2)
    second = run.at(1)
    assert second.values["z1"].tolist() == [[-1 / 2, -1 / 4]]
    assert second.values["out"].tolist() == [[-5 / 4]]
    assert not second.gradients["W1"].any()
    assert second.gradients["b2"].tolist() == [-17 / 4]
    assert run.parameters["b2"].tolist() == [-5 / 16]
    assert run.parameters["W1"].tolist() == [[1 / 4, -1 / 2], [-1, 1 / 4]]


@pytest.mark.parametrize("frozen", ["W1", "b1", "W2", "b2"])
def test_a_frozen_parameter_has_its_gradient_and_stays(frozen):
    kind = "biases" if frozen[0] == "W" else "weights"
    layers = [
        cr.Dense(2, "relu", trainable=kind if frozen[1] == "1" else True),
        cr.Dense(1, trainable=kind if frozen[1] == "2" else True),
    ]
    run = cr.train(cr.Network(layers, inputs=2), [[1, 2]], [3], loss="half_squared_error",
                   optimizer=cr.SGD(1 / 4), steps=1, initial=INITIAL)  # fmt: skip
    assert same(run.at(0).gradients, GRADIENTS)
    assert set(run.at(0).updates) == set(INITIAL) - {frozen}
    assert np.array_equal(run.parameters[frozen], INITIAL[frozen])


def test_two_rows_add_up_or_average():
    """The second row (0, 0), y = -1: z1 = b1 = (1/2, -1/4), h1 = (1/2, 0), out = 0, dL/dout = 1.

    It adds h1' = (1/2, 0)' to dL/dW2, 1 to dL/db2, (2, 0) to dL/db1, nothing to dL/dW1.
    """
    both = {"W1": [[2, 0], [4, 0]], "b1": [4, 0], "W2": [[3], [0]], "b2": [2]}
    for reduction, share in (("sum", 1), ("mean", 2)):
        run = cr.train("2-2:relu-1", [[1, 2], [0, 0]], [3, -1], loss="half_squared_error",
                       reduction=reduction, steps=0, initial=INITIAL)  # fmt: skip
        assert same(run.at(0).gradients, {k: np.array(v) / share for k, v in both.items()})
        assert run.at(0).loss == 1 / share


def test_a_shared_weight_adds_both_paths():
    """out = w (w x): L = 1/2 (w^2 x - y)^2, dL/dw = (w^2 x - y) 2 w x.

    At w = 3, x = 1/2, y = 4: w^2 x = 9/2, dL/dw = 1/2 * 3 = 3/2.
    """
    layers = [cr.Dense(1, bias=False, weights_name="shared") for _ in range(2)]
    run = cr.train(cr.Network(layers, inputs=1), [[1 / 2]], [4], loss="half_squared_error",
                   optimizer=cr.SGD(1), steps=1, initial={"shared": [[3]]})  # fmt: skip
    assert run.at(0).gradients["shared"].tolist() == [[3 / 2]]
    assert run.parameters["shared"].tolist() == [[3 / 2]]
