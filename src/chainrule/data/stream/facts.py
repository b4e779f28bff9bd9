"""Facts: what is learnt of one column, piece by piece, in fixed memory.

Knows numbers and words; knows nothing of files. Numbers: counts, and the moments of the training
rows, merged piece by piece (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for
computing sample variances", 1979). Words: how often each occurs, up to a limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.data.columns import are_dates
from chainrule.data.gathering import Tally
from chainrule.data.numerals import Numerals, looks_numeric
from chainrule.data.transforms import Standardize, moments_of, safe_exponent
from chainrule.types import Array

MOST_WORDS = 100_000
"""Different texts of a column that are counted one by one; a column of more is text."""

MOST_VALUES = 1 << 16
"""Different numbers of a target that are counted one by one."""


@dataclass
class Moments:
    """Mean and squared deviations of numbers that come in parts.

    They are counted from the mean of the first part, so that numbers far from 0 and close to each
    other lose nothing.

    Examples
    --------
    >>> found = Moments()
    >>> found.add(np.array([1.0, np.nan]))
    >>> found.add(np.array([3.0]))
    >>> found.transform("a").scaled(np.array([1.0, 3.0, 4.0]))
    array([-1.,  1.,  2.])
    """

    count: int = 0
    gaps: int = 0
    low: float = np.inf
    high: float = -np.inf
    exponent: int = 0
    origin: float = 0.0
    beyond: float = 0.0
    squares: float = 0.0

    def add(self, values: Array) -> None:
        """Take in more numbers, NaN where one is missing."""
        gaps = np.isnan(values)
        present = values[~gaps] if gaps.any() else values
        self.gaps += len(values) - len(present)
        if not len(present):
            return
        self.low = min(self.low, float(present.min()))
        self.high = max(self.high, float(present.max()))
        self._rescale(safe_exponent(max(self.high, -self.low)))
        units = np.ldexp(present, -self.exponent) if self.exponent else present
        if not self.count:
            self.origin = moments_of(units)[0]
        self._merge(len(units), *moments_of(units - self.origin))

    def _rescale(self, exponent: int) -> None:
        shift = self.exponent - exponent
        if shift and self.count:
            self.origin = float(np.ldexp(self.origin, shift))
            self.beyond = float(np.ldexp(self.beyond, shift))
            self.squares = float(np.ldexp(self.squares, 2 * shift))
        self.exponent = exponent

    def _merge(self, count: int, mean: float, squares: float) -> None:
        total = self.count + count
        apart = mean - self.beyond
        self.beyond += apart * (count / total)
        self.squares += squares + apart * apart * (self.count * (count / total))
        self.count = total

    @property
    def mean(self) -> float:
        """The mean, in units of 2**exponent."""
        return self.origin + self.beyond

    @property
    def is_constant(self) -> bool:
        """Whether all numbers that are there are equal."""
        return not self.count or self.low == self.high

    def transform(self, name: str, *, scale: bool = True) -> Standardize:
        """Return the transform that gives these numbers mean 0 and variance 1."""
        gaps = bool(self.gaps)
        if not self.count:
            return Standardize(name, 0.0, 1.0, 0.0, 0, gaps)
        mean, spread = self.mean, float(np.sqrt(self.squares / self.count)) or 1.0
        if self.low == self.high:
            low = float(np.ldexp(self.low, -self.exponent)) if self.exponent else self.low
            mean, spread = low, 1.0
        if scale:
            return Standardize(name, mean, spread, mean, self.exponent, gaps)
        return Standardize(name, 0.0, 1.0, float(np.ldexp(mean, self.exponent)), 0, gaps)


@dataclass
class Values:
    """How often each of not too many numbers occurs, in all rows and in training rows."""

    counts: dict[float, list[int]] = field(default_factory=dict)
    overflowed: bool = False

    def add(self, values: Array, trains: Array) -> None:
        """Count more numbers that are there."""
        if self.overflowed:
            return
        found, place = np.unique(values, return_inverse=True)
        everywhere = np.bincount(place, minlength=len(found))
        training = np.bincount(place[trains], minlength=len(found))
        for value, count, trained in zip(
            found.tolist(), everywhere.tolist(), training.tolist(), strict=True
        ):
            known = self.counts.setdefault(value, [0, 0])
            known[0] += count
            known[1] += trained
        self.overflowed = len(self.counts) > MOST_VALUES


@dataclass
class Word:
    """How often one text occurs, and where first.

    Attributes
    ----------
    cells, trained : int
        In all rows, and in training rows.
    place : str
        Where it stands first.
    """

    cells: int
    trained: int
    place: str


@dataclass
class WordCounts:
    """How often each text occurs, in all rows and in training rows; missing ones apart.

    Attributes
    ----------
    counts : dict
        For each text how often it occurs; emptied when there are too many.
    missing, gaps : int
        Missing cells, and missing cells in training rows.
    present : int
        The other cells.
    all_dates : bool
        Whether every text is a date; kept only for columns of too many texts.
    tally : Tally
        What the texts would be as numbers; likewise.
    """

    counts: dict[str, Word] = field(default_factory=dict)
    missing: int = 0
    gaps: int = 0
    present: int = 0
    overflowed: bool = False
    all_dates: bool = True
    tally: Tally = field(default_factory=Tally)

    def add(self, texts: Any, trains: Array, where: Callable[[int], str]) -> Array:
        """Count more texts (null: missing); return which are missing.

        Parameters
        ----------
        texts : pyarrow string array
            The cells.
        trains : ndarray of bool
            Which of them are of training rows.
        where : callable
            Says where a row stands.
        """
        coded = texts.dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
        gaps = codes < 0
        self.missing += int(np.count_nonzero(gaps))
        self.gaps += int(np.count_nonzero(gaps & trains))
        self.present += int(np.count_nonzero(~gaps))
        words = coded.dictionary
        everywhere = np.bincount(codes[~gaps], minlength=len(words))
        if self.overflowed:
            self._judge(words, everywhere)
            return gaps
        training = np.bincount(codes[~gaps & trains], minlength=len(words))
        first = np.unique(codes, return_index=True)[1][-len(words) :] if len(words) else ()
        for word, count, trained, row in zip(
            words.to_pylist(), everywhere.tolist(), training.tolist(), first, strict=True
        ):
            if word not in self.counts:
                self.counts[word] = Word(0, 0, where(int(row)))
            self.counts[word].cells += count
            self.counts[word].trained += trained
        if len(self.counts) > MOST_WORDS:
            self._overflow()
        return gaps

    def _overflow(self) -> None:
        import pyarrow as pa

        words = pa.array(list(self.counts), pa.string())
        self._judge(words, np.array([one.cells for one in self.counts.values()]))
        self.overflowed, self.counts = True, {}

    def _judge(self, words: Any, counts: Array) -> None:
        """Note whether texts that are not kept are dates, or numbers."""
        if not len(words):
            return
        self.all_dates = self.all_dates and are_dates(words)
        parsed = Numerals().parse(words)
        tally = self.tally
        tally.rows += int(counts.sum())
        tally.bad += int(counts[parsed.bad].sum())
        tally.codes += int(counts[parsed.codes].sum())
        tally.almost += int(counts[parsed.bad][looks_numeric(words.filter(parsed.bad))].sum())
