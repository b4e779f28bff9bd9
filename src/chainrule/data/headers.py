"""Headers: what the first rows of a text file say about all of them.

Knows names of columns, delimiters and counts of cells; knows nothing of types or values.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass

import numpy as np

from chainrule.data.columns import some
from chainrule.data.delimiters import NAMES, find_delimiter
from chainrule.data.formats.registry import Reading
from chainrule.data.numerals import Numerals
from chainrule.data.records import Block, Records, structure
from chainrule.errors import DataError


@dataclass(frozen=True)
class Layout:
    """How the rows of a text file are laid out.

    Attributes
    ----------
    source : str
        Name of the file, for messages.
    names : tuple of str
        Names of the columns.
    trailing : bool
        Whether each row ends in a delimiter, so that it has one empty cell more.
    delimiter : str
        Between cells.
    header_records : int
        Records before the first row of data: empty lines and the header.
    bytes_per_row : float
        Measured on the first block.
    notes : tuple of str
        What was inferred.
    """

    source: str
    names: tuple[str, ...]
    trailing: bool
    delimiter: str
    header_records: int
    bytes_per_row: float
    notes: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.names) + self.trailing

    @property
    def skips_empty(self) -> bool:
        """Whether an empty line is no row (in a file of one column it is a missing cell)."""
        return self.width > 1


def find_layout(block: Block, source: str, reading: Reading, usual: str) -> Layout | None:
    """Return the layout that the first block shows; None if it has only blank lines.

    Parameters
    ----------
    block : Block
        The first records of the file.
    source : str
        Name of the file, for messages.
    reading : Reading
        What the user said.
    usual : str
        The delimiter that the ending of the file's name suggests.
    """
    if not block.data.strip():
        return None
    delimiter = find_delimiter(block, reading.delimiter, usual, source)
    records = structure(block, delimiter, source)
    first = int(np.flatnonzero(records.cells > 0)[0])
    after = first + 1 if reading.header else first
    names, notes = _names(_texts(block, records, first, delimiter, source), reading)
    names, trailing = _without_trailing(names, records.cells[after:])
    _check_names(names, source)
    if delimiter != usual and reading.delimiter is None:
        notes += (f"delimiter found: {NAMES[delimiter]} {delimiter!r}",)
    per_row = len(block.data) / int(np.count_nonzero(records.cells))
    return Layout(source, names, trailing, delimiter, after, per_row, notes)


def _texts(block: Block, records: Records, row: int, delimiter: str, source: str) -> list[str]:
    text = block.data[records.starts[row] : records.ends[row]].decode("utf-8")
    try:
        return next(csv.reader([text], delimiter=delimiter))
    except csv.Error as error:
        raise DataError(f"{source}: line {int(records.lines[row])}: {error}.") from error


def _names(texts: list[str], reading: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names, the last one empty if it may stand for a trailing delimiter."""
    if not reading.header:
        names = [f"column_{i + 1}" for i in range(len(texts))]
        if len(texts) > 1 and not texts[-1].strip():
            names[-1] = ""
        return tuple(names), (f"no header: columns are named {some(filter(None, names), 2)}",)
    names = [text.strip() for text in texts]
    notes = []
    if names != texts:
        notes.append("blanks around column names were taken off")
    if _all_numbers(names):
        notes.append(
            f"the first row ({some(names, 4)}) is all numbers, yet was taken as column names: "
            "if it is data say header=False (--no-header)"
        )
    return tuple(names), tuple(notes)


def _without_trailing(names: tuple[str, ...], cells: np.ndarray) -> tuple[tuple[str, ...], bool]:
    """Return the names that columns have, and whether rows end in a delimiter."""
    filled = cells[cells > 0]
    if len(names) > 1 and not names[-1]:
        return names[:-1], True
    return names, bool(filled.size and filled[0] == len(names) + 1)


def _all_numbers(names: list[str]) -> bool:
    import pyarrow as pa

    filled = [name for name in names if name]
    return bool(filled) and not Numerals().parse(pa.array(filled)).bad.any()


def _check_names(names: tuple[str, ...], source: str) -> None:
    twice = [repr(name) for name, count in Counter(names).items() if name and count > 1]
    empty = [f"column {i + 1}" for i, name in enumerate(names) if not name]
    hint = "Give each column a name of its own"
    if _all_numbers(list(names)):
        hint += "; if the first row is data say header=False (--no-header)"
    elif empty == ["column 1"]:
        hint += "; a first column without one is often an index that was written along "
        hint += "(in pandas: to_csv(..., index=False))"
    if twice:
        raise DataError(f"{source}: column names occur twice: {some(twice)}.\n  {hint}.")
    if empty:
        raise DataError(f"{source}: columns without a name: {some(empty)}.\n  {hint}.")
