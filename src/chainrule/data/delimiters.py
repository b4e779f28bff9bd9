"""Delimiters: which character separates the cells of a text file.

Knows the first block of a file; knows nothing of headers, values or types.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.data.records import Block
from chainrule.errors import DataError
from chainrule.types import Array

NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "blank", ":": "colon"}
_CANDIDATES = (",", ";", "\t", "|")
_SAMPLE = 200


@dataclass(frozen=True)
class _Fit:
    delimiter: str
    agreement: float
    columns: int


def find_delimiter(block: Block, asked: str | None, usual: str, source: str) -> str:
    r"""Return the delimiter: the one asked for, else the one that makes the rows agree.

    Parameters
    ----------
    block : Block
        The first records of the file.
    asked : str or None
        What the user said.
    usual : str
        What the ending of the file's name says.
    source : str
        Name of the file, for messages.

    Examples
    --------
    >>> find_delimiter(Block(b"a;b\n1,5;2\n", 1), None, ",", "x.csv")
    ';'
    """
    fits = [_fit(_cells(block, mark), mark) for mark in _CANDIDATES]
    best = max(fits, key=lambda fit: (fit.agreement, fit.delimiter == usual, fit.columns))
    if asked is not None:
        _check_asked(block, asked, best, source)
        return asked
    if best.agreement:
        return best.delimiter
    _refuse_blanks(block, source)
    return usual


def _cells(block: Block, mark: str) -> Array:
    """Return how many cells the first records would have (quotes counted, not checked)."""
    text = np.frombuffer(block.data, np.uint8)
    inside = np.cumsum(text == ord('"'), dtype=np.uint8) % 2 == 1
    is_end = ((text == ord("\n")) | (text == ord("\r"))) & ~inside
    ends = np.append(np.flatnonzero(is_end), text.size)[: 2 * _SAMPLE]
    marks = np.flatnonzero((text == ord(mark)) & ~inside)
    cells = np.diff(np.searchsorted(marks, ends), prepend=0) + 1
    return cells[np.diff(ends, prepend=-1) > 1][:_SAMPLE]


def _fit(cells: Array, mark: str) -> _Fit:
    """Say how many rows have as many cells as the first (one more: a trailing delimiter)."""
    columns = int(cells[0]) if cells.size else 1
    if columns < 2:
        return _Fit(mark, 0.0, columns)
    return _Fit(mark, float(np.mean((cells == columns) | (cells == columns + 1))), columns)


def _check_asked(block: Block, asked: str, best: _Fit, source: str) -> None:
    cells = _cells(block, asked)
    if best.agreement > 0.5 and best.columns > 1 and cells.size and int(cells[0]) == 1:
        raise DataError(
            f"{source} has one column when split at {_name(asked)}. "
            f"Did you mean {best.delimiter!r} ({NAMES[best.delimiter]})?\n"
            f"  Say delimiter={best.delimiter!r} (--delimiter), or leave it out: "
            "it is found by itself."
        )


def _refuse_blanks(block: Block, source: str) -> None:
    """Refuse a file of one column whose rows are numbers separated by something unusual."""
    lines = block.data.decode("utf-8", "replace").splitlines()[1:_SAMPLE]
    for mark in (" ", ":"):
        rows = [line.strip().split(mark if mark != " " else None) for line in lines if line.strip()]
        if rows and len(rows[0]) > 1 and all(len(row) == len(rows[0]) for row in rows):
            if not all(_is_number(cell) for cell in rows[0]):
                continue
            raise DataError(
                f"{source} has one column when split at a comma. Did you mean {NAMES[mark]}s?\n"
                f"  Say delimiter={mark!r} (--delimiter), or write the file with commas."
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _name(mark: str) -> str:
    return NAMES.get(mark, repr(mark))
