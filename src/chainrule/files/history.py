"""The history of a run as the bytes of a Parquet file, and back.

Plain, uncompressed, without nulls (NaN stays NaN) and in one row group, so that the memory a file
needs can be told from its length before anything is decoded. Knows columns and pyarrow, which is
loaded only when a history is written or read; opens nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.files.contents import Arrays
from chainrule.files.refusals import refused
from chainrule.types import Array, DType

_DTYPES: dict[str, DType] = {
    "DOUBLE": np.dtype("f8"),
    "FLOAT": np.dtype("f4"),
    "INT64": np.dtype("i8"),
}
_MAX_COLUMNS = 10_000
_FOOTER = {"thrift_string_size_limit": 2**20, "thrift_container_size_limit": _MAX_COLUMNS + 1}


def encode(history: Arrays, where: str) -> memoryview:
    """Write columns of one length as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check(history, where)
    plain = {
        name: np.ascontiguousarray(c, c.dtype.newbyteorder("=")) for name, c in history.items()
    }
    types = [pa.field(name, pa.from_numpy_dtype(c.dtype), False) for name, c in plain.items()]
    table = pa.table([pa.array(c) for c in plain.values()], schema=pa.schema(types))
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="none", use_dictionary=False, store_schema=False,
        write_statistics=False, row_group_size=max(1, table.num_rows),
    )  # fmt: skip
    return memoryview(sink.getvalue())


def _check(history: Arrays, where: str) -> None:
    if len(history) > _MAX_COLUMNS:
        raise refused(where, f"cannot hold {len(history):,} columns", "Keep fewer columns.")
    for name, column in history.items():
        good = isinstance(column, np.ndarray) and column.dtype.newbyteorder("=") in _DTYPES.values()
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 512:
            raise refused(where, f"cannot hold a column named {name!r}", "Use a printable name.")
        if not good or column.ndim != 1 or isinstance(column, np.ma.MaskedArray):
            way = "Use arrays with one axis of float64, float32 or int64."
            raise refused(where, f"cannot hold column {name!r} as it is", way)
    lengths = {name: len(column) for name, column in history.items()}
    if len(set(lengths.values())) > 1:
        raise refused(where, f"has columns of different lengths {lengths}", "Make them equal.")


def decode(data: Array, where: str) -> dict[str, Array]:
    """Read the columns, after checking that they need no more memory than the file's length."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(pa.BufferReader(pa.py_buffer(data)), **_FOOTER) as file:
            _check_metadata(file.metadata, len(data), where)
            table = file.read(use_threads=False)
        columns = zip(table.column_names, table.columns, strict=True)
        return {name: _column(column) for name, column in columns}
    except (pa.ArrowException, OSError, ValueError) as problem:
        fact = f"is not a history of ours ({str(problem).splitlines()[0][:120]})"
        raise refused(where, fact) from None


def _column(column: Any) -> Array:
    array: Array = np.asarray(column.to_numpy())
    array.flags.writeable = False
    return array


def _check_metadata(metadata: Any, length: int, where: str) -> None:
    """Refuse what `encode` does not write: compression, dictionaries, nulls, nested columns."""
    names = [metadata.schema.column(k).path for k in range(metadata.num_columns)]
    if metadata.metadata or metadata.num_row_groups > 1 or len(set(names)) != len(names):
        raise refused(where, "is not a history of ours (other row groups, metadata or names)")
    for k, name in enumerate(names):
        column = metadata.schema.column(k)
        if column.max_definition_level or column.physical_type not in _DTYPES:
            raise refused(where, f"is not a history of ours (column {name[:80]!r})")
    for group in range(metadata.num_row_groups):
        for k in range(metadata.num_columns):
            _check_chunk(metadata.row_group(group).column(k), metadata.num_rows, length, where)


def _check_chunk(chunk: Any, rows: int, length: int, where: str) -> None:
    size = rows * _DTYPES[chunk.physical_type].itemsize
    plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) <= {"PLAIN", "RLE"}
    honest = size <= chunk.total_compressed_size == chunk.total_uncompressed_size <= length
    if not (plain and honest and chunk.num_values == rows >= 0):
        raise refused(where, f"is not a history of ours (column {chunk.path_in_schema[:80]!r})")
