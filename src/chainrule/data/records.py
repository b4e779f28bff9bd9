"""Records: where the rows of a CSV file begin and end, and how many cells each has.

Knows quotes, delimiters and line ends as bytes; knows nothing of headers, values or types.

pyarrow splits and unquotes the cells. What it would let pass in silence is found here first:
a quote in the middle of a cell, a quote never closed, a row that is too short or too long; and
every row knows the line of the file on which it begins, quoted line breaks counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.errors import DataError
from chainrule.types import Array

LONGEST_RECORD = 64 << 20
_QUOTE, _NEWLINE, _RETURN = b'"'[0], b"\n"[0], b"\r"[0]


@dataclass(frozen=True, eq=False)
class Block:
    """Whole records of a file.

    Attributes
    ----------
    data : bytes
        UTF-8 text; ends at the end of a record.
    line : int
        The line of the file on which it begins, counted from 1.
    """

    data: bytes
    line: int


@dataclass(frozen=True, eq=False)
class Records:
    """The structure of a block, one entry for each record.

    Attributes
    ----------
    starts, ends : ndarray of int64
        Offsets of the first byte, and of the byte behind the last one (line end excluded).
    lines : ndarray of int64
        The lines of the file on which they begin.
    cells : ndarray of int64
        How many cells they have; 0 for an empty line.
    """

    starts: Array
    ends: Array
    lines: Array
    cells: Array

    def behind(self, count: int, start: int) -> Records:
        """Return the records behind the first ones, their offsets counted from start."""
        return Records(
            self.starts[count:] - start,
            self.ends[count:] - start,
            self.lines[count:],
            self.cells[count:],
        )


def blocks(chunks: Iterator[bytes], source: str) -> Iterator[Block]:
    """Cut chunks of text between records.

    Parameters
    ----------
    chunks : iterator of bytes
        UTF-8 text.
    source : str
        Name of the file, for messages.
    """
    rest, line = b"", 1
    for chunk in chunks:
        rest += chunk
        cut = _last_end(rest)
        if cut:
            yield Block(rest[:cut], line)
            line += _line_ends(rest[:cut])
            rest = rest[cut:]
        elif len(rest) > LONGEST_RECORD:
            raise DataError(
                f"{source}: the row that begins on line {line} is longer than "
                f"{LONGEST_RECORD >> 20} MiB.\n  Either no line ends, or a quote is never closed."
            )
    if rest:
        yield Block(rest, line)


def _last_end(data: bytes) -> int:
    """Return the offset behind the last record end that is surely one; 0 if there is none."""
    stop = len(data) - data.endswith(b"\r")  # the newline of this return may be yet to come
    if b'"' not in data:
        return max(data.rfind(b"\n", 0, stop), data.rfind(b"\r", 0, stop)) + 1
    text = np.frombuffer(data, np.uint8)[:stop]
    ends = np.flatnonzero((text == _NEWLINE) | (text == _RETURN))
    outside = ends[_quotes_before(np.flatnonzero(text == _QUOTE), ends) % 2 == 0]
    return int(outside[-1]) + 1 if outside.size else 0


def _quotes_before(quotes: Array, places: Array) -> Array:
    return np.searchsorted(quotes, places)


def _line_ends(data: bytes) -> int:
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _end_places(text: Array) -> Array:
    """Return the offsets of the bytes that end lines: newlines, and returns without one."""
    is_end = text == _NEWLINE
    is_return = text == _RETURN
    if is_return.any():
        is_end |= is_return & np.append(text[1:] != _NEWLINE, True)
    return np.flatnonzero(is_end)


def structure(block: Block, delimiter: str, source: str) -> Records:
    """Return the records of a block, or refuse a quote that is out of place."""
    text = np.frombuffer(block.data, np.uint8)
    quotes = np.flatnonzero(text == _QUOTE) if b'"' in block.data else np.empty(0, np.int64)
    all_ends = _end_places(text)
    marks = np.flatnonzero(text == ord(delimiter))
    line_ends = all_ends
    if quotes.size:
        _check_quotes(block, text, quotes, ord(delimiter), source)
        line_ends = all_ends[_quotes_before(quotes, all_ends) % 2 == 0]
        marks = marks[_quotes_before(quotes, marks) % 2 == 0]
    if text.size and (not line_ends.size or line_ends[-1] != text.size - 1):
        line_ends = np.append(line_ends, text.size)
    starts = np.concatenate(([0], line_ends[:-1] + 1)).astype(np.int64)
    returned = (line_ends < text.size) & (text[np.minimum(line_ends, text.size - 1)] == _NEWLINE)
    returned &= (line_ends > starts) & (text[line_ends - 1] == _RETURN)
    ends = line_ends - returned
    cells = np.diff(np.searchsorted(marks, line_ends), prepend=0) + 1
    cells[ends == starts] = 0
    return Records(starts, ends, block.line + np.searchsorted(all_ends, starts), cells)


def _check_quotes(block: Block, text: Array, quotes: Array, delimiter: int, source: str) -> None:
    """Check that quotes open behind a delimiter and close before one.

    Between two quotes in a row (a doubled quote) the text closes and opens again.
    """
    around = np.concatenate(([_NEWLINE], text, [_NEWLINE]))
    allowed = np.array([delimiter, _NEWLINE, _RETURN, _QUOTE])
    before, after = around[quotes[0::2]], around[quotes[1::2] + 2]
    wrong_open = quotes[0::2][~np.isin(before, allowed)]
    wrong_close = quotes[1::2][~np.isin(after, allowed)]
    wrong = [int(places[0]) for places in (wrong_open, wrong_close) if places.size]
    if wrong:
        _refuse_quote(block, min(wrong), "a quote stands inside a cell", source)
    if quotes.size % 2:
        _refuse_quote(block, int(quotes[-1]), "a quote is opened and never closed", source)


def _refuse_quote(block: Block, place: int, fact: str, source: str) -> None:
    line = block.line + _line_ends(block.data[:place])
    begin = max(block.data.rfind(b"\n", 0, place) + 1, place - 30)
    shown = block.data[begin : place + 30].decode("utf-8", "replace").splitlines()[0]
    raise DataError(
        f"{source}: line {line}: {fact}, near {shown!r}.\n"
        '  A cell with quotes is written "in quotes, each ""quote"" doubled".'
    )
