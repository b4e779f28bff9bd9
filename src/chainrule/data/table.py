"""Tables: named columns of one length, where they came from, and what was noticed on reading.

Knows columns and the lines of their file; knows nothing of formats, splits or features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

import numpy as np

from chainrule.data.columns import Column, some
from chainrule.errors import DataError
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Lines:
    """The line of a text file on which each row begins, kept as the places where lines are skipped.

    Attributes
    ----------
    rows : ndarray of int64
        Rows that do not begin on the line after the previous row's; the first is row 0.
    lines : ndarray of int64
        The lines on which those rows begin, counted from 1.
    """

    rows: Array
    lines: Array

    def of(self, row: int) -> int:
        """Return the line on which a row begins."""
        i = int(np.searchsorted(self.rows, row, side="right")) - 1
        return int(self.lines[i]) + row - int(self.rows[i])


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it was read: nothing imputed, scaled, encoded or left out.

    Attributes
    ----------
    source : str
        The file, or the kind of object, it came from.
    columns : tuple of Column
        The columns in their order.
    rows : int
        How many rows there are.
    notes : tuple of str
        What was inferred or noticed: delimiter, encoding, kinds of columns.
    lines : Lines or None
        Where each row stands in its text file.
    first : int
        The number that row 0 has in its file, where this is a piece of it.

    Examples
    --------
    >>> from chainrule.data import read_table
    >>> table = read_table({"size": [1.5, 2.0], "colour": ["red", "blue"]})
    >>> table.kinds["colour"], table.rows
    ('category', 2)
    """

    source: str
    columns: tuple[Column, ...] = field(repr=False)
    rows: int
    notes: tuple[str, ...] = ()
    lines: Lines | None = field(default=None, repr=False)
    first: int = 0

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(self._by_name)

    @property
    def kinds(self) -> dict[str, str]:
        """What kind of values each column holds."""
        return {column.name: column.kind for column in self.columns}

    @property
    def missing(self) -> dict[str, int]:
        """How many cells of each column are missing."""
        return {column.name: column.missing for column in self.columns}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def column(self, name: str) -> Column:
        """Return a column by its name, or say which names there are."""
        try:
            return self._by_name[name]
        except KeyError:
            raise DataError(unknown_column(self, name)) from None

    def where(self, row: int) -> str:
        """Say where a row stands: its line in a text file, else its number counted from 0."""
        if self.lines is None:
            return f"row {self.first + row} (counted from 0)"
        return f"line {self.lines.of(row)}"


def unknown_column(table: Table, name: str, names: Sequence[str] | None = None) -> str:
    """Return the sentence for a name that no column has.

    Parameters
    ----------
    table : Table
        The table.
    name : str
        What was asked for.
    names : sequence of str, optional
        The names that there are, if the table has not been read.
    """
    names = table.names if names is None else names
    same = [other for other in names if other.casefold() == str(name).strip().casefold()]
    near = same or get_close_matches(str(name), names[:1000], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    if len(names) == 1 and len(names[0].split()) > 1:
        hint += " Only one column was found: is the delimiter right (--delimiter ' ')?"
    return f"{table.source} has no column {name!r}.{hint}\n  Its columns are: {some(names, 20)}."
