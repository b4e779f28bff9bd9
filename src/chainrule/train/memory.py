"""How much memory a training will take, said before it starts.

Knows sizes; allocates nothing large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.train.forward import CHUNK_ROWS
from chainrule.train.setup import Setup
from chainrule.train.snapshots import BUDGET_BYTES, MOST


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a training adds to the process at its peak.

    Attributes
    ----------
    rows : int
        The prepared rows themselves.
    step : int
        Values of one step that live at once, its batch included.
    states : int
        Parameters and slots: now, new, best and snapshots.
    history : int
        Numbers written down at each step.
    """

    rows: int
    step: int
    states: int
    history: int

    @property
    def peak(self) -> int:
        """All together."""
        return self.rows + self.step + self.states + self.history


def estimate_memory(
    setup: Setup, steps: int, *, validation_rows: int = 0, snapshot_bytes: int = BUDGET_BYTES
) -> MemoryEstimate:
    """Return the memory a training will take, from its plan.

    Parameters
    ----------
    setup : Setup
        What is trained.
    steps : int
        Steps that are planned.
    validation_rows : int
        Rows that are judged after each epoch.
    snapshot_bytes : int
        Budget of snapshots.
    """
    size = np.dtype(setup.dtype).itemsize
    batch = setup.rows if setup.full_batch else int(setup.batch_size or setup.rows)
    gathered = 0 if setup.full_batch else batch * (setup.x.shape[1] + setup.network.outputs) * size
    step = setup.plan(batch, "train").peak_bytes + gathered
    chunk = min(validation_rows, CHUNK_ROWS)
    judged = setup.plan(chunk, "score").peak_bytes if chunk else 0
    weights = sum(int(np.prod(s.shape)) for s in setup.network.specs.values())
    state = weights * size * (1 + len(setup.optimizer.slots))
    kept = min(MOST, steps, max(1, snapshot_bytes // max(state, 1)))
    order = 0 if setup.full_batch or not setup.shuffle else setup.rows * 8 * 3
    rows = setup.x.nbytes + setup.y.nbytes + (0 if setup.w is None else setup.w.nbytes)
    validation = validation_rows * (setup.network.outputs + 1) * size
    return MemoryEstimate(
        rows, max(step, judged) + order + validation, state * (kept + 2), steps * 64
    )
