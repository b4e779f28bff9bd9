"""Scores of predictions: accuracy, confusion matrix, R2, mean absolute error.

Knows arrays of targets and outputs; knows no network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.nn import Loss
from chainrule.types import Array


@dataclass(frozen=True)
class Score:
    """A number that says how good predictions are; higher is better.

    Attributes
    ----------
    name : str
        ``accuracy`` or ``R2``.
    value : float
        NaN where it is undefined (R2 of fewer than two rows, or of a constant target).
    """

    name: str
    value: float


def classes_of(out: Array) -> Array:
    """Return the most probable class of each row; of one output, whether it is at least 1/2."""
    if out.shape[1] == 1:
        return (out[:, 0] >= 0.5).astype(np.int64)
    return np.asarray(np.argmax(out, axis=1))


def true_classes(y: Array) -> Array:
    """Return class numbers from targets: numbers, one column of 0 and 1, or distributions."""
    if y.ndim == 1:
        return y
    return (y[:, 0] >= 0.5).astype(np.int64) if y.shape[1] == 1 else np.argmax(y, axis=1)


def accuracy(y: Array, out: Array) -> float:
    """Return the share of rows whose most probable class is right.

    Examples
    --------
    >>> accuracy(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """
    return float(np.mean(true_classes(y) == classes_of(out))) if len(out) else float("nan")


def label_accuracy(y: Array, out: Array) -> float:
    """Return the share of right entries where each output is a yes or no of its own."""
    return float(np.mean((y >= 0.5) == (out >= 0.5))) if out.size else float("nan")


def r2(y: Array, out: Array) -> float:
    """Return 1 - squared error / squared deviation from the mean, averaged over outputs.

    NaN where it is undefined: fewer than two rows, or a target that does not vary.

    Examples
    --------
    >>> r2(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]))
    1.0
    """
    if len(y) < 2:
        return float("nan")
    y, out = np.asarray(y, np.float64), np.asarray(out, np.float64)
    if (y == y[0]).all(axis=0).any():
        return float("nan")
    size = 2.0 ** -np.frexp(np.abs(y).max())[1]  # so that no square overflows; exact
    with np.errstate(all="ignore"):
        y, out = y * size, out * size
        spread = np.sum((y - y.mean(axis=0)) ** 2, axis=0)
        return float(np.mean(1 - np.sum((y - out) ** 2, axis=0) / spread))


def mean_absolute_error(y: Array, out: Array) -> float:
    """Return the mean absolute error."""
    return float(np.mean(np.abs(y - out), dtype=np.float64)) if out.size else float("nan")


def confusion_matrix(y: Array, predicted: Array, classes: int) -> Array:
    """Return counts: row is the true class, column the predicted one.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (y, predicted), 1)
    return table


def score_of_nothing(loss: Loss) -> Score:
    """Return the score where there are no predictions to judge: NaN, under the right name."""
    return Score("R2" if loss.targets == "real" else "accuracy", float("nan"))


def score(loss: Loss, y: Array, out: Array) -> Score:
    """Return the score that goes with a loss: accuracy for classes, R2 for numbers."""
    if loss.targets == "class" or (loss.targets == "binary" and out.shape[1] == 1):
        return Score("accuracy", accuracy(y, out))
    if loss.targets == "binary":
        return Score("accuracy", label_accuracy(y, out))
    return Score("R2", r2(y, out))
