"""Rows for replay that were too large for the run folder: fetched again from their source.

Knows run folders' notes on a source and preparations; opens the source only when asked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.data.arrays import check_targets, is_stored
from chainrule.files import ROWS_LIMIT, RowSource, open_rows, row_source
from chainrule.train.record import Record, Validation
from chainrule.train.setup import Setup

ROW_NUMBERS = "row_numbers"
"""The array of checkpoint 0 that names the rows of the source, where the rows are not kept."""

_PART = ".row_numbers"
"""Ends the names of the arrays of checkpoint 0 that do so for rows which did not train."""

_JUDGED = ("validation", "held_out")


def stored_rows(record: Record) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays that a run folder keeps of a record's rows, if they are not too large."""
    setup = record.setup
    if not setup.rows:
        return {}
    rows = {"x": setup.x, "y": setup.y}
    if setup.w is not None:
        rows["w"] = setup.w
    if setup.row_numbers is not None:
        rows[ROW_NUMBERS] = setup.row_numbers
    for part in _JUDGED:
        judged = getattr(record, part)
        if judged is not None:
            rows[f"{part}.x"], rows[f"{part}.y"] = judged.x, judged.y
            if judged.w is not None:
                rows[f"{part}.w"] = judged.w
    return _off_disk(rows)


def _off_disk(rows: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Return rows as arrays in memory; none at all if some are on disk and all are too many."""
    stored = [array for array in rows.values() if is_stored(array)]
    if sum(array.bytes_on_disk for array in stored) > ROWS_LIMIT:
        return {}
    return {name: a[:] if is_stored(a) else a for name, a in rows.items()}


def noted_rows(record: Record) -> dict[str, np.ndarray[Any, Any]]:
    """Return the numbers that checkpoint 0 keeps of rows that stay in their source."""
    numbers = {} if record.setup.row_numbers is None else {ROW_NUMBERS: record.setup.row_numbers}
    return {**numbers, **{f"{part}{_PART}": rows for part, rows in record.parts.items()}}


def note_source(record: Record, path: str | os.PathLike[str], limit: int = ROWS_LIMIT) -> Any:
    """Return where the rows came from, if they are too large to be kept and that is a file.

    Parameters
    ----------
    record : Record
        The training.
    path : path
        The file of the user's table.
    limit : int
        Bytes up to which a run folder keeps rows.
    """
    size = sum(array.nbytes for array in stored_rows(record).values())
    if size <= limit or record.setup.row_numbers is None or not Path(path).is_file():
        return None
    return row_source(path, record.setup.rows)


def fetch_rows(record: Record, preparation: Any, source: RowSource) -> Record:
    """Return the record with its training rows read again from their source.

    Raises
    ------
    FileRefused
        If the source is gone or has changed since the run was made.
    """
    open_rows(source).close()
    setup, table = record.setup, preparation.read(source.path)
    judged: dict[str, Any] = {
        part: Validation(*_prepared(setup, preparation, table, numbers))
        for part, numbers in record.parts.items()
        if part in _JUDGED
    }
    own = _prepared(setup, preparation, table, setup.row_numbers)
    return replace(record, setup=_with(setup, *own), **judged)


def _prepared(setup: Setup, preparation: Any, table: Any, numbers: Any) -> tuple[Any, Any]:
    """Return some rows of a table as training has them."""
    x = preparation.inputs(table, numbers, dtype=setup.dtype, extra="ignore")
    found = preparation.targets(table, numbers, dtype=setup.dtype)
    outputs, kind = setup.network.outputs, setup.loss.targets
    return x, check_targets(found, len(x), outputs, kind=kind, dtype=setup.dtype)


def deal_rows_again(record: Record, preparation: Any, plain: Mapping[str, Any]) -> Record:
    """Return the record with its rows dealt again from the files that they were streamed from.

    Parameters
    ----------
    record : Record
        The training.
    preparation : Preparation
        As it was fitted then.
    plain : mapping
        The note that the run holds on its rows.

    Raises
    ------
    FileRefused
        If a file is gone or has changed since the run was made.
    """
    from chainrule.data.stream.dataset import rows_of_note
    from chainrule.data.stream.notes import StreamNote

    rows: dict[str, Any] = {**rows_of_note(StreamNote.from_dict(plain), preparation)}
    setup = replace(
        record.setup, x=rows["x_train"], y=rows["y_train"], row_numbers=rows["rows_train"],
        programs={}, compiled={},
    )  # fmt: skip
    judged: dict[str, Any] = {
        part: Validation(rows[f"x_{name}"], rows[f"y_{name}"])
        for part, name in zip(_JUDGED, ("validation", "test"), strict=True)
        if len(rows[f"x_{name}"])
    }
    return replace(record, setup=setup, **judged)


def _with(setup: Setup, x: Any, y: Any) -> Setup:
    return replace(setup, x=x, y=y, programs={})


def without_note(
    checkpoints: Mapping[int, Mapping[str, Any]],
) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """Return the checkpoints without the note of row numbers, and the numbers of each part."""
    plain = {k: dict(state) for k, state in checkpoints.items()}
    first = plain.get(0, {})
    parts = {part: first.pop(f"{part}{_PART}", None) for part in _JUDGED}
    parts[ROW_NUMBERS] = first.pop(ROW_NUMBERS, None)
    return plain, {part: numbers for part, numbers in parts.items() if numbers is not None}
