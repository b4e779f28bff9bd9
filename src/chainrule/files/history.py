"""The history of a run as the bytes of a Parquet file, and back.

NaN stays NaN, bit for bit. Knows columns; opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.files import parquet
from chainrule.files.contents import Arrays
from chainrule.files.parquet import Column, Malformed, Slice
from chainrule.files.refusals import refused
from chainrule.types import Array

_MOST_COLUMNS = 2000
_FOOTER_LIMIT = 2**20
_NUMBERS = {dtype.str[1:]: number for number, dtype in parquet.TYPES.items()}


def encode(history: Arrays, where: str) -> Iterator[bytes | memoryview]:
    """Check the columns now, and return the file's bytes piece by piece."""
    _check(history, where)
    names = [Column(name.encode(), _NUMBERS[c.dtype.str[1:]]) for name, c in history.items()]
    rows = len(next(iter(history.values())))
    return _pieces(list(history.values()), parquet.layout(names, rows))


def _pieces(columns: list[Array], layout: Iterator[bytes | Slice]) -> Iterator[bytes | memoryview]:
    for part in layout:
        if isinstance(part, bytes):
            yield part
        else:
            values = columns[part.column][part.start : part.stop]
            little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
            yield little.view(np.uint8).data


def _check(history: Arrays, where: str) -> None:
    if len(history) > _MOST_COLUMNS:
        raise refused(where, f"cannot hold {len(history):,} columns", "Keep fewer columns.")
    for name, column in history.items():
        _check_column(name, column, where)
    lengths = {name: len(column) for name, column in history.items()}
    if len(set(lengths.values())) > 1:
        raise refused(where, f"has columns of different lengths {lengths}", "Make them equal.")


def _check_column(name: Any, column: Any, where: str) -> None:
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name.encode()) <= 128:
        way = "Use a printable name of at most 128 bytes."
        raise refused(where, f"cannot hold a column named {name!r}", way)
    good = isinstance(column, np.ndarray) and not isinstance(column, np.ma.MaskedArray)
    if not good or column.ndim != 1 or column.dtype.str[1:] not in _NUMBERS:
        way = "Use arrays with one axis of float64, float32 or int64."
        raise refused(where, f"cannot hold column {name!r} as it is", way)


def decode(data: Array, where: str) -> dict[str, Array]:
    """Read the columns, if every byte that is not a value is the one we would write."""
    try:
        columns, rows = parquet.schema(data[-_FOOTER_LIMIT:].tobytes())
        names = [column.name.decode() for column in columns]
        sizes = sum(parquet.TYPES[column.type].itemsize for column in columns)
        if not columns or len(set(names)) != len(names) or rows * sizes > len(data):
            raise Malformed("its footer does not fit its length")
        arrays = _filled(data, columns, rows)
    except (Malformed, UnicodeDecodeError) as problem:
        raise refused(where, f"is not a history of ours ({problem})") from None
    return dict(zip(names, arrays, strict=True))


def _filled(data: Array, columns: list[Column], rows: int) -> list[Array]:
    """Copy the values to where they belong, comparing all that stands between them."""
    arrays = [np.empty(rows, parquet.TYPES[column.type]) for column in columns]
    place = 0
    for part in parquet.layout(columns, rows):
        if isinstance(part, bytes):
            found = data[place : place + len(part)].tobytes()
            if found != part:
                raise Malformed(f"byte {place} and those after it are not as we write them")
            place += len(part)
        else:
            target = arrays[part.column][part.start : part.stop].view(np.uint8)
            target[:] = data[place : place + len(target)]
            place += len(target)
    if place != len(data):
        raise Malformed(f"{len(data) - place} bytes follow its end")
    for array in arrays:
        array.flags.writeable = False
    return arrays
