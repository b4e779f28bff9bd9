"""Splits: which rows train, which validate, which test.

Knows row numbers, classes and a seed; knows nothing of tables, features or networks.
A split comes before anything is fitted, and never takes the last rows of a sorted table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.data.batches import checked_seed, permutation
from chainrule.errors import SpecError
from chainrule.types import Array, ArrayLike, Seed

_SPLIT_STREAM = 0x51E17  # keeps the split's random numbers apart from those of the batches


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts, each ascending.

    Attributes
    ----------
    train, validation, test : ndarray of int64
        Row numbers; the three are disjoint and cover all rows.
    """

    train: Array
    validation: Array
    test: Array


def checked_shares(fractions: tuple[float, float]) -> tuple[float, float]:
    """Return the shares of validation and test, or refuse those that leave nothing to train on."""
    validation, test = (float(fraction) for fraction in fractions)
    for name, value in (("validation", validation), ("test", test)):
        if not 0 <= value < 1:
            raise SpecError(f"{name} must be a fraction from 0 up to (not including) 1: {value!r}.")
    if validation + test >= 1:
        raise SpecError(
            f"validation={validation!r} and test={test!r} leave no row to train on; "
            "their sum must be below 1."
        )
    return validation, test


def _groups(y: ArrayLike | None, order: Array) -> list[Array]:
    """Return the shuffled row numbers, class by class; one group where there are no classes."""
    if y is None:
        return [order]
    classes, group = np.unique(np.asarray(y), return_inverse=True)
    ranked = order[np.argsort(group[order], kind="stable")]
    return np.split(ranked, np.cumsum(np.bincount(group, minlength=len(classes)))[:-1])


def _shares(sizes: Array, fraction: float) -> Array:
    """Return how many of each group go to a part: the total is right, each within one row."""
    ends = np.rint(np.cumsum(sizes) * fraction).astype(np.int64)
    return np.diff(ends, prepend=0)


def split(
    rows: int, y: ArrayLike | None = None, *, fractions: tuple[float, float], seed: Seed
) -> Split:
    """Split row numbers at random; with classes, each class keeps its share in each part.

    Every class has at least one training row: a class of one row trains, and gives nothing to
    the other parts.

    Parameters
    ----------
    rows : int
        How many rows there are.
    y : array-like, optional
        The class of each row; without it the rows are only shuffled.
    fractions : tuple of float
        Shares of the validation part and of the test part.
    seed : int
        Fixes the choice.

    Examples
    --------
    >>> parts = split(10, fractions=(0.2, 0.1), seed=1)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (7, 2, 1)
    """
    validation, test = checked_shares(fractions)
    if rows < 1:
        raise SpecError("A split was asked for, but there are 0 rows.")
    groups = _groups(y, permutation(rows, checked_seed(seed), _SPLIT_STREAM))
    sizes = np.array([len(group) for group in groups])
    to_validation = np.minimum(_shares(sizes, validation), sizes - 1)
    to_test = np.minimum(_shares(sizes, test), sizes - 1 - to_validation)
    parts: tuple[list[Array], list[Array], list[Array]] = ([], [], [])
    for group, v, t in zip(groups, to_validation, to_test, strict=True):
        parts[1].append(group[:v])
        parts[2].append(group[v : v + t])
        parts[0].append(group[v + t :])
    train, held, last = (np.sort(np.concatenate(part)) for part in parts)
    return Split(train, held, last)
