"""The XOR run of the course session: its listing's losses and output, and every gradient by hand.

    z1 = X W1 + b1       h1 = s(z1)       z2 = h1 W2 + b2       out = s(z2)
    L  = 1/2 sum (out - y)^2
    dL/dz2 = (out - y) out (1 - out)      dL/dW2 = h1' dL/dz2     dL/db2 = sum over rows
    dL/dz1 = dL/dz2 W2' * h1 (1 - h1)     dL/dW1 = X' dL/dz1      dL/db1 = sum over rows

The listing prints mean((out - y)^2), which is 2/n L, and descends L.
"""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr

X = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]])
Y = np.array([[0], [1], [1], [0]])
STEPS = 10_000
LOSSES = [
    0.38038349310856134, 0.24997670387612728, 0.24972913712906816, 0.24883556540840868,
    0.2430179563469606, 0.2023128270301176, 0.1342851241018072, 0.03423820536202099,
    0.012399204540152104, 0.006836030803331477,
]  # fmt: skip


def starting_values():
    draw = np.random.RandomState(1)  # the listing's np.random.seed(1)
    shapes = {"W1": (3, 4), "b1": (1, 4), "W2": (4, 1), "b2": (1, 1)}
    return {name: draw.rand(*shape) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def run():
    net = cr.Network([cr.Dense(4, "sigmoid"), cr.Dense(1, "sigmoid")], inputs=3)
    return cr.train(
        net, X, Y, loss="half_squared_error", reduction="sum", optimizer=cr.SGD(0.1),
        steps=STEPS, batch_size=None, seed=1, initial=starting_values(), dtype="float64",
    )  # fmt: skip


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(p):
    """Return the output and the gradients by the algebra above."""
    h = sigmoid(X @ p["W1"] + p["b1"])  # (4, 4)
    out = sigmoid(h @ p["W2"] + p["b2"])  # (4, 1)
    upper = (out - Y) * out * (1 - out)  # dL/dz2
    lower = upper @ p["W2"].T * h * (1 - h)  # dL/dz1
    gradients = {
        "W1": X.T @ lower, "b1": lower.sum(0), "W2": h.T @ upper, "b2": upper.sum(0)
    }  # fmt: skip
    return out, gradients


def test_losses(run):
    """run.losses holds L, half the summed squared error: twice what is printed (2/n, n = 4)."""
    assert run.losses.shape == (STEPS,)
    np.testing.assert_allclose(run.losses[::1000] * 2 / 4, LOSSES, rtol=1e-10)


def test_printed_loss_from_the_outputs(run):
    for k, published in zip(range(0, STEPS, 1000), LOSSES, strict=True):
        ours = np.mean((run.at(k).values["out"] - Y) ** 2)
        assert ours == pytest.approx(published, rel=1e-10, abs=0)


def test_final_output_is_that_of_the_last_forward_pass(run):
    printed("0.07125372 0.93446125 0.93473281 0.06774813", run.at(STEPS - 1).values["out"])


def test_prediction_afterwards_uses_the_last_update(run):
    printed("0.07124224 0.93447266 0.93474406 0.06773548", run.predict(X))
    assert np.array_equal(run.predict(X), run.at(STEPS).values["out"])


@pytest.mark.parametrize("step", [0, 1, 999, 6000, 9999, 10_000])
def test_gradients_and_updates_of_a_step(run, step):
    found = run.at(step)
    out, gradients = by_hand(found.parameters)
    close(found.values["out"], out)
    for name, gradient in gradients.items():
        close(found.gradients[name], gradient, 1e-12)
        if step < STEPS:
            close(found.updates[name], -0.1 * gradient, 1e-11)  # a difference of two weights
    assert bool(found.updates) == (step < STEPS)


def test_whole_listing(run):
    """The listing, 10,000 steps in NumPy, and our run end in the same weights."""
    p = starting_values()
    for _ in range(STEPS):
        gradients = by_hand(p)[1]
        p = {name: p[name] - 0.1 * gradients[name] for name in p}
    for name, value in run.parameters.items():
        close(value, p[name].reshape(value.shape), 1e-10)
