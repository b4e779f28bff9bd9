"""Trackers: what each column of a table turns out to hold, piece by piece.

Knows the cells of one column and the rules by which its kind is decided; knows nothing of files or
of other columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule.data.columns import is_whole, word_facts
from chainrule.data.gathering import Tally, all_codes, code_doubt, doubt, rounding_notes
from chainrule.data.numerals import Numerals, Parsed, blanks_as_missing, looks_numeric
from chainrule.data.stream.facts import Moments, Values, WordCounts
from chainrule.data.stream.ranges import RangeCheck
from chainrule.data.stream.surveyed import Surveyed
from chainrule.data.typed import (
    Numbers,
    changed_notes,
    infinite_doubt,
    is_number,
    numbers_of_arrow,
    texts_of,
    unreadable,
)
from chainrule.errors import DataError
from chainrule.types import Array

if TYPE_CHECKING:
    from chainrule.data.stream.pieces import Piece, TableFiles


class Tracker(Protocol):
    """Learns about one column as its pieces come."""

    is_words: bool

    @property
    def holds(self) -> bool:
        """Whether the column may stay what it was taken for."""
        ...

    def watch_values(self) -> None:
        """Count the different values, too: this is the target."""
        ...

    def read(self, piece: Piece) -> Any:
        """Return the column's cells: float64, texts of pyarrow, or None."""
        ...

    def add(self, cells: Any, trains: Array, piece: Piece) -> None:
        """Take note of cells that were read."""
        ...

    def column(self) -> Surveyed:
        """Return what was learnt."""
        ...


def track(name: str, cells: Any, files: TableFiles, as_words: bool) -> Tracker:
    """Return a tracker for a column, chosen by its first piece.

    Parameters
    ----------
    name : str
        The column.
    cells : pyarrow array
        Its first cells.
    files : TableFiles
        The table.
    as_words : bool
        Whether an earlier pass found words behind numbers.
    """
    declared = name in files.reading.as_text
    if files.typed:
        if is_number(cells.type) and not declared:
            return TypedNumbers(name)
        texts = texts_of(cells)
        return Unreadable(name, str(cells.type)) if texts is None else Words(name, declared, True)
    numerals = Numerals(files.reading.decimal or ".", files.reading.thousands)
    if declared or as_words:
        return Words(name, declared, False, numerals)
    numbers = TextNumbers(name, numerals)
    numbers.judge(cells)
    return TextNumbers(name, numerals) if numbers.holds else Words(name, False, False, numerals)


@dataclass
class _Numbers:
    """What all columns of numbers have in common."""

    name: str
    rows: int = 0
    missing: int = 0
    nans: int = 0
    whole: bool = True
    gap: str = ""
    moments: Moments = field(default_factory=Moments)
    seen: Values | None = None
    fraction: str = ""
    range: RangeCheck = field(default_factory=RangeCheck)
    is_words = False

    def watch_values(self) -> None:
        """Count the different values, too."""
        self.seen = Values()

    def note(self, values: Array, trains: Array, piece: Piece) -> None:
        """Take note of numbers, NaN where a cell is missing."""
        gaps = np.isnan(values)
        self.rows += len(values)
        self.moments.add(values[trains])
        if not self.gap and (found := gaps & trains).any():
            self.gap = piece.where(int(np.argmax(found)))
        self.whole = self.whole and is_whole(values)
        self.range.add(values, self.whole and not gaps.any())
        if self.seen is None:
            return
        self.seen.add(values[~gaps], trains[~gaps])
        broken = (np.floor(values) != values) & ~gaps
        if not self.fraction and broken.any():
            row = int(np.argmax(broken))
            self.fraction = f"{float(values[row])!r} in {piece.where(row)}"

    def surveyed(self, **facts: Any) -> Surveyed:
        """Return what was learnt of a column of numbers."""
        own: dict[str, Any] = {
            "kind": "number", "missing": self.missing, "nans": self.nans, "whole": self.whole,
        } | facts  # fmt: skip
        if not own.get("doubt"):
            if self.missing == self.rows and not self.nans:
                own |= {"kind": "empty", "missing": self.rows}
            elif self.nans == self.rows:
                own |= {"kind": "empty", "missing": 0}
        return Surveyed(
            self.name, values=np.empty(0), count=self.rows, moments=self.moments, seen=self.seen,
            gap=self.gap, is_range=self.range.holds(self.rows), fraction=self.fraction, **own,
        )  # fmt: skip


@dataclass
class TypedNumbers(_Numbers):
    """A column that came as numbers."""

    changed: int = 0
    infinite: str = ""
    _latest: Numbers | None = None

    @property
    def holds(self) -> bool:
        """Always: its type says so."""
        return True

    def read(self, piece: Piece) -> Array:
        """Return the numbers."""
        self._latest = numbers_of_arrow(typed_as(self.name, piece, numbers=True))
        return self._latest.values

    def infinite_cell(self) -> tuple[int, float] | None:
        """Return the first row of the latest cells that is infinite, and what it is."""
        return None if self._latest is None else self._latest.infinite

    def add(self, cells: Array, trains: Array, piece: Piece) -> None:
        """Take note of numbers that were read."""
        found = self._latest
        assert found is not None, "cells are read before they are added"
        self.missing, self.nans = self.missing + found.missing, self.nans + found.nans
        self.changed += found.changed
        if found.infinite is not None and not self.infinite:
            row, value = found.infinite
            self.infinite = infinite_doubt(self.name, piece.where(row), value)
        self.note(cells, trains, piece)

    def column(self) -> Surveyed:
        """Return what was learnt."""
        notes = changed_notes(self.name, self.changed)
        return self.surveyed(doubt=self.infinite, notes=notes)


@dataclass
class TextNumbers(_Numbers):
    """A column of texts that are numbers, so far."""

    numerals: Numerals = field(default_factory=Numerals)
    tally: Tally = field(default_factory=Tally)
    place: str = ""
    _latest: Parsed | None = None

    def __init__(self, name: str, numerals: Numerals) -> None:
        super().__init__(name)
        self.numerals, self.tally, self.place = numerals, Tally(), ""

    @property
    def holds(self) -> bool:
        """Whether the cells are mostly numbers, without a leading zero to lose."""
        tally = self.tally
        return (tally.is_number or tally.rows == tally.missing) and not tally.codes

    def judge(self, texts: Any) -> None:
        """Count cells only to see what they are."""
        self.tally.add(texts, self.numerals.parse(texts))

    def read(self, piece: Piece) -> Array:
        """Return the numbers."""
        self._latest = self.numerals.parse(piece.cells[self.name])
        return self._latest.values

    def odd_cells(self) -> Array | None:
        """Return where the latest cells are no numbers, or would lose a leading zero."""
        return None if self._latest is None else self._latest.bad | self._latest.codes

    def add(self, cells: Array, trains: Array, piece: Piece) -> None:
        """Take note of numbers that were read."""
        parsed = self._latest
        assert parsed is not None, "cells are read before they are added"
        if parsed.bad.any() and self.tally.first_bad is None:
            self.place = piece.where(int(np.argmax(parsed.bad)))
        self.tally.add(piece.cells[self.name], parsed)
        self.missing = self.tally.missing
        self.note(cells, trains, piece)

    def column(self) -> Surveyed:
        """Return what was learnt."""
        tally = self.tally
        return self.surveyed(
            doubt=doubt(self.name, tally, lambda row: self.place),
            notes=rounding_notes(self.name, tally),
        )


class Words:
    """A column of texts.

    Parameters
    ----------
    name : str
        The column.
    declared : bool
        The user said that it is categories or text, so nothing is doubted.
    typed : bool
        Whether its cells came as texts, so that they are no numbers, whatever they look like.
    numerals : Numerals, optional
        How numbers are written, if the texts may turn out to be numbers after all.
    """

    is_words = True
    holds = True

    def __init__(
        self, name: str, declared: bool, typed: bool, numerals: Numerals | None = None
    ) -> None:
        self.name, self.declared, self.typed, self.numerals = name, declared, typed, numerals
        self.counted, self.gap = WordCounts(), ""

    def watch_values(self) -> None:
        """Words are counted anyway."""

    def read(self, piece: Piece) -> Any:
        """Return the texts, null where one is missing."""
        if self.typed:
            return texts_of(typed_as(self.name, piece, numbers=False, declared=self.declared))
        return blanks_as_missing(piece.cells[self.name])

    def add(self, cells: Any, trains: Array, piece: Piece) -> None:
        """Take note of texts that were read."""
        gaps = self.counted.add(cells, trains, piece.where)
        if not self.gap and (found := gaps & trains).any():
            self.gap = piece.where(int(np.argmax(found)))

    def column(self) -> Surveyed:
        """Return what was learnt: words, or numbers after all, which are doubted then."""
        found = self.counted
        if not found.present:
            return self._surveyed(kind="empty")
        if found.overflowed:
            return self._surveyed(**self._of_many())
        ordered = tuple(sorted(found.counts))
        if not (self.declared or self.typed):
            assert self.numerals is not None, "texts may be numbers"
            if text := _numbers_after_all(self.name, found, ordered, self.numerals):
                return self._surveyed(kind="number", doubt=text)
        return self._surveyed(words=ordered, **self._facts(ordered))

    def _facts(self, ordered: tuple[str, ...]) -> dict[str, Any]:
        import pyarrow as pa

        counts = np.array([self.counted.counts[word].cells for word in ordered])
        words = pa.array(ordered, pa.string())
        return word_facts(self.name, words, ordered, counts, declared=self.declared)

    def _of_many(self) -> dict[str, Any]:
        """Return what is known of a column of more texts than are kept."""
        found = self.counted
        if found.all_dates:
            return {"kind": "date"}
        tally = found.tally
        if self.declared or self.typed or not tally.is_number or 2 * tally.codes >= tally.rows:
            return {"kind": "text"}
        odd = f"{tally.bad + tally.codes} of {tally.rows} cells are none, or begin with a zero"
        return {
            "kind": "number",
            "doubt": f"column {self.name!r} holds numbers, but {odd} that a number would lose.\n"
            f"  Correct them; or leave the column out: --drop {self.name} (drop=).",
        }

    def _surveyed(self, **facts: Any) -> Surveyed:
        found = self.counted
        rows = found.present + found.missing
        return Surveyed(
            self.name, values=np.empty(0), missing=found.missing, count=rows, counted=found,
            gap=self.gap, **facts,
        )  # fmt: skip


def _numbers_after_all(
    name: str, found: WordCounts, ordered: tuple[str, ...], numerals: Numerals
) -> str:
    """Return the doubt about a column of texts that is mostly numbers; "" if it is none.

    As in `gathering.words_or_numbers`: a column that did not begin as numbers, or has leading
    zeros, is never one that can be used as it is.
    """
    import pyarrow as pa

    words = pa.array(list(found.counts), pa.string())
    counts = np.array([one.cells for one in found.counts.values()])
    parsed = numerals.parse(words)
    tally = Tally()
    tally.add(words, parsed)
    if tally.codes and (all_codes(words, parsed) or 2 * tally.codes >= tally.rows):
        return ""
    tally.missing, tally.rows = found.missing, found.present + found.missing
    tally.bad = int(counts[parsed.bad].sum())
    tally.almost = int(counts[parsed.bad][looks_numeric(words.filter(parsed.bad))].sum())
    if not tally.is_number:
        return ""
    if tally.bad:
        first = int(np.argmax(parsed.bad))
        text = words[first].as_py()
        tally.first_bad = (0, text)
        return doubt(name, tally, lambda row: found.counts[text].place)
    return code_doubt(name, words, tally)


class Unreadable:
    """A column whose type has no right reading; it is refused when it is used."""

    is_words = False
    holds = True

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind, self.rows = name, kind, 0

    def watch_values(self) -> None:
        """There are none."""

    def read(self, piece: Piece) -> None:
        """Return nothing: there is no right reading."""
        return

    def add(self, cells: Any, trains: Array, piece: Piece) -> None:
        """Count the rows."""
        self.rows += piece.rows

    def column(self) -> Surveyed:
        """Return why it is refused."""
        return Surveyed(
            self.name, "unreadable", np.empty(0), count=self.rows,
            doubt=unreadable(self.name, self.kind),
        )  # fmt: skip


def typed_as(name: str, piece: Piece, *, numbers: bool, declared: bool = False) -> Any:
    """Return typed cells, or refuse a file of the table whose column has another type."""
    import pyarrow.types as at

    cells = piece.cells[name]
    fits = at.is_null(cells.type) or declared or is_number(cells.type) == numbers
    if fits and not (numbers and at.is_null(cells.type)):
        return cells
    if fits:
        import pyarrow as pa

        return cells.cast(pa.float64())
    raise DataError(
        f"{piece.path}: column {name!r} has values of type {cells.type}, but the files before hold "
        f"{'numbers' if numbers else 'texts'} there.\n"
        "  Write all files of the table with the same types."
    )
