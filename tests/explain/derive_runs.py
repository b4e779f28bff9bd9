"""Small runs of one step for derivations: every loss, activation, reduction, penalty."""

import numpy as np

import chainrule as cr
from chainrule.nn import losses

ROWS, INPUTS = 7, 3


def trained(layers, loss, *, seed=3, rows=ROWS, soft=False, weighted=False, **settings):
    """A run of one step on random rows; its weights are between 0.1 and 0.9."""
    rng = np.random.default_rng(seed)
    net = cr.Network(layers, INPUTS)
    name = loss["name"] if isinstance(loss, dict) else loss
    x = rng.uniform(0.1, 1.0, (rows, INPUTS))
    y = rng.normal(size=(rows, net.outputs))
    if name == "binary_cross_entropy":
        y = (rng.random(y.shape) < 0.5).astype(float)
    if name == "cross_entropy":
        y = (
            rng.dirichlet(np.ones(net.outputs), rows)
            if soft
            else rng.integers(0, net.outputs, rows)
        )
    initial = {key: rng.uniform(0.1, 0.9, spec.shape) for key, spec in net.specs.items()}
    w = rng.random(rows) if weighted else None
    return cr.train(
        net, x, y, loss=loss, steps=1, initial=initial, sample_weight=w, seed=0, **settings
    )


def ending(loss):
    """The last activations that go with a loss."""
    logits = losses[loss].logits_of
    return [logits, "linear"] if logits else ["linear", "sigmoid", "softmax", "relu"]


def outputs_for(loss):
    """How many outputs a loss is tried with."""
    return 1 if losses[loss].logits_of == "sigmoid" else 3


def seed_run():
    """The network of the course session, for ten steps."""
    x = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]], float)
    return cr.train(
        "3-4:sigmoid-1:sigmoid", x, [[0], [1], [1], [0]], loss="half_squared_error",
        reduction="sum", optimizer=cr.SGD(0.1), steps=10, seed=1,
    )  # fmt: skip


def deep_run(**settings):
    """Three layers, a softmax, class numbers, a penalty, AdamW with a schedule and clipping."""
    rate = cr.WarmUp(cr.Cosine(0.1, steps=100), steps=10)
    layers = [cr.Dense(5, "relu", l2=0.01), cr.Dense(4, "tanh"), cr.Dense(3, "softmax")]
    return trained(layers, "cross_entropy", optimizer=cr.AdamW(rate, clip_norm=1.0), **settings)
