"""History: what is written down at each step and each epoch.

Knows numbers; holds no times, so that equal runs have equal histories.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from chainrule.types import Array, ArrayLike


@dataclass
class Column:
    """Numbers that grow; while all are zero they take no memory.

    Examples
    --------
    >>> column = Column()
    >>> column.add([0.0, 0.0]), column.add([1.5])
    (None, None)
    >>> column.values
    array([0. , 0. , 1.5])
    """

    count: int = 0
    room: Array | None = None

    def add(self, numbers: ArrayLike) -> None:
        """Write down some more."""
        new = np.asarray(numbers, np.float64)
        start, self.count = self.count, self.count + len(new)
        if self.room is None and not new.any():
            return
        if self.room is None or len(self.room) < self.count:
            grown = np.zeros(max(self.count, 2 * start, 16))
            if self.room is not None:
                grown[:start] = self.room[:start]
            self.room = grown
        self.room[start : self.count] = new

    @property
    def values(self) -> Array:
        """All numbers so far; not to be written to."""
        return np.zeros(self.count) if self.room is None else self.room[: self.count]


@dataclass
class History:
    """Grows during a run; `columns` gives arrays.

    Attributes
    ----------
    loss, penalty : Column
        For each step: the loss that is descended, before the update, and its penalty part.
    epochs : list of tuple
        (step after which it was measured, validation loss, validation score).
    """

    loss: Column = field(default_factory=Column)
    penalty: Column = field(default_factory=Column)
    epochs: list[tuple[int, float, float]] = field(default_factory=list)

    def add(self, losses: ArrayLike, penalties: ArrayLike) -> None:
        """Write down steps."""
        self.loss.add(losses)
        self.penalty.add(penalties)

    @classmethod
    def of(cls, columns: Mapping[str, Array]) -> History:
        """Return the history that `columns` gave, to go on with.

        Examples
        --------
        >>> history = History(epochs=[(1, 0.5, 0.75)])
        >>> history.add([0.5], [0.0])
        >>> History.of(history.columns(1)).epochs
        [(1, 0.5, 0.75)]
        """
        found = cls()
        found.add(columns["loss"], columns["penalty"])
        losses, scores = columns["validation_loss"], columns["validation_score"]
        judged = np.flatnonzero(~np.isnan(losses)).tolist()
        found.epochs = [(k + 1, float(losses[k]), float(scores[k])) for k in judged]
        return found

    @property
    def steps(self) -> int:
        """How many steps were written down."""
        return self.loss.count

    def mean_loss(self, first: int) -> float:
        """Return the mean of the losses from step `first` on, without penalties."""
        return float(np.mean(self.loss.values[first:] - self.penalty.values[first:]))

    def columns(self, steps_per_epoch: int, first: int = 0) -> dict[str, Array]:
        """Return equal columns, one row a step; NaN where nothing was measured.

        Validation figures stand in the row of the last step of their epoch and are those of the
        state after its update.

        Parameters
        ----------
        steps_per_epoch : int
            How many steps are an epoch.
        first : int
            The number of step 0 in the order of batches; epochs are counted from there.

        Examples
        --------
        >>> history = History()
        >>> history.add([0.5, 0.25], [0.0, 0.0])
        >>> history.columns(1)["loss"]
        array([0.5 , 0.25])
        """
        count = self.steps
        steps = np.arange(count, dtype=np.int64)
        table: dict[str, Array] = {
            "step": steps,
            "epoch": (steps + first) // steps_per_epoch,
            "loss": self.loss.values.copy(),
            "penalty": self.penalty.values.copy(),
            "validation_loss": np.full(count, np.nan),
            "validation_score": np.full(count, np.nan),
        }
        for step, loss, score in self.epochs:
            table["validation_loss"][step - 1] = loss
            table["validation_score"][step - 1] = score
        return table
