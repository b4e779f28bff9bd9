"""The registry of formats: which function reads files of which ending.

Knows names of formats; knows nothing of their contents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from chainrule.data.table import Table
from chainrule.errors import SpecError


@dataclass(frozen=True)
class Reading:
    """How a table is to be read; every leniency has its name here.

    Attributes
    ----------
    delimiter : str or None
        Between cells; None: found by itself.
    encoding : str or None
        Of the text; None: by its mark, else UTF-8.
    header : bool
        Whether the first row names the columns.
    missing : tuple of str
        Words that stand for a missing value, besides the empty cell.
    ragged : {"error", "missing"}
        What a row with too few cells means.
    decimal, thousands : str or None
        The decimal mark (None: a point) and the mark between groups of digits.
    as_text : tuple of str
        Columns whose cells are kept as texts, whatever they look like.
    """

    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    missing: tuple[str, ...] = ()
    ragged: Literal["error", "missing"] = "error"
    decimal: str | None = None
    thousands: str | None = None
    as_text: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse options that make no sense, and write the others in one way."""
        named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
        if self.delimiter is not None:
            self._set("delimiter", named.get(self.delimiter, self.delimiter))
        self._set("missing", texts("missing", self.missing))
        self._set("as_text", texts("as_text", self.as_text))
        _check_mark("delimiter", self.delimiter, '"\n\r')
        if not (self.delimiter or "").isascii():
            raise SpecError(f"delimiter must be an ASCII character, got {self.delimiter!r}.")
        _check_mark("decimal", self.decimal, '"\n\r+-0123456789eE[]^\\')
        _check_mark("thousands", self.thousands, '"\n\r+-0123456789eE[]^\\')
        if (self.decimal or ".") == self.thousands:
            raise SpecError(f"decimal and thousands are both {self.thousands!r}; they must differ.")
        if self.ragged not in ("error", "missing"):
            raise SpecError(f"ragged must be 'error' or 'missing', got {self.ragged!r}.")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)


def texts(name: str, value: Sequence[str] | str) -> tuple[str, ...]:
    """Return one text or several as a tuple of texts.

    Examples
    --------
    >>> texts("missing", "NA"), texts("missing", ["NA", "?"])
    (('NA',), ('NA', '?'))
    """
    found = (value,) if isinstance(value, str) else tuple(value)
    for word in found:
        if not isinstance(word, str):
            raise SpecError(f"{name} must be texts, got {word!r}.")
    return found


def _check_mark(name: str, mark: str | None, forbidden: str) -> None:
    if mark is not None and (len(mark) != 1 or mark in forbidden):
        raise SpecError(f"{name} must be one character such as ',' or ';', got {mark!r}.")


Reader = Callable[[BinaryIO, str, Reading], Table]

readers: dict[str, Reader] = {}
"""Ending of a file's name (lower case, with its point) to the function that reads it."""


def reader(*endings: str) -> Callable[[Reader], Reader]:
    """Register a function that reads files with these endings."""

    def register(function: Reader) -> Reader:
        for ending in endings:
            readers[ending] = function
        return function

    return register


def reader_of(path: Path, head: bytes) -> Reader:
    """Return the reader for a path: by its ending, else by its first bytes, else text."""
    ending = path.suffix.lower()
    if ending in readers:
        return readers[ending]
    for magic, known in ((b"PAR1", ".parquet"), (b"\x93NUMPY", ".npy")):
        if head.startswith(magic):
            return readers[known]
    return readers[".csv"]
