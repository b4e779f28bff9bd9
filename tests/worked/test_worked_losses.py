"""Losses as Keras documents them, on outputs that are handed in.

A network of one linear layer with W = 1 and b = 0 says what it is told, so that its input is its
output. Keras averages over all entries, weighted rows too (it divides by their number, we by the
sum of their weights); our binary cross-entropy adds up outputs.
"""

import numpy as np
import pytest
from printed import close, printed

import chainrule as cr


def loss_of(out, y, loss, reduction="mean", sample_weight=None):
    """Return the loss of given outputs."""
    out = np.asarray(out, float)
    k = out.shape[1]
    run = cr.train(f"{k}-{k}", out, y, loss=loss, reduction=reduction, steps=0,
                   sample_weight=sample_weight,
                   initial={"W1": np.eye(k), "b1": np.zeros(k)})  # fmt: skip
    return run.at(0).loss


TRUE, PREDICTED = [[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error"])
def test_keras_mean_squared_and_absolute_error(loss):
    """Each row is wrong by 1 in one of two entries: .5 a row."""
    printed("0.5", loss_of(PREDICTED, TRUE, loss))
    printed("1.0", loss_of(PREDICTED, TRUE, loss, "sum"))
    # sample_weight [.7, .3]: .35 + .15, which Keras divides by 2 rows
    printed("0.25", loss_of(PREDICTED, TRUE, loss, "sum", [0.7, 0.3]) / 2)


def test_keras_huber():
    """Errors .6 .6 and .4 .6: half their squares, averaged: .18 and .13; their mean is .155."""
    out = [[0.6, 0.4], [0.4, 0.6]]
    printed("0.155", loss_of(out, TRUE, "huber"))
    printed("0.31", loss_of(out, TRUE, "huber", "sum"))
    printed("0.09", loss_of(out, TRUE, "huber", "sum", [1.0, 0.0]) / 2)


def test_huber_beyond_its_threshold():
    """|e| = 3 with t = 1: t (|e| - t/2) = 2.5; with t = 2: 2 (3 - 1) = 4; inside: 1/2 e^2."""
    assert loss_of([[3.0]], [[0.0]], "huber") == 2.5
    assert loss_of([[3.0]], [[0.0]], {"name": "huber", "threshold": 2.0}) == 4.0
    assert loss_of([[-0.5]], [[0.0]], "huber") == 0.125


def test_keras_binary_cross_entropy():
    out, y = [[-18.6, 0.51], [2.94, -12.8]], [[0.0, 1.0], [0.0, 0.0]]
    # rows: softplus(-18.6) + softplus(-.51) = .470; softplus(2.94) + softplus(-12.8) = 2.9915
    printed("0.865", loss_of(out, y, "binary_cross_entropy") / 2)
    printed("1.730", loss_of(out, y, "binary_cross_entropy", "sum") / 2, units=1)
    printed("0.243", loss_of(out, y, "binary_cross_entropy", "sum", [0.8, 0.2]) / 4, units=1)
    flat = np.reshape(out, (4, 1))
    printed("0.865", loss_of(flat, [0, 1, 0, 0], "binary_cross_entropy"))


def test_keras_categorical_cross_entropy():
    """Probabilities (.05 .95 0) and (.1 .8 .1), right classes 1 and 2: -log .95, -log .1.

    A probability of 0 is a logit of -inf; -800 is as good: exp(-800) is 0 in float64.
    """
    p = np.array([[0.05, 0.95, np.exp(-800.0)], [0.1, 0.8, 0.1]])
    logits = np.where(p > 0, np.log(np.maximum(p, 1e-300)), -800.0)
    printed("1.177", loss_of(logits, [1, 2], "cross_entropy"))
    printed("2.354", loss_of(logits, [1, 2], "cross_entropy", "sum"))
    printed("0.814", loss_of(logits, [1, 2], "cross_entropy", "sum", [0.3, 0.7]) / 2)
    one_hot = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    printed("1.177", loss_of(logits, one_hot, "cross_entropy"))


def test_weights_of_rows_by_their_definition():
    """mean: sum w l / sum w; sum: sum w l. A weight of 2 counts a row twice."""
    out, y = [[1.0], [2.0], [4.0]], [0.0, 0.0, 0.0]
    close(loss_of(out, y, "squared_error", "mean", [1, 2, 1]), (1 + 2 * 4 + 16) / 4)
    close(loss_of(out, y, "squared_error", "sum", [1, 2, 1]), 1 + 2 * 4 + 16)
    twice = loss_of([[1.0], [2.0], [2.0], [4.0]], [0.0] * 4, "squared_error")
    close(loss_of(out, y, "squared_error", "mean", [1, 2, 1]), twice)


def test_half_squared_error_adds_outputs_where_squared_error_averages():
    """1/2 (9 + 16) = 12.5 for one row; (9 + 16) / 2 = 12.5 too, over three outputs 25/3."""
    assert loss_of([[3.0, 4.0]], [[0.0, 0.0]], "half_squared_error") == 12.5
    assert loss_of([[3.0, 4.0, 0.0]], [[0.0, 0.0, 0.0]], "half_squared_error") == 12.5
    close(loss_of([[3.0, 4.0, 0.0]], [[0.0, 0.0, 0.0]], "squared_error"), 25 / 3)


def test_soft_labels_of_a_fair_coin():
    """-1/2 log p1 - 1/2 log p2 at p = (1/4, 3/4); its gradient by the scores is p - y."""
    run = cr.train("1-2:softmax", [[1.0]], [[0.5, 0.5]], steps=0,
                   initial={"W1": np.zeros((1, 2)), "b1": np.log([0.25, 0.75])})  # fmt: skip
    moment = run.at(0)
    close(moment.loss, -0.5 * np.log(0.25) - 0.5 * np.log(0.75))
    close(moment.gradients["b1"], [-0.25, 0.25])
