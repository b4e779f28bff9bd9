"""History: what is written down at each step and each epoch.

Knows numbers; holds no times, so that equal runs have equal histories.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chainrule.types import Array


@dataclass
class History:
    """Grows during a run; `columns` gives arrays.

    Attributes
    ----------
    losses, penalties : list of float
        For each step: the loss that is descended, before the update, and its penalty part.
    epochs : list of tuple
        (step after which it was measured, validation loss, validation score).
    """

    losses: list[float] = field(default_factory=list)
    penalties: list[float] = field(default_factory=list)
    epochs: list[tuple[int, float, float]] = field(default_factory=list)

    def columns(self, steps_per_epoch: int) -> dict[str, Array]:
        """Return equal columns, one row a step; NaN where nothing was measured.

        Validation figures stand in the row of the last step of their epoch and are those of the
        state after its update.
        """
        count = len(self.losses)
        table: dict[str, Array] = {
            "step": np.arange(count, dtype=np.int64),
            "epoch": np.arange(count, dtype=np.int64) // steps_per_epoch,
            "loss": np.array(self.losses, np.float64),
            "penalty": np.array(self.penalties, np.float64),
            "validation_loss": np.full(count, np.nan),
            "validation_score": np.full(count, np.nan),
        }
        for step, loss, score in self.epochs:
            table["validation_loss"][step - 1] = loss
            table["validation_score"][step - 1] = score
        return table
