"""Parquet: typed columns in row groups.

Knows the footer and what it claims; columns become ours in `typed`. No Arrow extension type is
ever made: a file that asks for one is refused by its footer, before its schema is built.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from chainrule.data.formats.registry import Reading, reader
from chainrule.data.frames import finished_table
from chainrule.data.memory import check_memory
from chainrule.data.table import Table
from chainrule.data.typed import column_from_arrow
from chainrule.errors import DataError


@reader(".parquet", ".pq")
def read_parquet(file: BinaryIO, source: str, reading: Reading) -> Table:
    """Read a Parquet file column by column."""
    with told(source):
        table = open_parquet(file, source)
        _check_claims(table.metadata, source)
        names = table.schema_arrow.names
        columns = []
        for i, name in enumerate(names):
            values = _column(table, i, name, source)
            columns.append(column_from_arrow(name, values, as_text=name in reading.as_text))
    return finished_table(source, columns)


@contextmanager
def told(source: str) -> Iterator[None]:
    """Say in one line what pyarrow finds wrong with a file."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"{source} is damaged or no Parquet file: {first}\n  Write the file again."
        ) from error


def open_parquet(file: BinaryIO, source: str, *, buffer: int = 0) -> Any:
    """Return pyarrow's view of a file whose footer asks for nothing strange.

    Parameters
    ----------
    file : file
        Opened for reading.
    source : str
        Its name, for messages.
    buffer : int
        Bytes of a column that are read at a time; 0: a column of a row group at once.
    """
    import pyarrow.parquet as pq

    with told(source):
        _check_extensions(_footer(file, source), source)
        file.seek(0)
        return pq.ParquetFile(file, memory_map=False, pre_buffer=False, buffer_size=buffer)


def _footer(file: BinaryIO, source: str) -> bytes:
    """Return the bytes of the footer, without interpreting them."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or length > size - 12:
        raise DataError(
            f"{source} is damaged or no Parquet file: it does not end in a footer.\n"
            "  Write the file again."
        )
    file.seek(size - 8 - length)
    return file.read(length)


def _check_extensions(footer: bytes, source: str) -> None:
    """Refuse a file that asks for Arrow extension types, before any schema is built from it.

    The footer keeps Arrow's schema in base64 behind its key; the bytes between the two may look
    like base64 too, so that each of the four alignments is tried.
    """
    for kept in re.findall(
        rb"ARROW:schema[^A-Za-z0-9+/]?([\x00-\xff]{0,6}[A-Za-z0-9+/=]+)", footer
    ):
        run = re.sub(rb"[^A-Za-z0-9+/]", b"", kept)
        for start in range(4):
            part = run[start:]
            schema = base64.b64decode(part[: len(part) // 4 * 4])
            if b"ARROW:extension:name" in schema:
                raise DataError(
                    f"{source} has columns of Arrow extension types, which are not made here.\n"
                    "  Write it with plain columns (numbers, texts, dates)."
                )


def _check_claims(footer: Any, source: str) -> None:
    """Refuse sizes that are impossible, or that would not fit into memory."""
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    claimed = sum(group.total_byte_size for group in groups)
    if min([group.num_rows for group in groups], default=0) < 0 or claimed < 0:
        raise DataError(f"{source} is damaged: its footer claims negative sizes.")
    needed = max(claimed, footer.num_rows * footer.num_columns * 8)
    check_memory(needed, f"reading {source} ({footer.num_rows} rows x {footer.num_columns})")


def _column(table: Any, index: int, name: str, source: str) -> Any:
    import pyarrow as pa

    kind = table.schema_arrow.field(index).type
    if pa.types.is_nested(kind):
        return pa.nulls(table.metadata.num_rows, kind)
    return table.read(columns=[name], use_threads=False).column(0)
