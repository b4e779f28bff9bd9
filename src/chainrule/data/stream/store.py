"""Store: prepared rows on disk, in blocks that are read as a whole.

Knows arrays, blocks and a scratch file; knows nothing of tables or training. Rows come in any
order with the number of their block; they are gathered in memory and written in long runs, each
sorted by block, so that disks write in a row and read pieces of many kilobytes. Each piece has a
CRC-32, looked at on every read, and all that was written has one SHA-256.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import weakref
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from chainrule.data.stream.scratch import scratch_file, write_all
from chainrule.errors import DataError
from chainrule.types import Array

FIELDS = ("x", "y", "number")
"""What is kept of a row: inputs, target, and its number in the user's table."""


@dataclass(frozen=True)
class Form:
    """What the rows of a store look like.

    Attributes
    ----------
    features : int
        Inputs of a row.
    dtype : numpy.dtype
        Of inputs, and of targets that are numbers.
    classes : bool
        Whether targets are class numbers (int64), not numbers.
    """

    features: int
    dtype: Any
    classes: bool

    def shape(self, name: str, rows: int) -> tuple[int, ...]:
        """Return the shape of a field of so many rows."""
        if name == "x":
            return (rows, self.features)
        return (rows,) if name == "number" or self.classes else (rows, 1)

    def kind(self, name: str) -> Any:
        """Return the dtype of a field."""
        is_count = name == "number" or (name == "y" and self.classes)
        return np.dtype(np.int64) if is_count else np.dtype(self.dtype)

    def empty(self, name: str, rows: int) -> Array:
        """Return memory for a field of so many rows."""
        return np.empty(self.shape(name, rows), self.kind(name))

    def row_bytes(self, name: str) -> int:
        """Return the bytes of one row of a field."""
        width = self.features if name == "x" else 1
        return width * int(self.kind(name).itemsize)

    @property
    def bytes(self) -> int:
        """Bytes of a row."""
        return sum(self.row_bytes(name) for name in FIELDS)


@dataclass
class Part:
    """The blocks of one part of the rows, as they are written.

    Attributes
    ----------
    sizes : list of int
        Rows of each block.
    runs : list of (offset, ndarray)
        For each run on disk where it begins, and where each block begins in it (rows).
    sums : dict of str to list of ndarray
        For each field and run the CRC-32 of each block's rows.
    """

    sizes: Array
    runs: list[tuple[int, Array]] = field(default_factory=list)
    sums: dict[str, list[Array]] = field(default_factory=lambda: {name: [] for name in FIELDS})


class Store:
    """Prepared rows in a scratch file.

    Parameters
    ----------
    form : Form
        What rows look like.
    place : Path
        The folder of the scratch file.
    """

    def __init__(self, form: Form, place: Path) -> None:
        self.form, self.place = form, place
        self.parts: dict[str, Part] = {}
        self._file: IO[bytes] = scratch_file(place)
        weakref.finalize(self, self._file.close)
        self._sum, self._end = hashlib.sha256(), 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of all that was written."""
        return self._sum.hexdigest()

    @property
    def bytes(self) -> int:
        """Bytes on disk."""
        return self._end

    def write_run(self, name: str, blocks: Array, most: int, rows: dict[str, Array]) -> None:
        """Write some rows of a part, sorted by block.

        Parameters
        ----------
        name : str
            The part.
        blocks : ndarray of int64
            The block of each row, ascending.
        most : int
            How many blocks the part has now.
        rows : dict of str to ndarray
            Every field.
        """
        counts = np.bincount(blocks, minlength=most)
        starts = np.concatenate([[0], np.cumsum(counts)])
        part = self.parts.setdefault(name, Part(np.zeros(0, np.int64)))
        sizes = np.zeros(most, np.int64)
        sizes[: len(part.sizes)] = part.sizes
        part.sizes = sizes + counts
        part.runs.append((self._end, starts))
        for key in FIELDS:
            data = np.ascontiguousarray(rows[key]).data.cast("B")
            width = self.form.row_bytes(key)
            part.sums[key].append(_sums(data, starts, width))
            self._sum.update(data)
            write_all(self._file, self.place, data)
            self._end += len(data)

    def read(self, name: str, block: int, fields: Sequence[str], out: Sequence[Array]) -> None:
        """Read a block's rows into memory that is as long as the block.

        Raises
        ------
        DataError
            If the disk does not give back what was written.
        """
        part = self.parts[name]
        done = 0
        for run, (offset, starts) in enumerate(part.runs):
            if block + 1 >= len(starts):
                continue
            first, last = int(starts[block]), int(starts[block + 1])
            if first == last:
                continue
            for key, array in zip(fields, out, strict=True):
                place = offset + self._before(key, int(starts[-1]))
                width = self.form.row_bytes(key)
                data = array[done : done + last - first].data.cast("B")
                self._read(data, place + first * width)
                if zlib.crc32(data) != part.sums[key][run][block]:
                    raise DataError(_lost(self.place, "gave back other bytes than were written"))
            done += last - first
        assert done == part.sizes[block], "a block's rows are all on disk"

    def _before(self, key: str, rows: int) -> int:
        """Return the bytes of a run that stand before a field."""
        before = FIELDS[: FIELDS.index(key)]
        return sum(self.form.row_bytes(name) for name in before) * rows

    def _read(self, data: memoryview, offset: int) -> None:
        while data:
            try:
                count = os.preadv(self._file.fileno(), [data], offset)
            except OSError as error:
                raise DataError(_lost(self.place, f"cannot be read: {error.strerror}")) from error
            if not count:
                raise DataError(_lost(self.place, "ended too early"))
            data, offset = data[count:], offset + count


def _sums(data: memoryview, starts: Array, width: int) -> Array:
    """Return the CRC-32 of each block's rows in a run."""
    places = (starts * width).tolist()
    pairs = itertools.pairwise(places)
    return np.array([zlib.crc32(data[a:b]) if b > a else 0 for a, b in pairs], np.uint32)


def _lost(place: Path, fact: str) -> str:
    return (
        f"the scratch file in {place} {fact}.\n"
        "  Check the disk, or name another folder: CHAINRULE_SCRATCH=/folder"
    )
