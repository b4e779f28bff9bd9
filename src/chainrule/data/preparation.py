"""Preparation: everything learnt from the training rows that turns a table into arrays.

Knows transforms and tables; knows nothing of networks. It is saved with the model as plain JSON
types, and applied to new tables by the names of their columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from chainrule.data.columns import Column, counted, some
from chainrule.data.fitting import Choices, LeftOut, Missing, fit, gap_message, row_numbers
from chainrule.data.formats import Reading
from chainrule.data.memory import check_memory
from chainrule.data.plain import from_plain, to_plain
from chainrule.data.reading import read_with
from chainrule.data.table import Table
from chainrule.data.tasks import Task
from chainrule.data.transforms import Classes, Flag, OneHot, Standardize, Unseen
from chainrule.errors import DataError, ShapeError, ValueRefused
from chainrule.types import Array, ArrayLike

Extra = Literal["error", "ignore"]

_CHUNK = 1 << 20  # features looked at together, so that a check needs little memory


@dataclass(frozen=True)
class Preparation:
    """Reversible transforms of the inputs and of the target, fitted on training rows only.

    Attributes
    ----------
    target : str
        The column that is predicted.
    task : {"classification", "regression"}
        What kind of prediction.
    transforms : tuple
        One for each input column, in the order of the training table.
    output : Classes or Standardize
        The transform of the target.
    left_out : tuple of LeftOut
        Columns of the training table that are no inputs; new tables may have them or not.
    missing : {"impute", "error"}
        What a missing cell in a new table means.
    reading : Reading
        How the training table was read; new files are read alike.
    notes : tuple of str
        What was noticed on fitting.

    Examples
    --------
    >>> from chainrule.data import read_table
    >>> table = read_table({"size": [1.0, 3.0], "kind": ["a", "b"]})
    >>> fitted = Preparation.fit(table, "kind", rows=[0, 1])
    >>> fitted.inputs(table).tolist(), fitted.targets(table).tolist(), fitted.labels
    ([[-1.0], [1.0]], [0, 1], ('a', 'b'))
    """

    target: str
    task: Literal["classification", "regression"]
    transforms: tuple[Standardize | OneHot | Flag, ...]
    output: Classes | Standardize
    left_out: tuple[LeftOut, ...]
    missing: Missing
    reading: Reading
    notes: tuple[str, ...] = field(default=(), repr=False)

    @staticmethod
    def fit(
        table: Table,
        target: str,
        *,
        rows: ArrayLike | None = None,
        task: Task = "auto",
        unseen: Unseen = "error",
        missing: Missing | None = None,
        drop: Sequence[str] = (),
        categorical: Sequence[str] = (),
        text: Sequence[str] = (),
        scale: bool = True,
        reading: Reading | None = None,
    ) -> Preparation:
        """Learn the transforms from some rows of a table.

        Parameters
        ----------
        table : Table
            The table.
        target : str
            The column to predict.
        rows : array-like of int, optional
            The training rows; None: all.
        task : {"auto", "classification", "regression"}
            What to predict; `chainrule.data.tasks` has the rule for auto.
        unseen : {"error", "ignore"}
            What a category means that no training row has: refused, or all zeros.
        missing : {"impute", "error"}, optional
            What a missing cell means. None imputes, but refuses a NaN handed in as a number.
        drop, categorical, text : sequence of str
            Columns to leave out, to take as categories, to take as free text (left out too).
        scale : bool
            Whether numbers, and the target of a regression, are standardised.
        reading : Reading, optional
            How the table was read, to be kept for new tables.
        """
        fitted = fit(
            table,
            target,
            rows,
            Choices(task, unseen, missing, drop, categorical, text, scale),
        )
        return Preparation(
            target=target,
            task=fitted.task,
            transforms=fitted.transforms,
            output=fitted.output,
            left_out=fitted.left_out,
            missing="error" if missing == "error" else "impute",
            reading=reading or Reading(),
            notes=fitted.notes,
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the columns of `inputs`."""
        return tuple(name for transform in self.transforms for name in transform.features)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the columns that a new table must have."""
        return tuple(transform.name for transform in self.transforms)

    @property
    def labels(self) -> tuple[str | int | float, ...] | None:
        """The classes in their order; None for a regression."""
        return self.output.labels if isinstance(self.output, Classes) else None

    @property
    def outputs(self) -> int:
        """How many outputs a network needs: 1, or one for each of three or more classes."""
        return len(self.labels) if self.labels is not None and len(self.labels) > 2 else 1

    def read(self, source: Any, **changes: Any) -> Table:
        """Read a new table as the training table was read (delimiter and encoding found anew)."""
        fresh = replace(self.reading, delimiter=None, encoding=None)
        return read_with(source, replace(fresh, **changes))

    def inputs(
        self,
        table: Table,
        rows: ArrayLike | None = None,
        dtype: Any = "float64",
        *,
        extra: Extra = "error",
    ) -> Array:
        """Return the features of some rows, (rows, features).

        Parameters
        ----------
        table : Table
            Its columns are matched by name; their order does not matter. The target, and columns
            that were left out in training, may be there or not.
        rows : array-like of int, optional
            Row numbers; None: all.
        dtype : dtype
            float32 or float64.
        extra : {"error", "ignore"}
            What a column means that the training table did not have.
        """
        self._match(table, extra)
        chosen = row_numbers(rows, table.rows)
        width = len(self.feature_names)
        check_memory(
            len(chosen) * width * np.dtype(dtype).itemsize,
            f"{len(chosen)} rows x {width} features",
            "Leave out columns with many categories (--drop), or take fewer rows.",
        )
        out = np.empty((len(chosen), width), dtype=dtype)
        start = 0
        for transform in self.transforms:
            stop = start + len(transform.features)
            column = self._usable(table, transform, chosen)
            transform.encode(column, chosen, table.where, out[:, start:stop])
            start = stop
        _check_finite(table, chosen, out, self.transforms)
        return out

    def targets(self, table: Table, rows: ArrayLike | None = None, dtype: Any = "float64") -> Array:
        """Return the targets of some rows: class numbers (int64), or scaled numbers; (rows,)."""
        column = table.column(self.target)
        if column.doubt:
            raise DataError(f"{table.source}: {column.doubt}")
        chosen = row_numbers(rows, table.rows)
        gaps = column.absent(chosen)
        if gaps.any():
            row = int(chosen[np.argmax(gaps)])
            raise DataError(
                f"{table.source}: target {self.target!r} is missing in {table.where(row)}."
            )
        if isinstance(self.output, Classes):
            return self.output.encode(column, chosen, table.where)
        out = np.empty((len(chosen), len(self.output.features)), dtype=dtype)
        self.output.encode(column, chosen, table.where, out)
        _check_finite(table, chosen, out, (self.output,))
        return np.ascontiguousarray(out[:, 0])

    def decode(self, outputs: ArrayLike) -> Array:
        """Return predictions in the user's terms: labels, or numbers in their own units.

        Parameters
        ----------
        outputs : array-like
            Of the network: (rows, classes) probabilities or logits' order; (rows,) or (rows, 1)
            probabilities of the second of two classes; or (rows,) or (rows, 1) scaled numbers.
        """
        values = _finite(np.asarray(outputs))
        if isinstance(self.output, Standardize):
            _check_outputs(values, 1)
            return _finite(self.output.unscaled(values.reshape(-1)))
        labels: Array = np.array(self.output.labels)
        if values.ndim == 2 and values.shape[1] == len(labels):
            return np.asarray(labels[np.argmax(values, axis=1)])
        _check_outputs(values, self.outputs)
        return np.asarray(labels[(values.reshape(-1) >= 0.5).astype(np.int64)])

    def describe(self) -> list[str]:
        """Return lines that say what was learnt."""
        target = "target " + self.output.describe()
        lines = [target, *(transform.describe() for transform in self.transforms)]
        return lines + [f"{item.name}: left out, {item.reason}" for item in self.left_out]

    def remarks(self, table: Table, *, extra: Extra = "error") -> tuple[str, ...]:
        """Return what a new table's owner should know: gaps filled in, columns not used.

        Parameters
        ----------
        table : Table
            The new table.
        extra : {"error", "ignore"}
            As in `inputs`.
        """
        self._match(table, extra)
        found = []
        for transform in self.transforms:
            column = table.column(transform.name)
            if count := column.missing + column.nans:
                found.append(f"column {column.name!r}: {counted(count, 'missing cell')} filled in")
        known = {*self.input_names, self.target}
        unused = [name for name in table.names if name not in known]
        return (*found, *([f"columns not used: {some(unused)}"] if unused else []))

    def with_unseen(self, unseen: Unseen) -> Preparation:
        """Return the same preparation with another policy for new categories."""
        changed = tuple(
            replace(transform, unseen=unseen) if isinstance(transform, OneHot) else transform
            for transform in self.transforms
        )
        return replace(self, transforms=changed)

    def to_dict(self) -> dict[str, Any]:
        """Return the preparation as JSON types; no float loses a bit."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @staticmethod
    def from_dict(plain: Mapping[str, Any]) -> Preparation:
        """Return the preparation that `to_dict` wrote; unknown fields are refused."""
        return from_plain(Preparation, plain)

    def _match(self, table: Table, extra: Extra) -> None:
        absent = [name for name in self.input_names if name not in table]
        known = {*self.input_names, self.target, *(item.name for item in self.left_out)}
        added = [name for name in table.names if name not in known]
        if not absent and (not added or extra == "ignore"):
            return
        facts = [f"missing: {some(map(repr, absent))}"] if absent else []
        facts += [f"not known from training: {some(map(repr, added))}"] if added else []
        near = [(name, get_close_matches(name, added[:1000], n=1)) for name in absent[:20]]
        hint = "".join(f" {found[0]!r} may be {name!r}." for name, found in near if found)
        way = (
            "Add the missing columns."
            if absent
            else "Remove them, or say extra='ignore' (--extra ignore)."
        )
        raise DataError(
            f"{table.source} does not have the columns of the training table: "
            f"{'; '.join(facts)}.\n  {way}{hint} Their order does not matter."
        )

    def _usable(self, table: Table, transform: Standardize | OneHot | Flag, rows: Array) -> Column:
        column = table.column(transform.name)
        if column.doubt:
            raise DataError(f"{table.source}: {column.doubt}")
        if self.missing == "error" and (column.missing or column.nans):
            gaps = column.absent(rows)
            if gaps.any():
                raise DataError(gap_message(table, column.name, int(rows[np.argmax(gaps)])))
        return column


def _check_finite(
    table: Table, rows: Array, out: Array, transforms: Sequence[Standardize | OneHot | Flag]
) -> None:
    """Refuse a number so far from the training rows that its feature has no finite value."""
    step = max(1, _CHUNK // max(1, out.shape[1]))
    for start in range(0, len(out), step):
        wild = ~np.isfinite(out[start : start + step])
        if wild.any():
            row, feature = divmod(int(np.argmax(wild)), out.shape[1])
            owners = [transform for transform in transforms for _ in transform.features]
            name, place = owners[feature].name, int(rows[start + row])
            raise DataError(
                f"{table.source}: column {name!r} has {table.column(name).cell(place)!r} in "
                f"{table.where(place)}, too far from the training rows for {out.dtype}.\n"
                "  Correct the cell; or train with a table that has such values."
            )


def _finite(values: Array) -> Array:
    if not np.isfinite(values).all():
        raise ValueRefused("The outputs hold NaN or infinity, which stand for no prediction.")
    return values


def _check_outputs(values: Array, wanted: int) -> None:
    if wanted != 1 or values.ndim not in (1, 2) or values.reshape(len(values), -1).shape[1] != 1:
        raise ShapeError(
            f"outputs have shape {values.shape}; (rows, {wanted}) was expected to decode them."
        )
