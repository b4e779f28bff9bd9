"""Layouts: how an array of any shape lies in memory, and the way there and back.

Every array is a matrix to machine code: its last axis is the width, all others are rows. A matrix
is cut into *panels* of one or two vectors of columns, and each panel lies row after row:

    panel 0: row 0, row 1, ...   panel 1: row 0, row 1, ...

so that a row of a panel is a whole number of vectors, products read it in either direction without
packing, and whatever the width, no vector is ever shorter. The last panel is padded; what stands
in the padding means nothing. An array with at most one axis longer than 1 lies in one piece.

Knows shapes and bytes; knows no operation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chainrule.executors.native.target import lanes_of
from chainrule.types import Array, DType, Shape

LINE_BYTES = 64
"""Arrays begin at whole lines of the cache."""

CONFLICT_BYTES = 512
"""Panels that are a multiple of so many bytes apart get one row more."""

DTYPES: dict[str, DType] = {"f32": np.dtype(np.float32), "f64": np.dtype(np.float64)}


@dataclass(frozen=True)
class Layout:
    """How an array lies in memory.

    Attributes
    ----------
    kind : {"f32", "f64"}
        What each entry is.
    rows, width : int
        Its form as a matrix; an array in one piece is one row.
    """

    kind: str
    rows: int
    width: int

    @cached_property
    def size(self) -> int:
        """Bytes of an entry."""
        return 4 if self.kind == "f32" else 8

    @property
    def is_vector(self) -> bool:
        """Whether it lies in one piece."""
        return self.rows == 1

    @property
    def entries(self) -> int:
        """How many entries it has."""
        return self.rows * self.width

    @cached_property
    def panel(self) -> int:
        """Columns of a panel: two vectors, or one where the width fits."""
        lanes = lanes_of(self.kind)
        return lanes if self.is_vector or self.width <= lanes else 2 * lanes

    @cached_property
    def panels(self) -> int:
        """How many panels there are."""
        return -(-self.width // self.panel)

    @property
    def line(self) -> int:
        """Bytes of a row of a panel."""
        return self.panel * self.size

    @cached_property
    def panel_bytes(self) -> int:
        """Bytes from a panel to the next: rows that all begin at one place of the cache are moved.

        A product reads a few rows of many panels in turn. Panels a power of two apart would all
        compete for the same lines of the cache.
        """
        found = self.rows * self.line
        return found + self.line if self.panels > 1 and found % CONFLICT_BYTES == 0 else found

    @property
    def lines(self) -> int:
        """Rows of all panels together, with those in between that hold nothing."""
        return self.panels * self.panel_bytes // self.line

    @property
    def rest(self) -> int:
        """Columns in the last panel if it is not full, else 0."""
        return self.width % self.panel

    @property
    def bytes(self) -> int:
        """Bytes with padding, in whole lines of the cache."""
        if self.entries == 1:
            return self.size
        found = self.panels * self.panel_bytes
        return -(-found // LINE_BYTES) * LINE_BYTES

    def read(self, memory: Array, shape: Shape) -> Array:
        """Return the array that lies in these bytes, as a copy of its own."""
        numbers = self._numbers(memory)
        if self.is_vector:
            return numbers[: self.width].reshape(shape).copy()
        grid = self._grid(numbers)
        wide = grid.transpose(1, 0, 2).reshape(self.rows, -1)
        return np.array(wide[:, : self.width], order="C").reshape(shape)

    def write(self, memory: Array, array: Array) -> None:
        """Put an array into these bytes; the padding keeps what it holds."""
        numbers = self._numbers(memory)
        if self.is_vector:
            numbers[: self.width] = np.reshape(array, -1)
            return
        grid = self._grid(numbers)
        given = np.reshape(array, (self.rows, self.width))
        whole = self.width // self.panel
        full = given[:, : whole * self.panel].reshape(self.rows, whole, self.panel)
        grid[:whole] = full.transpose(1, 0, 2)
        if self.rest:
            grid[whole, :, : self.rest] = given[:, whole * self.panel :]

    def _numbers(self, memory: Array) -> Array:
        count = self.panels * self.panel_bytes if self.entries > 1 else self.size
        found: Array = memory[:count].view(DTYPES[self.kind])
        return found

    def _grid(self, numbers: Array) -> Array:
        """Return numbers as (panels, rows, columns of a panel)."""
        lines = numbers.reshape(self.panels, -1)[:, : self.rows * self.panel]
        return lines.reshape(self.panels, self.rows, self.panel)


def layout_of(shape: Shape, kind: str) -> Layout:
    """Return the layout of an array of this shape.

    Examples
    --------
    >>> layout_of((5, 10), "f64").panels, layout_of((5, 1), "f64").is_vector
    (2, True)
    """
    width = shape[-1] if shape else 1
    rows = math.prod(shape[:-1])
    return Layout(kind, rows, width) if rows > 1 and width > 1 else Layout(kind, 1, rows * width)


def aligned_bytes(count: int) -> Array:
    """Return zeroed bytes that begin at a whole line of the cache."""
    raw = np.zeros(count + LINE_BYTES, np.uint8)
    start = -raw.ctypes.data % LINE_BYTES
    return raw[start : start + count]
