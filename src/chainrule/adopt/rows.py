"""The rows that an adopted network is opened on: arrays, or a table and its target column.

Nothing is learnt from these rows: they go in as they are, or through the scaling that came with
the network. Knows tables, preparations and foreign networks; knows no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import data
from chainrule.adopt.foreign import Foreign, Label
from chainrule.adopt.labels import (
    check_labels,
    check_numbers,
    class_numbers,
    labels_in,
    sorted_labels,
    wanted_labels,
)
from chainrule.data.arrays import check_inputs
from chainrule.errors import DataError, ShapeError, SpecError
from chainrule.nn import Loss
from chainrule.train.features import feature_names, in_order
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows for step 0, and what is kept to read others alike.

    Attributes
    ----------
    x, y : array_like
        Inputs as the network takes them, and targets as the loss takes them.
    preparation : Preparation or None
        How rows in the user's terms become such rows, and outputs labels.
    table : dict or None
        What was read, as a report tells it, if the rows are a table.
    source : str
        The table's file; "" for other rows.
    notes : tuple of str
        What its user should know.
    """

    x: Any
    y: Any
    preparation: Any = None
    table: dict[str, Any] | None = None
    source: str = ""
    notes: tuple[str, ...] = field(default=())


SORTED = "labels are taken in sorted order; say labels= (--labels) if the outputs have another"


def array_rows(found: Foreign, X: Any, y: Any, loss: Loss, given: Sequence[Any] | None) -> Rows:
    """Return rows that were handed in as arrays or a dataframe."""
    wanted = wanted_labels(loss, found.outputs)
    labels = check_labels(given, wanted)
    notes: tuple[str, ...] = ()
    if labels is None and wanted:
        labels = None if found.labels is None else check_labels(found.labels, wanted)
    if labels is None and (labels := labels_in(y, wanted)) is not None:
        notes = (SORTED,)
    if labels is None and loss.targets == "class":
        check_numbers(y, wanted)
    targets = y if labels is None else class_numbers(y, labels)
    if found.features is not None:
        X = in_order(X, found.features)
    if labels is None and found.center is None:
        return Rows(X, targets)
    plain = check_inputs(X, dtype="float64")
    _check_width(found, plain.shape[1], f"X has shape {plain.shape}")
    names = found.features or feature_names(X) or tuple(f"x{k}" for k in range(plain.shape[1]))
    transforms = _scalings(found, names)
    x = np.column_stack([one.scaled(plain[:, k]) for k, one in enumerate(transforms)])
    target = next(name for name in ("y", "target", "the target") if name not in names)
    return Rows(x, targets, _preparation(transforms, target, labels, found), notes=notes)


def table_rows(
    found: Foreign,
    source: Any,
    target: str,
    loss: Loss,
    given: Sequence[Any] | None,
    *,
    drop: Sequence[str] = (),
    reading: Any = None,
) -> Rows:
    """Return the rows of a table: its columns of numbers in their order, and a target column."""
    from chainrule.data.reading import read_with

    table = read_with(source, reading or data.Reading())
    for name in (target, *drop):
        table.column(name)
    columns = [one for one in table.columns if one.name != target and one.name not in drop]
    _check_columns(found, table, columns, target)
    names = tuple(one.name for one in columns)
    if found.features is not None and set(names) == set(found.features):
        names = found.features
    labels, notes = _labels_of_column(table, target, loss, found, given)
    preparation = _preparation(_scalings(found, names), target, labels, found, drop, reading)
    return Rows(
        preparation.inputs(table),
        preparation.targets(table),
        preparation,
        _table_report(table, preparation),
        str(table.source),
        notes,
    )


def _check_columns(found: Foreign, table: Any, columns: Sequence[Any], target: str) -> None:
    """Raise unless the columns are numbers without gaps, one for each input."""
    for one in columns:
        if one.doubt:
            raise DataError(f"{table.source}: {one.doubt}")
        if one.kind != "number":
            raise DataError(
                f"{table.source}: column {one.name!r} holds {one.kind} values, and how they became "
                "inputs when the network was trained is not known.\n  Encode them as it was done "
                f"there, or leave the column out (--drop {one.name})."
            )
    names = [one.name for one in columns]
    told = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    _check_width(found, len(names), f"{table.source} has beside {target!r}: {told or 'none'}")


def _check_width(found: Foreign, width: int, seen: str) -> None:
    if width != found.inputs:
        raise ShapeError(
            f"the network takes {found.inputs} inputs, got {width} ({seen}).\n"
            "  Give the columns that it was trained on, in their order."
        )


def _labels_of_column(
    table: Any, target: str, loss: Loss, found: Foreign, given: Sequence[Any] | None
) -> tuple[tuple[Label, ...] | None, tuple[str, ...]]:
    """Return the labels of a table's target in the order of the outputs, and a note on it."""
    wanted = wanted_labels(loss, found.outputs)
    if not wanted and found.outputs > 1:
        raise SpecError(
            f"{found.source} has {found.outputs} outputs, and a table has one target column.\n"
            "  In Python: cr.adopt(weights, X, y) with y of shape (rows, outputs)."
        )
    column = table.column(target)
    if given is None and found.labels is not None:
        given = found.labels
    if given is not None:
        is_number = column.kind == "number"
        return check_labels([_as_number(x) if is_number else x for x in given], wanted), ()
    if not wanted:
        return None, ()
    if column.kind == "number":
        check_numbers(column.values, wanted)
        return tuple(range(wanted)), ()
    present = [word for k, word in enumerate(column.words) if (column.values == k).any()]
    return sorted_labels(present, wanted), (SORTED,)


def _as_number(label: Any) -> Any:
    """Return a label of a column of numbers as a number, where it was typed as text."""
    try:
        value = float(label)
    except (TypeError, ValueError):
        return label
    return int(value) if value.is_integer() else value


def _scalings(found: Foreign, names: Sequence[str]) -> tuple[Any, ...]:
    """Return for each input the scaling that came with the network; without one, none."""
    from chainrule.data.transforms import Standardize

    center = np.zeros(len(names)) if found.center is None else found.center
    spread = np.ones(len(names)) if found.spread is None else found.spread
    return tuple(
        Standardize(name, float(c), float(s), float(c), 0, False)
        for name, c, s in zip(names, center, spread, strict=True)
    )


def _preparation(
    transforms: tuple[Any, ...],
    target: str,
    labels: tuple[Label, ...] | None,
    found: Foreign,
    drop: Sequence[str] = (),
    reading: Any = None,
) -> Any:
    """Return what turns other rows into inputs, and outputs into labels."""
    from chainrule.data.fitting import LeftOut
    from chainrule.data.transforms import Classes, Standardize

    if labels is None and found.outputs > 1:
        raise SpecError(
            f"{found.source} scales its inputs and has {found.outputs} outputs that are no "
            "classes; that cannot be kept together.\n  Transform the rows yourself and adopt the "
            "network alone: cr.adopt(pipe[-1], pipe[:-1].transform(X), y)"
        )
    plain = Standardize(target, 0.0, 1.0, 0.0, 0, False)
    return data.Preparation(
        target=target,
        task="regression" if labels is None else "classification",
        transforms=transforms,
        output=plain if labels is None else Classes(target, labels),
        left_out=tuple(LeftOut(name, "as asked") for name in drop),
        missing="error",
        reading=reading or data.Reading(),
    )


def _table_report(table: Any, preparation: Any) -> dict[str, Any]:
    """Return what was read, in the form that a report tells it."""
    labels = preparation.labels
    return {
        "source": table.source,
        "rows": table.rows,
        "columns": len(table.columns),
        "target": preparation.target,
        "task": preparation.task,
        "labels": None if labels is None else list(labels),
        "features": len(preparation.feature_names),
        "kinds": table.kinds,
        "missing": {name: count for name, count in table.missing.items() if count},
        "categories": {},
        "left_out": {item.name: item.reason for item in preparation.left_out},
        "split": {"train": table.rows, "validation": 0, "test": 0},
        "notes": list(table.notes),
    }


def keep_numbers(rows: Rows, count: int) -> Array | None:
    """Return the rows' own numbers, where they are read from a file again."""
    return np.arange(count) if rows.source else None
