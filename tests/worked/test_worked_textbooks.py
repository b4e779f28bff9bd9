"""Networks of textbooks and tutorials, small enough for a page, with the numbers they print.

Most print three or four digits and round on the way, hence `units`.
"""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr


def one_step(network, x, y, rate, initial, loss="half_squared_error", steps=1):
    """Return the run of a few updates with given weights, the loss summed over rows."""
    return cr.train(network, x, y, loss=loss, reduction="sum", optimizer=cr.SGD(rate),
                    steps=steps, initial=initial)  # fmt: skip


# Han, Kamber, Pei, Data Mining: Concepts and Techniques, example 9.1


def test_han_and_kamber():
    """3-2-1 sigmoid, x = (1, 0, 1), class 1, rate .9; their Err is -dL/dz of L = 1/2 (T - O)^2."""
    initial = {
        "W1": [[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]],  # w14 w15, w24 w25, w34 w35
        "b1": [-0.4, 0.2],
        "W2": [[-0.3], [-0.2]],  # w46, w56
        "b2": [0.1],
    }
    run = one_step("3-2:sigmoid-1:sigmoid", [[1, 0, 1]], [1], 0.9, initial)
    first, new = run.at(0), run.parameters
    printed("-0.7 0.1 0.332 0.525", [*first.values["z1"][0], *first.values["h1"][0]])
    # z6 = -.3 * .332 - .2 * .525 + .1 = -.105, O6 = .474
    printed("-0.105 0.474", [first.values["z2"][0, 0], first.values["out"][0, 0]])
    # Err6 = .474 (1 - .474) (1 - .474) = .1311; Err5 = .525 (1 - .525) Err6 w56, likewise Err4
    printed("0.1311 -0.0065 -0.0087", [
        -first.gradients["b2"][0], -first.gradients["b1"][1], -first.gradients["b1"][0]
    ], units=1)  # fmt: skip
    printed("-0.261 -0.138", new["W2"])
    printed("0.192 -0.306 0.4 0.1 -0.508 0.194", new["W1"])
    printed("0.218 0.194 -0.408", [new["b2"][0], new["b1"][1], new["b1"][0]])


# Negnevitsky, Artificial Intelligence: a Guide to Intelligent Systems, section 6.4


def test_negnevitsky_xor():
    """2-2-1 sigmoid, x = (1, 1), y = 0, rate .1; a threshold is a bias with the sign turned."""
    initial = {"W1": [[0.5, 0.9], [0.4, 1.0]], "b1": [-0.8, 0.1], "W2": [[-1.2], [1.1]],
               "b2": [-0.3]}  # fmt: skip
    run = one_step("2-2:sigmoid-1:sigmoid", [[1, 1]], [0], 0.1, initial)
    first, new = run.at(0), run.parameters
    printed("0.5250 0.8808 0.5097", [*first.values["h1"][0], first.values["out"][0, 0]])
    # the book's gradient is -dL/dz: y5 (1 - y5) e = -.1274, then .0381 and -.0147
    printed("-0.1274 0.0381 -0.0147", -np.append(first.gradients["b2"], first.gradients["b1"]))
    printed("-0.0067 -0.0112", first.updates["W2"])
    printed("0.0038 -0.0015 0.0038 -0.0015", first.updates["W1"])
    printed("0.5038 0.8985 0.4038 0.9985", new["W1"])
    printed("-1.2067 1.0888", new["W2"])
    printed("0.7962 -0.0985 0.3127", [-new["b1"][0], -new["b1"][1], -new["b2"][0]])


# MacLeod, An Introduction to Practical Neural Networks, worked example 3.1


def test_macleod_and_the_order_of_updates():
    """2-2-1 sigmoid without biases, x = (.35, .9), target .5, rate 1.

    Like Mazur's page it takes the hidden errors through output weights that have already moved:
    so its hidden weights .09916 .7978 .3972 .5928 are not those of the gradient.
    """
    w1, w2 = np.array([[0.1, 0.4], [0.8, 0.6]]), np.array([[0.3], [0.9]])
    layers = [cr.Dense(2, "sigmoid", bias=False), cr.Dense(1, "sigmoid", bias=False)]
    net = cr.Network(layers, inputs=2)
    run = one_step(net, [[0.35, 0.9]], [0.5], 1.0, {"W1": w1, "W2": w2})
    first, new = run.at(0), run.parameters
    printed("0.755 0.68 0.68 0.6637", [*first.values["z1"][0], *first.values["h1"][0]])
    out = first.values["out"][0, 0]
    printed("0.69", out)
    upper = (out - 0.5) * out * (1 - out)
    printed("-0.0406", -upper, units=1)
    printed("0.2724 0.873", new["W2"], units=1)  # .3 - .0406 * .68, .9 - .0406 * .6637
    hidden = first.values["h1"][0]
    wrong = upper * new["W2"][:, 0] * hidden * (1 - hidden)
    printed("2.41e-3 7.92e-3", wrong, units=1)
    moved = w1 - np.outer([0.35, 0.9], wrong)
    printed("0.09916 0.3972 0.7978 0.5928", moved, units=1)
    right = upper * w2[:, 0] * hidden * (1 - hidden)
    close(new["W1"], w1 - np.outer([0.35, 0.9], right))
    assert np.max(np.abs(new["W1"] - moved)) > 1e-4
    # its new error is -.18205
    printed("0.682", one_step(net, [[0.35, 0.9]], [0.5], 1.0, {"W1": moved, "W2": new["W2"]},
                              steps=0).at(0).values["out"])  # fmt: skip


# Zhou, Machine Learning for Beginners: an Introduction to Neural Networks (2019)


def test_victor_zhou():
    """2-2-1 sigmoid, all weights 1, biases 0, Alice is (-2, -1) and 1; L = (y - out)^2."""
    initial = {"W1": np.ones((2, 2)), "b1": [0, 0], "W2": np.ones((2, 1)), "b2": [0]}
    run = one_step("2-2:sigmoid-1:sigmoid", [[-2, -1]], [1], 0.1, initial, loss="squared_error")
    first = run.at(0)
    printed("0.0474 0.0474 0.524", [*first.values["h1"][0], first.values["out"][0, 0]])
    # dL/dout = -2 (1 - .524) = -.952; dout/dh1 = w5 s'(.0948) = .249; dh1/dw1 = -2 s'(-3) = -.0904
    printed("0.0214", first.gradients["W1"][0, 0], units=1)
    out, h = first.values["out"][0, 0], first.values["h1"][0, 0]
    close(first.gradients["W1"][0, 0], -2 * (1 - out) * out * (1 - out) * -2 * h * (1 - h))


def test_victor_zhou_forward():
    """Weights (0, 1), b = 4, x = (2, 3): s(7) = .999; a 2-2-1 of such neurons, b = 0: .7216."""
    initial = {"W1": [[0, 0], [1, 1]], "b1": [0, 0], "W2": [[0], [1]], "b2": [0]}
    run = one_step("2-2:sigmoid-1:sigmoid", [[2, 3]], [1], 0.1, initial, steps=0)
    printed("0.7216", run.at(0).values["out"])
    single = one_step("2-1:sigmoid", [[2, 3]], [1], 0.1, {"W1": [[0], [1]], "b1": [4]}, steps=0)
    printed("0.999", single.at(0).values["out"])


# Nielsen, Neural Networks and Deep Learning, chapter 3


@pytest.mark.parametrize(
    ("start", "loss", "rate", "first", "last"),
    [
        ((0.6, 0.9), "half_squared_error", 0.15, "0.82", "0.09"),
        ((2.0, 2.0), "half_squared_error", 0.15, "0.98", "0.20"),
    ],
)
def test_nielsen_one_neuron_for_300_epochs(start, loss, rate, first, last):
    """Input 1, target 0: a far wrong start learns slowly under the quadratic cost."""
    run = one_step("1-1:sigmoid", [[1]], [0], rate, {"W1": [[start[0]]], "b1": [start[1]]},
                   loss=loss, steps=300)  # fmt: skip
    printed(first, run.at(0).values["out"])
    printed(last, run.at(300).values["out"])


def test_nielsen_why_cross_entropy_learns_faster():
    """dC/dw = (a - y) s'(z) x under the quadratic cost, (a - y) x under cross-entropy."""
    slopes = {}
    for loss in ("half_squared_error", "binary_cross_entropy"):
        run = one_step("1-1:sigmoid", [[1]], [0], 0.1, {"W1": [[2]], "b1": [2]}, loss, steps=0)
        slopes[loss] = run.at(0).gradients["W1"][0, 0]
    a = 1 / (1 + np.exp(-4.0))
    close(slopes["half_squared_error"], a * a * (1 - a))
    close(slopes["binary_cross_entropy"], a)


# Spencer-Harper, How to build a simple neural network in 9 lines of Python (2015)


def test_nine_lines_of_python():
    """One sigmoid neuron without bias, 10,000 steps; the answer is the first input."""
    start = 2 * np.random.RandomState(1).random_sample((3, 1)) - 1
    printed("-0.16595599 0.44064899 -0.99977125", start)
    net = cr.Network([cr.Dense(1, "sigmoid", bias=False)], inputs=3)
    x = [[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]]
    run = one_step(net, x, [0, 1, 1, 0], 1.0, {"W1": start}, steps=10_000)
    printed("9.67299303 -0.2078435 -4.62963669", run.parameters["W1"])
    printed("0.99993704", run.predict([[1, 0, 0]]))


# Trask, A Neural Network in 11 lines of Python (2015)

TRASK_X = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]


@pytest.mark.slow
def test_trask_two_layers():
    start = 2 * np.random.RandomState(1).random_sample((3, 1)) - 1
    net = cr.Network([cr.Dense(1, "sigmoid", bias=False)], inputs=3)
    run = one_step(net, TRASK_X, [0, 0, 1, 1], 1.0, {"W1": start}, steps=10_000)
    printed("0.00966449 0.00786506 0.99358898 0.99211957", run.at(9_999).values["out"])


@pytest.mark.slow
def test_trask_three_layers():
    """3-4-1 without biases, 60,000 steps; printed is the mean of |y - out| before the update."""
    draw = np.random.RandomState(1)
    start = {name: 2 * draw.random_sample(s) - 1 for name, s in (("W1", (3, 4)), ("W2", (4, 1)))}
    layers = [cr.Dense(4, "sigmoid", bias=False), cr.Dense(1, "sigmoid", bias=False)]
    y = np.array([[0], [1], [1], [0]])
    run = one_step(cr.Network(layers, inputs=3), TRASK_X, y, 1.0, start, steps=50_001)
    errors = [np.mean(np.abs(y - run.at(k).values["out"])) for k in range(0, 60_000, 10_000)]
    printed("0.496410031903 0.00858452565325 0.00578945986251", errors[:3])
    printed("0.00462917677677 0.00395876528027 0.00351012256786", errors[3:])


# Goodfellow, Bengio, Courville, Deep Learning, section 6.1


def test_goodfellow_xor():
    """W all ones, c = (0, -1), w = (1, -2), b = 0: x W = (0 0, 1 1, 1 1, 2 2), less c, ReLU."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    initial = {"W1": np.ones((2, 2)), "b1": [0, -1], "W2": [[1], [-2]], "b2": [0]}
    run = cr.train("2-2:relu-1", x, [0, 1, 1, 0], loss="squared_error", initial=initial,
                   optimizer=cr.SGD(0.5), steps=3)  # fmt: skip
    first = run.at(0)
    assert first.values["z1"].tolist() == [[0, -1], [1, 0], [1, 0], [2, 1]]
    assert first.values["h1"].tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert first.values["out"].tolist() == [[0], [1], [1], [0]]
    assert first.loss == 0.0
    assert all(not gradient.any() for gradient in first.gradients.values())
    assert all(np.array_equal(run.parameters[k], np.asarray(v)) for k, v in initial.items())


# scikit-learn, neural_network/tests/test_mlp.py, "a manually worked out example"


def test_scikit_learn_s_worked_example():
    """3-2-1 logistic, alpha = .1 on one row, rate .1: penalty alpha/2 sum W^2, biases free.

    Its comments take x3 = .6 in the gradients of w31 and w32, though x is (.6, .8, .7); that stays
    below the three decimals to which it is compared.
    """
    layers = [cr.Dense(2, "sigmoid", l2=0.1), cr.Dense(1, "sigmoid", l2=0.1)]
    w1, w2 = np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0.0]]), np.array([[0.1], [0.2]])
    initial = {"W1": w1, "b1": [0.1, 0.1], "W2": w2, "b2": [1.0]}
    run = cr.train(cr.Network(layers, inputs=3), [[0.6, 0.8, 0.7]], [0], steps=1, initial=initial,
                   loss="binary_cross_entropy", optimizer=cr.SGD(0.1))  # fmt: skip
    first, new = run.at(0), run.parameters
    h, out = first.values["h1"][0], first.values["out"][0, 0]
    printed("0.679178699175393 0.574442516811659", h)
    printed("0.7654", out, units=1)  # printed as .76543..., which is s(.679 * .1 + .574 * .2 + 1)
    printed("0.01667 0.0374", first.gradients["b1"], units=1)
    printed("0.529 0.459", first.gradients["W2"], units=1)  # worked with .679, .574 and .765
    printed("0.098 0.1958 0.29567 0.09601", new["W1"][:2], units=3)
    d = first.gradients["b1"]
    printed("0.4939998 -0.002244", [0.5 - 0.1 * (0.6 * d[0] + 0.05), -0.1 * 0.6 * d[1]], units=200)
    close(new["W1"][2], [0.5 - 0.1 * (0.7 * d[0] + 0.1 * 0.5), 0.0 - 0.1 * 0.7 * d[1]])
    printed("0.047 0.154", new["W2"], units=0.6)
    printed("0.098 0.096 0.923", [*new["b1"], new["b2"][0]], units=0.6)
    printed("0.739", run.predict([[0.6, 0.8, 0.7]]))
    close(first.gradients["W2"][:, 0], h * out + 0.1 * w2[:, 0])  # W2grad = h d + alpha W2
