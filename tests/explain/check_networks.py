"""Random trainings: networks, losses, optimizers, data and engines drawn from a seed."""

import numpy as np

import chainrule as cr
from chainrule.nn import known_activations, losses
from chainrule.optim import optimizers

USUAL = ("relu", "tanh", "sigmoid", "elu", "gelu", "leaky_relu", "softplus", "silu")
LASTS = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}


def _pick(rng, items):
    return items[int(rng.integers(len(items)))]


def draw(seed):
    """Return the arguments of a training."""
    rng = np.random.default_rng([7, seed])
    loss = sorted(losses)[seed % len(losses)]
    inputs, rows = int(rng.integers(1, 5)), int(rng.integers(2, 12))
    every = [name for name in known_activations() if name != "softmax"]
    layers = [
        cr.Dense(
            int(rng.integers(1, 6)),
            _pick(rng, every if rng.random() < 0.3 else USUAL),
            l2=_pick(rng, (0.0, 0.0, 0.1)),
            l1=_pick(rng, (0.0, 0.0, 0.05)),
        )
        for _ in range(int(rng.integers(0, 3)))
    ]
    outputs = int(rng.integers(2, 4)) if loss == "cross_entropy" else int(rng.integers(1, 4))
    layers.append(cr.Dense(outputs, LASTS.get(loss, _pick(rng, ("linear", "tanh", "relu")))))
    X = rng.integers(-1, 2, (rows, inputs)).astype(float)
    if rng.random() < 0.6:
        X = rng.standard_normal((rows, inputs))
    y = rng.standard_normal((rows, outputs))
    if loss == "cross_entropy":
        y = rng.integers(0, outputs, rows)
    elif loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (rows, outputs))
    name = sorted(optimizers)[(seed // len(losses)) % len(optimizers)]
    clipping = {"clip_norm": 0.5} if rng.random() < 0.2 else {}
    return (cr.Network(layers, inputs), X, y), {
        "loss": loss,
        "reduction": _pick(rng, ("mean", "sum")),
        "optimizer": optimizers[name](_pick(rng, (0.001, 0.01, 0.1)), **clipping),
        "steps": int(rng.integers(1, 30)),
        "seed": seed,
        "batch_size": _pick(rng, (None, int(rng.integers(1, rows + 1)))),
        "dtype": _pick(rng, ("float64", "float64", "float32")),
        "sample_weight": None if rng.random() < 0.7 else rng.random(rows),
    }


def trained(seed, engine):
    """Return the run of a seed; a diverged one up to there; None if its data makes no sense."""
    given, settings = draw(seed)
    try:
        return cr.train(*given, **settings, engine=engine)
    except cr.DivergenceError as error:
        return error.run
    except cr.ChainruleError:
        return None
