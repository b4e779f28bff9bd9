"""Pieces: a table cut into runs of a fixed number of rows, read one after the other.

Knows CSV, Parquet and their rows; knows nothing of what columns hold. A piece is cut by the number
of rows alone, never by how a reader's buffers end, so that all that is drawn piece by piece is
the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chainrule.data.columns import counted, some
from chainrule.data.formats import Reading, csv, parquet, reader_of
from chainrule.data.headers import find_layout
from chainrule.data.sources import opened
from chainrule.data.stream.sources import Stamp, stamp, watched
from chainrule.data.table import Lines
from chainrule.errors import DataError
from chainrule.types import Array

PIECE_CELLS = 1 << 20
"""Cells of a piece at most."""

MOST_ROWS = 1 << 16
"""Rows of a piece at most."""

BUFFER = 1 << 18
"""Bytes of a column that are read at a time."""

_LINE = "\0line"


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a table, as they stand in the file.

    Attributes
    ----------
    path : str
        The file.
    first : int
        The number of its first row, counted from 0 in the whole table.
    here : int
        The number of that row in its file.
    rows : int
        How many rows.
    cells : mapping of str to pyarrow array
        Texts of a CSV file, or values of Parquet's types.
    lines : Lines or None
        Where each row stands in its text file.
    """

    path: str
    first: int
    here: int
    rows: int
    cells: Mapping[str, Any]
    lines: Lines | None

    def where(self, row: int) -> str:
        """Say where a row stands; the first file of a table need not be named."""
        of = "" if self.first == self.here else f" of {self.path}"
        if self.lines is None:
            return f"row {self.here + row} (counted from 0){of}"
        return f"line {self.lines.of(row)}{of}"


@dataclass(frozen=True)
class TableFiles:
    """One table in one or more files of one format.

    Attributes
    ----------
    stamps : tuple of Stamp
        The files as they were found.
    reading : Reading
        How they are read.
    names : tuple of str
        The columns.
    typed : bool
        Whether values come with types (Parquet), or as texts (CSV).
    notes : tuple of str
        What was inferred of the first file.
    """

    stamps: tuple[Stamp, ...]
    reading: Reading
    names: tuple[str, ...]
    typed: bool
    notes: tuple[str, ...]

    @property
    def source(self) -> str:
        """What the table is called in messages."""
        first = self.stamps[0].path
        more = counted(len(self.stamps) - 1, "more file")
        return first if len(self.stamps) == 1 else f"{first} and {more}"

    @property
    def bytes(self) -> int:
        """Bytes of all files."""
        return sum(one.size for one in self.stamps)

    @property
    def piece_rows(self) -> int:
        """Rows of a piece."""
        return max(64, min(MOST_ROWS, PIECE_CELLS // len(self.names)))

    def pieces(self, see: Callable[[int], None] | None = None) -> Iterator[Piece]:
        """Yield the table piece by piece; a file that changes meanwhile is refused.

        Parameters
        ----------
        see : callable, optional
            Is told how many bytes of the files are done.
        """
        first = done = 0
        for mark in self.stamps:
            here = 0
            with watched(mark) as file:
                for cells, lines, rows in _cut(self._batches(mark.path, file), self.piece_rows):
                    mark.check()
                    yield Piece(mark.path, first, here, rows, cells, lines)
                    first, here = first + rows, here + rows
                    if see is not None:
                        see(done + min(file.tell(), mark.size))
            if not here:
                raise DataError(f"{mark.path} has columns but no rows.\n  Leave it out.")
            done += mark.size

    def _batches(self, path: str, file: BinaryIO) -> Iterator[tuple[dict[str, Any], Array | None]]:
        found = _parquet if self.typed else _text
        for cells, lines in found(path, file, self.reading):
            if set(cells) != set(self.names):
                raise DataError(_other_columns(path, self.names, cells))
            yield {name: cells[name] for name in self.names}, lines


def open_table(paths: Sequence[str], reading: Reading) -> TableFiles:
    """Return the table that some files make up, its columns known, nothing else read.

    Raises
    ------
    DataError
        If a file is not there, no CSV or Parquet, or of another format than the first.
    """
    kinds = [_is_typed(path) for path in paths]
    if len(set(kinds)) > 1:
        raise DataError(
            f"{paths[0]} and {paths[kinds.index(not kinds[0])]} are of different formats.\n"
            "  Let all files of a table be Parquet, or all CSV."
        )
    typed = kinds[0]
    stamps = tuple(stamp(path) for path in paths)
    with watched(stamps[0]) as file:
        names, notes = (_parquet_names if typed else _text_names)(paths[0], file, reading)
    return TableFiles(stamps, reading, names, typed, notes)


def _is_typed(path: str) -> bool:
    with watched_head(path) as file:
        head = file.read(8)
        file.seek(0)
        read = reader_of(Path(path), head)
    if read is parquet.read_parquet:
        return True
    if read in (csv.read_csv, csv.read_tsv):
        return False
    raise DataError(
        f"{path} is neither CSV nor Parquet; only these are read piece by piece.\n"
        "  Convert it, or train on it in memory (without --stream)."
    )


@contextmanager
def watched_head(path: str) -> Iterator[BinaryIO]:
    """Open a file to look at its first bytes; a pipe cannot be read twice and is refused."""
    if not Path(path).is_file() and Path(path).exists() and not Path(path).is_dir():
        raise DataError(
            f"{path} is no regular file, and a table that is streamed is read twice.\n"
            "  Write the data to a file first."
        )
    with opened(Path(path)) as file:
        yield file


def _other_columns(path: str, names: Sequence[str], cells: Mapping[str, Any]) -> str:
    absent = [name for name in names if name not in cells]
    added = [name for name in cells if name not in names]
    facts = [f"missing: {some(map(repr, absent))}"] if absent else []
    facts += [f"not in the first file: {some(map(repr, added))}"] if added else []
    return (
        f"{path} does not have the columns of the first file of the table: {'; '.join(facts)}.\n"
        "  Let all files have the same columns, in any order."
    )


def _cut(
    batches: Iterator[tuple[dict[str, Any], Array | None]], rows: int
) -> Iterator[tuple[dict[str, Any], Lines | None, int]]:
    """Cut batches of any length into pieces of so many rows, and a rest."""
    import pyarrow as pa

    held: list[Any] = []
    count = 0
    for cells, lines in batches:
        held.append(pa.table(cells if lines is None else {**cells, _LINE: lines}))
        count += len(held[-1])
        while count >= rows:
            whole = pa.concat_tables(held, promote_options="default")
            yield _piece(whole.slice(0, rows))
            held, count = [whole.slice(rows)], count - rows
    if count:
        yield _piece(pa.concat_tables(held, promote_options="default"))


def _piece(table: Any) -> tuple[dict[str, Any], Lines | None, int]:
    cells = {name: _whole(table.column(name)) for name in table.column_names if name != _LINE}
    if _LINE not in table.column_names:
        return cells, None, len(table)
    lines = table.column(_LINE).to_numpy()
    breaks = np.flatnonzero(np.diff(lines, prepend=lines[0] - 2) != 1)
    return cells, Lines(breaks, lines[breaks]), len(table)


def _whole(column: Any) -> Any:
    import pyarrow as pa

    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _text_names(
    path: str, file: BinaryIO, reading: Reading
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    scan, _, notes = _scan(path, file, reading)
    return scan.layout.names, notes + scan.layout.notes


def _scan(
    path: str, file: BinaryIO, reading: Reading
) -> tuple[csv.Scan, Iterator[Any], tuple[str, ...]]:
    """Return a scan whose layout is known, the blocks from the first one on, and notes."""
    usual = "\t" if Path(path).suffix.lower() in (".tsv", ".tab") else ","
    size = file.seek(0, 2)
    text, notes = csv.open_text(file, path, reading)
    for block in text:
        if layout := find_layout(block, path, reading, usual):

            def behind(first: Any = block) -> Iterator[Any]:
                yield first
                yield from text

            return csv.Scan(layout, reading, 0), behind(), notes
    raise DataError(csv.no_text(path, size))


def _text(
    path: str, file: BinaryIO, reading: Reading
) -> Iterator[tuple[dict[str, Any], Array | None]]:
    scan, blocks, _ = _scan(path, file, reading)
    for block in blocks:
        cells, lines = scan.cut(block)
        if cells:
            yield cells, lines
    scan.check_rows()


def _parquet_names(
    path: str, file: BinaryIO, reading: Reading
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple(parquet.open_parquet(file, path).schema_arrow.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        fact = f"column names occur twice: {some(twice)}" if twice else "has no columns"
        raise DataError(f"{path}: {fact}.\n  Give each column a name of its own.")
    return names, ()


def _parquet(
    path: str, file: BinaryIO, reading: Reading
) -> Iterator[tuple[dict[str, Any], Array | None]]:
    import pyarrow as pa
    import pyarrow.types as at

    with parquet.told(path):
        table = parquet.open_parquet(file, path, buffer=BUFFER)
        schema = table.schema_arrow
        nested = {field.name: field.type for field in schema if at.is_nested(field.type)}
        flat = [name for name in schema.names if name not in nested]
        rows = max(64, PIECE_CELLS // (4 * max(1, len(flat))))
        for batch in table.iter_batches(batch_size=rows, columns=flat, use_threads=False):
            cells = {name: _plain(batch.column(i)) for i, name in enumerate(batch.schema.names)}
            cells |= {name: pa.nulls(len(batch), kind) for name, kind in nested.items()}
            yield cells, None


def _plain(values: Any) -> Any:
    """Return values without a dictionary, so that pieces can be joined."""
    import pyarrow as pa

    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
