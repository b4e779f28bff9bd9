"""Every optimizer and schedule over 20 steps against its formula in NumPy, gradients by JAX."""

from dataclasses import fields

import jax.numpy as jnp
import numpy as np
import pytest
from jax_references import OPTIMIZERS, SCHEDULES, rate_at

import chainrule as cr
import jax
from chainrule.optim import Optimizer, optimizers, schedules

STEPS = 20
LOOKED_AT = (1, 2, 3, 11, STEPS)
COMMON = {f.name for f in fields(Optimizer)}

RATES = {
    "a number": 0.05,
    "Constant": cr.Constant(0.05),
    "Cosine": cr.Cosine(0.1, steps=12, final=0.01),
    "Exponential": cr.Exponential(0.1, 0.9),
    "InverseScaling": cr.InverseScaling(0.1, every=5, rows=7, power=0.4),
    "StepDecay": cr.StepDecay(0.1, every=6, factor=0.5),
    "WarmUp": cr.WarmUp(cr.Cosine(0.1, steps=15), steps=7),
}


def variants(name):
    """Return an optimizer with its defaults, each setting of its own halved, and clipped."""
    cls = optimizers[name]
    own = {f.name: f.default for f in fields(cls) if f.name not in COMMON}
    found = {"defaults": cls(0.05)}
    found |= {f"{key} halved": cls(0.05, **{key: value / 2}) for key, value in own.items()}
    found["clipped by value"] = cls(0.05, clip_value=0.02)
    found["clipped by norm"] = cls(0.05, clip_norm=0.1)
    found["clipped by both"] = cls(0.05, clip_value=0.1, clip_norm=0.15)
    return found


CASES = [
    pytest.param(one, id=f"{name}, {words}")
    for name in sorted(optimizers)
    for words, one in variants(name).items()
]
CASES += [
    pytest.param(optimizers[name](rate), id=f"{name}, {words}")
    for name in sorted(optimizers)
    for words, rate in RATES.items()
]


def network():
    """3-4-2 with a penalty and a frozen bias."""
    return cr.Network([cr.Dense(4, "tanh", l2=0.1), cr.Dense(2, trainable="weights")], inputs=3)


def rows():
    rng = np.random.default_rng(7)
    return rng.normal(size=(7, 3)), rng.normal(size=(7, 2))


@jax.jit
def slopes(p, x, y):
    def loss(p):
        out = jnp.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]
        return 0.5 * jnp.mean(jnp.sum((out - y) ** 2, axis=1)) + 0.05 * jnp.sum(p["W1"] ** 2)

    return jax.grad(loss)(p)


def clipped(o, gradients):
    """Return gradients clipped by value, then together by norm."""
    if o.clip_value is not None:
        gradients = {k: np.clip(g, -o.clip_value, o.clip_value) for k, g in gradients.items()}
    if o.clip_norm is not None:
        norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
        gradients = {k: g * min(1, o.clip_norm / norm) for k, g in gradients.items()}
    return gradients


def by_formula(o, run):
    """Yield parameters and memory before each step, and after the last."""
    x, y = rows()
    p = {k: v.copy() for k, v in run.at(0).parameters.items()}
    memory = {k: {slot: np.zeros_like(p[k]) for slot in o.slots} for k in ("W1", "b1", "W2")}
    for t in range(STEPS):
        yield p, memory
        batch = run.record.setup.batch(t)
        found = {k: np.asarray(g) for k, g in slopes(p, x[batch], y[batch]).items()}
        found = clipped(o, {k: found[k] for k in memory})
        p = dict(p)
        for k, g in found.items():
            rate = rate_at(o.learning_rate, t)
            p[k], new = OPTIMIZERS[o.kind](o, p[k], g, memory[k], rate, t)
            memory = {**memory, k: new}
    yield p, memory


def apart(mine, other):
    """Return the largest difference as a share of the largest entry."""
    return float(np.max(np.abs(mine - other)) / max(np.max(np.abs(other)), 1e-3))


def test_every_optimizer_and_schedule_has_a_reference():
    assert sorted(optimizers) == sorted(OPTIMIZERS)
    assert sorted(schedules) == sorted(SCHEDULES)
    assert set(SCHEDULES) <= set(RATES)


@pytest.mark.parametrize("o", CASES)
def test_twenty_steps(o):
    run = cr.train(network(), *rows(), loss="half_squared_error", optimizer=o, steps=STEPS,
                   batch_size=3, seed=3)  # fmt: skip
    for t, (parameters, memory) in enumerate(by_formula(o, run)):
        if t not in LOOKED_AT:
            continue
        moment = run.at(t)
        for name, value in parameters.items():
            assert apart(moment.parameters[name], value) < 1e-12, f"step {t}: {name}"
        for name, slots in memory.items():
            for slot, value in slots.items():
                assert apart(moment.slots[f"{name}.{slot}"], value) < 1e-12, f"step {t}: {name}"
    assert np.array_equal(run.parameters["b2"], run.at(0).parameters["b2"])


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_a_schedule_at_many_steps(name):
    schedule = RATES[name]
    for t in [*range(30), 1000, 10**6]:
        assert schedule.at(t) == pytest.approx(rate_at(schedule, t), rel=1e-14, abs=1e-300)
