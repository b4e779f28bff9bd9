"""Rows: a field of the rows on disk, read like an array.

Knows stores and blocks; knows nothing of what rows mean. A row's number is its place when all
blocks of the part stand one after the other; only the blocks that are asked for are read, and the
latest ones are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from chainrule.data.stream.store import Store
from chainrule.errors import DataError
from chainrule.types import Array

HELD_BYTES = 96 << 20
"""Bytes of the blocks that are kept in memory, for each part."""

WHOLE_BYTES = 64 << 20
"""A field of up to so many bytes may be asked for as one array."""


class Held:
    """The latest blocks of a part, in memory.

    Parameters
    ----------
    store : Store
        Where they are.
    part : str
        Which part.
    most : int
        Bytes that are kept at most (but always one block).
    """

    def __init__(self, store: Store, part: str, most: int = HELD_BYTES) -> None:
        self.store, self.part, self.most = store, part, most
        self._kept: OrderedDict[tuple[str, int], Array] = OrderedDict()

    def block(self, name: str, block: int) -> Array:
        """Return a field of a block."""
        key = (name, block)
        if key not in self._kept:
            rows = int(self.store.parts[self.part].sizes[block])
            array = self.store.form.empty(name, rows)
            self.store.read(self.part, block, (name,), (array,))
            self._kept[key] = array
            while len(self._kept) > 1 and sum(a.nbytes for a in self._kept.values()) > self.most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


class StoredRows:
    """A field of a part's rows: has a shape and can be indexed by row, but is not in memory.

    Parameters
    ----------
    held : Held
        The part.
    name : str
        The field: x, y or number.
    """

    is_stored = True

    def __init__(self, held: Held, name: str) -> None:
        self.held, self.name = held, name
        part = held.store.parts.get(held.part)
        self.sizes = () if part is None else tuple(part.sizes.tolist())
        self.starts = np.concatenate([[0], np.cumsum(np.array(self.sizes, np.int64))])
        self.shape = held.store.form.shape(name, int(self.starts[-1]))
        self.dtype = held.store.form.kind(name)
        self.ndim = len(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in memory: those of the blocks that may be kept."""
        return min(self.bytes_on_disk, HELD_BYTES)

    @property
    def bytes_on_disk(self) -> int:
        """Bytes of all rows."""
        return self.shape[0] * self.held.store.form.row_bytes(self.name)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> Array:
        """Return some rows as an array: a number, a slice, numbers, or a mask."""
        if isinstance(rows, slice):
            return self._run(*rows.indices(len(self)))
        chosen = np.asarray(rows)
        if chosen.dtype == np.bool_:
            chosen = np.flatnonzero(chosen)
        if chosen.ndim == 0:
            return np.asarray(self._chosen(chosen.reshape(1))[0])
        return self._chosen(chosen)

    def _run(self, start: int, stop: int, step: int) -> Array:
        return self._chosen(np.arange(start, stop, step))

    def _chosen(self, rows: Array) -> Array:
        out = self.held.store.form.empty(self.name, len(rows))
        rows = np.where(rows < 0, rows + len(self), rows)
        if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
            raise IndexError(f"rows from 0 to {len(self) - 1} are there")
        blocks = np.searchsorted(self.starts, rows, side="right") - 1
        for block in np.unique(blocks).tolist():
            mine = np.flatnonzero(blocks == block)
            out[mine] = self.held.block(self.name, block)[rows[mine] - self.starts[block]]
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Return all rows, if they are few enough."""
        if self.bytes_on_disk > WHOLE_BYTES:
            raise DataError(
                f"{len(self)} rows were asked for at once, but this run's rows are on disk because "
                "they would not fit into memory.\n  Ask for some of them."
            )
        found = self._run(0, len(self), 1)
        return found if dtype is None else found.astype(dtype)
