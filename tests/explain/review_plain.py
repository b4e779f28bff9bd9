"""Forward and backward passes in plain NumPy, for references that share nothing with the graph."""

from __future__ import annotations

import numpy as np

SIG = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


ACTIVATE = {
    "sigmoid": SIG,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "linear": lambda z: z,
    "softmax": softmax,
}
SLOPE = {
    "sigmoid": lambda z: SIG(z) * (1 - SIG(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0) * 1.0,
    "linear": lambda z: np.ones_like(z),
}


def backward_error(exercise, out):
    """Return dL/dout, or dL/dz of the last layer where loss and activation go together."""
    n, k = exercise.targets.shape
    error = out - exercise.targets
    scale = 2.0 / k if exercise.loss.name == "squared_error" else 1.0
    mean = not np.all(exercise.plain_factors == 1) or n == 1
    return error * scale / (n if mean else 1)


def penalty(exercise, name):
    """Return the gradient of l2/2 * sum W^2."""
    return exercise.specs[name].l2 * exercise.parameters[name]


def rounded_pass(exercise, digits):
    """Return the gradients of a plain pass whose every intermediate is rounded; None: float32."""
    if digits is None:
        return single_pass(exercise)
    h, z = [exercise.x], [None]
    for layer in exercise.layers:
        product = np.round(h[-1] @ exercise.parameters[layer.weights], digits)
        z.append(np.round(product + exercise.parameters[layer.bias], digits))
        h.append(np.round(ACTIVATE[layer.activation](z[-1]), digits))
    g, found = np.round(backward_error(exercise, h[-1]), digits), {}
    for layer in reversed(exercise.layers):
        k = layer.number
        if not (k == exercise.depth and exercise.fused):
            g = np.round(g * np.round(SLOPE[layer.activation](z[k]), digits), digits)
        data = np.round(h[k - 1].T @ g, digits)
        found[layer.weights] = data + np.round(penalty(exercise, layer.weights), digits)
        found[layer.bias] = np.round(g.sum(0, keepdims=True), digits)
        g = np.round(g @ exercise.parameters[layer.weights].T, digits)
    return found


def single_pass(exercise):
    """Return the gradients of a plain pass in float32."""
    f = np.float32
    parameters = {name: value.astype(f) for name, value in exercise.parameters.items()}
    h, z = [exercise.x.astype(f)], [None]
    for layer in exercise.layers:
        z.append(h[-1] @ parameters[layer.weights] + parameters[layer.bias])
        h.append(ACTIVATE[layer.activation](z[-1]).astype(f))
    g, found = backward_error(exercise, h[-1]).astype(f), {}
    for layer in reversed(exercise.layers):
        k = layer.number
        if not (k == exercise.depth and exercise.fused):
            g = g * SLOPE[layer.activation](z[k]).astype(f)
        l2 = f(exercise.specs[layer.weights].l2)
        found[layer.weights] = h[k - 1].T @ g + l2 * parameters[layer.weights]
        found[layer.bias] = g.sum(0, keepdims=True)
        g = g @ parameters[layer.weights].T
    return found
