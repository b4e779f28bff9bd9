"""Division: which rows of a stream train, validate and test, in fixed memory.

Knows classes, shares and a seed; knows nothing of files. Rows are divided piece by piece; in each
piece, and for each class, so many go to a part as its share of the rows so far asks for, chosen at
random within the piece. All in all each part has its share of each class, to one row; rounding is
downwards, so that every class has a training row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.data.batches import checked_seed
from chainrule.data.splits import checked_shares
from chainrule.data.tasks import MOST_CLASSES
from chainrule.types import Array, Seed

TRAIN, VALIDATION, TEST, NONE = range(4)
"""The parts; NONE for a row without a target."""

_DIVISION, _BLOCK = 0xD1715104, 0xB10C5  # what a seed's random numbers are for

MOST_STRATA = 1000
"""Words that keep their share in each part; the rows of all others are divided together."""


class Division:
    """Divides the rows of a table as its pieces come.

    Parameters
    ----------
    shares : tuple of float
        Of the validation part and of the test part.
    seed : int
        Fixes the choice.

    Examples
    --------
    >>> division = Division((0.2, 0.2), seed=1)
    >>> parts = division.parts(np.zeros(10), np.zeros(10, bool))
    >>> np.bincount(parts).tolist()
    [6, 2, 2]
    """

    def __init__(self, shares: tuple[float, float], seed: Seed) -> None:
        self.validation, test = checked_shares(shares)
        self.held = self.validation + test
        key = (checked_seed(seed), _DIVISION)
        self._random = np.random.PCG64(np.random.SeedSequence(key))
        self._strata: dict[Any, int] = {}
        self._given: dict[int, list[int]] = {}

    def parts(self, targets: Any, absent: Array) -> Array:
        """Return the part of each row of the next piece.

        Parameters
        ----------
        targets : ndarray of float64 or pyarrow string array
            The cells of the target column.
        absent : ndarray of bool
            Where there is none.
        """
        strata = self._stratum(targets, absent)
        raw = np.asarray(self._random.random_raw(len(absent)), np.uint64)
        alone = bool((strata == strata[0]).all())
        order = np.argsort(raw, kind="stable") if alone else np.lexsort((raw, strata))
        sizes = np.bincount(strata + 1)
        parts = np.full(len(absent), NONE, np.uint8)
        start = int(sizes[0])
        for stratum in np.flatnonzero(sizes[1:]):
            count = int(sizes[1 + stratum])
            rows = order[start : start + count]
            validation, test = self._next(int(stratum), count)
            parts[rows] = TRAIN
            parts[rows[:validation]] = VALIDATION
            parts[rows[validation : validation + test]] = TEST
            start += count
        return parts

    def _next(self, stratum: int, count: int) -> tuple[int, int]:
        """Return how many of the next rows of a stratum validate and test."""
        given = self._given.setdefault(stratum, [0, 0, 0])
        rows = given[0] + count
        held = math.floor(rows * self.held) - given[1] - given[2]
        validation = min(held, math.floor(rows * self.validation) - given[1])
        self._given[stratum] = [rows, given[1] + validation, given[2] + held - validation]
        return validation, held - validation

    def _stratum(self, targets: Any, absent: Array) -> Array:
        """Return the stratum of each row; -1 where there is no target."""
        if isinstance(targets, np.ndarray):
            strata = self._of_numbers(targets)
        else:
            coded = targets.dictionary_encode()
            place = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False))
            numbers = [self._number(word, MOST_STRATA) for word in coded.dictionary.to_pylist()]
            strata = np.asarray([*numbers, -1], np.int64)[place]
        strata[absent] = -1
        return strata

    def _of_numbers(self, targets: Array) -> Array:
        """Return the stratum of each number: one of its own for the first few whole ones."""
        strata = np.zeros(len(targets), np.int64)
        whole = targets == np.floor(targets)
        if len(self._strata) < MOST_CLASSES:
            for value in np.unique(targets[whole])[:MOST_CLASSES].tolist():
                self._number(value, MOST_CLASSES)
        if whole.any():
            for value, number in self._strata.items():
                strata[targets == value] = number
        return strata

    def _number(self, value: Any, most: int) -> int:
        """Return the stratum of a value: one of its own for the first ones, 0 for the others."""
        if value not in self._strata and len(self._strata) < most:
            self._strata[value] = len(self._strata) + 1
        return self._strata.get(value, 0)


class Deal:
    """Draws the block that each row of a table would go to, in the order of its rows.

    Parameters
    ----------
    blocks : int
        How many there are.
    seed : int
        Fixes the draw.
    """

    def __init__(self, blocks: int, seed: Seed) -> None:
        key = (checked_seed(seed), _BLOCK)
        self._random = np.random.PCG64(np.random.SeedSequence(key))
        self.blocks = blocks

    def next(self, rows: int) -> Array:
        """Return the blocks of the next rows, each equally likely."""
        high = np.asarray(self._random.random_raw(rows), np.uint64) >> np.uint64(32)
        return ((high * np.uint64(self.blocks)) >> np.uint64(32)).astype(np.int64)
