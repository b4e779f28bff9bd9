"""2,000 random networks against JAX: the loss and every gradient, to 1e-12 of the sum of terms.

The sum of absolute terms of a gradient is what the same chain rule gives when every factor is
taken absolutely: |h|' A, where A goes backwards as A |W|' * |slope|, and begins with the parts of
dl/dout. Cancellation between rows, paths, or output and target makes the gradient small, never the
sum of its terms. Kinks are met with probability 0; they have their own tests.
"""

import numpy as np
import pytest
from jax_networks import theirs
from jax_references import ACTIVATIONS, LOSSES
from random_networks import draw

import chainrule as cr
from chainrule.nn.activations import known_activations
from chainrule.nn.losses import losses

TOLERANCE = 1e-12
FAST, ALL, CHUNK = 60, 2_000, 97


def ours(drawn):
    """Return our first step, opened."""
    net = cr.Network(drawn.layers, inputs=drawn.x.shape[1])
    run = cr.train(net, drawn.x, drawn.y, loss=drawn.loss, reduction=drawn.reduction, steps=1,
                   optimizer=cr.SGD(1e-3), sample_weight=drawn.w,
                   initial=drawn.initial)  # fmt: skip
    return run.at(0)


def trainable(drawn):
    """Return the names of what an update may change."""
    return {
        name
        for layer, pair in zip(drawn.layers, drawn.names, strict=True)
        for name, word in zip(pair, ("weights", "biases"), strict=True)
        if name and layer.trainable in (True, word)
    }


def compare(number):
    """Assert that network `number` agrees; return the largest difference, in sums of terms."""
    drawn = draw(number, sorted(known_activations()), sorted(losses))
    moment, (value, gradients, terms) = ours(drawn), theirs(drawn)
    found = {"L": (moment.loss, value, max(abs(value), 1e-3))}
    found |= {k: (moment.gradients[k], gradients[k], terms[k]) for k in gradients}
    shares = {
        name: float(np.max(np.abs(mine - other) / np.maximum(scale, 1e-290)))
        for name, (mine, other, scale) in found.items()
    }
    worst = max(shares, key=shares.__getitem__)
    sentence = f"network {number}, {drawn.words()}: {worst} is {shares[worst]:.1e} apart"
    assert shares[worst] <= TOLERANCE, sentence
    assert set(moment.gradients) == set(gradients)
    assert set(moment.updates) == trainable(drawn)
    return shares[worst]


def test_every_activation_and_loss_has_a_reference():
    assert sorted(known_activations()) == sorted(ACTIVATIONS)
    assert sorted(losses) == sorted(LOSSES)


@pytest.mark.parametrize("number", range(FAST))
def test_a_random_network(number):
    compare(number)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FAST, ALL, CHUNK))
def test_random_networks(first):
    for number in range(first, min(first + CHUNK, ALL)):
        compare(number)


def test_the_networks_differ_in_everything():
    """What is drawn covers depths, widths, sharing, freezing, penalties, weights and targets."""
    drawn = [draw(k, sorted(known_activations()), sorted(losses)) for k in range(200)]
    assert {len(one.layers) for one in drawn} == {1, 2, 3, 4, 5}
    assert {len(one.x) for one in drawn} == set(range(1, 10))
    assert {one.x.shape[1] for one in drawn} == set(range(1, 10))
    assert {layer.activation for one in drawn for layer in one.layers} == set(ACTIVATIONS)
    assert {one.loss for one in drawn} == set(LOSSES)
    assert {one.reduction for one in drawn} == {"mean", "sum"}
    assert {layer.trainable for one in drawn for layer in one.layers} == {
        True, False, "weights", "biases"
    }  # fmt: skip
    assert any(len({w for w, _ in one.names}) < len(one.names) for one in drawn)
    assert any(one.w is not None and (one.w == 0).any() for one in drawn)
    assert {one.y.ndim for one in drawn if one.loss == "cross_entropy"} == {1, 2}
