"""History: what is written down at each step and each epoch.

Knows numbers; holds no times, so that equal runs have equal histories.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from chainrule.types import Array, ArrayLike


def _doubles() -> array[float]:
    return array("d")


@dataclass
class History:
    """Grows during a run; `columns` gives arrays.

    Attributes
    ----------
    losses, penalties : array of float
        For each step: the loss that is descended, before the update, and its penalty part.
    epochs : list of tuple
        (step after which it was measured, validation loss, validation score).
    """

    losses: array[float] = field(default_factory=_doubles)
    penalties: array[float] = field(default_factory=_doubles)
    epochs: list[tuple[int, float, float]] = field(default_factory=list)

    def add(self, losses: ArrayLike, penalties: ArrayLike) -> None:
        """Write down steps."""
        self.losses.frombytes(np.ascontiguousarray(losses, np.float64).tobytes())
        self.penalties.frombytes(np.ascontiguousarray(penalties, np.float64).tobytes())

    def mean_loss(self, first: int) -> float:
        """Return the mean of the losses from step `first` on, without penalties."""
        return float(np.mean(np.array(self.losses[first:]) - np.array(self.penalties[first:])))

    def columns(self, steps_per_epoch: int) -> dict[str, Array]:
        """Return equal columns, one row a step; NaN where nothing was measured.

        Validation figures stand in the row of the last step of their epoch and are those of the
        state after its update.

        Parameters
        ----------
        steps_per_epoch : int
            How many steps are an epoch.

        Examples
        --------
        >>> history = History()
        >>> history.add([0.5, 0.25], [0.0, 0.0])
        >>> history.columns(1)["loss"]
        array([0.5 , 0.25])
        """
        count = len(self.losses)
        steps = np.arange(count, dtype=np.int64)
        table: dict[str, Array] = {
            "step": steps,
            "epoch": steps // steps_per_epoch,
            "loss": np.array(self.losses, np.float64),
            "penalty": np.array(self.penalties, np.float64),
            "validation_loss": np.full(count, np.nan),
            "validation_score": np.full(count, np.nan),
        }
        for step, loss, score in self.epochs:
            table["validation_loss"][step - 1] = loss
            table["validation_score"][step - 1] = score
        return table
