"""What a run folder holds, as plain frozen data.

Knows arrays and JSON-able values; knows nothing of disks, networks or training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.types import Array

Arrays = Mapping[str, Array]
"""Arrays by name; the order of the names is kept."""

ROWS_LIMIT = 256 * 2**20
"""Prepared rows up to this many bytes are kept inside the run folder."""

PARTS = ("weights", "history", "checkpoints", "rows", "report")
"""What `read_run` can hand over beside the manifest."""


@dataclass(frozen=True)
class RowSource:
    """Rows that stay outside the run folder: where they are, and their SHA-256.

    Attributes
    ----------
    path : str
        The file that the rows came from; opened only when a replay asks for it.
    sha256 : str
        SHA-256 of the file when the run was made, 64 hexadecimal digits.
    bytes : int
        Length of the file when the run was made.
    rows : int
        Number of rows that were used.

    Examples
    --------
    >>> RowSource("table.csv", sha256="0" * 64, bytes=120, rows=9).rows
    9
    """

    path: str
    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class RunContents:
    """Everything that a run folder holds.

    Attributes
    ----------
    manifest : dict
        Anything JSON can say, plus infinities and NaN; comes back equal (a tuple as a list).
    weights : Mapping[str, numpy.ndarray]
        The final parameters.
    history : Mapping[str, numpy.ndarray]
        Columns of one length: float64, float32 or int64; NaN says "no value at this step".
    checkpoints : Mapping[int, Mapping[str, numpy.ndarray]]
        For some steps, what a replay starts from: parameters and optimizer state.
    rows : Mapping[str, numpy.ndarray] or RowSource or None
        The prepared rows, or where they are, or nothing.
    report : bytes or None
        The page `report.html`.

    Examples
    --------
    >>> import numpy as np
    >>> RunContents(manifest={"seed": 1}, weights={"W1": np.zeros((2, 1))}).checkpoints
    {}
    """

    manifest: dict[str, Any]
    weights: Arrays
    history: Arrays = field(default_factory=dict)
    checkpoints: Mapping[int, Arrays] = field(default_factory=dict)
    rows: Arrays | RowSource | None = None
    report: bytes | None = None
