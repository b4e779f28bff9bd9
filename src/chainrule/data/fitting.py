"""Fitting: choosing a transform for each column and learning it from the training rows.

Knows columns and transforms; knows nothing of files or networks.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.data.columns import Column, some
from chainrule.data.formats.registry import texts
from chainrule.data.table import Table, unknown_column
from chainrule.data.tasks import Task, check_target, decide_task, fit_classes, fit_target_scale
from chainrule.data.transforms import (
    Classes,
    Flag,
    OneHot,
    Standardize,
    Unseen,
    fit_flag,
    fit_one_hot,
    fit_standardize,
)
from chainrule.errors import DataError, SpecError
from chainrule.types import Array, ArrayLike

Missing = Literal["impute", "error"]


@dataclass(frozen=True)
class LeftOut:
    """A column that is no input, and why.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why it was left out.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Fitted:
    """What was learnt from the training rows.

    Attributes
    ----------
    task : {"classification", "regression"}
        What kind of prediction.
    transforms : tuple
        One for each input column.
    output : Classes or Standardize
        The transform of the target.
    left_out : tuple of LeftOut
        The other columns.
    notes : tuple of str
        What was noticed.
    """

    task: Literal["classification", "regression"]
    transforms: tuple[Standardize | OneHot | Flag, ...]
    output: Classes | Standardize
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Choices:
    """What the user decided about the preparation.

    Attributes
    ----------
    task : {"auto", "classification", "regression"}
        What to predict.
    unseen : {"error", "ignore"}
        What a new category means.
    missing : {"impute", "error"} or None
        What a missing cell means. None: empty cells are imputed, but a NaN that was handed in
        as a number is refused.
    drop, categorical, text : sequence of str
        Columns to leave out, to take as categories, to take as free text (left out).
    scale : bool
        Whether numbers are standardised.
    """

    task: Task = "auto"
    unseen: Unseen = "error"
    missing: Missing | None = None
    drop: Sequence[str] = ()
    categorical: Sequence[str] = ()
    text: Sequence[str] = ()
    scale: bool = True

    def __post_init__(self) -> None:
        """Refuse choices that are none, or contradict each other."""
        for name in ("drop", "categorical", "text"):
            object.__setattr__(self, name, texts(name, getattr(self, name)))
        if self.unseen not in ("error", "ignore"):
            raise SpecError(f"unseen must be 'error' or 'ignore', got {self.unseen!r}.")
        if self.missing not in (None, "impute", "error"):
            raise SpecError(
                f"missing must be 'impute' or 'error', got {self.missing!r}.\n"
                "  Words that stand for a missing cell are Reading(missing=...), and missing_words "
                "of train_table."
            )
        both = sorted(set(self.categorical) & (set(self.text) | set(self.drop)))
        if both:
            raise SpecError(f"columns are declared both categorical and left out: {some(both)}.")


def fit(table: Table, target: str, rows: ArrayLike | None, choices: Choices) -> Fitted:
    """Learn the transforms from some rows of a table.

    Parameters
    ----------
    table : Table
        The table.
    target : str
        The column to predict.
    rows : array-like of int or None
        The training rows; None: all.
    choices : Choices
        What the user decided.
    """
    chosen = row_numbers(rows, table.rows)
    if not len(chosen):
        raise DataError("A preparation was to be fitted on 0 rows; it needs at least 1.")
    _check_names(table, target, choices)
    check_target(table, target, chosen)
    task, why = decide_task(table, target, chosen, choices.task, target in choices.categorical)
    transforms: list[Standardize | OneHot | Flag] = []
    left_out: list[LeftOut] = []
    for column in table.columns:
        if column.name == target:
            continue
        if reason := reason_to_leave_out(column, choices):
            left_out.append(LeftOut(column.name, reason))
        else:
            transforms.append(_fit_column(table, column, chosen, choices))
    if not transforms:
        raise DataError(no_inputs(table.source, target, left_out))
    if task == "classification":
        output: Classes | Standardize = fit_classes(table, target, chosen)
    else:
        output = fit_target_scale(table, target, chosen, scale=choices.scale)
    inputs = [table.column(transform.name) for transform in transforms]
    notes = (f"{task}: {why}", *_notes(table.column(target), inputs, left_out, chosen))
    return Fitted(task, tuple(transforms), output, tuple(left_out), notes)


def _check_names(table: Table, target: str, choices: Choices) -> None:
    for name in (target, *choices.drop, *choices.categorical, *choices.text):
        if name not in table:
            raise DataError(unknown_column(table, name))
    if target in (*choices.drop, *choices.text):
        raise SpecError(f"{target!r} is the target and cannot be left out.")


def reason_to_leave_out(column: Column, choices: Choices) -> str:
    """Return why a column is no input; "" if it is one."""
    if column.name in choices.drop:
        return "as asked"
    if column.name in choices.text:
        return "declared as text"
    if column.name in choices.categorical or column.doubt:
        return ""
    if column.kind == "empty":
        return "all its cells are missing"
    if column.kind == "date":
        return "dates"
    if column.kind == "text":
        present = column.rows - column.missing
        if len(column.words) == present:
            return f"all {present} values differ, like an id"
        return f"{len(column.words)} different texts in {present} cells"
    return ""


def _fit_column(
    table: Table, column: Column, rows: Array, choices: Choices
) -> Standardize | OneHot | Flag:
    declared = column.name in choices.categorical
    if column.doubt and not (declared and column.words):
        hint = ""
        if declared:
            hint = (
                f"\n  The table was read without as_text=[{column.name!r}], so its texts are gone."
            )
        raise DataError(f"{table.source}: {column.doubt}{hint}")
    _check_gaps(table, column, rows, choices)
    if declared or column.kind in ("category", "text", "date"):
        return fit_one_hot(column, rows, choices.unseen)
    if column.kind == "boolean":
        return fit_flag(column, rows)
    return fit_standardize(column.name, column.values[rows], scale=choices.scale)


def _check_gaps(table: Table, column: Column, rows: Array, choices: Choices) -> None:
    if choices.missing == "impute" or not (column.missing or column.nans):
        return
    if choices.missing is None and not column.nans:
        return
    gaps = column.absent(rows)
    if gaps.any():
        raise DataError(gap_message(table, column.name, int(rows[np.argmax(gaps)])))


def no_inputs(source: str, target: str, left_out: list[LeftOut]) -> str:
    """Say that no column remains to predict from."""
    reasons = some([f"{item.name} ({item.reason})" for item in left_out])
    return (
        f"{source}: no input column remains beside the target {target!r}. "
        f"Left out: {reasons or 'none, there is no other column'}.\n"
        "  Declare one of them: categorical=[...] (--categorical); or check the delimiter."
    )


def _notes(
    target: Column, inputs: list[Column], left_out: list[LeftOut], rows: Array
) -> tuple[str, ...]:
    gaps = [f"{c.name} ({c.missing + c.nans})" for c in inputs if c.missing or c.nans]
    found = [
        ("left out", [f"{item.name} ({item.reason})" for item in left_out]),
        ("missing cells filled in", gaps),
        ("constant in the training rows", [c.name for c in inputs if _is_constant(c, rows)]),
        ("constant target", [target.name] if _is_constant(target, rows) else []),
        ("copies of another column", _copies(inputs)),
        (f"the target {target.name} itself, under another name", _leaks(inputs, target)),
        ("may be row numbers or ids; drop=[...] (--drop) leaves them out", _id_numbers(inputs)),
    ]
    return tuple(f"{fact}: {some(names)}" for fact, names in found if names)


def _is_constant(column: Column, rows: Array) -> bool:
    values = column.values[rows]
    present = values[~column.absent(rows)]
    return bool((present == present[:1]).all()) and (len(rows) > 1)


def _copies(columns: list[Column]) -> list[str]:
    """Return the columns that equal an earlier one, cell by cell."""
    seen: dict[tuple[str, int], list[Column]] = {}
    found = []
    for column in columns:
        key = (column.kind, zlib.crc32(np.ascontiguousarray(column.values).data))
        for other in seen.setdefault(key, []):
            if other.words == column.words and _same(other.values, column.values):
                found.append(f"{column.name} of {other.name}")
                break
        else:
            seen[key].append(column)
    return found


def _leaks(inputs: list[Column], target: Column) -> list[str]:
    """Return the inputs that equal the target, cell by cell."""
    first = target.values[:1].tobytes()
    return [
        column.name
        for column in inputs
        if column.values[:1].tobytes() == first and column.kind == target.kind
        if column.words == target.words and _same(column.values, target.values)
    ]


def _same(first: Array, second: Array) -> bool:
    return np.array_equal(first, second, equal_nan=first.dtype.kind == "f")


def _id_numbers(columns: list[Column]) -> list[str]:
    """Return the columns that hold each whole number of a range once."""
    return [
        column.name
        for column in columns
        if column.kind == "number" and column.whole and column.rows >= 20
        if not (column.missing or column.nans or column.doubt) and _is_range(column.values)
    ]


def _is_range(values: Array) -> bool:
    span = float(values.max()) - float(values.min())
    return span == len(values) - 1 and len(np.unique(values)) == len(values)


def row_numbers(rows: ArrayLike | None, count: int) -> Array:
    """Return row numbers as an array, or refuse those that do not exist.

    Examples
    --------
    >>> row_numbers(None, 3)
    array([0, 1, 2])
    """
    if rows is None:
        return np.arange(count)
    chosen = np.asarray(rows)
    if chosen.dtype == np.bool_ or (chosen.size and chosen.dtype.kind not in "iu"):
        raise DataError(f"rows must be row numbers, got {chosen.dtype} values.")
    chosen = chosen.astype(np.int64)
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < count):
        raise DataError(f"rows must be from 0 to {count - 1}: {chosen.min()} to {chosen.max()}.")
    return chosen


def gap_message(table: Table, name: str, row: int) -> str:
    """Say that a cell is missing where none may be."""
    return gap_refusal(table.source, name, table.where(row))


def gap_refusal(source: str, name: str, where: str) -> str:
    """Say at which place a cell is missing where none may be."""
    return (
        f"{source}: column {name!r} has a missing value in {where}.\n"
        f"  Fill it in; or train with missing='impute' (--impute), or drop=[{name!r}] "
        f"(--drop {name})."
    )
