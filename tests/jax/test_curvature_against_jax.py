"""Gradients of gradients of whole networks: the Hessian times a direction, against JAX."""

import numpy as np
import pytest
from jax_networks import curvature
from random_networks import draw

import chainrule as cr
from chainrule.nn import build_objective
from chainrule.nn.activations import known_activations
from chainrule.nn.losses import losses

TOLERANCE = 1e-10
ALL = 60


def unshared(number):
    """Return network `number`, or a later one, whose layers share nothing."""
    while True:
        drawn = draw(number, sorted(known_activations()), sorted(losses))
        if len({name for name, _ in drawn.names}) == len(drawn.names):
            return drawn
        number += 10_000


def ours(drawn, v):
    """Return d/dW sum_k v_k dL/dW_k by name."""
    net = cr.Network(drawn.layers, inputs=drawn.x.shape[1])
    weighted, soft = drawn.w is not None, drawn.y.ndim == 2
    objective = build_objective(net, losses[drawn.loss], drawn.reduction, len(drawn.x),
                                soft_labels=soft, weighted=weighted)  # fmt: skip
    nodes = dict(objective.forward.parameters)
    slopes = cr.gradients(objective.loss, list(nodes.values()))
    along = sum(np.sum(g * v[name]) for name, g in zip(nodes, slopes, strict=True))
    feed = {"x": drawn.x, "y": drawn.y, **drawn.initial} | ({"w": drawn.w} if weighted else {})
    found = cr.evaluate(cr.gradients(along, list(nodes.values())), feed)
    return dict(zip(nodes, found, strict=True))


def compare(number):
    drawn, rng = unshared(number), np.random.default_rng(number)
    v = {name: rng.normal(size=value.shape) for name, value in drawn.initial.items()}
    mine, other = ours(drawn, v), curvature(drawn, v)
    size = max(1e-3, *(float(np.max(np.abs(value))) for value in other.values()))
    for name, expected in other.items():
        apart = float(np.max(np.abs(mine[name] - expected))) / size
        assert apart <= TOLERANCE, f"network {number}, {drawn.words()}: {name} {apart:.1e} apart"
    return size


@pytest.mark.slow
def test_second_order():
    for number in range(ALL):
        compare(number)
