"""NumPy as one writes it: plain expressions, a fresh array for every result.

W1 is written as in the course's program. Knows formulas of layers, losses and update rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.bench.engines.engine import Engine, Run
from chainrule.bench.workloads import Workload
from chainrule.types import Array

ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "linear": (lambda z: z, lambda h: np.ones_like(h)),
    "relu": (lambda z: np.maximum(z, 0), lambda h: h > 0),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h * h),
}
"""Value, and derivative from the value."""


def half_squared_error(out: Array, y: Array) -> tuple[float, Array]:
    """Return the summed loss and its gradient by the output."""
    error = out - y
    return 0.5 * float(np.sum(error**2)), error


def binary_cross_entropy(out: Array, y: Array) -> tuple[float, Array]:
    """Return the summed loss of logits and its gradient by them."""
    each = np.maximum(out, 0) - y * out + np.log1p(np.exp(-np.abs(out)))
    return float(each.sum()), 1 / (1 + np.exp(-out)) - y


def cross_entropy(out: Array, y: Array) -> tuple[float, Array]:
    """Return the summed loss of logits and its gradient by them; y holds class numbers."""
    rows = np.arange(len(y))
    shifted = out - out.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    gradient = e / total
    gradient[rows, y] -= 1
    return float(np.log(total).sum() - shifted[rows, y].sum()), gradient


LOSSES = {f.__name__: f for f in (half_squared_error, binary_cross_entropy, cross_entropy)}


def sgd(workload: Workload, parameters: list[Array]) -> Callable[[list[Array]], None]:
    """Return the update by gradients: ``w -= rate * g``."""
    rate = workload.rate

    def update(gradients: list[Array]) -> None:
        for w, g in zip(parameters, gradients, strict=True):
            w -= rate * g

    return update


def momentum(workload: Workload, parameters: list[Array]) -> Callable[[list[Array]], None]:
    """Return the update by gradients: ``v = 0.9 v + g; w -= rate * v``."""
    rate, velocities = workload.rate, [np.zeros_like(w) for w in parameters]

    def update(gradients: list[Array]) -> None:
        for w, v, g in zip(parameters, velocities, gradients, strict=True):
            v *= 0.9
            v += g
            w -= rate * v

    return update


def adam(workload: Workload, parameters: list[Array]) -> Callable[[list[Array]], None]:
    """Return the update by gradients: Adam with its usual constants."""
    means = [np.zeros_like(w) for w in parameters]
    squares = [np.zeros_like(w) for w in parameters]
    rate, t = workload.rate, 0

    def update(gradients: list[Array]) -> None:
        nonlocal t
        t += 1
        root = (1 - 0.999**t) ** 0.5
        scaled, epsilon = rate * root / (1 - 0.9**t), 1e-8 * root
        for w, m, v, g in zip(parameters, means, squares, gradients, strict=True):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * (g * g)
            w -= scaled * m / (np.sqrt(v) + epsilon)

    return update


OPTIMIZERS = {f.__name__: f for f in (sgd, momentum, adam)}


def general(workload: Workload) -> Run:
    """Return the training of any workload."""
    parameters = workload.flat_start
    weights, biases = parameters[::2], parameters[1::2]
    activations = [ACTIVATIONS[name] for _, name in workload.layers]
    loss, update = LOSSES[workload.loss], OPTIMIZERS[workload.optimizer.kind](workload, parameters)
    divisor = 1 if workload.reduction == "sum" else workload.batch
    X, y_all, order, done = workload.X, workload.y, workload.order, 0

    def step(x: Array, y: Array) -> Any:
        h = [x]
        for W, b, (value, _) in zip(weights, biases, activations, strict=True):
            h.append(value(h[-1] @ W + b))
        total, g = loss(h[-1], y)
        g = g / divisor
        gradients: list[Array] = []
        for k in range(len(weights) - 1, -1, -1):
            slope = activations[k][1]
            z = g if activations[k] is ACTIVATIONS["linear"] else g * slope(h[k + 1])
            gradients[:0] = [h[k].T @ z, z.sum(axis=0)]
            g = z @ weights[k].T if k else g
        update(gradients)
        return total / divisor

    def run(steps: int) -> Array:
        nonlocal done
        losses = np.empty(steps)
        for k in range(steps):
            rows = order[done % len(order)]
            losses[k] = step(X[rows], y_all[rows])
            done += 1
        return losses

    return run


def sigmoid(x: Array) -> Array:
    """Return the logistic function, as the course's program has it."""
    found: Array = 1 / (1 + np.exp(-x))
    return found


def sigmoid_derivative(x: Array) -> Array:
    """Return the derivative of `sigmoid` from its value, as the course's program has it."""
    found: Array = x * (1 - x)
    return found


def course(workload: Workload) -> Run:
    """Return the loop of the course's program, statement by statement; it prints another loss."""
    W1, b1, W2, b2 = workload.flat_start
    b1, b2 = b1[None], b2[None]
    X, y, learning_rate = workload.X, workload.y, workload.rate

    def run(steps: int) -> Array:
        nonlocal W1, b1, W2, b2
        losses = np.empty(steps)
        for i in range(steps):
            hidden_layer_input = np.dot(X, W1) + b1
            hidden_layer_output = sigmoid(hidden_layer_input)
            output_layer_input = np.dot(hidden_layer_output, W2) + b2
            output_layer_output = sigmoid(output_layer_input)

            losses[i] = 0.5 * np.sum((output_layer_output - y) ** 2)

            output_layer_error = output_layer_output - y
            output_layer_gradient = output_layer_error * sigmoid_derivative(output_layer_output)
            hidden_layer_error = output_layer_gradient.dot(W2.T)
            hidden_layer_gradient = hidden_layer_error * sigmoid_derivative(hidden_layer_output)

            W2 -= learning_rate * hidden_layer_output.T.dot(output_layer_gradient)
            b2 -= learning_rate * np.sum(output_layer_gradient, axis=0, keepdims=True)
            W1 -= learning_rate * X.T.dot(hidden_layer_gradient)
            b1 -= learning_rate * np.sum(hidden_layer_gradient, axis=0, keepdims=True)
        return losses

    return run


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    return course(workload) if workload.name == "W1" else general(workload)


ENGINE = Engine("NumPy, by hand", lambda: True, prepare, "nothing")
