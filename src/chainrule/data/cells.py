"""Cells: splitting and unquoting the rows of a text file, by pyarrow.

Knows delimiters and missing words; knows nothing of lines, headers or types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def split_cells(
    data: bytes,
    columns: int,
    delimiter: str,
    *,
    skips_empty: bool = True,
    missing: Sequence[str] = (),
) -> list[Any]:
    r"""Return one pyarrow array of strings a column; null where a cell is missing.

    Parameters
    ----------
    data : bytes
        Whole rows of UTF-8, already checked to have this many cells each.
    columns : int
        How many cells a row has.
    delimiter : str
        Between cells.
    skips_empty : bool
        Whether an empty line is no row (else it is one missing cell).
    missing : sequence of str
        Words that stand for a missing cell, besides the empty one.

    Examples
    --------
    >>> [cells.to_pylist() for cells in split_cells(b'1,"a, b"\n2,\n', 2, ",")]
    [['1', '2'], ['a, b', None]]
    """
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    names = [str(i) for i in range(columns)]
    table = pa_csv.read_csv(
        pa.py_buffer(data),
        read_options=pa_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=max(len(data) + 1, 1 << 16)
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=skips_empty
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=["", *missing],
            strings_can_be_null=True,
        ),
    )
    return [column.combine_chunks() for column in table.columns]
