"""Judging: loss and score of rows that training does not see, in memory or on disk.

Knows setups, states and scores; changes nothing. Rows on disk are judged piece by piece, and only
sums are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.data.arrays import is_stored
from chainrule.nn import Loss
from chainrule.train.forward import CHUNK_ROWS, judge_rows
from chainrule.train.metrics import (
    Score,
    classes_of,
    confusion_matrix,
    score,
    score_of_nothing,
    true_classes,
)
from chainrule.train.setup import Setup, State
from chainrule.types import Array

if TYPE_CHECKING:
    from chainrule.data.stream.facts import Moments

PIECE_ROWS = 16 * CHUNK_ROWS
"""Rows on disk that are judged at once."""


@dataclass
class ScoreSums:
    """A score whose rows come in parts.

    Examples
    --------
    >>> from chainrule.nn import find_loss
    >>> sums = ScoreSums(find_loss("squared_error"))
    >>> sums.add(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]))
    >>> sums.add(np.array([[3.0]]), np.array([[3.0]]))
    >>> sums.score
    Score(name='R2', value=1.0)
    """

    loss: Loss
    rows: int = 0
    right: int = 0
    asked: int = 0
    squares: Array | None = None
    spread: list[Moments] = field(default_factory=list)

    def add(self, y: Array, out: Array) -> None:
        """Take in more rows."""
        self.rows += len(out)
        if self.loss.targets == "real":
            self._add_numbers(np.asarray(y, np.float64), np.asarray(out, np.float64))
            return
        if self.loss.targets == "binary" and out.shape[1] > 1:
            self.right += int(np.count_nonzero((y >= 0.5) == (out >= 0.5)))
            self.asked += out.size
            return
        self.right += int(np.count_nonzero(true_classes(y) == classes_of(out)))
        self.asked += len(out)

    def _add_numbers(self, y: Array, out: Array) -> None:
        from chainrule.data.stream.facts import Moments

        if self.squares is None:
            self.squares = np.zeros(out.shape[1])
            self.spread = [Moments() for _ in range(out.shape[1])]
        with np.errstate(all="ignore"):
            self.squares += np.sum((y - out) ** 2, axis=0)
        for moments, column in zip(self.spread, y.T, strict=True):
            moments.add(np.ascontiguousarray(column))

    @property
    def score(self) -> Score:
        """The score of all rows so far."""
        nothing = score_of_nothing(self.loss)
        if self.loss.targets != "real":
            return Score(nothing.name, self.right / self.asked) if self.asked else nothing
        if self.rows < 2 or any(one.is_constant for one in self.spread):
            return nothing
        around = np.array([math.ldexp(one.squares, 2 * one.exponent) for one in self.spread])
        with np.errstate(all="ignore"):
            return Score(nothing.name, float(np.mean(1 - self.squares / around)))


@dataclass(frozen=True, eq=False)
class Verdict:
    """What rows say about a state.

    Attributes
    ----------
    loss : float
        Reduced as in training, without penalty.
    score : Score
        Accuracy or R2.
    absolute : float
        The mean absolute error of the output.
    confusion : numpy.ndarray or None
        True classes by predicted ones, if there are classes and they were asked for.
    out : numpy.ndarray or None
        The network's output, if the rows are in memory.
    """

    loss: float
    score: Score
    absolute: float = math.nan
    confusion: Array | None = None
    out: Array | None = None


def verdict(
    setup: Setup, state: State, x: Any, y: Any, w: Array | None = None, *, classes: int = 0
) -> Verdict:
    """Return loss and score of some rows.

    Parameters
    ----------
    setup, state
        What is judged.
    x, y, w : array
        The rows, their targets and weights.
    classes : int
        Count a table of confusions of so many classes, too (only of rows on disk).
    """
    if not is_stored(x):
        judged = judge_rows(setup, state, x, y, w)
        return Verdict(judged.loss, score(setup.loss, y, judged.out), out=judged.out)
    sums, loss, absolute = ScoreSums(setup.loss), 0.0, 0.0
    confusion = np.zeros((classes, classes), np.int64) if classes else None
    for start in range(0, len(x), PIECE_ROWS):
        part = slice(start, min(start + PIECE_ROWS, len(x)))
        truth = y[part]
        judged = judge_rows(setup, state, x[part], truth)
        weight = len(truth) if setup.reduction == "mean" else 1
        loss += judged.loss * weight
        sums.add(truth, judged.out)
        if confusion is not None:
            confusion += confusion_matrix(true_classes(truth), classes_of(judged.out), classes)
        elif truth.ndim == 2:
            absolute += float(np.sum(np.abs(truth - judged.out), dtype=np.float64))
    count = len(x) if setup.reduction == "mean" else 1
    return Verdict(loss / count, sums.score, absolute / max(len(x), 1), confusion)


def class_counts(y: Array, classes: int) -> Array:
    """Return how many rows each class has, in memory or on disk.

    Examples
    --------
    >>> class_counts(np.array([0, 2, 2]), 3).tolist()
    [1, 0, 2]
    """
    counts = np.zeros(classes, np.int64)
    for start in range(0, len(y), PIECE_ROWS):
        part = y[start : min(start + PIECE_ROWS, len(y))]
        counts += np.bincount(true_classes(part), minlength=classes)
    return counts
