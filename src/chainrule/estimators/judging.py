"""When to stop: the training loss or a score on validation rows, epoch by epoch.

Knows numbers and whom to tell; knows no network.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from chainrule.train.epoch_ends import EpochEnd
from chainrule.types import Array


@dataclass(frozen=True)
class Sizes:
    """How many rows the steps of an epoch have: its batches, and the last one.

    Examples
    --------
    >>> Sizes(rows=10, batch=4).mean(np.array([1.0, 1.0, 4.0]))
    1.6
    """

    rows: int
    batch: int

    def mean(self, losses: Array) -> float:
        """Return the mean loss of an epoch, or of its steps so far, each counted by its rows."""
        counts = np.full(len(losses), float(self.batch))
        counts[-1] = min(self.batch, self.rows - (len(losses) - 1) * self.batch)
        return float(counts @ losses / counts.sum())


@dataclass
class EpochJudge:
    """Keeps the curves of a training, stops it by scikit-learn's rule, tells whoever listens.

    An epoch is no better if the training loss is above its best less `tol`, or with a score if
    that is below its best plus `tol`; after more than `patience` of them in a row it is over.

    Attributes
    ----------
    sizes : Sizes
        Rows of the steps.
    tol, patience : float
        The rule.
    score : callable or None
        Scores the state of an epoch; None without validation rows.
    by_score : bool
        Whether the score stops the training, and its best state is given back.
    tell : callable or None
        Told the number of the epoch and its state; returns whether to stop.
    """

    sizes: Sizes
    tol: float
    patience: float
    score: Callable[[EpochEnd], float] | None = None
    by_score: bool = False
    tell: Callable[[EpochJudge, EpochEnd], bool] | None = None
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_loss: float = math.inf
    best_score: float = -math.inf
    best_step: int = 0
    waited: int = 0
    stopped_by_tell: bool = False

    @property
    def gives_best_back(self) -> bool:
        """Whether the best state, not the last, is the model."""
        return self.by_score

    @property
    def over(self) -> bool:
        """Whether to stop."""
        return self.stopped_by_tell or self.waited > self.patience

    def see(self, epoch: EpochEnd) -> bool:
        """Take note of an epoch; return whether its state has the best score so far."""
        self.losses.append(self.sizes.mean(epoch.losses))
        if epoch.validation_loss is not None:
            self.validation_losses.append(epoch.validation_loss)
        if self.score is not None:
            self.scores.append(self.score(epoch))
        better = self._scored(epoch) if self.by_score else self._descended()
        if self.tell is not None:
            self.stopped_by_tell |= self.tell(self, epoch)
        return better

    def _scored(self, epoch: EpochEnd) -> bool:
        """Judge by the score; one that is no number is no better."""
        score = self.scores[-1]
        self.waited = 0 if score >= self.best_score + self.tol else self.waited + 1
        better = score > self.best_score or not self.best_step
        if better:
            self.best_step = epoch.step
            self.best_score = score if score > self.best_score else self.best_score
        return better

    def _descended(self) -> bool:
        """Judge by the training loss, whose last state is kept in any case."""
        loss = self.losses[-1]
        self.waited = self.waited + 1 if loss > self.best_loss - self.tol else 0
        self.best_loss = min(loss, self.best_loss)
        return False


def curve(history: dict[str, Array], sizes: Sizes, per_epoch: int) -> list[float]:
    """Return the mean loss of each epoch from a run's history."""
    losses = history["loss"]
    starts = range(0, len(losses), per_epoch)
    return [sizes.mean(losses[start : start + per_epoch]) for start in starts]
