"""Random runs to be reviewed: every loss, activation, reduction, penalty, clipping and optimizer.

Knows the public face only.
"""

from __future__ import annotations

import chainrule as cr

SIZES = (1, 2, 3, 4, 5, 8, 10, 16, 32)
HIDDEN = ("sigmoid", "tanh", "relu", "linear")
LOSSES = (
    "half_squared_error",
    "squared_error",
    "binary_cross_entropy",
    "cross_entropy",
)


def random_run(rng, **fixed):
    """Return a short run of a random network on random rows that does not diverge."""
    while True:
        try:
            return one_run(rng, **fixed)
        except cr.DivergenceError:
            continue


def one_run(rng, *, wild=False, steps=2, **fixed):
    depth = int(fixed.get("depth", rng.integers(1, 4)))
    equal = rng.random() < 0.25
    width = int(rng.integers(2, 17))
    sizes = [width if equal else int(rng.integers(2, 17)) for _ in range(depth)]
    loss = fixed.get("loss") or str(
        rng.choice((*LOSSES, "absolute_error", "huber") if wild else LOSSES)
    )
    n = int(fixed.get("n", rng.choice(SIZES)))
    outputs = int(rng.integers(2, 6)) if loss == "cross_entropy" else int(rng.integers(1, 4))
    inputs = width if equal else int(rng.integers(2, 9))
    known = (*HIDDEN, "softplus", "gelu", "leaky_relu", "sin") if wild else HIDDEN
    chances = None if wild else (0.35, 0.3, 0.3, 0.05)
    one = str(rng.choice(known, p=chances))
    same = rng.random() < 0.6
    acts = [one if same else str(rng.choice(known, p=chances)) for _ in range(depth)]
    last = {"binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}.get(loss)
    last = last or str(rng.choice(["sigmoid", "tanh", "linear"]))
    l2 = float(fixed.get("l2", rng.choice([0, 0, 0.01, 0.1])))
    l1 = 0.05 if wild and rng.random() < 0.2 else 0.0
    layers = [cr.Dense(u, a, l2=l2, l1=l1) for u, a in zip(sizes, acts)]
    layers.append(cr.Dense(outputs, last, l2=l2, l1=l1))
    X = (
        rng.normal(size=(n, inputs))
        if rng.random() < 0.7
        else rng.integers(0, 2, (n, inputs)) * 1.0
    )
    y = targets(rng, loss, last, n, outputs)
    rate = float(fixed.get("rate", rng.choice([0.01, 0.05, 0.1, 0.3, 0.5])))
    optimizer = cr.SGD(rate, **fixed.get("clip", {}))
    if wild and rng.random() < 0.5:
        optimizer = some_rule(rng, rate)
    weights = rng.uniform(0.5, 2, n) if wild and rng.random() < 0.3 else None
    net = cr.Network(layers, inputs=inputs)
    initial = {
        name: rng.normal(0, 0.3, spec.shape)
        if name.startswith("b")
        else rng.normal(0, spec.shape[0] ** -0.5, spec.shape) * rng.uniform(0.7, 1.5)
        for name, spec in net.specs.items()
    }
    return cr.train(
        net, X, y, loss=loss, reduction=fixed.get("reduction") or str(rng.choice(["sum", "mean"])),
        optimizer=optimizer, steps=steps, seed=1, initial=initial, engine="interpreter",
        **({"sample_weight": weights} if weights is not None else {}),
    )  # fmt: skip


def some_rule(rng, rate):
    """Return an optimizer with a memory, or with a rate that changes."""
    rules = (
        cr.Adam(rate),
        cr.AdamW(rate),
        cr.Momentum(rate),
        cr.Nesterov(rate, clip_value=0.1),
        cr.RMSProp(rate, clip_norm=0.2),
        cr.Momentum(cr.StepDecay(rate, every=1, factor=0.5)),
        cr.Adam(cr.WarmUp(cr.Cosine(rate, steps=9), steps=2)),
    )
    return rules[rng.integers(len(rules))]


def targets(rng, loss, last, n, outputs):
    if loss == "cross_entropy":
        return rng.integers(0, outputs, n)
    if loss == "binary_cross_entropy" or last == "sigmoid":
        return rng.integers(0, 2, (n, outputs)).astype(float)
    return rng.normal(size=(n, outputs))
