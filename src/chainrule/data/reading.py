"""Reading: from whatever the user has to a `Table`.

Knows where a table can come from; leaves each format to its own file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from chainrule.data.formats import Reading, reader_of
from chainrule.data.frames import table_from_object
from chainrule.data.sources import opened
from chainrule.data.table import Table


def read_table(
    source: Any,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    missing: Sequence[str] | str = (),
    ragged: Literal["error", "missing"] = "error",
    decimal: str | None = None,
    thousands: str | None = None,
    as_text: Sequence[str] | str = (),
) -> Table:
    """Read a table exactly as it is, or refuse it with the place that is wrong.

    Parameters
    ----------
    source : path, dataframe, dict of columns, array or Table
        A file (CSV, TSV, Parquet, NPZ, NPY by its ending) or an object of Python. The options
        below concern text files, `as_text` all sources.
    delimiter : str, optional
        Between cells; found by itself if not given.
    encoding : str, optional
        Of the text; UTF-8 unless a byte order mark says otherwise.
    header : bool
        Whether the first row names the columns.
    missing : sequence of str
        Words that stand for a missing value, besides the empty cell.
    ragged : {"error", "missing"}
        Whether a row with too few cells is refused or filled up with missing cells.
    decimal, thousands : str, optional
        The decimal mark, and the mark between groups of digits.
    as_text : sequence of str
        Columns whose cells are kept as texts, whatever they look like.

    Examples
    --------
    >>> table = read_table({"height": [1.8, 1.7], "name": ["Ada", "Alan"]})
    >>> table.column("height").values
    array([1.8, 1.7])
    """
    reading = Reading(
        delimiter=delimiter,
        encoding=encoding,
        header=header,
        missing=missing,  # type: ignore[arg-type]
        ragged=ragged,
        decimal=decimal,
        thousands=thousands,
        as_text=as_text,  # type: ignore[arg-type]
    )
    return read_with(source, reading)


def read_with(source: Any, reading: Reading) -> Table:
    """Read a table with options that are already in one piece."""
    if isinstance(source, Table):
        return source
    if isinstance(source, str | os.PathLike):
        table = _read_file(Path(source), reading)
    else:
        table = table_from_object(source, reading.as_text)
    return replace(table, notes=table.notes + _column_notes(table))


def _read_file(path: Path, reading: Reading) -> Table:
    with opened(path) as file:
        head = file.read(8)
        file.seek(0)
        return reader_of(path, head)(file, str(path), reading)


def _column_notes(table: Table) -> tuple[str, ...]:
    notes = [note for column in table.columns for note in column.notes]
    doubts = [column.doubt.splitlines()[0] for column in table.columns if column.doubt]
    return (*notes, *(f"cannot be used as it is: {doubt}" for doubt in doubts))
