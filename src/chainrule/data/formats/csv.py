"""CSV and TSV: text with one row a line and a delimiter between cells.

Knows the order of the work: bytes (`decoding`), rows (`records`), names (`headers`), cells
(`cells`), columns (`gathering`); knows nothing of networks or features.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from chainrule.data.cells import split_cells
from chainrule.data.columns import Column, counted
from chainrule.data.decoding import find_encoding, utf8_chunks
from chainrule.data.formats.registry import Reading, reader
from chainrule.data.gathering import Numbers, Words
from chainrule.data.headers import Layout, find_layout
from chainrule.data.numerals import Numerals, Parsed
from chainrule.data.records import Block, Records, blocks, structure
from chainrule.data.sources import refuse_other_formats
from chainrule.data.table import Lines, Table
from chainrule.errors import DataError
from chainrule.types import Array

_COLUMNS_AT_ONCE = 500


@reader(".csv", ".txt", ".dat", ".data")
def read_csv(file: BinaryIO, source: str, reading: Reading) -> Table:
    """Read text whose cells are separated by commas, or by what is found instead."""
    return _read(file, source, reading, ",")


@reader(".tsv", ".tab")
def read_tsv(file: BinaryIO, source: str, reading: Reading) -> Table:
    """Read text whose cells are separated by tabs, or by what is found instead."""
    return _read(file, source, reading, "\t")


def _read(file: BinaryIO, source: str, reading: Reading, usual: str) -> Table:
    import pyarrow as pa

    size = file.seek(0, 2)
    text, notes = open_text(file, source, reading)
    scan: Scan | None = None
    for block in text:
        if scan is None and (layout := find_layout(block, source, reading, usual)):
            expected = int(1.05 * size / layout.bytes_per_row) + 16
            scan = Scan(layout, reading, expected)
        if scan is not None:
            scan.add(block)
    if scan is None:
        raise DataError(no_text(source, size))
    columns = scan.columns()
    if unsettled := scan.unsettled():
        columns |= _read_as_words(file, scan.layout, reading, unsettled)
    pa.default_memory_pool().release_unused()
    ordered = tuple(columns[name] for name in scan.layout.names)
    return Table(source, ordered, scan.rows, notes + scan.notes(), scan.lines())


def _read_as_words(
    file: BinaryIO, layout: Layout, reading: Reading, names: tuple[str, ...]
) -> dict[str, Column]:
    """Read some columns again as words: their first cells were numbers, later ones are not."""
    scan = Scan(layout, reading, 0, as_words=names)
    for block in open_text(file, layout.source, reading)[0]:
        scan.add(block)
    return scan.columns()


def no_text(source: str, size: int) -> str:
    """Say that a file holds no table."""
    fact = "has only blank lines" if size else "is empty: 0 bytes"
    return f"{source} {fact}.\n  A table needs column names and at least one row."


def open_text(
    file: BinaryIO, source: str, reading: Reading
) -> tuple[Iterator[Block], tuple[str, ...]]:
    """Return the blocks of a text file, and what to say about its encoding."""
    file.seek(0)
    head = file.read(16)
    refuse_other_formats(head, source)
    encoding, start, notes = find_encoding(head, reading.encoding)
    file.seek(start)
    return blocks(utf8_chunks(file, encoding, start, source), source), notes


class Scan:
    """One pass over the blocks of a file, from its first record to its last."""

    def __init__(
        self,
        layout: Layout,
        reading: Reading,
        expected_rows: int,
        as_words: tuple[str, ...] | None = None,
    ) -> None:
        self.layout, self._reading, self._expected = layout, reading, expected_rows
        self._numerals = Numerals(reading.decimal or ".", reading.thousands)
        self._wanted = frozenset(layout.names if as_words is None else as_words)
        self._only_words = as_words is not None
        self._gathered: dict[str, Numbers | Words] = {}
        self._to_skip = layout.header_records
        self._last_line = -1
        self._breaks: list[tuple[Array, Array]] = []
        self._empty: tuple[int, int] = (0, 0)
        self._short: tuple[int, int] = (0, 0)
        self.rows = 0

    def add(self, block: Block) -> None:
        """Take in one more block."""
        if columns := self.cut(block)[0]:
            self._gather({name: texts for name, texts in columns.items() if name in self._wanted})

    def cut(self, block: Block) -> tuple[dict[str, Any], Array]:
        """Return the cells of one more block by column, and the lines of its rows."""
        records = structure(block, self.layout.delimiter, self.layout.source)
        data, records = self._behind_header(block.data, records)
        data, lines = self._checked(data, records)
        if not lines.size:
            return {}, lines
        columns = split_cells(
            data,
            self.layout.width,
            self.layout.delimiter,
            skips_empty=self.layout.skips_empty,
            missing=self._reading.missing,
        )
        assert len(columns[0]) == lines.size, "pyarrow and the record scan disagree on the rows"
        self._check_trailing(columns[-1], lines)
        self._note_lines(lines)
        self.rows += lines.size
        return dict(zip(self.layout.names, columns, strict=False)), lines

    def columns(self) -> dict[str, Column]:
        """Return the columns that are settled."""
        self.check_rows()
        lines = self.lines()
        found: dict[str, Column] = {}
        for name in set(self._gathered) - set(self.unsettled()):
            store = self._gathered.pop(name)
            if isinstance(store, Numbers):
                found[name] = store.column(name, lambda row: f"line {lines.of(row)}")
            else:
                found[name] = store.column(
                    name, self._numerals, lambda row: f"line {lines.of(row)}"
                )
        return found

    def check_rows(self) -> None:
        """Refuse a file without rows."""
        if not self.rows:
            names = ", ".join(self.layout.names[:5])
            raise DataError(
                f"{self.layout.source} has column names ({names}) but no rows.\n"
                "  Add at least one row; or say header=False (--no-header) if the first is data."
            )

    def unsettled(self) -> tuple[str, ...]:
        """Return the columns that began as numbers and turned out to be words."""
        return tuple(
            name
            for name, store in self._gathered.items()
            if isinstance(store, Numbers) and not store.holds
        )

    def lines(self) -> Lines:
        """Return where each row stands."""
        rows, lines = zip(*self._breaks, strict=True) if self._breaks else ((), ())
        return Lines(np.concatenate([[], *rows]).astype(np.int64), np.concatenate([[], *lines]))

    def notes(self) -> tuple[str, ...]:
        """Return what was inferred or filled up."""
        notes = list(self.layout.notes)
        for (count, line), fact in (
            (self._empty, ("empty line", "skipped")),
            (self._short, ("short row", "filled up with missing cells")),
        ):
            if count:
                notes.append(f"{counted(count, fact[0])} {fact[1]} (first: line {line})")
        if self.layout.trailing:
            notes.append("each row ends in a delimiter; the empty last column was left out")
        return tuple(notes)

    def _behind_header(self, data: bytes, records: Records) -> tuple[bytes, Records]:
        skip = min(self._to_skip, len(records.cells))
        if not skip:
            return data, records
        self._to_skip -= skip
        start = int(records.starts[skip]) if skip < len(records.cells) else len(data)
        return data[start:], records.behind(skip, start)

    def _checked(self, data: bytes, records: Records) -> tuple[bytes, Array]:
        """Return the data, its short rows filled up if asked for, and the lines of its rows."""
        cells = records.cells if self.layout.skips_empty else np.maximum(records.cells, 1)
        is_row = cells > 0
        self._empty = _counted(self._empty, records.lines[~is_row])
        short = is_row & (cells < self.layout.width)
        wrong = is_row & (cells != self.layout.width)
        if self._reading.ragged == "missing":
            wrong &= ~short
        if wrong.any():
            self._refuse_row(data, records, int(np.argmax(wrong)))
        if short.any():
            self._short = _counted(self._short, records.lines[short])
            gaps = np.repeat(records.ends[short], self.layout.width - cells[short])
            text = np.frombuffer(data, np.uint8)
            data = np.insert(text, gaps, ord(self.layout.delimiter)).tobytes()
        return data, records.lines[is_row]

    def _refuse_row(self, data: bytes, records: Records, row: int) -> None:
        found, wanted = int(records.cells[row]), len(self.layout.names)
        text = data[records.starts[row] : records.ends[row]].decode("utf-8", "replace")
        fact = f"there {'is' if wanted == 1 else 'are'} {counted(wanted, 'column')}"
        hint = "Quote cells that hold the delimiter, or name the right one (--delimiter)."
        if wanted == 1:
            hint = f"If there is a title above the column names, take it off. {hint}"
        if found == wanted:
            fact = "the rows before end in a delimiter, this one does not"
            hint = "Let all rows end in one, or none."
        elif found < wanted:
            hint = (
                "Complete the row; or say --ragged missing (ragged='missing') "
                "to take the cells at its end as missing."
            )
        raise DataError(
            f"{self.layout.source}: line {int(records.lines[row])} has {counted(found, 'cell')}, "
            f"but {fact}: {_shown(text)}.\n  {hint}"
        )

    def _check_trailing(self, texts: Any, lines: Array) -> None:
        if self.layout.trailing and texts.null_count < len(texts):
            row = int(np.argmax(texts.is_valid().to_numpy(zero_copy_only=False)))
            wanted = len(self.layout.names)
            raise DataError(
                f"{self.layout.source}: line {int(lines[row])} has {wanted + 1} cells, but only "
                f"{wanted} columns have names: the last is {_shown(texts[row].as_py())}.\n"
                "  Name each column in the first line, or quote cells that hold the delimiter."
            )

    def _note_lines(self, lines: Array) -> None:
        steps = np.diff(lines, prepend=self._last_line)
        breaks = np.flatnonzero(steps != 1)
        self._breaks.append((breaks + self.rows, lines[breaks]))
        self._last_line = int(lines[-1])

    def _gather(self, columns: dict[str, Any]) -> None:
        """Add a block's cells to their columns, those that may be numbers many at a time."""
        numeric: dict[str, Any] = {}
        for name, texts in columns.items():
            store = self._gathered.get(name)
            if store is None and (self._only_words or name in self._reading.as_text):
                store = self._gathered[name] = Words(declared=name in self._reading.as_text)
            if isinstance(store, Words):
                store.add(texts)
            else:
                numeric[name] = texts
        for batch in _batches(list(numeric)):
            self._gather_numbers({name: numeric[name] for name in batch})

    def _gather_numbers(self, columns: dict[str, Any]) -> None:
        import pyarrow as pa

        parsed = self._numerals.parse(pa.concat_arrays(list(columns.values())))
        start = 0
        for name, texts in columns.items():
            stop = start + len(texts)
            self._add_numbers(name, texts, parsed.part(start, stop))
            start = stop

    def _add_numbers(self, name: str, texts: Any, parsed: Parsed) -> None:
        store = self._gathered.get(name)
        if isinstance(store, Numbers):
            store.add(texts, parsed)
            return
        numbers = Numbers(self._expected)
        numbers.add(texts, parsed)
        self._gathered[name] = numbers
        if not numbers.holds:
            words = self._gathered[name] = Words(declared=False)
            words.add(texts)


def _batches(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        yield names[start : start + _COLUMNS_AT_ONCE]


def _counted(seen: tuple[int, int], lines: Array) -> tuple[int, int]:
    """Return how many lines were seen in all, and the first of them."""
    if not lines.size:
        return seen
    return seen[0] + int(lines.size), seen[1] or int(lines[0])


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
