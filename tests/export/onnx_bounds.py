"""How far two right computations of one network can lie apart, by running error analysis.

Beside the values of each layer goes a radius: no computation that rounds each sum, product and
activation as stated can leave the exact value by more. A dot product of n terms and a bias, added
in any order, is off by at most gamma(n + 1) times the sum of the absolute terms (Higham, Accuracy
and Stability of Numerical Algorithms, 2002, section 3.1); an activation by `OWN` roundings of
max(1, |value|), and by its steepest slope within reach times the radius of what it is given.
"""

import numpy as np

from chainrule.graph import primitives

OWN = 8.0
"""Roundings of max(1, |value|) by which an activation may be off; test_export_onnx_forms holds
every exported one to it."""


def _sigmoid(z):
    return primitives["sigmoid"].value(np.asarray(z, np.float64))


def _density(z):
    return np.exp(-z * z / 2) / np.sqrt(2 * np.pi)


def _cdf(z):
    return primitives["normal_cdf"].value(np.asarray(z, np.float64))


def _silu_slope(z):
    return _sigmoid(z) * (1 + z * _sigmoid(-z))


STEEPNESS = {
    "linear": (np.ones_like, ()),
    "neg": (np.ones_like, ()),
    "abs": (np.ones_like, ()),
    "relu": (np.ones_like, ()),
    "leaky_relu": (np.ones_like, ()),
    "sin": (np.ones_like, ()),
    "cos": (np.ones_like, ()),
    "square": (lambda z: 2 * z, ()),
    "exp": (np.exp, ()),
    "expm1": (np.exp, ()),
    "elu": (lambda z: np.exp(np.minimum(z, 0)), ()),
    "softplus": (_sigmoid, ()),
    "log_sigmoid": (lambda z: _sigmoid(-z), ()),
    "sigmoid": (lambda z: _sigmoid(z) * _sigmoid(-z), (0.0,)),
    "tanh": (lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2, (0.0,)),
    "erf": (lambda z: 2 / np.sqrt(np.pi) * np.exp(-z * z), (0.0,)),
    "erfc": (lambda z: 2 / np.sqrt(np.pi) * np.exp(-z * z), (0.0,)),
    "normal_cdf": (_density, (0.0,)),
    "normal_density": (lambda z: z * _density(z), (-1.0, 1.0)),
    "silu": (_silu_slope, (-2.399357280520, 2.399357280520)),
    "gelu": (lambda z: _cdf(z) + z * _density(z), (-np.sqrt(2.0), np.sqrt(2.0))),
    "log": (lambda z: 1 / z, ()),
    "log1p": (lambda z: 1 / (1 + z), ()),
    "sqrt": (lambda z: 0.5 / np.sqrt(z), ()),
    "reciprocal": (lambda z: 1 / (z * z), ()),
}
"""For each activation its slope by hand, and where the size of the slope has inner maxima."""

LEAST = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0, "reciprocal": 0.0}
"""Below it an activation has a pole or no value; models are made so that they stay above."""


def steepest(name, low, high):
    """Return the largest size of the slope between two bounds, entry by entry."""
    slope, peaks = STEEPNESS[name]
    with np.errstate(all="ignore"):
        out = np.maximum(np.abs(slope(low)), np.abs(slope(high)))
        for peak in peaks:
            inside = (low < peak) & (peak < high)
            out = np.where(inside, np.maximum(out, np.abs(slope(np.float64(peak)))), out)
    if name in LEAST:
        out = np.where(low <= LEAST[name], np.inf, out)
    return out * 1.001  # what the slope itself was rounded by


def gamma(terms, unit):
    """Return the relative error of a sum of so many terms."""
    return terms * unit / (1 - terms * unit)


class Reach:
    """Values in float64, and how far any computation can be from the exact ones."""

    def __init__(self, x, unit):
        self.value, self.unit = np.asarray(x, np.float64), unit
        self.radius = np.zeros_like(self.value)

    def dense(self, weights, bias):
        """Go through ``h @ W + b``."""
        weights = np.asarray(weights, np.float64)
        bias = np.zeros(weights.shape[1]) if bias is None else np.asarray(bias, np.float64)
        size = (np.abs(self.value) + 2 * self.radius) @ np.abs(weights) + np.abs(bias)
        self.radius = self.radius @ np.abs(weights)
        self.radius += gamma(weights.shape[0] + 1, self.unit) * size
        self.value = self.value @ weights + bias

    def activation(self, name):
        """Go through an activation."""
        if name == "linear":
            return
        if name == "softmax":
            self._softmax()
            return
        low, high = self.value - 2 * self.radius, self.value + 2 * self.radius
        with np.errstate(all="ignore"):
            self.value = np.asarray(primitives[name].value(self.value))
            self.radius = self.radius * steepest(name, low, high)
            self.radius += OWN * self.unit * np.maximum(1.0, np.abs(self.value) + 2 * self.radius)

    def _softmax(self):
        """Go through softmax: exact shares change by exp(2 radius) at most."""
        top = self.value.max(axis=1, keepdims=True)
        spread = self.radius.max(axis=1, keepdims=True)
        shares = np.exp(self.value - top)
        shares /= shares.sum(axis=1, keepdims=True)
        terms = 2 * OWN + self.value.shape[1] + (top - self.value) + 4 * spread
        most = shares * np.exp(2 * spread)
        self.radius = most * (np.expm1(2 * spread) + self.unit * terms) + np.finfo(np.float32).tiny
        self.value = shares

    def affine(self, factor, shift):
        """Go through ``out * factor + shift`` in float64, a target's own unit."""
        unit = np.finfo(np.float64).eps / 2
        size = (np.abs(self.value) + 2 * self.radius) * abs(factor) + abs(shift)
        self.radius = self.radius * abs(factor) + 3 * unit * size
        self.value = self.value * factor + shift

    @property
    def apart(self):
        """How far two computations can be from each other."""
        return 2 * self.radius


def through_network(x, run):
    """Return the reach of a run's output for inputs (rows, features)."""
    setup = run.record.setup
    reach = Reach(x, np.finfo(setup.dtype).eps / 2)
    for layer, (weights, bias) in zip(run.network.layers, layers_of(run), strict=True):
        reach.dense(weights, bias)
        reach.activation(layer.activation)
    left = run.network.last_activation == "linear" and setup.loss.logits_of
    if left:
        reach.activation(setup.loss.logits_of)
    return reach


def layers_of(run):
    """Return weights and bias of each layer."""
    found = []
    for k, layer in enumerate(run.network.layers, 1):
        bias = run.parameters[layer.bias_name or f"b{k}"] if layer.bias else None
        found.append((run.parameters[layer.weights_name or f"W{k}"], bias))
    return found
