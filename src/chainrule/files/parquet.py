"""The one corner of Parquet that a history needs, to the byte.

Columns of float64, float32 and int64, plain, uncompressed, without nulls, in one row group. Where
every byte of such a file goes follows from the names, the types and the number of rows, so a
reader has nothing to trust: it works the layout out and compares. Any Parquet reader opens these
files. Knows the Parquet format and its "compact" Thrift encoding; knows nothing of runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from chainrule.types import DType

MAGIC = b"PAR1"
TYPES: dict[int, DType] = {2: np.dtype("<i8"), 4: np.dtype("<f4"), 5: np.dtype("<f8")}
"""Parquet's physical types INT64, FLOAT and DOUBLE, by their numbers."""

_PAGE = 2**20  # values in a page
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
_ROOT = b"schema"
_CREATED_BY = b"chainrule version 1"


class Column(NamedTuple):
    """A column's name and Parquet's number for its type."""

    name: bytes
    type: int


class Slice(NamedTuple):
    """The place of some values of a column in the file."""

    column: int
    start: int
    stop: int


class Malformed(ValueError):
    """A footer that this module does not write."""


def layout(columns: list[Column], rows: int) -> Iterator[bytes | Slice]:
    """Say what follows what in the file: bytes that are given, and slices of columns."""
    yield MAGIC
    offset, chunks = len(MAGIC), []
    for number, column in enumerate(columns if rows else []):
        begin = offset
        for start in range(0, rows, _PAGE):
            stop = min(rows, start + _PAGE)
            size = (stop - start) * TYPES[column.type].itemsize
            header = _page_header(stop - start, size)
            yield header
            yield Slice(number, start, stop)
            offset += len(header) + size
        chunks.append(_chunk(column, rows, begin, offset - begin))
    footer = _footer(columns, rows, chunks, offset - len(MAGIC))
    yield footer + len(footer).to_bytes(4, "little") + MAGIC


def _page_header(values: int, size: int) -> bytes:
    """Describe a data page: its values follow, plain, without levels."""
    data = _struct(_i32(1, values), _i32(2, 0), _i32(3, 3), _i32(4, 3))
    return _struct(_i32(1, 0), _i32(2, size), _i32(3, size), (5, _STRUCT, data))


def _chunk(column: Column, rows: int, begin: int, size: int) -> bytes:
    """Describe the pages of one column."""
    encodings, path = [_signed(0), _signed(3)], [_text(column.name)]
    metadata = _struct(
        _i32(1, column.type),
        _list(2, _I32, encodings),
        _list(3, _BINARY, path),
        _i32(4, 0),  # not compressed
        _i64(5, rows),
        _i64(6, size),
        _i64(7, size),
        _i64(9, begin),
    )
    return _struct(_i64(2, 0), (3, _STRUCT, metadata))


def _footer(columns: list[Column], rows: int, chunks: list[bytes], size: int) -> bytes:
    """Describe the file; without rows it has no row group."""
    group = _struct(_list(1, _STRUCT, chunks), _i64(2, size), _i64(3, rows))
    return _struct(
        _i32(1, 1),
        _list(2, _STRUCT, [_root(len(columns)), *map(_element, columns)]),
        _i64(3, rows),
        _list(4, _STRUCT, [group] if chunks else []),
        (6, _BINARY, _text(_CREATED_BY)),
    )


def _root(columns: int) -> bytes:
    return _struct((4, _BINARY, _text(_ROOT)), _i32(5, columns))


def _element(column: Column) -> bytes:
    return _struct(_i32(1, column.type), _i32(3, 0), (4, _BINARY, _text(column.name)))


# Thrift, compact: a field is (number, kind, bytes of its value)

Field = tuple[int, int, bytes]


def _struct(*fields: Field) -> bytes:
    parts, last = [], 0
    for number, kind, value in fields:
        parts += [bytes([number - last << 4 | kind]), value]
        last = number
    return b"".join([*parts, b"\0"])


def _list(number: int, kind: int, items: list[bytes]) -> Field:
    size = len(items)
    head = bytes([size << 4 | kind]) if size < 15 else bytes([0xF0 | kind]) + _varint(size)
    return number, _LIST, head + b"".join(items)


def _i32(number: int, value: int) -> Field:
    return number, _I32, _signed(value)


def _i64(number: int, value: int) -> Field:
    return number, _I64, _signed(value)


def _signed(value: int) -> bytes:
    return _varint(value << 1)  # all our numbers are 0 or more


def _text(value: bytes) -> bytes:
    return _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


class _Cursor:
    """Reads what `_footer` writes, piece by piece."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, length: int) -> bytes:
        piece = self.data[self.place : self.place + length]
        if len(piece) != length:
            raise Malformed("its footer ends too early")
        self.place += length
        return piece

    def expect(self, piece: bytes) -> None:
        if self.take(len(piece)) != piece:
            raise Malformed("its footer is not as we write it")

    def varint(self) -> int:
        value = 0
        for shift in range(0, 63, 7):
            (byte,) = self.take(1)
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Malformed("its footer holds a number beyond 64 bits")


def schema(data: bytes) -> tuple[list[Column], int]:
    """Read the columns and the number of rows from the footer that ends with `data`."""
    if len(data) < 12 or data[-4:] != MAGIC:
        raise Malformed("it is not a Parquet file")
    length = int.from_bytes(data[-8:-4], "little")
    if length > len(data) - 8:
        raise Malformed("its footer is longer than the file")
    cursor = _Cursor(data[-8 - length : -8])
    cursor.expect(b"\x15\x02\x19")  # version 1, then the list of the schema's elements
    size = cursor.take(1)[0] >> 4
    size = size if size < 15 else cursor.varint()
    cursor.expect(_root(size - 1) if size else b"\xff")
    columns = [_column(cursor) for _ in range(size - 1)]
    cursor.expect(b"\x16")
    return columns, cursor.varint() >> 1


def _column(cursor: _Cursor) -> Column:
    cursor.expect(b"\x15")
    kind = cursor.varint() >> 1
    if kind not in TYPES:
        raise Malformed("it has a column of another type")
    cursor.expect(b"\x25\x00\x18")
    column = Column(cursor.take(cursor.varint()), kind)
    cursor.expect(b"\0")
    return column
