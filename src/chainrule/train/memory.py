"""How much memory a training will take, said before it starts.

Knows sizes; allocates nothing large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chainrule.executors import peak_bytes
from chainrule.train.forward import CHUNK_ROWS
from chainrule.train.native import native_bytes
from chainrule.train.setup import Setup
from chainrule.train.snapshots import BUDGET_BYTES, most_states, spacing
from chainrule.train.steppers import MOST_NUMBERS

ORDER_BYTES = 36
"""Bytes for each row while an epoch's order is drawn: two orders, raw numbers, room to sort."""

HISTORY_BYTES = 72
"""Bytes written down for each step: two growing columns, and six when training ends."""

TEXT_BYTES = 2**17
"""Bytes of a plan's text and what it is made from, while machine code is made."""

ARRAY_BYTES = 200
"""Bytes that Python takes for an array beside its entries, its place in a dict included."""


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
    size = setup.dtype.itemsize
    batch = setup.rows if setup.full_batch else int(setup.batch_size or setup.rows)
    gathered = 0 if setup.full_batch else batch * (setup.x.shape[1] + setup.network.outputs) * size
    judged = validation_rows * (4 * setup.network.outputs + 1) * size
    if setup.engine == "native":
        step = native_bytes(setup, validation_rows) + _spell_bytes(setup, batch, steps) + TEXT_BYTES
        judged += step
    else:
        step = peak_bytes(setup.program(batch, "train")) + gathered
        chunk = min(validation_rows, CHUNK_ROWS)
        judged += peak_bytes(setup.program(chunk, "score")) if chunk else 0
    drawn = setup.rows if setup.windows is None else setup.windows.most_rows
    order = 0 if setup.full_batch or not setup.shuffle else drawn * ORDER_BYTES
    return MemoryEstimate(
        rows=setup.x.nbytes + setup.y.nbytes + (0 if setup.w is None else setup.w.nbytes),
        step=max(step, judged) + order,
        states=_state_bytes(setup, steps, snapshot_bytes),
        history=steps * HISTORY_BYTES,
    )


def _spell_bytes(setup: Setup, batch: int, steps: int) -> int:
    """Return the bytes of a spell of machine code: its row numbers twice, and its losses."""
    numbers = 0 if setup.full_batch else min(MOST_NUMBERS, steps * batch)
    return 16 * numbers + 16 * min(steps, MOST_NUMBERS // batch)


def _state_bytes(setup: Setup, steps: int, snapshot_bytes: int) -> int:
    """Return the bytes of parameters and slots: now, best, and as snapshots."""
    shapes = [spec.shape for spec in setup.network.specs.values()]
    weights = sum(math.prod(shape) for shape in shapes) * setup.dtype.itemsize
    copies = 1 + len(setup.optimizer.slots)
    kept = most_states(weights * copies, snapshot_bytes)
    if setup.engine == "native":
        kept = -(-steps // spacing(steps, kept))
    kept = min(kept, steps)
    return (weights + len(shapes) * ARRAY_BYTES) * copies * (kept + 2)
