"""Transforms: from the values of one column to features, fitted once and reversible.

Knows columns and numbers; knows nothing of splits, files or networks. A transform is a record of
what it learnt; nothing is learnt while it is applied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np

from chainrule.data.columns import Column, some
from chainrule.data.typed import number_text
from chainrule.errors import DataError
from chainrule.types import Array

Unseen = Literal["error", "ignore"]
Where = Callable[[int], str]

_LARGE, _SMALL = 2.0**400, 2.0**-400  # beyond these, squares could leave the range of float64


@dataclass(frozen=True)
class Standardize:
    r"""Subtract the mean, divide by the standard deviation: $(x / 2^e - c) / s$.

    Attributes
    ----------
    name : str
        The column.
    center, spread : float
        Mean and standard deviation (over all rows, not rows - 1) of the training rows, in units
        of $2^e$; a constant column has spread 1, so that it becomes exactly 0.
    fill : float
        What a missing cell counts as, in the same units: the mean.
    exponent : int
        0, unless squares of the numbers would overflow or vanish.
    indicator : bool
        Whether a second feature says that the cell was missing; so if the training rows had gaps.
    """

    name: str
    center: float
    spread: float
    fill: float
    exponent: int
    indicator: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it makes."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    def encode(self, column: Column, rows: Array, where: Where, out: Array) -> None:
        """Write the features of the given rows into out, (rows, features)."""
        values = numbers_of(column, where)[rows]
        with np.errstate(over="ignore"):  # what is not finite then is refused by its reader
            out[:, 0] = self.scaled(values)
        if self.indicator:
            out[:, 1] = 0
        if column.missing or column.nans:
            gaps = np.isnan(values)
            out[gaps, 0] = (self.fill - self.center) / self.spread
            out[gaps, 1:] = 1

    def scaled(self, values: Array) -> Array:
        """Return numbers in units of the training rows' standard deviation."""
        units = np.ldexp(values, -self.exponent) if self.exponent else values
        return np.asarray((units - self.center) / self.spread)

    def unscaled(self, values: Array) -> Array:
        """Return numbers in their own units again."""
        with np.errstate(over="ignore"):
            units = np.asarray(values, dtype=np.float64) * self.spread + self.center
            return np.asarray(np.ldexp(units, self.exponent)) if self.exponent else units

    @property
    def size(self) -> float:
        """How many of the column's own units one unit of the feature is."""
        return float(np.ldexp(self.spread, self.exponent))

    @property
    def mean(self) -> float:
        """The mean in the column's own units."""
        return float(np.ldexp(self.fill, self.exponent))

    def describe(self) -> str:
        """Say in one line what it does."""
        gaps = ", gaps marked" if self.indicator else ""
        if (self.center, self.spread, self.exponent) == (0.0, 1.0, 0):
            return f"{self.name}: number, as it is{gaps}"
        scale = float(np.ldexp(self.spread, self.exponent))
        return f"{self.name}: number, mean {self.mean:.4g}, scale {scale:.4g}{gaps}"


def fit_standardize(name: str, values: Array, *, scale: bool = True) -> Standardize:
    """Return the transform that gives these numbers mean 0 and variance 1.

    Parameters
    ----------
    name : str
        The column.
    values : ndarray
        Training values, NaN where missing.
    scale : bool
        False: numbers stay as they are, only gaps are filled.

    Examples
    --------
    >>> fit_standardize("a", np.array([1.0, 3.0])).scaled(np.array([1.0, 3.0, 4.0]))
    array([-1.,  1.,  2.])
    """
    gaps = np.isnan(values)
    present = values[~gaps] if gaps.any() else values
    indicator = bool(gaps.any())
    if not present.size:
        return Standardize(name, 0.0, 1.0, 0.0, 0, indicator)
    low, high = float(present.min()), float(present.max())
    exponent = safe_exponent(max(high, -low))
    units = np.ldexp(present, -exponent) if exponent else present
    mean, spread = float(units[0]), 1.0
    if low != high:
        mean, squares = moments_of(units)
        spread = float(np.sqrt(squares / len(units))) or 1.0
    if scale:
        return Standardize(name, mean, spread, mean, exponent, indicator)
    return Standardize(name, 0.0, 1.0, float(np.ldexp(mean, exponent)), 0, indicator)


def safe_exponent(largest: float) -> int:
    """Return the power of 2 by which numbers are divided so that no square leaves the range."""
    return 0 if largest == 0 or _SMALL < largest < _LARGE else int(np.frexp(largest)[1])


def moments_of(values: Array) -> tuple[float, float]:
    """Return the mean, corrected by that of the residuals, and the sum of squares around it."""
    count = len(values)
    mean = float(np.add.reduce(values)) / count
    residuals = values - mean
    shift = float(np.add.reduce(residuals)) / count
    residuals -= shift
    np.square(residuals, out=residuals)
    return mean + shift, float(np.add.reduce(residuals))


def numbers_of(column: Column, where: Where) -> Array:
    """Return the cells of a column as numbers, NaN where missing, or name one that is none."""
    if column.kind == "number":
        return column.values
    if column.kind == "empty":
        return np.full(column.rows, np.nan)
    row = int(np.argmax(column.values >= 0))
    raise DataError(
        f"column {column.name!r} held numbers in training, but {where(row)} has "
        f"{column.cell(row)!r}.\n  Correct the cell, or read it as the training data was read."
    )


@dataclass(frozen=True)
class OneHot:
    """One feature for each category: 1 in that of the cell, 0 in the others.

    Attributes
    ----------
    name : str
        The column.
    categories : tuple of str
        The categories of the training rows, sorted.
    fill : str
        The most frequent one: what a missing cell counts as if training rows had no gaps.
    indicator : bool
        Whether missing is a category of its own; so if the training rows had gaps.
    unseen : {"error", "ignore"}
        What a category that no training row has means: refused, or all zeros.
    """

    name: str
    categories: tuple[str, ...]
    fill: str
    indicator: bool
    unseen: Unseen

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it makes."""
        own = (f"{self.name} missing",) if self.indicator else ()
        return tuple(f"{self.name}={category}" for category in self.categories) + own

    def encode(self, column: Column, rows: Array, where: Where, out: Array) -> None:
        """Write the features of the given rows into out, (rows, features)."""
        index = self.index(column, rows, where)
        out[:] = 0
        known = np.flatnonzero(index >= 0)
        out[known, index[known]] = 1

    def index(self, column: Column, rows: Array, where: Where) -> Array:
        """Return the feature that is 1 in each row; -1 for an unseen category that is ignored."""
        place = {category: i for i, category in enumerate(self.categories)}
        gap = len(self.categories) if self.indicator else place.get(self.fill, -1)
        words, codes = words_of(column, rows)
        of_word = np.array([*(place.get(word, -1) for word in words), gap], dtype=np.int64)
        index = np.asarray(of_word[codes])
        unseen = (index < 0) & (codes >= 0)
        if self.unseen == "error" and unseen.any():
            first = int(np.argmax(unseen))
            self._refuse(words[int(codes[first])], where(int(rows[first])))
        return index

    def _refuse(self, word: str, place: str) -> None:
        near = get_close_matches(word, self.categories, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DataError(
            f"column {self.name!r}: {place} has {word!r}, a category that no training row has."
            f"{hint}\n  Known: {some(map(repr, self.categories))}. "
            "Train with unseen='ignore' (--unseen ignore) to take new ones as none of these."
        )

    def describe(self) -> str:
        """Say in one line what it does."""
        gaps = ", missing as a category" if self.indicator else ""
        many = "category" if len(self.categories) == 1 else "categories"
        return f"{self.name}: {len(self.categories)} {many} ({some(self.categories)}){gaps}"


def fit_one_hot(column: Column, rows: Array, unseen: Unseen) -> OneHot:
    """Return the transform for the categories that the given rows have."""
    words, codes = words_of(column, rows)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    seen = tuple(sorted(word for word, count in zip(words, counts, strict=True) if count))
    fill = words[int(np.argmax(counts))] if seen else ""
    return OneHot(column.name, seen, fill, bool((codes < 0).any()), unseen)


def words_of(column: Column, rows: Array) -> tuple[tuple[str, ...], Array]:
    """Return the words of some rows and a code for each row, -1 where missing.

    Numbers are written as texts: whole ones without a point.
    """
    if column.kind != "number":
        return column.words, column.values[rows]
    values = column.values[rows]
    present = np.unique(values[~np.isnan(values)])
    codes = np.searchsorted(present, values)
    codes[np.isnan(values)] = -1
    return tuple(number_text(value) for value in present.tolist()), codes


@dataclass(frozen=True)
class Flag:
    """A boolean as 0 or 1.

    Attributes
    ----------
    name : str
        The column.
    fill : bool
        The more frequent value: what a missing cell counts as.
    indicator : bool
        Whether a second feature says that the cell was missing; so if the training rows had gaps.
    """

    name: str
    fill: bool
    indicator: bool

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features it makes."""
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    def encode(self, column: Column, rows: Array, where: Where, out: Array) -> None:
        """Write the features of the given rows into out, (rows, features)."""
        words, codes = words_of(column, rows)
        strange = [word.casefold() not in ("true", "false", "1", "0") for word in words]
        wrong = np.array([*strange, False])[codes]
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"column {self.name!r} held true and false in training, but "
                f"{where(int(rows[row]))} has {words[int(codes[row])]!r}."
            )
        truth = [word.casefold() in ("true", "1") for word in words]
        out[:, 0] = np.array([*truth, self.fill], dtype=np.float64)[codes]
        if self.indicator:
            out[:, 1] = codes < 0

    def describe(self) -> str:
        """Say in one line what it does."""
        return f"{self.name}: true or false{', gaps marked' if self.indicator else ''}"


def fit_flag(column: Column, rows: Array) -> Flag:
    """Return the transform for a boolean column."""
    words, codes = words_of(column, rows)
    truth = np.array([word.casefold() == "true" for word in words] or [False])
    present = codes[codes >= 0]
    share = float(np.mean(truth[present])) if present.size else 0.0
    return Flag(column.name, share > 0.5, bool((codes < 0).any()))


@dataclass(frozen=True)
class Classes:
    """Labels as class numbers 0..k-1, in sorted order.

    Attributes
    ----------
    name : str
        The target column.
    labels : tuple
        Texts, or whole or broken numbers, sorted.
    """

    name: str
    labels: tuple[str | int | float, ...]

    def encode(self, column: Column, rows: Array, where: Where) -> Array:
        """Return the class number of each row."""
        place = {label_text(label): i for i, label in enumerate(self.labels)}
        words, codes = words_of(column, rows)
        of_word = np.array([*(place.get(word, -1) for word in words), -1], dtype=np.int64)
        index = np.asarray(of_word[codes])
        if (index < 0).any():
            row = int(np.argmax(index < 0))
            value = column.cell(int(rows[row]))
            raise DataError(
                f"column {self.name!r}: {where(int(rows[row]))} has {value!r}, which is none of "
                f"the labels {some(map(repr, self.labels))}."
            )
        return index

    def describe(self) -> str:
        """Say in one line what it does."""
        return f"{self.name}: {len(self.labels)} classes ({some(self.labels)})"


def label_text(label: str | int | float) -> str:
    """Write a label as the words of a column are written."""
    return label if isinstance(label, str) else number_text(label)
