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


def most_states(size: int, budget: int) -> int:
    """Return how many states of so many bytes are kept at most.

    Examples
    --------
    >>> most_states(100, budget=1000), most_states(1, budget=1000), most_states(100, budget=0)
    (10, 128, 1)
    """
    return max(1, min(MOST, budget // max(size, 1)))


def spacing(steps: int, most: int) -> int:
    """Return how far apart states are kept so that there are at most so many: a power of two.

    Examples
    --------
    >>> spacing(10_000, 128), spacing(20, 128), spacing(0, 128)
    (128, 1, 1)
    """
    return 1 << (max(1, -(-steps // most)) - 1).bit_length()


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
        self.size: int | None = None
        self.states: dict[int, Mapping[str, Array]] = {}

    def expect(self, steps: int, size: int) -> None:
        """Choose from the start how far apart states are kept, for so many steps of this size."""
        self.size = size
        self.every = spacing(steps, most_states(size, self.budget))

    def offer(self, step: int, state: Mapping[str, Array]) -> None:
        """Keep the state before update `step` if it is due."""
        if step % self.every:
            return
        self.states[step] = state
        most = self._most(state)
        while step // self.every >= most:  # by number: after a restore some may be missing
            self.every *= 2
            self._thin()

    def restore(self, states: Mapping[int, Mapping[str, Array]], steps: int) -> None:
        """Take the states of a training that was stopped after so many steps.

        Examples
        --------
        >>> import numpy as np
        >>> kept = Snapshots(budget=80)
        >>> kept.restore({k: {"W1": np.zeros(2)} for k in (0, 3, 4, 6)}, 7)
        >>> kept.every, sorted(kept.states)
        (2, [0, 4, 6])
        """
        self.every = max(self.every, spacing(steps, self._most(states[0])))
        self.states = dict(states)
        self._thin()

    def _most(self, state: Mapping[str, Array]) -> int:
        size = self.size or sum(array.nbytes for array in state.values())
        return most_states(size, self.budget)

    def _thin(self) -> None:
        self.states = {k: s for k, s in self.states.items() if k % self.every == 0}
