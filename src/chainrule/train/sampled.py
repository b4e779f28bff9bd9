"""Sampled: a record whose rows are on disk, as one of a sample of them in memory.

Knows records; changes none. For questions that look at many rows at once and need no replay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.data.arrays import is_stored
from chainrule.train.record import Record, Validation
from chainrule.train.replay import state_at

SAMPLE_ROWS = 50_000
"""Rows of a sample at most."""


def in_memory(record: Record, most: int = SAMPLE_ROWS) -> Record:
    """Return a record of rows in memory: itself, or one of a sample of its rows on disk.

    The training rows are the first ones of the first blocks, which hold random rows of the table;
    held-out rows are evenly spaced. The state that the run gives is kept, so that it is not
    replayed with other rows.

    Parameters
    ----------
    record : Record
        The training.
    most : int
        Rows of the sample at most.
    """
    setup, held = record.setup, record.validation
    x: Any = setup.x
    if not is_stored(x):
        return record
    snapshots = dict(record.snapshots)
    if record.stopped != "diverged" and record.best_step != record.steps:
        snapshots[record.best_step] = state_at(record, record.best_step)
    chosen = slice(0, most)
    numbers = None if setup.row_numbers is None else setup.row_numbers[chosen]
    sample = replace(
        setup, x=setup.x[chosen], y=setup.y[chosen], row_numbers=numbers, windows=None,
        programs={}, compiled={},
    )  # fmt: skip
    if held is not None:
        spaced = slice(None, None, max(1, -(-len(held.x) // most)))
        held = Validation(held.x[spaced], held.y[spaced])
    return replace(record, setup=sample, snapshots=snapshots, validation=held)
