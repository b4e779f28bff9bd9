"""Mazur, A Step by Step Backpropagation Example (2015).

The page writes a neuron as a row; ours are (inputs, units), hence `.T`. Its biases, one a layer,
never move: they are frozen here.
"""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr

X, Y = [[0.05, 0.10]], [[0.01, 0.99]]
W1, W2 = np.array([[0.15, 0.20], [0.25, 0.30]]).T, np.array([[0.40, 0.45], [0.50, 0.55]]).T
B1, B2 = np.full(2, 0.35), np.full(2, 0.60)


def trained(steps, **changed):
    layers = [cr.Dense(2, "sigmoid", trainable="weights") for _ in range(2)]
    initial = {"W1": W1, "b1": B1, "W2": W2, "b2": B2, **changed}
    return cr.train(
        cr.Network(layers, inputs=2), X, Y, loss="half_squared_error", reduction="sum",
        optimizer=cr.SGD(0.5), steps=steps, initial=initial,
    )  # fmt: skip


@pytest.fixture(scope="module")
def run():
    return trained(1)


def test_forward(run):
    """Each number is a line of algebra; a neuron's output is out = 1 / (1 + exp(-net)).

    net_h1 = .15 * .05 + .20 * .10 + .35          net_h2 = .25 * .05 + .30 * .10 + .35
    net_o1 = .40 out_h1 + .45 out_h2 + .60        net_o2 = .50 out_h1 + .55 out_h2 + .60
    E = 1/2 (.01 - out_o1)^2 + 1/2 (.99 - out_o2)^2
    """
    values = run.at(0).values
    printed("0.3775 0.3925", values["z1"])
    printed("0.5932699921 0.5968843783", values["h1"])
    printed("1.1059059671 1.2249214041", values["z2"])
    printed("0.7513650696 0.7729284653", values["out"])
    assert run.at(0).loss == pytest.approx(0.2983711087600027, rel=1e-14)


def test_backward(run):
    """The frozen bias has a gradient too, that of its neuron's net.

    dE/dnet_o = (out_o - target) out_o (1 - out_o)
    dE/dw5 = dE/dnet_o1 out_h1      dE/dw6 = dE/dnet_o1 out_h2      w7, w8: with dE/dnet_o2
    dE/dw1 = (dE/dnet_o1 w5 + dE/dnet_o2 w7) out_h1 (1 - out_h1) i1
    """
    found = run.at(0).gradients
    printed("0.1384985616 -0.0380982365", found["b2"])
    printed("0.0821670406 0.0826676278 -0.0226025405 -0.0227402422", found["W2"].T)
    printed("0.0004385677 0.0008771355 0.0004977127 0.0009954255", found["W1"].T)


def test_one_update(run):
    new = run.at(1).parameters
    printed("0.3589164797 0.4086661861 0.5113012702 0.5613701211", new["W2"].T)
    printed("0.1497807161 0.1995614323 0.2497511436 0.2995022873", new["W1"].T)
    printed("0.291027773694", run.at(1).loss)


def test_the_published_error_after_one_update_is_that_of_the_wrong_order(run):
    """Hidden gradients through output weights that have already moved give the page's number."""
    first, new = run.at(0), run.at(1).parameters
    hidden = first.values["h1"]
    wrong = (first.gradients["b2"] @ new["W2"].T) * hidden * (1 - hidden)
    moved = W1 - 0.5 * np.transpose(X) @ wrong
    printed("0.291027924", trained(0, W1=moved, W2=new["W2"]).at(0).loss)
    right = (first.gradients["b2"] @ W2.T) * hidden * (1 - hidden)
    close(first.gradients["W1"], np.transpose(X) @ right)
    assert abs(run.at(1).loss - 0.291027924) > 1e-7


@pytest.mark.slow  # `chainrule demo mazur` does it too
def test_after_10_000_updates():
    last = trained(10_000).at(10_000)
    printed("3.51018778298e-05", last.loss)
    printed("0.0159136204 0.9840642735", last.values["out"])


def test_biases_never_move(run):
    assert np.array_equal(run.parameters["b1"], B1)
    assert np.array_equal(run.parameters["b2"], B2)
    assert set(run.at(0).updates) == {"W1", "W2"}
    assert set(run.at(0).gradients) == {"W1", "b1", "W2", "b2"}
