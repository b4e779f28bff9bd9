"""The history of a run as JSON lines: rows of the table, one object a line.

For people, scripts and tools that know no Parquet. What is read back is the Parquet file; this one
is only verified. Knows columns; opens nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.files.contents import Arrays
from chainrule.types import Array

MOST = 10_000
"""Rows that are written at most; of longer histories the last of each epoch, or every so many of
these."""


def encode(history: Arrays) -> Iterator[bytes]:
    """Return the file's bytes, line by line."""
    names = list(history)
    columns = [history[name][chosen].tolist() for chosen in [rows_of(history)] for name in names]
    for row in zip(*columns, strict=True):
        told = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        yield json.dumps(told, allow_nan=False).encode() + b"\n"


def rows_of(history: Arrays) -> Array:
    """Return the rows that are written: all, the last of each epoch, or some of these.

    Examples
    --------
    >>> rows_of({"step": np.arange(3)}).tolist()
    [0, 1, 2]
    >>> rows_of({"epoch": np.repeat(np.arange(5_000), 5)})[[0, 1, -1]].tolist()
    [4, 9, 24999]
    """
    count = len(next(iter(history.values())))
    rows = np.arange(count)
    if count <= MOST:
        return rows
    if "epoch" in history:
        epochs = history["epoch"]
        rows = np.append(np.flatnonzero(epochs[1:] != epochs[:-1]), count - 1)
    every = -(-len(rows) // MOST)
    return rows[(len(rows) - 1) % every :: every]


def _plain(value: Any) -> Any:
    """Return a number as JSON has it: NaN, no value, is null; an infinity is a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    return value
