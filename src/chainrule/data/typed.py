"""Typed columns: values that come with a type, from Parquet, arrays, lists and dataframes.

Knows Arrow's and NumPy's types; knows nothing of files. A type without a right reading makes a
column that is refused when it is used, so that it can still be dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.arrays import inexact_integers
from chainrule.data.columns import Column, counted, empty_column, number_column, words_column
from chainrule.types import Array


def column_from_numpy(name: str, values: Array, *, as_text: bool = False) -> Column:
    """Return a column from an array of one axis.

    Examples
    --------
    >>> column_from_numpy("n", np.array([1, 2, 3])).values
    array([1., 2., 3.])
    """
    if values.dtype.kind in "iuf" and not as_text:
        return _numbers(name, values, np.zeros(0, dtype=np.int64))
    if values.dtype.kind == "b":
        return column_from_arrow(name, _arrow(values), as_text=as_text)
    if values.dtype.kind in "UOTMiuf":
        plain = values.astype(object) if values.dtype.kind == "T" else values
        if plain.dtype.kind == "O":
            return column_from_list(name, plain.tolist(), as_text=as_text)
        return column_from_arrow(name, _arrow(plain), as_text=as_text)
    if values.dtype.kind == "S":
        return column_from_list(name, [_decoded(value) for value in values.tolist()])
    return _unreadable(name, len(values), f"NumPy's {values.dtype}")


def column_from_list(name: str, values: list[Any], *, as_text: bool = False) -> Column:
    """Return a column from a list whose cells are of one kind; None is a missing cell."""
    import pyarrow as pa

    has_text = any(isinstance(value, str) for value in values)
    plain = [None if _is_gap(value, has_text) else value for value in values]
    try:
        array = pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        if as_text:
            return column_from_arrow(name, pa.array([_text(value) for value in plain], pa.string()))
        if all(value is None or type(value) is int for value in plain):
            return _huge_integers(name, plain)
        return _mixed(name, plain)
    return column_from_arrow(name, array, as_text=as_text)


def _huge_integers(name: str, values: list[int | None]) -> Column:
    """Return a column of integers beyond 64 bits, rounded and reported."""
    try:
        floats = np.array([np.nan if value is None else float(value) for value in values])
    except OverflowError:
        return _unreadable(name, len(values), "int beyond float64")
    changed = sum(v is not None and int(f) != v for v, f in zip(values, floats, strict=True))
    return number_column(
        name, floats, missing=values.count(None), notes=changed_notes(name, changed)
    )


def column_from_arrow(name: str, values: Any, *, as_text: bool = False) -> Column:
    """Return a column from a pyarrow array."""
    import pyarrow as pa
    import pyarrow.types as at

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    kind = values.type
    if at.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if at.is_null(kind):
        return empty_column(name, len(values))
    if is_number(kind) and not as_text:
        return _numbers(name, *_numbers_and_gaps(values))
    texts = texts_of(values)
    if texts is None:
        return _unreadable(name, len(values), str(kind))
    return _words(name, texts, as_text)


def texts_of(values: Any) -> Any:
    """Return a pyarrow array as texts, the way cells of such a type are written; None: no way."""
    import pyarrow as pa
    import pyarrow.types as at

    kind = values.type
    if at.is_boolean(kind):
        texts = values.cast(pa.string()).to_pylist()
        return pa.array([_title(text) for text in texts], pa.string())
    if (
        at.is_null(kind)
        or at.is_string(kind)
        or at.is_large_string(kind)
        or at.is_string_view(kind)
    ):
        return values.cast(pa.string())
    if is_number(kind):
        return pa.array(_number_texts(values), pa.string())
    if at.is_date(kind) or at.is_timestamp(kind) or at.is_time(kind):
        return pa.array(_date_texts(values), pa.string())
    return None


def number_text(value: float) -> str:
    """Write a number as a category: whole numbers without a point.

    Examples
    --------
    >>> number_text(3.0), number_text(0.5)
    ('3', '0.5')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def is_number(kind: Any) -> bool:
    """Tell whether a type of Arrow's is one of numbers."""
    import pyarrow.types as at

    return bool(at.is_integer(kind) or at.is_floating(kind) or at.is_decimal(kind))


def _arrow(values: Array) -> Any:
    import pyarrow as pa

    if values.dtype.kind in "iuf":
        return pa.array(values.astype(values.dtype.newbyteorder("=")))
    if values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[us]"))
    return pa.array(values)


def _numbers_and_gaps(values: Any) -> tuple[Array, Array]:
    """Return numbers as NumPy has them, and where cells are missing."""
    import pyarrow as pa
    import pyarrow.types as at

    gaps = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
    if at.is_decimal(values.type):
        values = values.cast(pa.float64())
    if len(gaps) and at.is_integer(values.type):
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
    else:
        numbers = values.to_numpy(zero_copy_only=False)
    return numbers, gaps


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers that came with a type, as float64.

    Attributes
    ----------
    values : ndarray
        NaN where a cell is missing, NaN or infinite.
    missing, nans, changed : int
        Cells that are missing, NaN that were handed in, integers that float64 rounds.
    infinite : tuple of (int, float) or None
        The first row that holds an infinite number, and which.
    """

    values: Array
    missing: int
    nans: int
    changed: int
    infinite: tuple[int, float] | None


def numbers_of_arrow(values: Any) -> Numbers:
    """Return a pyarrow array of numbers as float64, with what there is to say about it."""
    return _as_float64(*_numbers_and_gaps(values))


def _as_float64(values: Array, gaps: Array) -> Numbers:
    changed = 0
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        changed = int(np.count_nonzero(inexact_integers(values)))
    floats = values.astype(np.float64, copy=bool(len(gaps)))
    if len(gaps):
        floats[gaps] = np.nan
    nans = int(np.count_nonzero(np.isnan(floats))) - len(gaps)
    infinite, first = np.isinf(floats), None
    if infinite.any():
        row = int(np.argmax(infinite))
        first = (row, float(floats[row]))
        floats = np.where(infinite, np.nan, floats)
    return Numbers(floats, len(gaps), nans, changed, first)


def _numbers(name: str, values: Array, gaps: Array) -> Column:
    found = _as_float64(values, gaps)
    doubt = ""
    if found.infinite is not None:
        doubt = infinite_doubt(name, f"row {found.infinite[0]} (counted from 0)", found.infinite[1])
    return number_column(
        name, found.values, missing=found.missing, nans=found.nans, doubt=doubt,
        notes=changed_notes(name, found.changed),
    )  # fmt: skip


def infinite_doubt(name: str, where: str, value: float) -> str:
    """Say that a column of numbers holds one that is not finite."""
    return (
        f"column {name!r} holds numbers, but {where} is {value}.\n"
        "  Only finite numbers can be computed with: correct the cell, or drop the column."
    )


def changed_notes(name: str, changed: int) -> tuple[str, ...]:
    """Say how many integers float64 could not hold exactly."""
    if not changed:
        return ()
    return (
        f"column {name!r}: {counted(changed, 'integer')} beyond 2**53 rounded to "
        f"float64; if these are ids say --text {name} or --categorical {name}",
    )


def _words(name: str, texts: Any, declared: bool = False) -> Column:
    coded = texts.dictionary_encode()
    codes = np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int32)
    return words_column(name, codes, coded.dictionary, declared=declared)


def _number_texts(values: Any) -> list[str | None]:
    return [None if value is None else _text(value) for value in values.to_pylist()]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return number_text(value) if isinstance(value, float) and np.isfinite(value) else str(value)


def _title(text: str | None) -> str | None:
    return None if text is None else text.title()


def _date_texts(values: Any) -> list[str | None]:
    return [None if value is None else value.isoformat() for value in values.to_pylist()]


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _is_gap(value: Any, among_texts: bool) -> bool:
    """Return whether an object is one of the ways in which libraries write a missing cell."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return among_texts and isinstance(value, float) and bool(np.isnan(value))


def _mixed(name: str, values: list[Any]) -> Column:
    """Return a column that holds values of several kinds, which is refused when it is used."""
    present = [(row, value) for row, value in enumerate(values) if value is not None]
    kinds = [type(value).__name__ for _, value in present]
    usual = max(set(kinds), key=kinds.count)
    others = [item for item, kind in zip(present, kinds, strict=True) if kind != usual]
    if not others:
        return _unreadable(name, len(values), usual)
    row, odd = others[0]
    doubt = (
        f"column {name!r} holds values of type {usual}, but row {row} (counted from 0) is {odd!r}."
        f"\n  Correct the cell; or say categorical=[{name!r}] if all cells are categories, "
        f"text=[{name!r}] to leave the column out."
    )
    return _refused(name, len(values), doubt)


def _unreadable(name: str, rows: int, kind: str) -> Column:
    return _refused(name, rows, unreadable(name, kind))


def unreadable(name: str, kind: str) -> str:
    """Say that a column holds values of a type that has no right reading."""
    return (
        f"column {name!r} has values of type {kind}, which are neither numbers nor text.\n"
        f"  Convert the column before, or leave it out: drop=[{name!r}] (--drop {name})."
    )


def _refused(name: str, rows: int, doubt: str) -> Column:
    return Column(name, "unreadable", np.full(rows, -1, dtype=np.int32), doubt=doubt)
