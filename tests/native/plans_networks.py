"""Random networks with everything that a network can have, as plans with values for their leaves.

Knows how networks and trainings are defined; knows no executor.
"""

from dataclasses import dataclass

import numpy as np

import chainrule as cr
from chainrule.nn.activations import known_activations
from chainrule.nn.losses import losses
from chainrule.train.door import make_setup

WIDTHS = (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 128, 200,
          255, 256, 257)  # fmt: skip
SMALL = tuple(n for n in WIDTHS if n <= 33)
PURPOSES = ("record", "train", "predict", "score", "unguarded")
FITTING = {
    "cross_entropy": ("linear", "softmax"),
    "binary_cross_entropy": ("linear", "sigmoid"),
}
SHARE = 0.15
"""How often hard values are put in."""

HARD = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-300, -1e-300, 5e-324, -3e-310, 1e-45, 1e300, -1e300,
        1e30, -1e30, 88.8, -104.0, 710.0, -745.2)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Case:
    """A plan, and a value for each of its leaves.

    Attributes
    ----------
    title : str
        What it is, in a line.
    plan : Plan
        What is computed.
    feed : dict
        The leaves.
    setup : Setup or None
        The training that it belongs to.
    state : dict or None
        Its parameters and slots.
    """

    title: str
    plan: object
    feed: dict
    setup: object = None
    state: dict | None = None


def draw_network(seed, most=260_000):
    """Return a network's plan by number; `most` bounds its weights times rows, for speed."""
    rng = np.random.default_rng([3, seed])
    while True:
        depth, rows = int(rng.integers(0, 9)), int(_size(rng))
        inputs = int(_size(rng))
        loss = str(rng.choice(sorted(losses)))
        outputs = max(int(_size(rng)), 2 if loss == "cross_entropy" else 1)
        units = [int(_size(rng)) for _ in range(depth)] + [outputs]
        work = sum(a * b for a, b in zip([inputs, *units], units, strict=False)) * rows
        if work < most * 40:
            break
    layers = _layers(rng, units, loss)
    setup = make_setup(
        cr.Network(list(layers), inputs=inputs),
        *_data(rng, rows, inputs, outputs, loss),
        loss=_loss(rng, loss),
        reduction=str(rng.choice(["mean", "sum"])),
        optimizer=_optimizer(rng),
        sample_weight=_weights(rng, rows),
        batch_size=None if rng.random() < 0.5 else max(1, int(rng.integers(1, rows + 1))),
        seed=int(seed),
        shuffle=bool(rng.random() < 0.5),
        dtype=str(rng.choice(["float64", "float32"])),
    )
    return _case(rng, seed, setup)


def _size(rng):
    return rng.choice(SMALL if rng.random() < 0.75 else WIDTHS)


def _layers(rng, units, loss):
    """Return layers with every setting; the last one fits the loss."""
    hidden = [name for name in known_activations() if name != "softmax"]
    out = []
    for k, count in enumerate(units):
        last = k == len(units) - 1
        names = FITTING.get(loss, [*hidden, "softmax"]) if last else hidden
        if rng.random() < 0.35 and not last:
            names = ("relu", "tanh", "sigmoid")
        out.append(
            cr.Dense(
                count,
                str(rng.choice(list(names))),
                bias=bool(rng.random() < 0.8),
                l1=float(rng.choice([0.0, 0.0, 0.03])),
                l2=float(rng.choice([0.0, 0.0, 0.1])),
                trainable=[True, False, "weights", "biases"][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])],
            )
        )
    return out


def _loss(rng, name):
    return (
        {"name": "huber", "threshold": float(rng.choice([0.5, 1.0]))} if name == "huber" else name
    )


def _data(rng, rows, inputs, outputs, loss):
    """Return features and targets; hard values are finite, as the door wants them."""
    x = _numbers(rng, (rows, inputs))
    if loss == "binary_cross_entropy":
        return x, rng.choice([0.0, 1.0, 0.25], size=(rows, outputs))
    if loss == "cross_entropy":
        classes = rng.integers(0, outputs, rows)
        return x, classes if rng.random() < 0.5 else rng.dirichlet(np.ones(outputs), rows)
    return x, _numbers(rng, (rows, outputs))


def _numbers(rng, shape):
    """Return numbers that are normal, or small whole ones (ties and zeros), or with hard ones."""
    how = rng.random()
    found = rng.integers(-2, 3, shape) * 0.5 if how < 0.2 else rng.normal(size=shape)
    if how > 1 - SHARE:
        hard = np.asarray([h for h in HARD if abs(h) < 1e38])
        found = np.where(rng.random(shape) < 0.05, rng.choice(hard, shape), found)
    return found


def _weights(rng, rows):
    if rng.random() < 0.6:
        return None
    found = rng.uniform(0, 3, rows) * rng.choice([0.0, 1.0], rows, p=[0.2, 0.8])
    found[rng.integers(rows)] = 1.5
    return found


def _optimizer(rng):
    rate = [
        0.1, 1e-3, cr.StepDecay(0.1, every=2, factor=0.5), cr.Exponential(0.1, decay=0.9),
        cr.Cosine(0.1, steps=5), cr.WarmUp(0.1, steps=4),
    ][rng.integers(6)]  # fmt: skip
    kinds = [cr.SGD, cr.Momentum, cr.Nesterov, cr.RMSProp, cr.Adam, cr.AdamW]
    clip = [{}, {}, {"clip_value": 0.05}, {"clip_norm": 0.5}, {"clip_value": 1.0, "clip_norm": 0.1}]
    return kinds[rng.integers(6)](rate, **clip[rng.integers(5)])


def _case(rng, seed, setup):
    purpose = str(rng.choice(PURPOSES, p=[0.5, 0.2, 0.1, 0.1, 0.1]))
    state = {
        k: _disturbed(rng, k, v, setup.dtype) for k, v in sorted(setup.initial_state({}).items())
    }
    step = int(rng.integers(0, 7))
    feed = setup.feed(step, state)
    rows = len(feed["x"])
    layers = "-".join(f"{layer.units}:{layer.activation}" for layer in setup.network.layers)
    title = (
        f"network {seed}: {rows} rows, {setup.network.inputs}-{layers}, {setup.loss.name} "
        f"({setup.reduction}), {setup.optimizer!r}, {setup.dtype}, {purpose}"
    )
    return Case(title, setup.plan(rows, purpose), feed, setup, state)


def _disturbed(rng, name, value, dtype):
    """Return a starting value that is not 0; slots of squares stay positive."""
    found = value + 0.1 * rng.normal(size=value.shape)
    if rng.random() < SHARE / 2:
        hard = rng.choice(np.asarray([h for h in HARD if abs(h) < 1e38]), value.shape)
        found = np.where(rng.random(value.shape) < 0.02, hard, found)
    return np.asarray(np.abs(found) if "." in name else found, dtype)
