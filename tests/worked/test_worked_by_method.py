"""Books that publish a method and no numbers: their backward pass in NumPy beside our gradients."""

from itertools import pairwise

import numpy as np
import pytest
from printed import close

import chainrule as cr


def opened(network, x, y, parameters, **settings):
    return cr.train(network, x, y, steps=0, initial=parameters, **settings).at(0)


def draw(seed, *sizes):
    """Return parameters of a network of these sizes by name."""
    rng = np.random.default_rng(seed)
    found = {}
    for k, (inputs, units) in enumerate(pairwise(sizes), 1):
        found[f"W{k}"] = rng.normal(size=(inputs, units))
        found[f"b{k}"] = rng.normal(size=units)
    return found


def test_bishop_two_layers_of_tanh_and_linear():
    """Pattern Recognition and Machine Learning, 5.3.2: tanh hidden units, linear outputs.

    d_k = y_k - t_k;  d_j = (1 - z_j^2) sum_k w_kj d_k;  dE/dw_ji = d_j x_i;  dE/dw_kj = d_k z_j
    """
    rng = np.random.default_rng(5)
    p, x, t = draw(1, 3, 4, 2), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    z = np.tanh(x @ p["W1"] + p["b1"])
    d_k = z @ p["W2"] + p["b2"] - t
    d_j = (1 - z**2) * (d_k @ p["W2"].T)
    found = opened("3-4:tanh-2", x, t, p, loss="half_squared_error", reduction="sum").gradients
    close(found["W2"], z.T @ d_k)
    close(found["b2"], d_k.sum(0))
    close(found["W1"], x.T @ d_j)
    close(found["b1"], d_j.sum(0))


@pytest.mark.parametrize("rows", [1, 7])
def test_ufldl_backpropagation_with_weight_decay(rows):
    """UFLDL, Multi-Layer Neural Network.

    J = 1/m sum 1/2 |h - y|^2 + lambda/2 sum W^2;  d3 = -(y - a3) a3 (1 - a3);
    d2 = W2' d3 a2 (1 - a2);  dJ/dW = 1/m d a' + lambda W;  dJ/db = 1/m d
    """
    rng, decay = np.random.default_rng(rows), 0.03
    p, x, y = draw(2, 3, 3, 2), rng.normal(size=(rows, 3)), rng.uniform(size=(rows, 2))
    a2 = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
    a3 = 1 / (1 + np.exp(-(a2 @ p["W2"] + p["b2"])))
    d3 = -(y - a3) * a3 * (1 - a3)
    d2 = d3 @ p["W2"].T * a2 * (1 - a2)
    layers = [cr.Dense(3, "sigmoid", l2=decay), cr.Dense(2, "sigmoid", l2=decay)]
    moment = opened(cr.Network(layers, inputs=3), x, y, p, loss="half_squared_error")
    weights = np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2)
    close(moment.loss, 0.5 * np.sum((a3 - y) ** 2) / rows + decay / 2 * weights)
    close(moment.gradients["W1"], x.T @ d2 / rows + decay * p["W1"])
    close(moment.gradients["W2"], a2.T @ d3 / rows + decay * p["W2"])
    close(moment.gradients["b1"], d2.mean(0))
    close(moment.gradients["b2"], d3.mean(0))


def test_cs231n_minimal_network():
    """Putting it together: ReLU hidden layer, softmax, reg/2 W^2; dhidden[hidden <= 0] = 0."""
    rng, reg, n = np.random.default_rng(0), 1e-3, 9
    p, x, y = draw(3, 2, 8, 3), rng.normal(size=(n, 2)), rng.integers(0, 3, n)
    hidden = np.maximum(0, x @ p["W1"] + p["b1"])
    scores = hidden @ p["W2"] + p["b2"]
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    by_scores = probabilities.copy()
    by_scores[np.arange(n), y] -= 1
    by_scores /= n
    by_hidden = by_scores @ p["W2"].T
    by_hidden[hidden <= 0] = 0
    layers = [cr.Dense(8, "relu", l2=reg), cr.Dense(3, "softmax", l2=reg)]
    moment = opened(cr.Network(layers, inputs=2), x, y, p)
    data_loss = -np.mean(np.log(probabilities[np.arange(n), y]))
    close(moment.loss, data_loss + 0.5 * reg * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2)))
    close(moment.gradients["W2"], hidden.T @ by_scores + reg * p["W2"])
    close(moment.gradients["b2"], by_scores.sum(0))
    close(moment.gradients["W1"], x.T @ by_hidden + reg * p["W1"])
    close(moment.gradients["b1"], by_hidden.sum(0))


@pytest.mark.parametrize(("reg", "published"), [(0.0, 3.4702243556), (1.0, 26.5948426952)])
def test_cs231n_two_layer_net_of_even_spaces(reg, published):
    """CS231n, assignment 2, TwoLayerNet: 5-50-7 filled with linspace, three rows, reg/2 W^2."""
    x = np.linspace(-5.5, 4.5, 15).reshape(5, 3).T
    parameters = {
        "W1": np.linspace(-0.7, 0.3, 250).reshape(5, 50), "b1": np.linspace(-0.1, 0.9, 50),
        "W2": np.linspace(-0.3, 0.4, 350).reshape(50, 7), "b2": np.linspace(-0.9, 0.1, 7),
    }  # fmt: skip
    layers = [cr.Dense(50, "relu", l2=reg), cr.Dense(7, l2=reg)]
    moment = opened(cr.Network(layers, inputs=5), x, [0, 5, 1], parameters, loss="cross_entropy")
    assert moment.loss == pytest.approx(published, abs=5e-11)
    scores = [
        11.53165108,
        12.2917344,
        13.05181771,
        13.81190102,
        14.57198434,
        15.33206765,
        16.09215096,
    ]
    np.testing.assert_allclose(moment.values["z2"][0], scores, atol=5e-9)


def test_cs231n_toy_network():
    """CS231n, assignment 1: 4-10-3 from np.random.seed(0), five rows from seed(1), reg .1/2."""
    draw_w, draw_x = np.random.RandomState(0), np.random.RandomState(1)
    parameters = {"W1": 0.1 * draw_w.randn(4, 10), "b1": np.zeros(10)}
    parameters |= {"W2": 0.1 * draw_w.randn(10, 3), "b2": np.zeros(3)}
    x = 10 * draw_x.randn(5, 4)
    layers = [cr.Dense(10, "relu", l2=0.1), cr.Dense(3, l2=0.1)]
    moment = opened(cr.Network(layers, inputs=4), x, [0, 1, 2, 2, 1], parameters,
                    loss="cross_entropy")  # fmt: skip
    first, last = [-0.81233741, -1.27654624, -0.70335995], [-0.00618733, -0.12435261, -0.15226949]
    np.testing.assert_allclose(moment.values["z2"][[0, 4]], [first, last], atol=5e-9)
    assert moment.loss == pytest.approx(1.30378789133, abs=5e-12)


def test_rumelhart_hinton_williams_momentum():
    """Nature 323 (1986): dw(t) = -e dE/dw(t) + a dw(t - 1), on the sweeps of a 2-2-1 network."""
    p, e, a = draw(4, 2, 2, 1), 0.25, 0.9
    x, y = (
        np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        np.array([[0], [1], [1], [0]]),
    )
    run = cr.train("2-2:sigmoid-1:sigmoid", x, y, loss="half_squared_error", reduction="sum",
                   optimizer=cr.Momentum(e, momentum=a), steps=20, initial=p)  # fmt: skip
    moved = {name: np.zeros_like(value) for name, value in p.items()}
    for _ in range(20):
        h = 1 / (1 + np.exp(-(x @ p["W1"] + p["b1"])))
        out = 1 / (1 + np.exp(-(h @ p["W2"] + p["b2"])))
        upper = (out - y) * out * (1 - out)
        lower = upper @ p["W2"].T * h * (1 - h)
        slopes = {"W1": x.T @ lower, "b1": lower.sum(0), "W2": h.T @ upper, "b2": upper.sum(0)}
        moved = {name: -e * slopes[name] + a * moved[name] for name in p}
        p = {name: p[name] + moved[name] for name in p}
    for name, value in run.parameters.items():
        close(value, p[name])
