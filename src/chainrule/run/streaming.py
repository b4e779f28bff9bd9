"""Streaming: predictions for a table of any size, written piece by piece in fixed memory.

Knows runs' preparations, pieces of tables and writers of columns; computes nothing of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chainrule.data.columns import Column, counted, some
from chainrule.data.predictions import write_pieces
from chainrule.data.stream.arrow import lean_arrow
from chainrule.data.stream.encoding import piece_table, read_cells, readers_of
from chainrule.data.stream.pieces import TableFiles, open_table
from chainrule.data.stream.sources import table_files
from chainrule.errors import SpecError
from chainrule.run.facade import Run
from chainrule.types import Array


@dataclass
class Predicted:
    """What a streamed prediction did.

    Attributes
    ----------
    rows : int
        Rows that were predicted.
    gaps : dict of str to int
        Missing cells that were filled in, by column.
    unused : tuple of str
        Columns that the run does not use.
    """

    rows: int = 0
    gaps: dict[str, int] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the table's owner should know."""
        filled = [
            f"column {name!r}: {counted(count, 'missing cell')} filled in"
            for name, count in self.gaps.items()
            if count
        ]
        return (*filled, *([f"columns not used: {some(self.unused)}"] if self.unused else []))


def predict_files(
    run: Run, source: Any, out: str | os.PathLike[str], *, extra: str = "error", **changes: Any
) -> Predicted:
    r"""Predict the rows of CSV or Parquet files into a file, in the order of the rows.

    Parameters
    ----------
    run : Run
        Made from a table.
    source : path, pattern or sequence of paths
        The new table.
    out : path
        Ending in .csv, .tsv or .parquet; it appears complete or not at all.
    extra : {"error", "ignore"}
        What a column means that the training table did not have.
    **changes
        Of how the table is read: delimiter, encoding.

    Raises
    ------
    SpecError, DataError
        If the run was made from arrays, or the table does not fit.

    Examples
    --------
    >>> import tempfile, pathlib, chainrule as cr
    >>> table = {"x": [k / 9 for k in range(40)], "y": [k / 3 for k in range(40)]}
    >>> run = cr.train_table(table, "y", hidden=(), epochs=5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "new.csv").write_text("x\n0.5\n1.5\n")
    ...     predict_files(run, f"{folder}/new.csv", f"{folder}/out.csv").rows
    2
    """
    if run.preparation is None:
        raise SpecError("this run was trained on arrays; use run.predict(X).")
    run.check_usable()
    fresh = replace(run.preparation.reading, delimiter=None, encoding=None)
    with lean_arrow():
        files = open_table(table_files(source), replace(fresh, **changes))
        done = Predicted(unused=_unused(run, files))
        write_pieces(Path(out), _columns(run, files, extra, done))
    return done


def _unused(run: Run, files: TableFiles) -> tuple[str, ...]:
    known = {*run.preparation.input_names, run.preparation.target}
    return tuple(name for name in files.names if name not in known)


def _columns(
    run: Run, files: TableFiles, extra: str, done: Predicted
) -> Iterator[dict[str, Array]]:
    """Yield the predictions of each piece as columns."""
    readers = readers_of(run.preparation, files, target=False)
    for piece in files.pieces():
        table = piece_table(piece, read_cells(piece, readers), files.names)
        yield run.predict_table(table, extra=extra)
        for name in readers:
            column: Column = table.column(name)
            done.gaps[name] = done.gaps.get(name, 0) + column.missing
        done.rows += piece.rows
