"""Tasks: whether a target is to be classified or predicted as a number.

Knows the target column; knows nothing of features, losses or networks.

The rule for `auto`: texts and booleans are classes; numbers with fractions are a regression;
whole numbers are classes if there are at most 20 different ones, each twice on average.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from chainrule.data.columns import Column, counted
from chainrule.data.table import Table
from chainrule.data.transforms import Classes, Standardize, fit_standardize, numbers_of, words_of
from chainrule.errors import DataError, SpecError
from chainrule.types import Array

Task = Literal["auto", "classification", "regression"]

MOST_CLASSES = 20
"""More different whole numbers than this are taken for a regression."""


def check_target(table: Table, name: str, rows: Array) -> None:
    """Refuse a target column that is unknown, doubtful, empty or has gaps."""
    column = table.column(name)
    if column.doubt:
        raise DataError(f"{table.source}: {column.doubt}")
    gaps = column.absent(rows)
    if not gaps.any():
        return
    count = int(np.count_nonzero(gaps))
    if count == len(rows):
        raise DataError(f"{table.source}: target {name!r} has no value at all; nothing to learn.")
    raise DataError(
        f"{table.source}: target {name!r} is missing in {table.where(int(rows[np.argmax(gaps)]))}"
        f" ({count} of {len(rows)} rows).\n"
        "  Fill the cells in; or say missing_target='drop' (--missing-target drop) "
        "to leave these rows out."
    )


def decide_task(
    table: Table, name: str, rows: Array, task: Task, categorical: bool
) -> tuple[Literal["classification", "regression"], str]:
    """Return the task and the rule that was used.

    Parameters
    ----------
    table : Table
        The whole table.
    name : str
        The target column.
    rows : ndarray
        Rows whose target is known.
    task : {"auto", "classification", "regression"}
        What the user asked for.
    categorical : bool
        Whether the user declared the target categorical.
    """
    if task not in ("auto", "classification", "regression"):
        raise SpecError(f"task must be auto, classification or regression, got {task!r}.")
    column = table.column(name)
    if task == "regression":
        if categorical:
            raise SpecError(f"target {name!r} is declared categorical, but task is regression.")
        _check_numbers(table, column, rows)
        return "regression", "as asked"
    if column.kind != "number":
        return "classification", f"the target holds {KINDS.get(column.kind, column.kind)}"
    if categorical:
        return "classification", "the target is declared categorical"
    if task == "classification":
        _check_whole(table, column, rows)
        return "classification", "as asked"
    return _decide_numbers(column, rows)


KINDS = {"category": "words", "text": "words", "boolean": "true and false", "date": "dates"}


def _decide_numbers(
    column: Column, rows: Array
) -> tuple[Literal["classification", "regression"], str]:
    distinct = len(np.unique(column.values[rows])) if column.whole else 0
    return rule_for_numbers(column.whole, distinct, len(rows))


def rule_for_numbers(
    whole: bool, distinct: int, rows: int
) -> tuple[Literal["classification", "regression"], str]:
    """Return the task for a target of numbers, and the rule that was used."""
    other = "; --task {} would change that"
    if not whole:
        return "regression", "the target has fractions"
    if distinct <= MOST_CLASSES and rows >= 2 * distinct:
        return "classification", (
            f"the target has {counted(distinct, 'whole number')}" + other.format("regression")
        )
    return "regression", (
        f"the target has {counted(distinct, 'whole number')} in {counted(rows, 'row')}"
        + other.format("classification")
    )


def _check_numbers(table: Table, column: Column, rows: Array) -> None:
    if column.kind != "number":
        row = int(rows[0])
        raise DataError(
            f"{table.source}: a regression needs numbers, but target {column.name!r} has "
            f"{column.cell(row)!r} in {table.where(row)}.\n"
            "  Say task='classification' (--task classification), or choose another target."
        )


def _check_whole(table: Table, column: Column, rows: Array) -> None:
    broken = np.floor(column.values[rows]) != column.values[rows]
    if broken.any():
        row = int(rows[np.argmax(broken)])
        raise DataError(
            f"{table.source}: classification was asked for, but target {column.name!r} has "
            f"{column.cell(row)!r} in {table.where(row)}, a number with a fraction.\n"
            f"  Say task='regression' (--task regression); or categorical=[{column.name!r}] "
            f"(--categorical {column.name}) if these numbers are labels."
        )


def fit_classes(table: Table, name: str, rows: Array) -> Classes:
    """Return the labels that the rows have, numbered in sorted order."""
    column = table.column(name)
    words, codes = words_of(column, rows)
    counts = np.bincount(codes, minlength=len(words))
    used = [word for word, count in zip(words, counts, strict=True) if count]
    return classes_from(table.source, name, column.kind, used, len(rows))


def classes_from(source: str, name: str, kind: str, used: list[str], rows: int) -> Classes:
    """Return the labels that some rows have, given in the order of their numbers."""
    if len(used) == 1:
        raise DataError(
            f"{source}: target {name!r} has one class only, {used[0]!r}; "
            "a classifier needs two.\n  Choose another target, or add rows of other classes."
        )
    if kind in ("text", "date") and len(used) == rows:
        raise DataError(
            f"{source}: target {name!r} has a class of its own in each of the {rows} "
            "rows, so there is nothing to learn.\n  Choose another target."
        )
    if kind != "number":
        return Classes(name, tuple(sorted(used)))
    return Classes(name, tuple(int(word) if _is_whole(word) else float(word) for word in used))


def _is_whole(word: str) -> bool:
    return word.lstrip("-").isdecimal()


def fit_target_scale(table: Table, name: str, rows: Array, *, scale: bool) -> Standardize:
    """Return the reversible scaling of a regression's target."""
    values = numbers_of(table.column(name), table.where)[rows]
    return fit_standardize(name, values, scale=scale)
