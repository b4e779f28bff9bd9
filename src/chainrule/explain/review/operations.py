"""What expressions of the arena can be: for each, its value and how errors in its inputs grow.

Errors are independent, so variances add (running error analysis). A matrix product says besides
how much is rounded inside its sums. Knows arrays; knows nothing of networks and mistakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explain.review.functions import (
    loss_of,
    slope,
    slope_of_loss,
    spread_of_slope,
    stepped,
    value,
)
from chainrule.types import Array

Arrays = Sequence[Array]
Value = Callable[[Arrays, Any], Array]
Variance = Callable[[Arrays, Arrays, Any, Array], Array]

operations: dict[str, Operation] = {}
"""Every operation by name."""


@dataclass(frozen=True)
class Operation:
    """A kind of expression.

    Attributes
    ----------
    value : callable
        (inputs, setting) -> array.
    variance : callable
        (inputs, their variances, setting, value) -> variance of the value.
    terms : callable or None
        For sums: number of terms times the sum of their squares, which is what their rounding
        adds; None for operations that round once.
    exact : bool
        Whether nothing is rounded.
    """

    value: Value
    variance: Variance
    terms: Callable[[Arrays], Array] | None = None
    exact: bool = False


def _sums(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    return e[0] + e[1]


def _same(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    return e[0]


def _none(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    return 0 * out


def _square(x: Array) -> Array:
    return np.asarray(x * x)


def _scale_to_norm(arrays: Arrays, limit: float) -> float:
    size = float(np.sqrt(sum(float(_square(x).sum()) for x in arrays)))
    return limit / size if size > limit else 1.0


def _mask(x: Arrays, rows: tuple[int, ...]) -> Array:
    kept = np.zeros((len(x[0]), 1))
    kept[list(rows)] = 1.0
    return x[0] * kept


def _act_variance(x: Arrays, e: Arrays, name: str, out: Array) -> Array:
    if name == "softmax":
        return np.asarray(_square(out) * (e[0] + (_square(out) * e[0]).sum(1, keepdims=True)))
    return np.asarray(_square(slope(name, x[0])) * e[0])


def _as_of_one(x: Arrays) -> Array:
    """Return 1s: people write slopes as 1 - s*s, which rounds like a number of size 1."""
    return np.ones_like(x[0])


def _form(x: Arrays, name: str) -> Array:
    """Return the derivative written in the output, as many books do: s(1-s), 1-s*s."""
    return x[0] * (1 - x[0]) if name == "sigmoid" else 1 - x[0] * x[0]


def _jacobian(x: Arrays, setting: Any) -> Array:
    """Return softmax's derivative applied to x[1], at the probabilities x[0]."""
    return np.asarray(x[0] * (x[1] - (x[0] * x[1]).sum(1, keepdims=True)))


def _jacobian_variance(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    each = e[0] * _square(x[1]) + _square(x[0]) * e[1]
    return np.asarray(4 * (each + (e[0] * _square(x[1])).sum(1, keepdims=True)))


def _divided_variance(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    return np.asarray((e[0] + _square(out) * e[1]) / _square(x[1]))


def _loss_variance(x: Arrays, e: Arrays, setting: Any, out: Array) -> Array:
    return np.asarray((_square(slope_of_loss(setting, x[0], x[1])) * e[0]).sum(keepdims=True))


operations |= {
    "site": Operation(lambda x, k: x[0], _same, exact=True),
    "add": Operation(lambda x, k: x[0] + x[1], _sums),
    "sub": Operation(lambda x, k: x[0] - x[1], _sums),
    "mul": Operation(
        lambda x, k: np.where(x[0] == 0, 0.0, x[0] * x[1]),
        lambda x, e, k, out: e[0] * _square(x[1]) + _square(x[0]) * e[1],
    ),
    "div": Operation(lambda x, k: x[0] / x[1], _divided_variance),
    "scale": Operation(lambda x, k: k * x[0], lambda x, e, k, out: k * k * e[0]),
    "abs": Operation(lambda x, k: np.abs(x[0]), _same, exact=True),
    "sign": Operation(lambda x, k: np.sign(x[0]), _none, exact=True),
    "complement": Operation(lambda x, k: 1.0 - x[0], _same),
    "clip": Operation(lambda x, k: np.clip(x[0], -k, k), _same, exact=True),
    "clip_norm": Operation(
        lambda x, k: x[0] * _scale_to_norm(x[1:], k), lambda x, e, k, out: e[0] + 0 * out
    ),
    "act": Operation(lambda x, k: value(k, x[0]), _act_variance),
    "slope": Operation(
        lambda x, k: slope(k, x[0]),
        lambda x, e, k, out: _square(spread_of_slope(k, x[0], np.sqrt(e[0]))),
        terms=_as_of_one,
    ),
    "form": Operation(
        _form, lambda x, e, k, out: _square(2 * np.abs(x[0]) + (k == "sigmoid")) * e[0]
    ),
    "jacobian": Operation(_jacobian, _jacobian_variance),
    "product": Operation(
        lambda x, k: x[0] @ x[1],
        lambda x, e, k, out: e[0] @ _square(x[1]) + _square(x[0]) @ e[1],
        terms=lambda x: x[0].shape[1] * (_square(x[0]) @ _square(x[1])),
    ),
    "first_transposed": Operation(
        lambda x, k: x[0].T @ x[1],
        lambda x, e, k, out: e[0].T @ _square(x[1]) + _square(x[0]).T @ e[1],
        terms=lambda x: x[0].shape[0] * (_square(x[0]).T @ _square(x[1])),
    ),
    "second_transposed": Operation(
        lambda x, k: x[0] @ x[1].T,
        lambda x, e, k, out: e[0] @ _square(x[1]).T + _square(x[0]) @ e[1].T,
        terms=lambda x: x[0].shape[1] * (_square(x[0]) @ _square(x[1]).T),
    ),
    "transpose": Operation(lambda x, k: x[0].T, lambda x, e, k, out: e[0].T, exact=True),
    "sum_rows": Operation(
        lambda x, k: x[0].sum(0, keepdims=True),
        lambda x, e, k, out: e[0].sum(0, keepdims=True),
        terms=lambda x: len(x[0]) * _square(x[0]).sum(0, keepdims=True),
    ),
    "sum_all": Operation(
        lambda x, k: np.full((1, x[0].shape[1]), x[0].sum()),
        lambda x, e, k, out: np.full(out.shape, e[0].sum()),
        terms=lambda x: np.full((1, x[0].shape[1]), x[0].size * _square(x[0]).sum()),
    ),
    "only_rows": Operation(_mask, _same, exact=True),
    "take_rows": Operation(
        lambda x, k: x[0][list(k)], lambda x, e, k, out: e[0][list(k)], exact=True
    ),
    "roll_columns": Operation(
        lambda x, k: np.roll(x[0], k, axis=1),
        lambda x, e, k, out: np.roll(e[0], k, axis=1),
        exact=True,
    ),
    "loss_slope": Operation(lambda x, k: slope_of_loss(k, x[0], x[1]), lambda x, e, k, out: e[0]),
    "loss": Operation(lambda x, k: loss_of(k, x[0], x[1], x[2]), _loss_variance),
    "total": Operation(
        lambda x, k: np.array([[x[0].sum()]]), lambda x, e, k, out: np.array([[e[0].sum()]])
    ),
    "step": Operation(
        lambda x, k: stepped(k, x)[0],
        lambda x, e, k, out: e[0] + _square(stepped(k, x)[1]) * e[1],
    ),
}
