"""Fits: whether a table would fit into memory, told before it is read.

Knows files, their sizes and free memory; reads at most a footer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chainrule.data.formats import Reading, csv, parquet, reader_of
from chainrule.data.memory import available_memory
from chainrule.data.stream.arrow import load_lean
from chainrule.data.stream.sources import is_many
from chainrule.errors import DataError

COPIES = 3
"""A table is in memory about so many times while it is prepared: as columns, and as features."""


def streams_by_itself(source: Any, reading: Reading | None = None) -> bool:
    """Tell whether a table is read in blocks without being asked to: it would not fit, or is many.

    Parameters
    ----------
    source : path or anything else
        What was named as the table.
    reading : Reading, optional
        How it is read.

    Examples
    --------
    >>> streams_by_itself({"x": [1.0]}), streams_by_itself(["a.csv", "b.csv"])
    (False, True)
    """
    if is_many(source):
        return True
    if not isinstance(source, str | os.PathLike) or not Path(source).is_file():
        return False
    needed, free = bytes_in_memory(Path(source)), available_memory()
    return free is not None and COPIES * needed > 0.9 * free


def bytes_in_memory(path: Path) -> int:
    """Return about how many bytes a file's cells take in memory; 0 where it cannot be streamed."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
            read = reader_of(path, head)
            if read in (csv.read_csv, csv.read_tsv):
                return path.stat().st_size
            if read is not parquet.read_parquet:
                return 0
            load_lean()
            footer = parquet.open_parquet(file, str(path)).metadata
            return int(footer.num_rows) * int(footer.num_columns) * 8
    except (OSError, DataError):
        return 0  # whoever reads it says what is wrong
