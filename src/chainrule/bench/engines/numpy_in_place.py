"""NumPy as fast as it gets: every array is made once, every result goes into one that is there.

Biases are the last row of the weights, beside a last column of ones; all parameters lie in one
array; the last layer is turned, so that classes are summed along rows; constant factors of an
update are in the gradient already. Knows formulas of layers, losses and update rules.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.bench.engines.engine import Engine, Run
from chainrule.bench.workloads import Workload
from chainrule.types import Array, DType

BLOCK = 1 << 14
"""Entries of all parameters that are updated at once, so that they stay in the cache."""

Act = Callable[[Array], None]
Slope = Callable[[Array, Array], None]


def activation(name: str, like: Array) -> tuple[Act, Slope]:
    """Return two functions that work in place: of z, and of a gradient by the output h."""
    zero, one = np.zeros((), like.dtype), np.ones((), like.dtype)
    kept, mask = np.empty_like(like), np.empty(like.shape, bool)

    def relu(z: Array) -> None:
        np.maximum(z, zero, out=z)

    def relu_slope(g: Array, h: Array) -> None:
        np.greater(h, zero, out=mask)
        np.multiply(g, mask, out=g)

    def tanh(z: Array) -> None:
        np.tanh(z, out=z)

    def tanh_slope(g: Array, h: Array) -> None:
        np.multiply(h, h, out=kept)
        np.subtract(one, kept, out=kept)
        np.multiply(g, kept, out=g)

    def sigmoid(z: Array) -> None:
        np.negative(z, out=z)
        np.exp(z, out=z)
        np.add(z, one, out=z)
        np.divide(one, z, out=z)

    def sigmoid_slope(g: Array, h: Array) -> None:
        np.multiply(h, h, out=kept)
        np.subtract(h, kept, out=kept)
        np.multiply(g, kept, out=g)

    def linear(z: Array) -> None:
        pass

    def linear_slope(g: Array, h: Array) -> None:
        pass

    return {
        "relu": (relu, relu_slope),
        "tanh": (tanh, tanh_slope),
        "sigmoid": (sigmoid, sigmoid_slope),
        "linear": (linear, linear_slope),
    }[name]


Loss = Callable[[Array, Array], float]
"""From outputs (outputs, batch) and rows to the loss; outputs become its gradient by them."""


def half_squared_error(workload: Workload, scale: float) -> Loss:
    """Return the summed loss."""
    targets, gathers = np.ascontiguousarray(workload.y.T), not workload.full_batch
    factor = workload.dtype.type(scale)

    def loss(out: Array, rows: Array) -> float:
        np.subtract(out, targets[:, rows] if gathers else targets, out=out)
        flat = out.ravel()
        total = 0.5 * float(np.dot(flat, flat))
        np.multiply(out, factor, out=out)
        return total

    return loss


def binary_cross_entropy(workload: Workload, scale: float) -> Loss:
    """Return the summed loss of logits, one for each row."""
    assert workload.y.shape[1] == 1, "a second output would need a second line of targets"
    y, e = (np.empty((1, workload.batch), workload.dtype) for _ in range(2))
    half, factor = workload.dtype.type(0.5), workload.dtype.type(scale)
    targets = np.ascontiguousarray(workload.y[:, 0])

    def loss(out: Array, rows: Array) -> float:
        np.take(targets, rows, out=y[0], mode="clip")
        np.abs(out, out=e)
        np.negative(e, out=e)
        np.exp(e, out=e)
        np.log1p(e, out=e)
        total = float(e.sum()) - float(np.dot(y[0], out[0]))
        np.maximum(out, 0, out=e)
        total += float(e.sum())
        np.multiply(out, half, out=out)  # sigmoid(z) = tanh(z / 2) / 2 + 1 / 2
        np.tanh(out, out=out)
        np.multiply(out, half, out=out)
        np.add(out, half, out=out)
        np.subtract(out, y, out=out)
        np.multiply(out, factor, out=out)
        return total

    return loss


def cross_entropy(workload: Workload, scale: float) -> Loss:
    """Return the summed loss of logits; y holds class numbers."""
    batch = workload.batch
    line, total = (np.empty((1, batch), workload.dtype) for _ in range(2))
    places, start = np.arange(batch), workload.y * batch
    chosen, factor = np.empty(batch, np.int64), workload.dtype.type(scale)

    def loss(out: Array, rows: Array) -> float:
        np.take(start, rows, out=chosen, mode="clip")
        np.add(chosen, places, out=chosen)  # where each row's class stands in `flat`
        np.maximum.reduce(out, axis=0, out=line[0])
        np.subtract(out, line, out=out)
        flat = out.reshape(-1)
        told = float(flat.take(chosen).sum())
        np.exp(out, out=out)
        np.add.reduce(out, axis=0, out=total[0])
        np.divide(factor, total, out=line)
        np.multiply(out, line, out=out)
        flat[chosen] -= factor
        np.log(total, out=total)
        return float(total.sum()) - told

    return loss


LOSSES = {f.__name__: f for f in (half_squared_error, binary_cross_entropy, cross_entropy)}

Update = Callable[[Array, Array], None]
"""Changes a block of all parameters by the block of their gradients, which is used up."""


def sgd(size: int, dtype: DType, rate: float) -> list[Update]:
    """Return ``w -= g`` for each block; the rate is in g."""
    return [lambda w, g: np.subtract(w, g, out=w)] * len(range(0, size, BLOCK))


def momentum(size: int, dtype: DType, rate: float) -> list[Update]:
    """Return ``v = 0.9 v + g; w -= v`` for each block; the rate is in g."""
    factor = dtype.type(0.9)

    def of_block(count: int) -> Update:
        v = np.zeros(count, dtype)

        def update(w: Array, g: Array) -> None:
            np.multiply(v, factor, out=v)
            np.add(v, g, out=v)
            np.subtract(w, v, out=w)

        return update

    return [of_block(min(BLOCK, size - first)) for first in range(0, size, BLOCK)]


def adam(size: int, dtype: DType, rate: float) -> list[Update]:
    """Return Adam's update for each block, with m / 0.1 and v / 0.001 in place of m and v."""
    beta1, beta2 = dtype.type(0.9), dtype.type(0.999)

    def of_block(count: int) -> Update:
        m, v = np.zeros(count, dtype), np.zeros(count, dtype)
        t = 0

        def update(w: Array, g: Array) -> None:
            nonlocal t
            t += 1
            root = ((1 - 0.999**t) / 0.001) ** 0.5
            np.multiply(m, beta1, out=m)
            np.add(m, g, out=m)
            np.multiply(v, beta2, out=v)
            np.multiply(g, g, out=g)
            np.add(v, g, out=v)
            np.sqrt(v, out=g)
            np.add(g, dtype.type(1e-8 * root), out=g)
            np.divide(m, g, out=g)
            np.multiply(g, dtype.type(rate * 0.1 * root / (1 - 0.9**t)), out=g)
            np.subtract(w, g, out=w)

        return update

    return [of_block(min(BLOCK, size - first)) for first in range(0, size, BLOCK)]


OPTIMIZERS = {f.__name__: f for f in (sgd, momentum, adam)}


def with_ones(x: Array) -> Array:
    """Return rows with a one behind each."""
    return np.ascontiguousarray(np.hstack([x, np.ones((len(x), 1), x.dtype)]))


class Training:
    """All arrays of a training, and the calls that fill them."""

    def __init__(self, workload: Workload) -> None:
        dtype, batch = workload.dtype, workload.batch
        start = workload.flat_start
        stacked = [np.vstack([W, b]) for W, b in zip(start[::2], start[1::2], strict=True)]
        shapes = [w.shape for w in stacked]
        self.flat = np.concatenate([w.ravel() for w in stacked])
        self.slopes = np.empty_like(self.flat)
        self.weights, self.gradients = (self._views(a, shapes) for a in (self.flat, self.slopes))
        self.rows = with_ones(workload.X)
        self.h = [np.ones((batch, rows), dtype) for rows, _ in shapes]
        self.inner = [h[:, :-1] for h in self.h]
        self.g = [np.empty(h.shape, dtype) for h in self.inner]
        self.out = np.empty((shapes[-1][1], batch), dtype)
        likes = [*self.g[1:], self.out]
        names = [name for _, name in workload.layers]
        self.acts = [activation(*pair) for pair in zip(names, likes, strict=True)]
        self.gathers = not workload.full_batch
        if not self.gathers:
            self.h[0][:] = self.rows
        self.squared = workload.loss == "half_squared_error"
        self._choose_update(workload)

    @staticmethod
    def _views(flat: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
        ends = np.cumsum([rows * units for rows, units in shapes])[:-1]
        return [a.reshape(s) for a, s in zip(np.split(flat, ends), shapes, strict=True)]

    def _choose_update(self, workload: Workload) -> None:
        self.divisor = 1 if workload.reduction == "sum" else workload.batch
        kind = workload.optimizer.kind
        scale = (1.0 if kind == "adam" else workload.rate) / self.divisor
        self.loss = LOSSES[workload.loss](workload, scale)
        updates = OPTIMIZERS[kind](self.flat.size, workload.dtype, workload.rate)
        blocks = [slice(k, k + BLOCK) for k in range(0, self.flat.size, BLOCK)]
        self.updates = [
            (update, self.flat[block], self.slopes[block])
            for update, block in zip(updates, blocks, strict=True)
        ]

    def step(self, rows: Array) -> float:
        """Do a step on these rows and return its loss."""
        h, last = self.h, len(self.weights) - 1
        if self.gathers:
            np.take(self.rows, rows, axis=0, out=h[0], mode="clip")
        for k in range(last):
            np.matmul(h[k], self.weights[k], out=self.inner[k + 1])
            self.acts[k][0](self.inner[k + 1])
        np.matmul(self.weights[last].T, h[last].T, out=self.out)
        self.acts[last][0](self.out)
        loss = self._backward(rows)
        for update, w, g in self.updates:
            update(w, g)
        return loss / self.divisor

    def _backward(self, rows: Array) -> float:
        value = self.out.copy() if self.squared else self.out
        loss = self.loss(self.out, rows)
        self.acts[-1][1](self.out, value)
        z: Array = self.out.T
        for k in range(len(self.weights) - 1, -1, -1):
            np.matmul(self.h[k].T, z, out=self.gradients[k])
            if k:
                np.matmul(z, self.weights[k][:-1].T, out=self.g[k])
                self.acts[k - 1][1](self.g[k], self.inner[k])
                z = self.g[k]
        return loss


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    training, order = Training(workload), workload.order
    done = 0

    def run(steps: int) -> Array:
        nonlocal done
        losses = np.empty(steps)
        for k in range(steps):
            losses[k] = training.step(order[done % len(order)])
            done += 1
        return losses

    return run


ENGINE = Engine("NumPy, in place", lambda: True, prepare, "nothing")
