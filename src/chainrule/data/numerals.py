"""Numerals: when a text is a number, and which number it is.

Knows how numbers are written; knows nothing of columns, files or types of tables.

A text is a number if it is decimal digits with an optional sign, point and exponent; blanks
around it do not matter. It is no number, although many readers take it for one, if it is `nan`
or `inf`, hexadecimal, has digit groups that were not declared, or begins with a zero that the
number would lose (`00123`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.types import Array

_EXPONENT = r"([eE][+-]?[0-9]+)?"
_PLAIN = rf"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}$"
_CODE = r"^\s*([+-]?0[0-9]|\+[0-9]{7,}\s*$)"
_SIGN = "[+\\-\N{MINUS SIGN}]"
_GROUP = "[,.' _\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}’]"
_ALMOST = (
    rf"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}\s*$"  # a number, here one out of range
    rf"|^\s*{_SIGN}?([0-9]+|[1-9][0-9]{{0,2}}({_GROUP}[0-9]{{3}})+)([.,][0-9]+)?{_EXPONENT}-?\s*$"
    rf"|^\s*{_SIGN}?\p{{Sc}}\s?{_SIGN}?[0-9]({_GROUP}?[0-9])*\s*$"
    rf"|^\s*{_SIGN}?[0-9]({_GROUP}?[0-9])*\s?[%‰\p{{Sc}}]\s*$"
    rf"|^\s*\(\p{{Sc}}?[0-9]({_GROUP}?[0-9])*\)\s*$|^\s*{_SIGN}?\p{{Nd}}+([.,٫]\p{{Nd}}+)?\s*$"
    r"|^\s*[+-]?(?i:inf|infinity)\s*$"
)
MISSING_WORDS = frozenset(
    {"na", "n/a", "nan", "null", "none", "nil", "?", "-", "--", ".", "#n/a", "missing", "unknown"}
)


@dataclass(frozen=True)
class Numerals:
    """How numbers are written in a file.

    Attributes
    ----------
    decimal : str
        The decimal mark.
    thousands : str or None
        The mark between groups of three digits, if there is one.
    """

    decimal: str = "."
    thousands: str | None = None

    def parse(self, texts: Any) -> Parsed:
        """Return the numbers of a pyarrow array of strings (null: missing)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        cells = texts
        try:
            if self.decimal != "." or self.thousands:
                raise pa.ArrowInvalid("other marks")
            values = pc.cast(cells, pa.float64())
        except pa.ArrowInvalid:
            cells = blanks_as_missing(pc.utf8_trim_whitespace(texts))
            values = pc.cast(self._numbers_only(cells), pa.float64())
        floats = values.to_numpy(zero_copy_only=False)
        missing = cells.is_null().to_numpy(zero_copy_only=False)
        bad = ~(missing | np.isfinite(floats))
        codes = pc.fill_null(pc.match_substring_regex(cells, _CODE), False)
        if bad.any():
            floats = np.where(bad, np.nan, floats)
        return Parsed(
            floats,
            bad,
            missing,
            codes.to_numpy(zero_copy_only=False),
            _changed_integers(cells, floats),
            _vanished(cells, floats),
        )

    def _numbers_only(self, cells: Any) -> Any:
        """Return the cells that are numbers, written plainly; null for the others."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_number = pc.match_substring_regex(cells, self._pattern())
        if self.thousands:
            cells = pc.replace_substring(cells, self.thousands, "")
        if self.decimal != ".":
            cells = pc.replace_substring(cells, self.decimal, ".")
        return pc.if_else(is_number, cells, pa.scalar(None, pa.string()))

    def _pattern(self) -> str:
        point = _escaped(self.decimal)
        whole = "[0-9]+"
        if self.thousands:
            whole = f"([0-9]+|[0-9]{{1,3}}({_escaped(self.thousands)}[0-9]{{3}})+)"
        return rf"^[+-]?({whole}({point}[0-9]*)?|{point}[0-9]+){_EXPONENT}$"


@dataclass(frozen=True, eq=False)
class Parsed:
    """Texts read as numbers; one entry for each text.

    Attributes
    ----------
    values : ndarray of float64
        The numbers; NaN where a text is missing or no number.
    bad : ndarray of bool
        Where a text is present but no finite number.
    missing : ndarray of bool
        Where a text is missing.
    codes : ndarray of bool
        Where a leading zero (or the plus of a telephone number) would be lost.
    inexact : ndarray of bool
        Where an integer is changed by float64.
    vanished : ndarray of bool
        Where a number that is not 0 becomes 0.
    """

    values: Array
    bad: Array
    missing: Array
    codes: Array
    inexact: Array
    vanished: Array

    def part(self, start: int, stop: int) -> Parsed:
        """Return the entries from start to stop."""
        fields = (self.values, self.bad, self.missing, self.codes, self.inexact, self.vanished)
        return Parsed(*(array[start:stop] for array in fields))


def _escaped(mark: str) -> str:
    return f"[{mark}]"


def blanks_as_missing(texts: Any) -> Any:
    """Return the texts with those of only blanks made missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    blank = pc.equal(pc.utf8_trim_whitespace(texts), "")
    if not pc.any(blank).as_py():
        return texts
    return pc.if_else(blank, pa.scalar(None, texts.type), texts)


def looks_numeric(texts: Any) -> Array:
    """Return where a text was meant as a number: 1,234 or 3,14 or 5 % or 1e400."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.match_substring_regex(texts, _ALMOST), False)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _changed_integers(texts: Any, values: Array) -> Array:
    """Return where float64 changes an integer."""
    changed: Array = np.abs(values) >= 2.0**53
    for place in np.flatnonzero(changed):
        text = texts[int(place)].as_py().removeprefix("+")
        is_integer = text.removeprefix("-").isdecimal() and len(text) <= 400
        changed[place] = is_integer and int(text) != int(values[place])
    return changed


def _vanished(texts: Any, values: Array) -> Array:
    """Return where a number that is not 0 becomes 0."""
    import pyarrow.compute as pc

    zero: Array = np.asarray(values == 0)
    if zero.any():
        lost = pc.match_substring_regex(texts.take(np.flatnonzero(zero)), "^[^eE]*[1-9]")
        zero[zero] = lost.to_numpy(zero_copy_only=False)
    return zero


def way_out(name: str, text: str) -> str:
    """Say what would do about a text that stands where numbers are expected."""
    bare = text.strip()
    declare = (
        f"--missing {_quoted(bare)} if it stands for a missing value, "
        f"--categorical {_quoted(name)} if all cells are categories, "
        f"--text {_quoted(name)} to leave the column out (in Python: missing=, categorical=, text=)"
    )
    if bare.casefold() in MISSING_WORDS:
        return f"Say {declare}."
    if bare[-1:] in ("%", "‰") or _is_currency(bare[:1]) or _is_currency(bare[-1:]):
        return f"Write plain numbers without the sign; or say {declare}."
    if marks := _marks(bare):
        return f"Say {marks}; or {declare}."
    if _has_other_marks(bare):
        return f"Write it with plain digits, point and minus; or say {declare}."
    if np.isinf(_float(bare)):
        return f"It is not finite in float64. Correct the cell, or say {declare}."
    return f"Correct the cell, or say {declare}."


def _marks(text: str) -> str:
    """Say which marks would make a text a number; empty where none would."""
    comma = r"[+-]?[0-9]{1,3}(,[0-9]{3})+"
    if re.fullmatch(comma, text):
        return (
            "--thousands , (thousands=',') if the comma groups digits, "
            "--decimal , (decimal=',') if it is the decimal mark"
        )
    if re.fullmatch(rf"{comma}\.[0-9]+", text):
        return "--thousands , (thousands=',')"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return "--decimal , (decimal=',')"
    if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+", text):
        return "--thousands . --decimal , (thousands='.', decimal=',')"
    if found := re.fullmatch(
        r"[+-]?[0-9]{1,3}(?:([ '_’\u00a0\u202f\u2009])[0-9]{3})+(\.[0-9]+)?", text
    ):
        return f"--thousands {_in_a_shell(found[1])} (thousands={found[1]!r})"
    return ""


def _in_a_shell(mark: str) -> str:
    return f"'{mark}'" if mark == " " else mark if mark == "_" else f"$'\\u{ord(mark):04x}'"


def _is_currency(mark: str) -> bool:
    return mark != "" and unicodedata.category(mark) == "Sc"


def _has_other_marks(text: str) -> bool:
    """Return whether digits stand with marks that no option knows, as in (5) or a typeset -5."""
    inside = text.strip("+-\N{MINUS SIGN}()")
    plainly = text.isascii() and inside == text.strip("+-")
    return inside.replace(".", "", 1).isdecimal() and not plainly


def _quoted(text: str) -> str:
    return text if text.isalnum() else repr(text)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
