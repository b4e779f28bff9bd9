"""Healthy runs: sizes, activations, optimizers and data of many kinds, as people would choose them.

A run counts only if on rows it has not seen it explains about as much as the best of scikit-learn's
forests, kernel machines and neighbours (`doctor_data.others`), and if its validation loss did not
rise by as much as the sick runs' definition of overfitting says; the doctor has no say in that.
"""

import numpy as np
from tests.explain.doctor_data import MADE, explained, others
from tests.explain.doctor_sick import harmed

import chainrule as cr

NEAR = 0.08
"""So much less than the best of the others is still healthy."""
ACTIVATIONS = ["relu", "tanh", "sigmoid", "gelu", "leaky_relu", "elu", "silu", "softplus"]


def optimizer(rng, steps):
    rate = lambda low, high: float(np.exp(rng.uniform(np.log(low), np.log(high))))  # noqa: E731
    kinds = [
        lambda: cr.Adam(rate(0.002, 0.02)),
        lambda: cr.Adam(cr.Cosine(rate(0.005, 0.02), steps=steps)),
        lambda: cr.AdamW(rate(0.002, 0.01), weight_decay=0.01),
        lambda: cr.SGD(rate(0.05, 0.3)),
        lambda: cr.Momentum(rate(0.01, 0.05)),
        lambda: cr.Nesterov(rate(0.01, 0.05)),
        lambda: cr.RMSProp(rate(0.001, 0.005)),
        lambda: cr.SGD(cr.StepDecay(0.3, every=max(1, steps // 3), factor=0.3)),
    ]
    return kinds[rng.integers(len(kinds))]()


def penguins(rng):
    path, manifest = cr.data.shipped("penguins")
    hidden = [(), (8,), (64,), (32, 16)][rng.integers(4)]
    run = cr.train_table(
        path, "species", missing_words=manifest.missing, drop=manifest.drop, hidden=hidden,
        activation=str(rng.choice(ACTIVATIONS)), seed=int(rng.integers(1000)),
        epochs=int(rng.integers(60, 200)), optimizer=cr.Adam(float(rng.choice([0.003, 0.01]))),
    )  # fmt: skip
    return "penguins", run, run.report["score"]["value"] > 0.95


def run(seed):
    """Return (description, run, whether it is healthy)."""
    rng = np.random.default_rng([seed, 1])
    if seed % 12 == 0:
        return penguins(rng)
    data = MADE[rng.integers(len(MADE))](rng)
    hidden = [[16], [32], [64], [32, 32], [64, 32], [24, 24, 24]][rng.integers(6)]
    if data.name in ("linear", "blobs", "iris", "wine", "breast_cancer") and rng.random() < 0.3:
        hidden = []
    name = str(rng.choice(ACTIVATIONS))
    spec = "-".join([str(data.inputs), *(f"{n}:{name}" for n in hidden), data.ending])
    batch = [16, 32, 64, 128, None][rng.integers(5)]
    per_epoch = 1 if batch is None else -(-len(data.x) // batch)
    steps = min(int(rng.integers(60, 200)) * per_epoch, 6000)
    if batch is None:
        steps = int(rng.integers(500, 3000))
    settings = {"validation": (data.xv, data.yv)}
    if rng.random() < 0.7:
        settings["patience"] = 20 * (1 if batch else 10)
    elif rng.random() < 0.5:
        settings = {}
    rule = optimizer(rng, steps)
    made = cr.train(spec, data.x, data.y, optimizer=rule, steps=steps, batch_size=batch,
                    seed=seed, dtype=("float64", "float32")[seed % 2], **settings)  # fmt: skip
    mine = explained(data.yt, made.predict(data.xt), data.classes)
    overfitted = "validation" in settings and "patience" not in settings and harmed(
        "overfitting", data, made)  # fmt: skip
    is_healthy = mine > others(data) - NEAR and not overfitted
    return f"{data.name} {spec} {rule} batch {batch}", made, is_healthy
