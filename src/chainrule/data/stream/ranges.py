"""Ranges: whether a column holds each whole number of a range once, as row numbers do.

Knows numbers; keeps none. The sum of a hash of each number is compared with that of the range.
"""

from __future__ import annotations

import numpy as np

from chainrule.types import Array

_CHUNK = 1 << 20
_LARGEST = 2.0**53


class RangeCheck:
    """Looks at whole numbers as they come.

    Examples
    --------
    >>> check = RangeCheck()
    >>> check.add(np.array([4.0, 2.0]), True)
    >>> check.add(np.array([3.0]), True)
    >>> check.holds(3)
    True
    """

    def __init__(self) -> None:
        self._alive, self._low, self._high = True, np.inf, -np.inf
        self._sum = np.uint64(0)

    def add(self, values: Array, are_whole: bool) -> None:
        """Take in more numbers, if all so far are whole and none is missing."""
        self._alive = self._alive and are_whole
        if not self._alive or not len(values):
            return
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))
        self._alive = max(self._high, -self._low) < _LARGEST
        if self._alive:
            self._sum = _add(self._sum, values.astype(np.int64))

    def holds(self, rows: int) -> bool:
        """Tell whether these were so many numbers of a range, each once."""
        if not self._alive or self._high - self._low != rows - 1:
            return False
        total = np.uint64(0)
        low, end = int(self._low), int(self._high) + 1
        for start in range(low, end, _CHUNK):
            total = _add(total, np.arange(start, min(start + _CHUNK, end)))
        return bool(total == self._sum)


def _add(total: np.uint64, numbers: Array) -> np.uint64:
    """Return a sum, modulo 2^64, with a hash of each number added (that of SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        return np.uint64(total + np.add.reduce(mixed, dtype=np.uint64))
