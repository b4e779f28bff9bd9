"""Datasets: a table split, prepared and ready to train on, with a report of what was inferred.

Knows tables, splits and preparations; knows no networks. The split comes first; everything that
is learnt is learnt from the training rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from chainrule.data.columns import counted, some
from chainrule.data.fitting import Missing
from chainrule.data.formats import Reading
from chainrule.data.formats.registry import texts
from chainrule.data.preparation import Preparation
from chainrule.data.reading import read_with
from chainrule.data.splits import Split, split
from chainrule.data.table import Table, unknown_column
from chainrule.data.tasks import Task, check_target, decide_task, fit_classes
from chainrule.data.transforms import OneHot, Unseen
from chainrule.errors import DataError, SpecError
from chainrule.types import Array, Seed


@dataclass(frozen=True, eq=False)
class Dataset:
    """Arrays for training, validation and test, and where they came from.

    Attributes
    ----------
    x_train, x_validation, x_test : ndarray
        Features, (rows, features), C-contiguous.
    y_train, y_validation, y_test : ndarray
        Class numbers (int64) or scaled numbers, (rows,).
    rows_train, rows_validation, rows_test : ndarray of int64
        Row numbers in the user's table, counted from 0, ascending.
    preparation : Preparation
        The transforms, for new tables and for decoding.
    table_report : dict
        What was inferred, as JSON types; `report_lines` tells it as text.
    """

    x_train: Array = field(repr=False)
    y_train: Array = field(repr=False)
    x_validation: Array = field(repr=False)
    y_validation: Array = field(repr=False)
    x_test: Array = field(repr=False)
    y_test: Array = field(repr=False)
    rows_train: Array = field(repr=False)
    rows_validation: Array = field(repr=False)
    rows_test: Array = field(repr=False)
    preparation: Preparation
    table_report: dict[str, Any]

    def report_lines(self) -> list[str]:
        """Return the report as lines of text."""
        return report_lines(self.table_report)


def prepare(
    source: Any,
    target: str,
    *,
    validation: float = 0.15,
    test: float = 0.15,
    seed: Seed = 0,
    task: Task = "auto",
    unseen: Unseen = "error",
    missing: Missing | None = None,
    missing_target: Literal["error", "drop"] = "error",
    drop: Sequence[str] | str = (),
    categorical: Sequence[str] | str = (),
    text: Sequence[str] | str = (),
    scale: bool = True,
    dtype: Any = "float64",
    reading: Reading | None = None,
) -> Dataset:
    """Read a table, split it, learn the transforms from the training rows, and apply them.

    Parameters
    ----------
    source : path, dataframe, dict of columns, array or Table
        The data.
    target : str
        The column to predict.
    validation, test : float
        Shares of the rows that are held out; each class keeps its share in each part.
    seed : int
        Fixes the split.
    task, unseen, missing, drop, categorical, text, scale
        As in `Preparation.fit`. Held-out rows with a category that no training row has are
        encoded as all zeros, and reported: the user's own table is not refused for them.
    missing_target : {"error", "drop"}
        Whether rows without a target are refused, or left out and reported.
    dtype : dtype
        float64 or float32.
    reading : Reading, optional
        How to read a file: delimiter, words for missing values, and so on.

    Examples
    --------
    >>> columns = {"x": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "y": ["a", "b"] * 3}
    >>> data = prepare(columns, "y", validation=0.2, test=0.0)
    >>> data.x_train.shape, data.preparation.labels
    ((5, 1), ('a', 'b'))
    """
    declared = Declared(texts("drop", drop), texts("categorical", categorical), texts("text", text))
    reading = reading or Reading()
    kept = dict.fromkeys((*reading.as_text, *declared.categorical, *declared.text))
    table = read_with(source, replace(reading, as_text=tuple(kept)))
    if target not in table:
        raise DataError(unknown_column(table, target))
    rows, notes = _rows_with_target(table, target, missing_target)
    check_target(table, target, rows)
    settled, why = decide_task(table, target, rows, task, target in declared.categorical)
    parts, split_notes = _split(table, target, rows, settled, (validation, test), seed)
    preparation = Preparation.fit(
        table,
        target,
        rows=parts.train,
        task=settled if target not in declared.categorical else "auto",
        unseen=unseen,
        missing=missing,
        drop=declared.drop,
        categorical=declared.categorical,
        text=declared.text,
        scale=scale,
        reading=replace(reading, as_text=tuple(kept)),
    )
    notes += (*split_notes, f"{settled}: {why}", *preparation.notes[1:])
    return _assemble(table, preparation, parts, notes, dtype)


@dataclass(frozen=True)
class Declared:
    """Columns that the user declared.

    Attributes
    ----------
    drop, categorical, text : tuple of str
        To leave out, to take as categories, to take as free text.
    """

    drop: tuple[str, ...]
    categorical: tuple[str, ...]
    text: tuple[str, ...]


def _rows_with_target(
    table: Table, target: str, missing_target: str
) -> tuple[Array, tuple[str, ...]]:
    """Return the rows that can be used, and what to say about the others."""
    if missing_target not in ("error", "drop"):
        raise SpecError(f"missing_target must be 'error' or 'drop', got {missing_target!r}.")
    rows = np.arange(table.rows)
    if missing_target == "error":
        return rows, ()
    gaps = table.column(target).absent()
    if not gaps.any() or gaps.all():
        return rows, ()
    first = table.where(int(np.argmax(gaps)))
    left_out = counted(int(np.count_nonzero(gaps)), "row")
    return rows[~gaps], (f"{left_out} without a target left out (first: {first})",)


def _split(
    table: Table,
    target: str,
    rows: Array,
    task: str,
    fractions: tuple[float, float],
    seed: Seed,
) -> tuple[Split, tuple[str, ...]]:
    """Return the parts as row numbers of the table, and what to say about them."""
    classes = None
    if task == "classification":
        classes = fit_classes(table, target, rows).encode(table.column(target), rows, table.where)
    parts = split(len(rows), classes, fractions=fractions, seed=seed)
    notes = too_few(len(rows), fractions, (len(parts.validation), len(parts.test)))
    return Split(rows[parts.train], rows[parts.validation], rows[parts.test]), notes


def too_few(rows: int, fractions: tuple[float, float], held: tuple[int, int]) -> tuple[str, ...]:
    """Say which part of the rows was asked for and is empty."""
    asked = zip(("validation", "test"), fractions, held, strict=True)
    return tuple(
        f"too few rows ({rows}) to hold any out for {name}"
        for name, fraction, count in asked
        if fraction > 0 and not count
    )


def _assemble(
    table: Table, preparation: Preparation, parts: Split, notes: tuple[str, ...], dtype: Any
) -> Dataset:
    lenient = preparation.with_unseen("ignore")
    three = (parts.train, parts.validation, parts.test)
    notes += _new_categories(table, preparation, parts)
    x_train, x_validation, x_test = (lenient.inputs(table, rows, dtype) for rows in three)
    sizes = tuple(len(rows) for rows in three)
    y_train, y_validation, y_test = (preparation.targets(table, rows, dtype) for rows in three)
    return Dataset(
        x_train=x_train,
        y_train=y_train,
        x_validation=x_validation,
        y_validation=y_validation,
        x_test=x_test,
        y_test=y_test,
        rows_train=parts.train,
        rows_validation=parts.validation,
        rows_test=parts.test,
        preparation=preparation,
        table_report=table_report(table, preparation, sizes, notes),
    )


def _new_categories(table: Table, preparation: Preparation, parts: Split) -> tuple[str, ...]:
    """Say in which held-out rows a category stands that no training row has."""
    held = np.concatenate([parts.validation, parts.test])
    notes = []
    for transform in preparation.with_unseen("ignore").transforms:
        if isinstance(transform, OneHot) and len(held):
            index = transform.index(table.column(transform.name), held, table.where)
            if count := int(np.count_nonzero(index < 0)):
                notes.append(f"{transform.name} ({counted(count, 'row')})")
    return new_categories_note(notes)


def new_categories_note(notes: Sequence[str]) -> tuple[str, ...]:
    """Say which columns have categories that only held-out rows have."""
    if not notes:
        return ()
    return (f"held-out rows with a category that no training row has: {some(notes)}",)


def table_report(
    table: Table, preparation: Preparation, sizes: Sequence[int], notes: tuple[str, ...]
) -> dict[str, Any]:
    """Return what was inferred of a table, as plain data; `sizes` are the rows of its parts."""
    transforms = preparation.transforms
    return {
        "source": table.source,
        "rows": table.rows,
        "columns": len(table.columns),
        "target": preparation.target,
        "task": preparation.task,
        "labels": list(preparation.labels) if preparation.labels is not None else None,
        "features": len(preparation.feature_names),
        "kinds": table.kinds,
        "missing": {name: count for name, count in table.missing.items() if count},
        "categories": {t.name: list(t.categories) for t in transforms if isinstance(t, OneHot)},
        "left_out": {item.name: item.reason for item in preparation.left_out},
        "split": dict(zip(("train", "validation", "test"), sizes, strict=True)),
        "notes": [*table.notes, *notes],
    }


def report_lines(report: dict[str, Any]) -> list[str]:
    """Return a table report as lines of text.

    Examples
    --------
    >>> data = prepare({"x": [0.0, 1.0, 0.5], "y": [1.5, 2.5, 2.0]}, "y")
    >>> report_lines(data.table_report)[0]
    'a dict of columns: 3 rows, 2 columns'
    """
    kinds: dict[str, list[str]] = {}
    for name, kind in report["kinds"].items():
        if name != report["target"]:
            kinds.setdefault(kind, []).append(name)
    parts = report["split"]
    labels = report["labels"]
    about = f" of {len(labels)} classes ({some(labels)})" if labels is not None else ""
    lines = [
        f"{report['source']}: {report['rows']} rows, {report['columns']} columns",
        f"target: {report['target']}, {report['task']}{about}",
        *(f"{kind}: {some(names)}" for kind, names in kinds.items()),
    ]
    if report["missing"]:
        counts = [f"{name} {count}" for name, count in report["missing"].items()]
        lines.append(f"missing cells: {some(counts)}")
    lines.append(
        f"split: {parts['train']} train, {parts['validation']} validation, {parts['test']} test; "
        f"{report['features']} features"
    )
    return lines + [f"note: {note}" for note in report["notes"]]
