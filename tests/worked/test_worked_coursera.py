"""Ng, Machine Learning (Coursera), exercise 4: checkNNGradients, without and with lambda.

    J = 1/m sum_rows sum_k -y_k log(h_k) - (1 - y_k) log(1 - h_k) + lambda/(2m) sum Theta^2
    (bias columns are not penalised)

The course's lambda/(2m) is our l2/2: l2 = lambda/m = 1/5.
"""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr


def sines(*shape):
    """Return sin(1), sin(2), ... / 10, filled in column by column."""
    return np.sin(np.arange(1, np.prod(shape) + 1)).reshape(shape, order="F") / 10


THETA1, THETA2, X = sines(5, 4), sines(3, 6), sines(5, 3)
Y = np.eye(3)[1 + np.arange(1, 6) % 3 - 1]  # y = 1 + mod(1..5, 3), as rows of one 1


def opened(penalty):
    layers = [cr.Dense(5, "sigmoid", l2=penalty / 5), cr.Dense(3, "sigmoid", l2=penalty / 5)]
    initial = {
        "W1": THETA1[:, 1:].T, "b1": THETA1[:, 0], "W2": THETA2[:, 1:].T, "b2": THETA2[:, 0]
    }  # fmt: skip
    run = cr.train(cr.Network(layers, inputs=3), X, Y, loss="binary_cross_entropy", steps=0,
                   initial=initial)  # fmt: skip
    return run.at(0)


def unrolled(moment):
    thetas = [
        np.column_stack([moment.gradients[f"b{k}"], moment.gradients[f"W{k}"].T]) for k in (1, 2)
    ]
    return np.concatenate([theta.ravel(order="F") for theta in thetas])


def test_without_penalty():
    moment = opened(0.0)
    assert moment.loss == pytest.approx(2.100950569902465, rel=1e-14)
    found = unrolled(moment)
    printed("-9.27825e-3 8.89912e-3 -8.36011e-3 7.62814e-3 -6.74798e-3", found[:5])
    printed("-3.04979e-6 1.42869e-5 -2.59383e-5 3.69883e-5 -4.68760e-5", found[5:10])
    printed("1.49568e-1 5.31542e-2 4.65597e-2", found[-3:])


def test_with_penalty():
    moment = opened(1.0)
    assert moment.loss == pytest.approx(2.116086984943096, rel=1e-14)
    printed("-0.0055914", unrolled(moment)[5])
    printed("0.0315400", unrolled(moment)[-1])


def test_penalty_adds_lambda_over_m_times_the_weights_and_nothing_to_biases():
    plain, penalised = opened(0.0), opened(1.0)
    for name, theta in (("W1", THETA1), ("W2", THETA2)):
        added = penalised.gradients[name] - plain.gradients[name]
        close(added, theta[:, 1:].T / 5, 1e-12)
    for name in ("b1", "b2"):
        assert np.array_equal(penalised.gradients[name], plain.gradients[name])
    # J - J0 = 1/(2m) (sum Theta1(:, 2:)^2 + sum Theta2(:, 2:)^2)
    squares = np.sum(THETA1[:, 1:] ** 2) + np.sum(THETA2[:, 1:] ** 2)
    close(penalised.values["penalty"], squares / 10)


def test_every_gradient_by_the_course_s_own_backward_pass():
    a1 = np.column_stack([np.ones(5), X])
    a2 = np.column_stack([np.ones(5), 1 / (1 + np.exp(-a1 @ THETA1.T))])
    a3 = 1 / (1 + np.exp(-a2 @ THETA2.T))
    d3 = a3 - Y
    d2 = (d3 @ THETA2)[:, 1:] * a2[:, 1:] * (1 - a2[:, 1:])
    by_hand = np.concatenate([(d2.T @ a1 / 5).ravel("F"), (d3.T @ a2 / 5).ravel("F")])
    close(unrolled(opened(0.0)), by_hand)
