"""Columns: the values of one column of a table and what kind of values they are.

Knows numbers, words and missing cells; knows nothing of files, splits or features.

A column of numbers holds float64, NaN where a cell is missing. Every other column holds codes
into its `words`, -1 where a cell is missing, so that a cell's text is kept to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from chainrule.data.numerals import MISSING_WORDS
from chainrule.types import Array

Kind = Literal["number", "boolean", "category", "text", "date", "empty", "unreadable"]

ID_ROWS = 10
"""With fewer rows than this, a column of all distinct words is still a category."""

LONGEST = 40
"""A longer word is cut where words are listed."""

MOST_CATEGORIES = 1000
"""A column with more distinct words than this is text unless declared categorical."""

_TRUTHS = frozenset({"true", "false", "yes", "no", "t", "f", "y", "n", "on", "off", "0", "1"})
_DATES = (
    r"^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2}))"
    r"([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?$"
    r"|^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?$"
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Its name in the header.
    kind : str
        number, boolean, category, text, date, empty or unreadable.
    values : ndarray
        float64 with NaN for missing numbers; else int32 codes into `words`, -1 for missing.
    words : tuple of str
        The distinct texts of a column that is not a number, sorted.
    missing : int
        How many cells are missing.
    nans : int
        How many cells hold a NaN that was handed in as a number (none in a text file).
    whole : bool
        Whether every number is an integer.
    doubt : str
        Why the column must be declared, corrected or dropped before it can be used; usually "".
    notes : tuple of str
        What was found on reading it.
    """

    name: str
    kind: Kind
    values: Array = field(repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    missing: int = 0
    nans: int = 0
    whole: bool = False
    doubt: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many cells the column has."""
        return len(self.values)

    def absent(self, rows: Array | slice = slice(None)) -> Array:
        """Return a mask of the missing cells (and the NaN) among the given rows."""
        values = self.values[rows]
        return np.isnan(values) if self.kind == "number" else values < 0

    def cell(self, row: int) -> Any:
        """Return one cell: a float, a text, or None where it is missing."""
        if self.kind == "number":
            value = float(self.values[row])
            return None if np.isnan(value) else value
        code = int(self.values[row])
        return None if code < 0 else self.words[code]

    def cells(self) -> Array:
        """Return all cells: float64 with NaN, or objects with None for missing ones."""
        if self.kind == "number":
            return self.values
        return np.array([*self.words, None], dtype=object)[self.values]


def number_column(name: str, values: Array, **facts: Any) -> Column:
    """Return a column of numbers; one without any number is empty.

    Examples
    --------
    >>> number_column("a", np.array([1.0, 2.0])).kind
    'number'
    >>> number_column("a", np.array([np.nan]), missing=1).kind
    'empty'
    """
    missing, nans = facts.get("missing", 0), facts.get("nans", 0)
    if missing == len(values) and not nans and not facts.get("doubt"):
        return empty_column(name, len(values))
    if nans == len(values):
        return replace(empty_column(name, len(values)), missing=0, nans=nans)
    facts.setdefault("whole", is_whole(values))
    return Column(name, "number", values, **facts)


def is_whole(values: Array) -> bool:
    """Return whether all numbers that are not NaN are integers."""
    with np.errstate(invalid="ignore"):  # a signalling NaN
        return bool(np.all((np.floor(values) == values) | np.isnan(values)))


def empty_column(name: str, rows: int) -> Column:
    """Return a column whose cells are all missing."""
    return Column(name, "empty", np.full(rows, -1, dtype=np.int32), missing=rows)


def words_column(name: str, codes: Array, words: Any, *, declared: bool = False) -> Column:
    """Return a column of words and say what kind of words they are.

    Parameters
    ----------
    name : str
        Name of the column.
    codes : ndarray of int32
        Index into words for each row, -1 for missing.
    words : pyarrow string array
        Distinct texts, each used at least once, in any order.
    declared : bool
        The user said that the column is categories or text, so nothing is doubted.
    """
    texts = words.to_pylist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    place = np.empty(len(texts) + 1, dtype=np.int32)
    place[order] = np.arange(len(texts), dtype=np.int32)
    place[-1] = -1
    codes = place[codes]
    ordered = tuple(texts[i] for i in order)
    missing = int(np.count_nonzero(codes < 0))
    if not ordered:
        return empty_column(name, len(codes))
    counts = np.bincount(codes[codes >= 0], minlength=len(ordered))
    facts = word_facts(name, words, ordered, counts, declared=declared)
    return Column(name, values=codes, words=ordered, missing=missing, **facts)


def word_facts(
    name: str, words: Any, ordered: tuple[str, ...], counts: Array, *, declared: bool
) -> dict[str, Any]:
    """Return kind, doubt and notes of a column of words.

    Parameters
    ----------
    name : str
        Name of the column.
    words : pyarrow string array
        Distinct texts in any order.
    ordered : tuple of str
        The same, sorted.
    counts : ndarray of int64
        How often each of those occurs.
    declared : bool
        The user said that the column is categories or text, so nothing is doubted.
    """
    return {
        "kind": _kind_of_words(words, ordered, int(counts.sum())),
        "doubt": "" if declared else _mixed_truths(name, ordered),
        "notes": _variants(name, ordered) + _gap_words(name, ordered, counts),
    }


def _kind_of_words(words: Any, ordered: tuple[str, ...], present: int) -> Kind:
    import pyarrow.compute as pc

    if len(ordered) <= 2 and {word.casefold() for word in ordered} <= {"true", "false"}:
        return "boolean"
    if are_dates(words):
        return "date"
    distinct = len(ordered)
    if distinct == present >= ID_ROWS or distinct > min(MOST_CATEGORIES, max(20, present // 2)):
        return "text"
    if distinct > present // 2 and pc.mean(pc.utf8_length(words)).as_py() > 40:
        return "text"
    return "category"


def are_dates(words: Any) -> bool:
    """Tell whether all texts of a pyarrow array are dates or times."""
    import pyarrow.compute as pc

    return bool(pc.all(pc.match_substring_regex(words, _DATES)).as_py())


def _mixed_truths(name: str, words: tuple[str, ...]) -> str:
    folded = {word.strip().casefold() for word in words}
    styles = {_style(word) for word in words}
    same = len(words) == len(folded) == 2 or len(words) == 1
    if not folded <= _TRUTHS or (same and (len(styles) == 1 or not folded <= {"true", "false"})):
        return ""
    shown = ", ".join(repr(word) for word in words[:6])
    return (
        f"column {name!r} spells true and false in several ways: {shown}.\n"
        f"  Write one spelling, or declare the column: categorical=[{name!r}] "
        f"(--categorical {name})."
    )


def _gap_words(name: str, words: tuple[str, ...], counts: Array) -> tuple[str, ...]:
    """Say which categories look like words for missing values; they stay categories."""
    notes = []
    for i, word in enumerate(words):
        if word.strip().casefold() in MISSING_WORDS:
            cells = counted(int(counts[i]), "cell")
            notes.append(
                f"column {name!r}: {word!r} is a category ({cells}); "
                f"it is a missing value only if declared: --missing {word}"
            )
    return tuple(notes)


def _style(word: str) -> str:
    return "lower" if word.islower() else "upper" if word.isupper() else "title"


def _variants(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for word in words:
        other = seen.setdefault(word.strip().casefold(), word)
        if other != word:
            return (f"column {name!r}: {other!r} and {word!r} differ only by case or blanks",)
    return ()


def counted(count: int, noun: str) -> str:
    """Return a count and its noun, one or many.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def word(value: object) -> str:
    """Return a word as a list shows it: quoted where blanks would not be seen, cut where long.

    Examples
    --------
    >>> word("red"), word("red "), word("r" * 99)
    ('red', "'red '", 'rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...')
    """
    text = str(value)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 3]}..."
    return text if text == text.strip() != "" else repr(text)


def some(names: Iterable[object], limit: int = 8) -> str:
    """Return the names in a row, the first few where they are many.

    Examples
    --------
    >>> some(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    shown = [word(name) for name in names]
    more = len(shown) - limit
    return ", ".join(shown) if more <= 0 else f"{', '.join(shown[:limit])} and {more} more"
