"""Arrays at the door: what a caller hands in is checked once and made plain.

Knows arrays, lists and dataframes of numbers; knows nothing of files, text columns or networks.
Nothing is imputed, encoded, wrapped or broadcast here: an array is right, or it is refused with
the place that is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from chainrule.errors import DataError, SpecError
from chainrule.types import Array

_CHUNK = 1 << 20  # entries looked at together, so that a check needs little memory

TargetKind = Literal["real", "binary", "class"]


def check_inputs(X: Any, *, dtype: Any = None, names: Sequence[str] | None = None) -> Array:
    """Return X as a C-contiguous (rows, features) array of floats, or refuse it.

    float32 stays float32 unless a dtype is given; everything else becomes float64.

    Parameters
    ----------
    X : array, sequence or dataframe
        Numbers, (rows, features).
    dtype : dtype, optional
        float32 or float64.
    names : sequence of str, optional
        Names of the features, for messages; a dataframe brings its own.

    Examples
    --------
    >>> check_inputs([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    """
    if is_stored(X):
        _check_stored(X, dtype)
        return X  # type: ignore[no-any-return]
    array, found = _plain(X, "X")
    names = found if names is None else tuple(names)
    _check_matrix(array)
    if names is not None and len(names) != array.shape[1]:
        raise DataError(f"X has {array.shape[1]} columns, but {len(names)} names were given.")
    return _as_floats(array, _wanted(array, dtype), "X", names)


def check_targets(y: Any, rows: int, outputs: int, *, kind: TargetKind, dtype: Any = None) -> Array:
    """Return the targets in the shape that a loss reads, or refuse them.

    Parameters
    ----------
    y : array, sequence or dataframe column
        Targets.
    rows : int
        How many rows X has.
    outputs : int
        How many outputs the network has.
    kind : {"real", "binary", "class"}
        Numbers; values from 0 to 1; or classes, as indices (rows,) or as probabilities
        (rows, outputs) whose rows sum to 1.
    dtype : dtype, optional
        float32 or float64, where the targets are floats.

    Returns
    -------
    ndarray
        (rows, outputs) floats; for class indices (rows,) int64.

    Examples
    --------
    >>> check_targets([0, 1, 1], 3, 1, kind="binary").shape
    (3, 1)
    >>> check_targets([2, 0], 2, 3, kind="class")
    array([2, 0])
    """
    if kind not in ("real", "binary", "class"):
        raise SpecError(f"kind of targets must be real, binary or class, got {kind!r}.")
    if is_stored(y):
        _check_rows(y, rows)
        _check_stored(y, dtype if y.dtype.kind == "f" else None)
        return y  # type: ignore[no-any-return]
    array, _ = _plain(y, "y")
    _check_rows(array, rows)
    if kind == "class" and (array.ndim == 1 or (array.shape == (rows, 1) and outputs > 1)):
        return _class_indices(array.reshape(rows), outputs)
    if array.shape == (rows,) and outputs == 1:
        array = array.reshape(rows, 1)
    if array.shape != (rows, outputs):
        raise DataError(_shape_message(array.shape, rows, outputs))
    floats = _as_floats(array, _wanted(array, dtype), "y", None)
    if kind == "binary":
        flat = floats[:, 0] if outputs == 1 else floats
        _refuse_where((flat < 0) | (flat > 1), flat, "y", "is not from 0 to 1", _BINARY)
    if kind == "class":
        _check_soft_labels(floats)
    return floats


def is_stored(value: Any) -> bool:
    """Tell whether these are rows on disk, which were checked when they were written.

    Examples
    --------
    >>> is_stored(np.zeros(3))
    False
    """
    return getattr(type(value), "is_stored", False) is True


def _check_stored(rows: Any, dtype: Any) -> None:
    """Raise if rows on disk, which stay as they were written, are asked for in another dtype."""
    if dtype is not None and np.dtype(dtype) != rows.dtype:
        raise DataError(
            f"{np.dtype(dtype)} was asked for; the prepared rows on disk are {rows.dtype}.\n"
            f"  Train on the table again with dtype='{np.dtype(dtype)}'."
        )


def check_weights(w: Any, rows: int) -> Array:
    """Return sample weights as (rows,) float64: finite, none negative, not all zero.

    Examples
    --------
    >>> check_weights([1, 0.5], 2)
    array([1. , 0.5])
    """
    array, _ = _plain(w, "sample_weight")
    if array.shape not in ((rows,), (rows, 1)):
        raise DataError(f"sample_weight must have shape ({rows},), one a row; got {array.shape}.")
    floats = _as_floats(array.reshape(rows), np.dtype("float64"), "sample_weight", None)
    hint = "A weight says how much a row counts: 0 or more."
    _refuse_where(floats < 0, floats, "sample_weight", "is negative", hint)
    if not floats.any():
        raise DataError("All of sample_weight is 0, so no row counts; one must be above 0.")
    if floats.max() > np.finfo(np.float64).max / rows:
        raise DataError(
            f"The sum of sample_weight overflows (largest {floats.max()!r}); scale it down."
        )
    return floats


_BINARY = "Use 0 and 1 (or probabilities between them) for a binary target."


def _plain(value: Any, what: str) -> tuple[Array, tuple[str, ...] | None]:
    """Return an ndarray that is neither sparse nor masked, and the names that came with it."""
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise DataError(
            f"{what} is a sparse matrix; chainrule computes with dense ones.\n"
            f"  Use {what}.toarray() if it fits into memory."
        )
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise DataError(f"{what} has masked entries; fill them first, for example .filled(0).")
    if hasattr(value, "columns") and not isinstance(value, np.ndarray):
        return _frame(value, what)
    return _array(value, what), None


def _array(value: Any, what: str) -> Array:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(_no_array(value, what, error)) from error
    if array.dtype.kind not in "biuf":
        raise DataError(_not_numbers(value, array, what))
    if array.dtype.kind == "f" and not isinstance(value, np.ndarray):
        _check_exact_objects(value, array, what)
    return array


def _check_exact_objects(value: Any, array: Array, what: str) -> None:
    """Refuse the integers of a list that became floats beside other floats, if they changed."""
    large = np.argwhere(np.abs(array) >= 2.0**53)
    if len(large):
        originals = np.array(value, dtype=object)
        for place in map(tuple, large.tolist()):
            cell = originals[place]
            if isinstance(cell, int) and int(array[place]) != cell:
                raise DataError(_inexact_message(_where(what, place), cell))


def _frame(value: Any, what: str) -> tuple[Array, tuple[str, ...]]:
    import narwhals as nw

    try:
        frame = nw.from_native(value, eager_only=True)
    except TypeError as error:
        raise DataError(f"{what} is of no kind of dataframe known here: {type(value)}.") from error
    names = tuple(str(name) for name in frame.columns)
    columns = []
    for name, series in zip(frame.columns, frame.iter_columns(), strict=True):
        if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
            raise DataError(
                f"{what}: column {str(name)!r} holds {series.dtype}, not numbers.\n"
                "  Give the dataframe to prepare(), which encodes text, or drop the column."
            )
        if (gaps := series.is_null()).any():
            row = int(np.argmax(gaps.to_numpy()))
            raise DataError(_missing_message(what, str(name), row))
        column = series.to_numpy()
        if column.dtype.kind in "iu" and len(column):
            _check_exact(column, f"{what}[{str(name)!r}]", None)
        columns.append(column)
    if not columns:
        raise DataError(f"{what} has no columns.")
    return np.stack(columns, axis=1), names


def _missing_message(what: str, name: str, row: int) -> str:
    return (
        f"{what}: column {name!r} has a missing cell in row {row} (counted from 0).\n"
        "  Fill or drop it, or give the dataframe to prepare(..., missing='impute')."
    )


def _not_numbers(value: Any, array: Array, what: str) -> str:
    originals = np.array(value, dtype=object) if array.dtype.kind in "OUST" else array
    way = "Encode text first, for example with prepare(table, target), or take the column out."
    for index, cell in np.ndenumerate(originals):
        if not isinstance(cell, bool | int | float | np.number | np.bool_):
            return f"{_where(what, index)} is {cell!r}, not a number.\n  {way}"
    if array.dtype.kind == "O":
        way = f"All of them are numbers, though: give {what}.astype(float)."
    elif array.dtype.kind == "c":
        way = "Give real and imaginary parts as columns of their own, or the magnitude."
    return f"{what} holds {array.dtype} values, not numbers.\n  {way}"


def _no_array(value: Any, what: str, error: Exception) -> str:
    """Say why a value is no array; of lists of unequal lengths, which are the first two."""
    try:
        sizes = [len(row) for row in value]
    except TypeError:
        sizes = []
    for row, size in enumerate(sizes):
        if size != sizes[0]:
            return f"{what}[{row}] has length {size}, but {what}[0] has length {sizes[0]}."
    return f"{what} cannot be read as an array: {str(error).rstrip('.')}."


def _check_matrix(array: Array) -> None:
    if array.ndim == 1:
        raise DataError(
            f"X must be (rows, features), got one axis of {array.shape[0]}.\n"
            "  X.reshape(-1, 1) makes it one feature, X.reshape(1, -1) one row."
        )
    if array.ndim != 2:
        raise DataError(
            f"X must be (rows, features), got shape {array.shape}.\n"
            "  X.reshape(len(X), -1) lays each row flat."
        )
    if array.shape[0] == 0:
        raise DataError(f"X has no rows (shape {array.shape}); at least one is needed.")
    if array.shape[1] == 0:
        raise DataError(f"X has no columns (shape {array.shape}); at least one is needed.")


def _check_rows(array: Array, rows: int) -> None:
    if array.ndim == 0 or array.shape[0] != rows:
        raise DataError(f"y must have one entry for each of the {rows} rows of X: {array.shape}.")


def _shape_message(shape: tuple[int, ...], rows: int, outputs: int) -> str:
    wanted = f"({rows},) or ({rows}, 1)" if outputs == 1 else f"({rows}, {outputs})"
    return (
        f"y has shape {shape}; the network has {outputs} output{'s'[: outputs > 1]}, "
        f"so {wanted} is needed.\n  Nothing is broadcast: reshape y, or change the last layer."
    )


def _wanted(array: Array, dtype: Any) -> np.dtype[Any]:
    if dtype is None:
        is_single = array.dtype.kind == "f" and array.dtype.itemsize == 4
        return np.dtype("float32" if is_single else "float64")
    wanted: np.dtype[Any] = np.dtype(dtype)
    if wanted not in (np.dtype("float32"), np.dtype("float64")):
        raise SpecError(f"dtype must be float32 or float64, got {wanted}.")
    return wanted


def _as_floats(array: Array, dtype: Any, what: str, names: Sequence[str] | None) -> Array:
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        _check_exact(array, what, names)
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=dtype)
    step = max(1, _CHUNK * len(floats) // max(1, floats.size))
    for start in range(0, len(floats), step):
        bad = ~np.isfinite(floats[start : start + step])
        if bad.any():
            place = _first(bad, start)
            raise DataError(_not_finite(array[place], floats.dtype, what, place, names))
    return floats


def _not_finite(
    value: Any, dtype: np.dtype[Any], what: str, place: tuple[int, ...], names: Sequence[str] | None
) -> str:
    where = _where(what, place, names)
    if np.isfinite(value):
        return f"{where} is {value!s}, too large for {dtype}.\n  Use dtype float64, or scale it."
    return (
        f"{where} is {value!s}; only finite numbers can be computed with.\n"
        "  Take the row out, or impute: prepare(table, target, missing='impute')."
    )


def _first(bad: Array, start: int = 0) -> tuple[int, ...]:
    row, *rest = (int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
    return (row + start, *rest)


def _where(what: str, place: tuple[int, ...], names: Sequence[str] | None = None) -> str:
    name = f" (column {names[place[1]]!r})" if names is not None and len(place) == 2 else ""
    inside = f"[{', '.join(str(i) for i in place)}]" if place else ""
    return f"{what}{inside}{name}"


def inexact_integers(array: Array) -> Array:
    """Return a mask of the integers that float64 cannot hold exactly.

    Examples
    --------
    >>> inexact_integers(np.array([2**53, 2**53 + 1, -(2**63)]))
    array([False,  True, False])
    """
    magnitude = np.where(array < 0, -array.astype(np.uint64), array.astype(np.uint64))
    lowest = np.maximum(magnitude & (~magnitude + np.uint64(1)), np.uint64(1))
    return np.asarray(magnitude // lowest >= np.uint64(1 << 53))


def _check_exact(array: Array, what: str, names: Sequence[str] | None) -> None:
    if int(array.max()) <= 1 << 53 and int(array.min()) >= -(1 << 53):
        return
    bad = inexact_integers(array)
    if bad.any():
        place = _first(bad)
        raise DataError(_inexact_message(_where(what, place, names), int(array[place])))


def _inexact_message(where: str, value: int) -> str:
    return (
        f"{where} is {value}, which float64 would change to {int(float(value))}.\n"
        "  Ids are no numbers: leave the column out; "
        "or convert it to float yourself if the loss does not matter."
    )


def _refuse_where(bad: Array, values: Array, what: str, fact: str, hint: str) -> None:
    if bad.any():
        place = _first(bad)
        raise DataError(f"{_where(what, place)} is {values[place]!s}; it {fact}.\n  {hint}")


def _class_indices(array: Array, outputs: int) -> Array:
    hint = f"Classes are numbered 0 to {outputs - 1}, one for each output."
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # a signalling NaN
            bad = ~(np.isfinite(array) & (np.floor(array) == array))
        _refuse_where(bad, array, "y", "is no class number", hint)
    if array.dtype.kind != "b":
        bad = (array < 0) | (array >= outputs)
        _refuse_where(bad, array, "y", "has no output", hint)
    elif outputs < 2 and array.any():
        raise DataError(f"y has True, class 1, but the network has 1 output.\n  {hint}")
    return array.astype(np.int64)


def _check_soft_labels(floats: Array) -> None:
    hint = "Each row of probabilities must be non-negative and sum to 1."
    _refuse_where(floats < 0, floats, "y", "is negative", hint)
    sums = floats.sum(axis=1, dtype=np.float64)
    bad = np.abs(sums - 1) > 1e-6
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"y[{row}] sums to {float(sums[row])!r}, not to 1.\n  {hint}")
