"""Gathering: blocks of cells, column by column, until it is known what a column holds.

Knows texts, numbers and counts; knows nothing of files or of how cells are delimited.

A column whose first block is mostly numbers is kept as numbers from then on, so that a large
table never exists as text. If later cells show that it is none, it is gathered again as words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.columns import Column, counted, empty_column, number_column, words_column
from chainrule.data.numerals import (
    Numerals,
    Parsed,
    blanks_as_missing,
    looks_numeric,
    way_out,
)
from chainrule.types import Array

Where = Callable[[int], str]


@dataclass
class Tally:
    """What the cells of one column have turned out to be, so far."""

    rows: int = 0
    missing: int = 0
    bad: int = 0
    almost: int = 0
    codes: int = 0
    inexact: int = 0
    vanished: int = 0
    first_bad: tuple[int, str] | None = None

    @property
    def numbers(self) -> int:
        """How many cells are numbers."""
        return self.rows - self.missing - self.bad

    @property
    def is_number(self) -> bool:
        """Whether more than half of the cells that are there are, or are meant as, numbers."""
        return 2 * (self.numbers + self.almost) > self.rows - self.missing

    def add(self, texts: Any, parsed: Parsed) -> None:
        """Count the cells of one more block."""
        if parsed.bad.any():
            self._add_bad(texts, parsed.bad)
        self.codes += int(np.count_nonzero(parsed.codes))
        self.inexact += int(np.count_nonzero(parsed.inexact))
        self.vanished += int(np.count_nonzero(parsed.vanished))
        self.missing += int(np.count_nonzero(parsed.missing))
        self.rows += len(parsed.values)

    def _add_bad(self, texts: Any, bad: Array) -> None:
        places = np.flatnonzero(bad)
        self.bad += len(places)
        self.almost += int(np.count_nonzero(looks_numeric(texts.take(places))))
        if self.first_bad is None:
            first = int(places[0])
            self.first_bad = (self.rows + first, texts[first].as_py())


class Numbers:
    """A column that has been numbers so far, in one growing array."""

    def __init__(self, expected: int) -> None:
        self.tally = Tally()
        self._values = np.empty(max(expected, 1), dtype=np.float64)

    def add(self, texts: Any, parsed: Parsed) -> None:
        """Append one more block."""
        start = self.tally.rows
        stop = start + len(parsed.values)
        if stop > len(self._values):
            self._values.resize(stop + stop // 4, refcheck=False)
        self._values[start:stop] = parsed.values
        self.tally.add(texts, parsed)

    @property
    def holds(self) -> bool:
        """Whether the column may stay numbers: mostly numbers, and no leading zero to lose."""
        return (self.tally.is_number or self.tally.rows == self.tally.missing) and (
            self.tally.codes == 0
        )

    def column(self, name: str, where: Where) -> Column:
        """Return the finished column."""
        tally = self.tally
        self._values.resize(tally.rows, refcheck=False)
        return number_column(
            name,
            self._values,
            missing=tally.missing,
            doubt=doubt(name, tally, where),
            notes=rounding_notes(name, tally),
        )


class Words:
    """A column of texts, one dictionary a block."""

    def __init__(self, *, declared: bool) -> None:
        self._declared = declared
        self._chunks: list[Any] = []

    def add(self, texts: Any) -> None:
        """Append one more block."""
        self._chunks.append(blanks_as_missing(texts).dictionary_encode())

    def column(self, name: str, numerals: Numerals, where: Where) -> Column:
        """Return the finished column: words, or numbers after all."""
        import pyarrow as pa

        whole = pa.chunked_array(self._chunks).unify_dictionaries()
        if not whole.num_chunks or not len(whole.chunk(0).dictionary):
            return empty_column(name, len(whole))
        words = whole.chunk(whole.num_chunks - 1).dictionary
        codes = np.concatenate([_codes(chunk) for chunk in whole.chunks])
        if self._declared:
            return words_column(name, codes, words, declared=True)
        return words_or_numbers(name, codes, words, numerals, where)


def _codes(chunk: Any) -> Array:
    indices = chunk.indices.fill_null(-1)
    return np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int32)


def words_or_numbers(
    name: str, codes: Array, words: Any, numerals: Numerals, where: Where
) -> Column:
    """Return a column of texts as numbers if it is mostly numbers, else as words."""
    parsed = numerals.parse(words)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    tally = Tally()
    tally.add(words, parsed)
    if tally.codes and (all_codes(words, parsed) or 2 * tally.codes >= tally.rows):
        return words_column(name, codes, words)
    tally.missing = int(np.count_nonzero(codes < 0))
    tally.rows = len(codes)
    tally.bad = int(counts[parsed.bad].sum())
    tally.almost = int(counts[parsed.bad][looks_numeric(words.filter(parsed.bad))].sum())
    if not tally.is_number:
        return words_column(name, codes, words)
    if tally.bad:
        row = int(np.argmax(np.append(parsed.bad, False)[codes]))
        tally.first_bad = (row, words[int(codes[row])].as_py())
    values = np.append(parsed.values, np.nan)[codes]
    return number_column(
        name,
        values,
        missing=tally.missing,
        doubt=doubt(name, tally, where) or code_doubt(name, words, tally),
        notes=rounding_notes(name, tally),
    )


def all_codes(words: Any, parsed: Parsed) -> bool:
    """Return whether all words are digits of one length, like postal codes."""
    import pyarrow.compute as pc

    if parsed.bad.any():
        return False
    bounds = pc.min_max(pc.utf8_length(words)).as_py()
    return bool(bounds["min"] == bounds["max"]) and pc.all(pc.utf8_is_digit(words)).as_py()


def doubt(name: str, tally: Tally, where: Where) -> str:
    """Say which cell of a column of numbers is none; "" if all are."""
    if tally.first_bad is None:
        return ""
    row, text = tally.first_bad
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    more = f" ({tally.bad} such cells in {tally.rows} rows)" if tally.bad > 1 else ""
    return (
        f"column {name!r} holds numbers, but {where(row)} has {shown!r}{more}.\n"
        f"  {way_out(name, shown)}"
    )


def code_doubt(name: str, words: Any, tally: Tally) -> str:
    """Say that some numbers of a column have leading zeros; "" if none has."""
    import pyarrow.compute as pc

    if not tally.codes:
        return ""
    text = words.filter(pc.match_substring_regex(words, r"^\s*[+-]?0[0-9]|^\s*\+"))[0].as_py()
    return (
        f"column {name!r} holds numbers, but also {text!r}, which would lose its first character."
        f"\n  Say --categorical {name} (categorical=) or --text {name} (text=) if these are codes, "
        "or write plain numbers."
    )


def rounding_notes(name: str, tally: Tally) -> tuple[str, ...]:
    """Say which numbers float64 could not hold exactly."""
    notes = []
    if tally.inexact:
        notes.append(
            f"column {name!r}: {counted(tally.inexact, 'integer')} beyond 2**53 rounded to "
            f"float64; if these are ids say --text {name} or --categorical {name}"
        )
    if tally.vanished:
        lost = counted(tally.vanished, "number")
        notes.append(f"column {name!r}: {lost} too small for float64 taken as 0")
    return tuple(notes)
