"""Batches: which rows a step sees, computed from the seed alone.

Knows seeds, epochs, steps and row numbers; knows nothing of values, files or training.

The order of an epoch depends on (seed, epoch) only, so that any step can be replayed without
replaying those before it. It is taken from the raw output of PCG64, which NumPy promises not to
change, and not from `Generator.permutation`, which it does not promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from chainrule.errors import SpecError
from chainrule.types import Array, Seed


def permutation(count: int, *key: int) -> Array:
    """Return the numbers 0..count-1 in an order that the key fixes for ever.

    Parameters
    ----------
    count : int
        How many numbers.
    *key : int
        Non-negative integers, for example a seed and an epoch.

    Examples
    --------
    >>> permutation(5, 7, 0).tolist() == permutation(5, 7, 0).tolist()
    True
    >>> sorted(permutation(5, 7, 1).tolist())
    [0, 1, 2, 3, 4]
    """
    raw = np.random.PCG64(np.random.SeedSequence(key)).random_raw(count)
    return _order(np.asarray(raw, dtype=np.uint64))


SHORT = 512
"""Fewer numbers are put in order by NumPy's stable sort at once."""


def _order(raw: Array) -> Array:
    """Return the stable order of 64-bit numbers.

    The place of each number is written into its low bits and the numbers themselves are sorted,
    which is several times as fast; where two agree in all the other bits, that is not their order.
    """
    if len(raw) < SHORT:
        return np.argsort(raw, kind="stable")
    bits = np.uint64((len(raw) - 1).bit_length())
    low = (np.uint64(1) << bits) - np.uint64(1)
    packed = (raw & ~low) | np.arange(len(raw), dtype=np.uint64)
    packed.sort()
    high = packed >> bits
    if (high[1:] == high[:-1]).any():
        return np.argsort(raw, kind="stable")
    return (packed & low).astype(np.int64)


def checked_seed(seed: Seed) -> int:
    """Return a seed; refuse what is no whole number from 0 on.

    Examples
    --------
    >>> checked_seed(7)
    7
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise SpecError(f"seed must be a whole number from 0 on, got {seed!r}.")
    return int(seed)


@lru_cache(maxsize=2)
def _epoch_order(seed: Seed, epoch: int, rows: int) -> Array:
    order = permutation(rows, checked_seed(seed), epoch)
    order.flags.writeable = False
    return order


def _checked(rows: int, batch_size: int | None) -> int:
    if rows < 1:
        raise SpecError("A batch was asked for, but there are 0 rows; training needs at least 1.")
    if batch_size is None or batch_size > rows:
        return rows
    if batch_size < 1:
        raise SpecError(f"batch_size must be at least 1, got {batch_size}.")
    return int(batch_size)


def steps_per_epoch(rows: int, batch_size: int | None) -> int:
    """Return how many batches one pass over the rows takes; the last may be smaller.

    Examples
    --------
    >>> steps_per_epoch(10, 4), steps_per_epoch(10, None), steps_per_epoch(3, 100)
    (3, 1, 1)
    """
    return -(-rows // _checked(rows, batch_size))


def row_batch(step: int, rows: int, batch_size: int | None) -> tuple[int, int]:
    """Return (epoch, index within the epoch) of a step.

    Examples
    --------
    >>> row_batch(7, rows=10, batch_size=4)
    (2, 1)
    """
    if step < 0:
        raise SpecError(f"step must not be negative, got {step}.")
    return divmod(step, steps_per_epoch(rows, batch_size))


def batch_of_step(
    seed: Seed, step: int, rows: int, batch_size: int | None, shuffle: bool = True
) -> Array:
    """Return the row numbers that a step sees.

    One batch of all rows keeps their order, shuffled or not: there is nothing to choose.
    The order of the epoch in progress is kept, so consecutive steps cost a slice.

    Parameters
    ----------
    seed : int
        The seed of the run.
    step : int
        The step, counted from 0 over all epochs.
    rows : int
        How many training rows there are.
    batch_size : int or None
        Rows in a batch; None, or more than there are, takes all.
    shuffle : bool
        Whether each epoch has an order of its own.

    Examples
    --------
    >>> batch_of_step(0, 4, rows=5, batch_size=2, shuffle=False)
    array([2, 3])
    """
    size = _checked(rows, batch_size)
    epoch, index = row_batch(step, rows, size)
    start, stop = index * size, min(rows, (index + 1) * size)
    if not shuffle or size == rows:
        return np.arange(start, stop)
    return _epoch_order(seed, epoch, rows)[start:stop]


def rows_of_steps(
    seed: Seed, step: int, count: int, rows: int, batch_size: int | None, shuffle: bool = True
) -> Array:
    """Return the row numbers that some steps see, one after the other.

    Parameters
    ----------
    seed, rows, batch_size, shuffle
        As for `batch_of_step`.
    step, count : int
        The first step, and how many.

    Examples
    --------
    >>> rows_of_steps(0, 1, 2, rows=5, batch_size=2, shuffle=False)
    array([2, 3, 4])
    """
    size = _checked(rows, batch_size)
    (first, start), (last, stop) = (row_batch(k, rows, size) for k in (step, step + count))
    orders = [
        _epoch_order(seed, epoch, rows) if shuffle and size < rows else np.arange(rows)
        for epoch in range(first, last + (stop > 0))
    ]
    end = (last - first) * rows + stop * size
    return np.concatenate(orders or [np.arange(0)])[start * size : end]


def batch_rows(
    seed: Seed, epoch: int, rows: int, batch_size: int | None, shuffle: bool = True
) -> Iterator[Array]:
    """Yield the row numbers of each batch of an epoch, the same as `batch_of_step` gives.

    Examples
    --------
    >>> [batch.tolist() for batch in batch_rows(0, 0, rows=3, batch_size=2, shuffle=False)]
    [[0, 1], [2]]
    """
    if epoch < 0:
        raise SpecError(f"epoch must not be negative, got {epoch}.")
    count = steps_per_epoch(rows, batch_size)
    for step in range(epoch * count, (epoch + 1) * count):
        yield batch_of_step(seed, step, rows, batch_size, shuffle)
