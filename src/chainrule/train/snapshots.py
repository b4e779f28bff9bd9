"""Snapshots: states kept during a run, evenly spaced, within a stated memory budget.

Knows sizes and steps; knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.types import Array

BUDGET_BYTES = 64 * 1024 * 1024
"""Bytes that snapshots of a run may take, unless told otherwise."""

MOST = 128
"""Snapshots kept at most: replay then repeats at most 1/64 of a run."""


class Snapshots:
    """States by step; when they become too many, every second one goes.

    Parameters
    ----------
    budget : int
        Bytes; the state of step 0 is kept whatever it takes. For a moment, one more is held.

    Examples
    --------
    >>> import numpy as np
    >>> kept = Snapshots(budget=80)
    >>> for step in range(20):
    ...     kept.offer(step, {"W1": np.zeros(2)})
    >>> sorted(kept.states)
    [0, 4, 8, 12, 16]
    """

    def __init__(self, budget: int = BUDGET_BYTES) -> None:
        self.budget = budget
        self.every = 1
        self.states: dict[int, Mapping[str, Array]] = {}

    def offer(self, step: int, state: Mapping[str, Array]) -> None:
        """Keep the state before update `step` if it is due."""
        if step % self.every:
            return
        self.states[step] = state
        size = sum(array.nbytes for array in state.values())
        while len(self.states) > 1 and len(self.states) > min(MOST, self.budget // max(size, 1)):
            self.every *= 2
            self.states = {k: s for k, s in self.states.items() if k % self.every == 0}
