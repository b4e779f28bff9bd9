"""Random trainings of every kind, to be exported as scripts."""

import numpy as np

import chainrule as cr
from chainrule.errors import DivergenceError
from chainrule.nn import known_activations

SMOOTH = (
    "sigmoid",
    "tanh",
    "softplus",
    "silu",
    "gelu",
    "elu",
    "linear",
    "normal_cdf",
    "erf",
    "sin",
)
ALL = [name for name in known_activations() if name != "softmax"]
ENDINGS = (
    ("linear", "half_squared_error"),
    ("sigmoid", "half_squared_error"),
    ("tanh", "squared_error"),
    ("softmax", "squared_error"),
    ("linear", "absolute_error"),
    ("sigmoid", {"name": "huber", "threshold": 0.7}),
    ("sigmoid", "binary_cross_entropy"),
    ("linear", "binary_cross_entropy"),
    ("softmax", "cross_entropy"),
    ("linear", "cross_entropy"),
)


def rates(rng, steps):
    """A rate, or a schedule of rates."""
    rate = float(rng.choice([0.003, 0.01, 0.05]))
    return [
        rate, rate, rate,
        cr.StepDecay(rate, every=max(1, steps // 3), factor=0.5), cr.Exponential(rate, decay=0.999),
        cr.Cosine(rate, steps=steps), cr.WarmUp(rate, steps=7),
        cr.WarmUp(cr.Cosine(rate, steps=steps), steps=5),
    ][rng.integers(8)]  # fmt: skip


def random_optimizer(rng, steps):
    """An optimizer with some of its settings changed."""
    clip = [{}, {}, {"clip_norm": 0.3}, {"clip_value": 0.1}, {"clip_norm": 1.0, "clip_value": 0.2}]
    kind = (cr.SGD, cr.SGD, cr.Momentum, cr.Nesterov, cr.RMSProp, cr.Adam, cr.AdamW)[
        rng.integers(7)
    ]
    return kind(rates(rng, steps), **clip[rng.integers(len(clip))])


def random_layers(rng, last, outputs):
    """Up to three hidden layers, penalties, shared, frozen and missing parameters among them."""
    penalties = {"l2": 0.01 * float(rng.integers(0, 2)), "l1": 0.003 * float(rng.integers(0, 2))}
    pool = SMOOTH if rng.random() < 0.5 else ALL
    layers = [
        cr.Dense(
            int(rng.integers(1, 7)), str(rng.choice(pool)), bias=bool(rng.random() < 0.9),
            trainable=[True, True, True, "weights", False][rng.integers(5)], **penalties,
        )
        for _ in range(rng.integers(0, 4))
    ]  # fmt: skip
    if rng.random() < 0.15:
        shared = cr.Dense(3, "tanh", weights_name="W", bias_name="lambda", l2=0.01)
        layers = [cr.Dense(3, "sigmoid"), shared, shared]
    return [*layers, cr.Dense(outputs, last)]


def targets_for(rng, loss, rows, outputs):
    """Targets of the kind that a loss wants."""
    if loss == "cross_entropy":
        if rng.random() < 0.3:
            return rng.dirichlet(np.ones(outputs), rows)
        return rng.integers(0, outputs, rows)
    if loss == "binary_cross_entropy":
        return rng.integers(0, 2, (rows, outputs)).astype(float)
    return rng.normal(size=(rows, outputs))


def random_weights(rng, rows):
    """Weights of rows, some of them 0 but not all."""
    weights = rng.uniform(0, 2, rows) * (rng.random(rows) < 0.8)
    weights[0] = 1.0
    return weights


def random_table(seed):
    """A table with numbers, categories, flags and gaps, and what to predict of it."""
    rng = np.random.default_rng([21, seed])
    rows = int(rng.integers(40, 160))

    def gaps(cells):
        return ["" if rng.random() < share else cell for cell in cells]

    share = float(rng.choice([0.0, 0.0, 0.06]))
    a = rng.normal(size=rows) * 10.0 ** rng.integers(-3, 5)
    kinds = rng.choice(["red", 'gr"een', "blue, dark", "été"], rows)
    flags = rng.random(rows) < 0.4
    b = rng.integers(0, 9, rows)
    told = a / np.abs(a).max() + 0.5 * (kinds == "red") - 0.8 * flags + 0.1 * b
    told = told + 0.1 * rng.normal(size=rows)
    kind = rng.integers(3)
    target = [str(x) for x in told] if kind == 0 else [
        str(x) for x in np.array(["low", "mid", "high"] if kind == 1 else ["no", "yes"])[
            np.digitize(told, np.quantile(told, [1 / 3, 2 / 3] if kind == 1 else [0.5]))
        ]
    ]  # fmt: skip
    return {
        "size": gaps([repr(float(x)) for x in a]), "kind": gaps([str(x) for x in kinds]),
        "is it": gaps(["true" if x else "false" for x in flags]), "n": [str(x) for x in b],
        "answer": target,
    }  # fmt: skip


def random_run(seed, steps=None, dtype=None, engine="interpreter"):
    """A run of a random network on random rows; None where it diverges, which makes no model."""
    rng = np.random.default_rng([20, seed])
    inputs, outputs, rows = (int(rng.integers(*bounds)) for bounds in ((1, 6), (1, 5), (1, 40)))
    last, loss = ENDINGS[rng.integers(len(ENDINGS))]
    outputs = max(outputs, 2) if "softmax" in (last,) or loss == "cross_entropy" else outputs
    drawn = int(rng.choice([3, 20, 60]))
    steps = drawn if steps is None else steps
    net = cr.Network(random_layers(rng, last, outputs), inputs=inputs)
    X = rng.normal(size=(rows, inputs)).round(2)
    kind = np.float32 if rng.random() < 0.2 else np.float64
    settings = {
        "optimizer": random_optimizer(rng, steps),
        "reduction": str(rng.choice(["mean", "mean", "sum"])),
        "batch_size": int(rng.integers(1, rows + 1)) if rng.random() < 0.6 else None,
        "sample_weight": random_weights(rng, rows) if rng.random() < 0.3 else None,
        "shuffle": bool(rng.random() < 0.85),
    }  # fmt: skip
    y = targets_for(rng, loss, rows, outputs)
    if rng.random() < 0.3:
        again = targets_for(np.random.default_rng(1), loss, 9, outputs)
        if again.ndim == y.ndim:
            settings["validation"] = (rng.normal(size=(9, inputs)), again)
            settings["patience"] = int(rng.integers(1, 6)) if rng.random() < 0.7 else None
    try:
        return cr.train(
            net, X, y, loss=loss, steps=steps, seed=seed, engine=engine,
            dtype=dtype or kind, **settings,
        )  # fmt: skip
    except DivergenceError:
        return None
