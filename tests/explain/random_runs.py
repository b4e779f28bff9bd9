"""Small random runs of every kind, for explanations to be tried on."""

import numpy as np

import chainrule as cr

HIDDEN = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "silu", "gelu", "linear")
OPTIMIZERS = (cr.SGD, cr.Momentum, cr.Nesterov, cr.RMSProp, cr.Adam, cr.AdamW)
ENDINGS = (
    ("linear", "half_squared_error"),
    ("tanh", "squared_error"),
    ("linear", "absolute_error"),
    ("sigmoid", "huber"),
    ("sigmoid", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
)


def random_run(seed, engine="interpreter", dtype=np.float64):
    """A run of a random network on random rows, by a random optimizer."""
    rng = np.random.default_rng([7, seed])
    inputs, outputs = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    last, loss = ENDINGS[rng.integers(len(ENDINGS))]
    outputs = max(outputs, 2) if last == "softmax" else outputs
    penalties = {"l2": 0.01 * rng.integers(0, 2), "l1": 0.01 * rng.integers(0, 2)}
    layers = [
        cr.Dense(int(rng.integers(1, 7)), str(rng.choice(HIDDEN)), **penalties)
        for _ in range(rng.integers(0, 4))
    ]
    net = cr.Network([*layers, cr.Dense(outputs, last)], inputs=inputs)
    rows = int(rng.integers(1, 20))
    X = rng.normal(size=(rows, inputs)).round(2) * rng.integers(0, 2, size=(rows, inputs))
    if loss == "cross_entropy":
        y = rng.integers(0, outputs, rows)
    elif loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (rows, outputs)).astype(float)
    else:
        y = rng.normal(size=(rows, outputs))
    clip = {"clip_norm": 0.5} if rng.random() < 0.2 else {}
    batch = int(rng.integers(1, rows + 1)) if rng.random() < 0.5 else None
    weights = rng.uniform(0, 2, rows) if rng.random() < 0.3 else None
    return cr.train(
        net,
        X.astype(dtype),
        y,
        loss=loss,
        reduction=str(rng.choice(["mean", "sum"])),
        optimizer=OPTIMIZERS[rng.integers(len(OPTIMIZERS))](0.01, **clip),
        steps=int(rng.integers(1, 8)),
        batch_size=batch,
        sample_weight=weights,
        seed=seed,
        engine=engine,
    )
