"""Random networks with everything that a network can have; each is drawn from one number.

A draw is taken again until it is tame: pre-activations within 30, and their product over layers
within 300, since that is about how much a forward pass enlarges rounding. What is compared is
arithmetic, not overflow.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jax_references import ACTIVATIONS

import chainrule as cr
import jax

FITTING = {
    "cross_entropy": ["linear", "softmax"],
    "binary_cross_entropy": ["linear", "sigmoid"],
}
"""Last activations that go with a loss on logits; others go with all."""

CELLS = 81


@dataclass(frozen=True)
class Drawn:
    """A network, its rows, its starting values and how it is trained."""

    layers: tuple[cr.Dense, ...]
    loss: str
    reduction: str
    x: np.ndarray
    y: np.ndarray
    w: np.ndarray | None
    initial: dict[str, np.ndarray]

    @property
    def names(self):
        """The names of each layer's weights and bias (None if it has none)."""
        return names_of(self.layers)

    @property
    def on_logits(self):
        return self.loss in FITTING

    def soft_y(self):
        """Return the targets as an array like the output."""
        if self.loss == "cross_entropy" and self.y.ndim == 1:
            return np.eye(self.layers[-1].units)[self.y]
        return self.y

    def shares(self):
        """Return what each row's loss is multiplied by."""
        w = np.ones(len(self.x)) if self.w is None else self.w
        return w / w.sum() if self.reduction == "mean" else w

    def words(self):
        """Return the network in a line, for a failure's sentence."""
        layers = "-".join(f"{layer.units}:{layer.activation}" for layer in self.layers)
        rows, inputs = self.x.shape
        return f"{rows} rows, {inputs}-{layers}, {self.loss} ({self.reduction})"


def names_of(layers):
    return [
        (layer.weights_name or f"W{k}", (layer.bias_name or f"b{k}") if layer.bias else None)
        for k, layer in enumerate(layers, 1)
    ]


def draw(number, activations, losses):
    """Return network `number`; what there is to draw from are sorted lists of names."""
    rng = np.random.default_rng([2026, number])
    while True:
        found, largest = attempt(rng, activations, losses)
        if max(largest) < 30 and np.prod(np.maximum(largest, 1)) < 300:
            return found


def attempt(rng, activations, losses):
    """Return a network, and the largest pre-activation of each layer."""
    depth, rows, inputs = (int(rng.integers(*ends)) for ends in ((0, 5), (1, 10), (1, 10)))
    loss = str(rng.choice(losses))
    outputs = int(rng.integers(2 if loss == "cross_entropy" else 1, 10))
    hidden = [name for name in activations if name != "softmax"]
    layers = []
    for k in range(depth + 1):
        before = [inputs, *(layer.units for layer in layers)]
        units = int(rng.choice([before[-1], rng.integers(1, 10)])) if k < depth else outputs
        name = str(rng.choice(hidden if k < depth else FITTING.get(loss, activations)))
        square = k > 0 and before[-2] == before[-1] == units
        layers.append(layer_of(rng, units, name, layers[-1] if square else None))
    x = rng.normal(size=(rows, inputs))
    reduction = str(rng.choice(["mean", "sum"]))
    y, w = targets(rng, loss, rows, outputs), weights(rng, rows)
    initial, largest = starting_values(rng, layers, x)
    return Drawn(tuple(layers), loss, reduction, x, y, w, initial), largest


def layer_of(rng, units, activation, before):
    """Return a layer; sometimes with the parameters of the one before it, if they would fit."""
    bounded = np.isfinite(ACTIVATIONS[activation].above)
    if before is not None and before.weights_name and not bounded and rng.random() < 0.7:
        return cr.Dense(
            units, activation, trainable=before.trainable, l1=before.l1, l2=before.l2,
            bias=before.bias, initializer="glorot",
            weights_name=before.weights_name, bias_name=before.bias_name,
        )  # fmt: skip
    name = f"shared_{rng.integers(10**9)}" if rng.random() < 0.5 else None
    bias = bounded or bool(rng.random() < 0.8)
    return cr.Dense(
        units, activation, bias=bias, initializer="glorot",
        trainable=[True, False, "weights", "biases"][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])],
        l1=float(rng.choice([0.0, 0.0, 0.03])), l2=float(rng.choice([0.0, 0.0, 0.1])),
        weights_name=name, bias_name=f"{name}_bias" if name and bias else None,
    )  # fmt: skip


def targets(rng, loss, rows, outputs):
    """Return what the loss takes: numbers, probabilities, class numbers or soft labels."""
    if loss == "binary_cross_entropy":
        return rng.choice([0.0, 1.0, 0.25], size=(rows, outputs))
    if loss == "cross_entropy":
        classes = rng.integers(0, outputs, rows)
        return classes if rng.random() < 0.5 else rng.dirichlet(np.ones(outputs), rows)
    return 2 * rng.normal(size=(rows, outputs))


def weights(rng, rows):
    """Return no weights of rows, or some of which all but one may be 0."""
    if rng.random() < 0.5:
        return None
    found = rng.uniform(0, 3, rows) * rng.choice([0.0, 1.0], rows, p=[0.2, 0.8])
    found[rng.integers(rows)] = 1.5
    return found


def starting_values(rng, layers, x):
    """Return parameters by name, and the largest pre-activation of each layer."""
    initial, largest, h = {}, [], x
    for layer, (name, bias) in zip(layers, names_of(layers), strict=True):
        if name not in initial:
            initial |= fresh(rng, layer, name, bias, h)
        z = h @ initial[name] + (initial[bias] if bias else 0)
        largest.append(float(np.abs(z).max()))
        h = flat(layer.activation, z)
    return initial, largest


def fresh(rng, layer, name, bias, h):
    """Return weights that give pre-activations of a size, and a bias that keeps them in bounds."""
    weights, above = rng.normal(size=(h.shape[1], layer.units)), ACTIVATIONS[layer.activation].above
    size = np.abs(h @ weights).max() + 1e-9
    found = {name: weights * rng.choice([1.0, 3.0, 8.0]) / size}
    if bias:
        found[bias] = rng.normal(size=layer.units)
    if np.isfinite(above):
        lowest = (h @ found[name]).min(axis=0)
        found[bias] = above - lowest + rng.uniform(0.1, 1.0, layer.units)
    return found


def flat(activation, z):
    """Return an activation of z, by a function that is compiled once for all shapes."""
    if activation == "softmax":
        return z
    cells = np.ones(CELLS)
    cells[: z.size] = z.ravel()
    return np.asarray(compiled(activation)(cells))[: z.size].reshape(z.shape)


@cache
def compiled(activation):
    return jax.jit(ACTIVATIONS[activation].of)
