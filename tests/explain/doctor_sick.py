"""Sick runs, made on purpose: for each thing the doctor looks for, trainings that have it.

Each maker varies data, sizes, activations and optimizers. A run counts only if it really came to
harm: on training rows or on rows held out it explains clearly less than scikit-learn's methods do,
it diverged, or it has the fault by construction (`BY_CONSTRUCTION`).
"""

import numpy as np
from tests.explain.doctor_data import (
    blobs,
    circles,
    corners,
    explained,
    friedman,
    linear,
    moons,
    noisy,
    others,
    split,
    teacher,
)

import chainrule as cr
from chainrule.errors import DivergenceError

BY_CONSTRUCTION = {
    "symmetric units", "unscaled inputs", "loss at start", "shuffled labels", "class imbalance",
    "overfitting", "gradient noise",
}  # fmt: skip
HARM = 0.12
RUN_AWAY = {"learning rate too high", "exploding gradients", "unscaled inputs"}
"""What divergence is the natural end of; others that diverge have a rate too high as well."""
KINDS = {}


def kind(name):
    def remember(make):
        KINDS[name] = make
        return make

    return remember


def run(name, seed):
    """Return (description, run, whether it is sick)."""
    rng = np.random.default_rng([seed, 7])
    data, spec, settings = KINDS[name](rng)
    settings = {"seed": seed, "batch_size": 32, "steps": int(rng.integers(300, 1500)), **settings}
    watched = settings.pop("watched", False)
    if rng.random() < 0.5 or watched:
        settings["validation"] = (data.xv, data.yv)
    what = f"{data.name} {spec} {settings.get('optimizer')} batch {settings['batch_size']}"
    try:
        made = cr.train(spec, data.x, data.y, **settings)
    except DivergenceError as error:
        return what, error.run, name in RUN_AWAY
    if name in BY_CONSTRUCTION:
        return what, made, harmed(name, data, made)
    if name == "plateau" and not stands_still(made.losses):
        return what, made, False
    mine = explained(data.y, made.predict(data.x), data.classes)
    return what, made, mine < others(data) - HARM


def stands_still(losses):
    """Whether the second half of a run brought less than a twentieth of its first loss."""
    half = losses[len(losses) // 2 :]
    quarter = len(half) // 2
    return half[:quarter].mean() - half[quarter:].mean() < 0.05 * losses[0]


def harmed(name, data, made):
    """What each fault that is there by construction must have done to count."""
    if name == "overfitting":
        losses = made.history["validation_loss"]
        losses = losses[~np.isnan(losses)]
        constant = np.log(data.classes) if data.classes else np.var(data.y)
        return losses[-1] > max(1.3 * losses.min(), losses.min() + 0.1 * constant)
    if name == "loss at start":
        constant = np.log(data.classes) if data.classes else np.var(data.y)
        return float(np.mean(made.losses[:3])) > 4 * constant
    if name == "gradient noise":
        # all rows in every step, at the same rate, for as long again: clearly lower
        calm = made.branch(made.steps, batch_size=None, steps=200)
        start, end = (float(one.evaluate(data.x, data.y)["loss"]) for one in (made, calm))
        constant = float(np.mean((data.y - np.mean(data.y)) ** 2)) if not data.classes else np.log(
            data.classes)  # fmt: skip
        return start - end > 0.1 * constant
    if name == "class imbalance":
        return np.mean(made.predict(data.x)[data.y == 1] > 0.5) < 0.35
    return True


def any_data(rng, *makers):
    return makers[rng.integers(len(makers))](rng)


def spec_of(data, hidden, activation):
    return "-".join([str(data.inputs), *(f"{n}:{activation}" for n in hidden), data.ending])


def some(rng, *options):
    return options[rng.integers(len(options))]


def rate(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def parameters(spec, rng, factor=None):
    net = cr.Network.from_spec(spec)
    drawn = net.initial_parameters(rng)
    factor = factor or (lambda name: 1.0)
    return {name: value * factor(name) for name, value in drawn.items()}


@kind("vanishing gradients")
def vanishing(rng):
    data = any_data(rng, moons, corners, circles, teacher)
    if rng.random() < 0.6:
        depth = int(rng.integers(6, 11))
        spec = spec_of(data, [int(rng.integers(8, 33))] * depth, "sigmoid")
        return data, spec, {"optimizer": some(rng, cr.SGD(rate(rng, 0.05, 0.5)), cr.Adam(0.001))}
    depth = int(rng.integers(5, 9))
    spec = spec_of(data, [int(rng.integers(8, 33))] * depth, some(rng, "tanh", "relu"))
    small = parameters(spec, rng, lambda name: 0.2 if name[0] == "W" else 1.0)
    return data, spec, {"optimizer": cr.SGD(rate(rng, 0.01, 0.2)), "initial": small}


@kind("exploding gradients")
def exploding(rng):
    data = any_data(rng, moons, corners, teacher, blobs)
    depth = int(rng.integers(5, 10))
    spec = spec_of(data, [int(rng.integers(16, 65))] * depth, some(rng, "relu", "leaky_relu"))
    times = float(rng.uniform(2.2, 4.0))
    large = parameters(spec, rng, lambda name: times if name[0] == "W" else 1.0)
    rule = some(rng, cr.SGD(rate(rng, 0.003, 0.1)), cr.Momentum(rate(rng, 0.001, 0.03)))
    return data, spec, {"optimizer": rule, "initial": large}


@kind("dead units")
def dead(rng):
    data = any_data(rng, moons, corners, friedman, circles)
    hidden = some(rng, [16], [32], [32, 16])
    spec = spec_of(data, hidden, "relu")
    off = parameters(spec, rng)
    which = f"b{int(rng.integers(1, len(hidden) + 1))}"
    units = len(off[which])
    off[which] = np.where(rng.random(units) < rng.uniform(0.85, 1.0), -rng.uniform(8, 20), 0.0)
    return data, spec, {"optimizer": cr.Adam(rate(rng, 0.001, 0.005)), "initial": off}


@kind("saturated units")
def saturated(rng):
    data = any_data(rng, moons, friedman, corners, teacher)
    hidden = some(rng, [8], [16], [16, 16])
    spec = spec_of(data, hidden, some(rng, "tanh", "sigmoid"))
    times = float(rng.uniform(30, 100))
    large = parameters(spec, rng, lambda name: times if name == "W1" else 1.0)
    return data, spec, {"optimizer": cr.SGD(rate(rng, 0.01, 0.1)), "initial": large}


@kind("symmetric units")
def symmetric(rng):
    data = any_data(rng, moons, corners, friedman, teacher, blobs)
    spec = spec_of(data, some(rng, [8], [32], [16, 16]), some(rng, "tanh", "relu", "sigmoid"))
    net = cr.Network.from_spec(spec)
    value = some(rng, 0.0, 0.1, 0.5, 1.0)
    same = {name: np.full(one.shape, value if name[0] == "W" else 0.0)
            for name, one in net.specs.items()}  # fmt: skip
    rule = some(rng, cr.SGD(0.1), cr.Adam(0.005), cr.Momentum(0.03))
    return data, spec, {"initial": same, "optimizer": rule}


@kind("learning rate too high")
def too_high(rng):
    data = any_data(rng, moons, corners, friedman, teacher, blobs, linear)
    spec = spec_of(data, some(rng, [16], [32], [32, 32]), some(rng, "tanh", "relu"))
    rule = some(rng, cr.SGD(rate(rng, 3, 100)), cr.Adam(rate(rng, 0.3, 3)),
                cr.Momentum(rate(rng, 1, 30)), cr.RMSProp(rate(rng, 0.3, 3)))  # fmt: skip
    return data, spec, {"optimizer": rule, "batch_size": some(rng, 32, None)}


@kind("learning rate too low")
def too_low(rng):
    data = any_data(rng, moons, corners, friedman, teacher, blobs, linear)
    spec = spec_of(data, some(rng, [16], [32], [32, 32]), some(rng, "tanh", "relu"))
    rule = some(rng, cr.SGD(rate(rng, 1e-5, 1e-3)), cr.Adam(rate(rng, 1e-7, 2e-5)),
                cr.Momentum(rate(rng, 1e-6, 1e-4)))  # fmt: skip
    return data, spec, {"optimizer": rule, "batch_size": some(rng, 32, None)}


@kind("unscaled inputs")
def unscaled(rng):
    data = any_data(rng, moons, corners, friedman, teacher, blobs)
    size = np.exp(rng.uniform(np.log(0.1), np.log(3000), data.inputs))
    size[rng.integers(data.inputs)] = rng.uniform(200, 5000)
    shift = rng.uniform(-2, 2, data.inputs) * size
    for name in ("x", "xv", "xt"):
        setattr(data, name, getattr(data, name) * size + shift)
    spec = spec_of(data, some(rng, [16], [32], [32, 16]), some(rng, "tanh", "relu", "sigmoid"))
    rule = some(rng, cr.SGD(rate(rng, 0.001, 0.1)), cr.Adam(rate(rng, 0.001, 0.01)))
    return data, spec, {"optimizer": rule}


@kind("loss at start")
def at_start(rng):
    if rng.random() < 0.5:
        data = any_data(rng, friedman, linear, teacher)
        shift = rng.uniform(6, 60) * rng.choice([-1, 1])
        data.y, data.yv, data.yt = data.y + shift, data.yv + shift, data.yt + shift
        return data, spec_of(data, some(rng, [16], [32]), some(rng, "tanh", "relu")), {}
    data = any_data(rng, blobs, moons, corners)
    hidden = some(rng, [16], [32])
    spec = spec_of(data, hidden, some(rng, "tanh", "relu"))
    last, times = f"W{len(hidden) + 1}", float(rng.uniform(12, 40))
    large = parameters(spec, rng, lambda name: times if name == last else 1.0)
    return data, spec, {"initial": large, "optimizer": cr.Adam(rate(rng, 0.001, 0.01))}


@kind("overfitting")
def overfitting(rng):
    data = any_data(rng, noisy, friedman, linear, moons)
    few = int(rng.integers(40, 90))
    data.x, data.y = data.x[:few], data.y[:few].copy()
    if data.classes:
        flip = rng.random(few) < 0.2
        data.y[flip] = rng.integers(0, data.classes, int(flip.sum()))
    else:
        data.y = data.y + rng.normal(size=few) * 0.5
    spec = spec_of(data, some(rng, [128], [64, 64]), some(rng, "relu", "tanh"))
    rule = cr.Adam(rate(rng, 0.003, 0.01))
    return data, spec, {"optimizer": rule, "steps": 3000, "watched": True}


@kind("underfitting")
def underfitting(rng):
    what = rng.integers(3)
    if what == 0:
        data = any_data(rng, circles, corners, friedman)
        hidden = some(rng, [], [16])
        return data, spec_of(data, hidden, "linear"), {"optimizer": cr.Adam(0.01), "steps": 1500}
    if what == 1:
        data = any_data(rng, circles, corners, friedman)
        spec = spec_of(data, [int(rng.integers(1, 3))], some(rng, "tanh", "sigmoid"))
        return data, spec, {"optimizer": cr.Adam(0.01), "steps": 2000}
    data = any_data(rng, moons, friedman, blobs, corners)
    layers = [cr.Dense(32, some(rng, "relu", "tanh"), l2=rate(rng, 0.1, 2.0))]
    units, _, last = data.ending.partition(":")
    layers.append(cr.Dense(int(units), last or "linear", l2=rate(rng, 0.1, 2.0)))
    return data, cr.Network(layers, data.inputs), {"optimizer": cr.Adam(0.005)}


@kind("plateau")
def plateau(rng):
    data = any_data(rng, corners, circles, teacher)
    spec = spec_of(data, some(rng, [8], [16], [32]), "tanh")
    tiny = parameters(spec, rng, lambda name: rate(rng, 0.003, 0.03) if name[0] == "W" else 1.0)
    return data, spec, {"initial": tiny, "optimizer": cr.SGD(rate(rng, 0.02, 0.1))}


@kind("class imbalance")
def imbalance(rng):
    n, inputs = int(rng.integers(600, 2000)), int(rng.integers(2, 8))
    y = (rng.random(n) < rng.uniform(0.03, 0.1)).astype(int)
    x = rng.normal(size=(n, inputs)) + y[:, None] * rng.uniform(0.5, 1.0) * rng.normal(size=inputs)
    data = split("rare class", x, y, 2, rng)
    spec = spec_of(data, some(rng, [8], [16], []), "tanh")
    return data, spec, {"optimizer": cr.Adam(rate(rng, 0.002, 0.01)), "steps": 1500}


@kind("gradient noise")
def noise(rng):
    data = any_data(rng, linear, friedman, noisy, teacher)
    spec = spec_of(data, some(rng, [16], [32]), some(rng, "tanh", "relu"))
    rule = some(rng, cr.SGD(rate(rng, 0.05, 0.2)), cr.Momentum(rate(rng, 0.01, 0.03)),
                cr.Adam(rate(rng, 0.02, 0.06)))  # fmt: skip
    return data, spec, {"optimizer": rule, "batch_size": int(rng.integers(1, 3)), "steps": 3000}


@kind("shuffled labels")
def shuffled(rng):
    data = any_data(rng, moons, friedman, blobs, corners, teacher)
    data.y, data.yv = rng.permutation(data.y), rng.permutation(data.yv)
    spec = spec_of(data, some(rng, [16], [64], [64, 32]), some(rng, "tanh", "relu"))
    return data, spec, {"optimizer": cr.Adam(rate(rng, 0.002, 0.01))}


@kind("weights that never moved")
def never_moved(rng):
    data = any_data(rng, circles, corners, friedman, moons)
    hidden = some(rng, [4], [6], [4, 4])
    activation = some(rng, "tanh", "relu")
    units, _, last = data.ending.partition(":")
    which = int(rng.integers(len(hidden)))
    layers = [cr.Dense(n, activation, trainable=k != which) for k, n in enumerate(hidden)]
    net = cr.Network([*layers, cr.Dense(int(units), last or "linear")], data.inputs)
    small = net.initial_parameters(rng)
    name = f"W{which + 1}"
    small = {name: small[name] * some(rng, 0.05, 0.2)}
    return data, net, {"initial": small, "optimizer": cr.Adam(0.005)}
