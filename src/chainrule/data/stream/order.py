"""Order: which rows a step sees when they stand in blocks on disk.

Knows blocks' sizes and a seed; knows nothing of values or files. An epoch takes the blocks in an
order of its own, some of them together (a window), and the rows of each window in a random order.
Everything depends on (seed, epoch, window) only, so that any step can be replayed alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.data.batches import checked_seed, permutation
from chainrule.types import Array, Seed

_BLOCKS, _ROWS = 0x5B10C, 0x5205  # what a seed's random numbers are for


@dataclass(frozen=True)
class Window:
    """Blocks that are in memory together.

    Attributes
    ----------
    epoch, index : int
        Which it is.
    start, stop : int
        The places of its rows in the order of the epoch.
    blocks : tuple of int
        The blocks, in the order in which they lie in memory.
    """

    epoch: int
    index: int
    start: int
    stop: int
    blocks: tuple[int, ...]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.stop - self.start


class WindowOrder:
    """The order of rows that stand in blocks.

    A row's number is its place when all blocks stand one after the other.

    Parameters
    ----------
    seed : int
        Fixes every order.
    sizes : sequence of int
        Rows of each block.
    together : int
        Blocks of a window.
    shuffle : bool
        Whether each epoch has an order of its own.

    Examples
    --------
    >>> order = WindowOrder(1, (3, 2, 4), together=2)
    >>> sorted(order.rows(0, 0, 9).tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    """

    def __init__(
        self, seed: Seed, sizes: tuple[int, ...], together: int, shuffle: bool = True
    ) -> None:
        self.seed, self.sizes, self.together = checked_seed(seed), sizes, together
        self.shuffle = shuffle
        self.starts = np.concatenate([[0], np.cumsum(np.array(sizes, np.int64))])
        self.count = int(self.starts[-1])
        self.windows = lru_cache(maxsize=4)(self._windows)
        self._order = lru_cache(maxsize=3)(self._drawn)

    def _windows(self, epoch: int) -> tuple[Window, ...]:
        """Return the windows of an epoch."""
        blocks = np.arange(len(self.sizes))
        if self.shuffle and len(blocks) > self.together:
            blocks = permutation(len(blocks), self.seed, _BLOCKS, epoch)
        found, start = [], 0
        for index, first in enumerate(range(0, len(blocks), self.together)):
            chosen = tuple(blocks[first : first + self.together].tolist())
            stop = start + sum(self.sizes[block] for block in chosen)
            found.append(Window(epoch, index, start, stop, chosen))
            start = stop
        return tuple(found)

    @property
    def most_rows(self) -> int:
        """Rows of the largest window that there could be."""
        return sum(sorted(self.sizes)[-self.together :])

    def after(self, window: Window) -> Window:
        """Return the window that follows, in the next epoch if need be."""
        same = self.windows(window.epoch)
        if window.index + 1 < len(same):
            return same[window.index + 1]
        return self.windows(window.epoch + 1)[0]

    def to_dict(self) -> dict[str, Any]:
        """Return what tells the blocks, as plain data."""
        return {"sizes": list(self.sizes), "together": self.together}

    def again(self, seed: Seed, shuffle: bool) -> WindowOrder:
        """Return the order of the same blocks under another seed."""
        return WindowOrder(seed, self.sizes, self.together, shuffle)

    def inside(self, window: Window) -> Array:
        """Return the order of a window's rows, counted as they lie in memory."""
        return self._order(window)

    def _drawn(self, window: Window) -> Array:
        if not self.shuffle:
            return np.arange(window.rows)
        order = permutation(window.rows, self.seed, _ROWS, window.epoch, window.index)
        order.flags.writeable = False
        return order

    def at(self, epoch: int, place: int) -> Window:
        """Return the window in which a place of an epoch's order lies."""
        return next(one for one in self.windows(epoch) if place < one.stop)

    def rows(self, epoch: int, start: int, stop: int) -> Array:
        """Return the numbers of the rows at some places of an epoch's order."""
        found = []
        for window in self.windows(epoch):
            first, last = max(start, window.start), min(stop, window.stop)
            if first < last:
                order = self.inside(window)[first - window.start : last - window.start]
                found.append(self._numbers(window, order))
        return np.concatenate(found or [np.arange(0)])

    def _numbers(self, window: Window, order: Array) -> Array:
        """Return the numbers of rows that are told by where they lie in a window."""
        sizes = np.array([self.sizes[block] for block in window.blocks], np.int64)
        ends = np.cumsum(sizes)
        which = np.searchsorted(ends, order, side="right")
        first = self.starts[np.array(window.blocks, np.int64)]
        return np.asarray(first[which] + order - (ends - sizes)[which])
