"""A second opinion in JAX and NumPy on everything that the registries hold, by name.

An activation, a loss, an optimizer or a schedule that is registered and not here fails the suite.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax.scipy import special, stats

import jax

jax.config.update("jax_enable_x64", True)


@dataclass(frozen=True)
class Activation:
    """A function of z (rows, units), and the lowest z that it may be given."""

    of: Callable
    above: float = -np.inf


@dataclass(frozen=True)
class Loss:
    """What each output adds to the loss of its row, and the parts of its derivative.

    `terms` says how large the parts are that make up dl/dout: for out - y they are |out| and |y|,
    however small their difference. Both take logits where the loss does.
    """

    entries: Callable
    terms: Callable
    averaged: bool


def _both(out, y):
    return jnp.abs(out) + jnp.abs(y)


def _huber(out, y):
    e = jnp.abs(out - y)
    return jnp.where(e <= 1, 0.5 * e * e, e - 0.5)


def _binary_cross_entropy(z, y):
    return -(y * jax.nn.log_sigmoid(z) + (1 - y) * jax.nn.log_sigmoid(-z))


def with_slope(function, slope):
    """Return a function whose derivative is given, where JAX's own loses digits in the tails.

    Its rules are 1 - tanh^2 and s (1 - s): at 8 they are off by 1e-9 and 1e-13 of their value.
    """
    steady = jax.custom_jvp(function)
    steady.defjvp(lambda z, v: (function(z[0]), slope(z[0]) * v[0]))
    return steady


tanh = with_slope(jnp.tanh, lambda z: 1 / jnp.cosh(z) ** 2)
sigmoid = with_slope(jax.nn.sigmoid, lambda z: 0.25 / jnp.cosh(z / 2) ** 2)

ACTIVATIONS = {
    "abs": Activation(jnp.abs),
    "cos": Activation(jnp.cos),
    "elu": Activation(jax.nn.elu),
    "erf": Activation(special.erf),
    "erfc": Activation(special.erfc),
    "exp": Activation(jnp.exp),
    "expm1": Activation(jnp.expm1),
    "gelu": Activation(lambda z: jax.nn.gelu(z, approximate=False)),
    "leaky_relu": Activation(jax.nn.leaky_relu),
    "linear": Activation(lambda z: z),
    "log": Activation(jnp.log, above=0.3),
    "log1p": Activation(jnp.log1p, above=-0.7),
    "log_sigmoid": Activation(jax.nn.log_sigmoid),
    "neg": Activation(jnp.negative),
    "normal_cdf": Activation(stats.norm.cdf),
    "normal_density": Activation(stats.norm.pdf),
    "reciprocal": Activation(lambda z: 1 / z, above=0.3),
    "relu": Activation(jax.nn.relu),
    "sigmoid": Activation(sigmoid),
    "silu": Activation(lambda z: z * sigmoid(z)),
    "sin": Activation(jnp.sin),
    "softmax": Activation(lambda z: jax.nn.softmax(z, axis=1)),
    "softplus": Activation(jax.nn.softplus),
    "sqrt": Activation(jnp.sqrt, above=0.3),
    "square": Activation(jnp.square),
    "tanh": Activation(tanh),
}

LOSSES = {
    "absolute_error": Loss(
        lambda out, y: jnp.abs(out - y), lambda out, y: jnp.ones_like(out), averaged=True
    ),
    "binary_cross_entropy": Loss(
        _binary_cross_entropy, lambda z, y: jax.nn.sigmoid(z) + y, averaged=False
    ),
    "cross_entropy": Loss(
        lambda z, y: -y * jax.nn.log_softmax(z, axis=1),
        lambda z, y: jax.nn.softmax(z, axis=1) + y,
        averaged=False,
    ),
    "half_squared_error": Loss(lambda out, y: 0.5 * (out - y) ** 2, _both, averaged=False),
    "huber": Loss(
        _huber,
        lambda out, y: jnp.where(jnp.abs(out - y) <= 1, _both(out, y), 1.0),
        averaged=True,
    ),
    "squared_error": Loss(
        lambda out, y: (out - y) ** 2, lambda out, y: 2 * _both(out, y), averaged=True
    ),
}


def _sgd(o, w, g, memory, rate, t):
    return w - rate * g, {}


def _momentum(o, w, g, memory, rate, t):
    v = o.momentum * memory["v"] + g
    return w - rate * v, {"v": v}


def _nesterov(o, w, g, memory, rate, t):
    v = o.momentum * memory["v"] + g
    return w - rate * (g + o.momentum * v), {"v": v}


def _rmsprop(o, w, g, memory, rate, t):
    v = o.decay * memory["v"] + (1 - o.decay) * g * g
    return w - rate * g / (np.sqrt(v) + o.epsilon), {"v": v}


def _adam(o, w, g, memory, rate, t):
    m = o.beta1 * memory["m"] + (1 - o.beta1) * g
    v = o.beta2 * memory["v"] + (1 - o.beta2) * g * g
    m_hat, v_hat = m / (1 - o.beta1 ** (t + 1)), v / (1 - o.beta2 ** (t + 1))
    return w - rate * m_hat / (np.sqrt(v_hat) + o.epsilon), {"m": m, "v": v}


def _adamw(o, w, g, memory, rate, t):
    new, memory = _adam(o, w, g, memory, rate, t)
    return (new - rate * o.weight_decay * w if w.ndim > 1 else new), memory


OPTIMIZERS = {
    "adam": _adam,
    "adamw": _adamw,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "sgd": _sgd,
}


def _cosine(s, t):
    share = min(t / s.steps, 1)
    return s.final + (s.rate - s.final) * (1 + np.cos(np.pi * share)) / 2


SCHEDULES = {
    "Constant": lambda s, t: s.rate,
    "Cosine": _cosine,
    "Exponential": lambda s, t: s.rate * s.decay**t,
    "InverseScaling": lambda s, t: s.rate / (s.rows * (t // s.every) + 1) ** s.power,
    "StepDecay": lambda s, t: s.rate * s.factor ** (t // s.every),
    "WarmUp": lambda s, t: min((t + 1) / s.steps, 1) * rate_at(s.schedule, t),
}


def rate_at(given, t):
    """Return the rate of a number or a schedule at step t."""
    return given if isinstance(given, float) else SCHEDULES[type(given).__name__](given, t)
