"""Tables handed in from Python: dataframes, dicts of columns, arrays.

Knows narwhals' view of dataframes; knows nothing of files.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule.data.columns import Column, some
from chainrule.data.table import Table
from chainrule.data.typed import column_from_arrow, column_from_list, column_from_numpy
from chainrule.errors import DataError
from chainrule.types import Array


def table_from_object(value: Any, as_text: tuple[str, ...] = ()) -> Table:
    """Return a table from a dataframe, a dict of columns or an array of two axes."""
    if isinstance(value, Mapping):
        return _from_columns("a dict of columns", value.items(), as_text)
    if isinstance(value, np.ndarray):
        return table_from_arrays({"x": value}, "an array", as_text)
    return _from_frame(value, as_text)


def table_from_arrays(
    arrays: Mapping[str, Array], source: str, as_text: tuple[str, ...] = ()
) -> Table:
    """Return a table whose columns are arrays; more axes than one give several columns.

    Examples
    --------
    >>> table_from_arrays({"x": np.ones((3, 2)), "y": np.arange(3)}, "here").names
    ('x0', 'x1', 'y')
    """
    flat: list[tuple[str, Array]] = []
    for name, array in arrays.items():
        if array.ndim == 0:
            raise DataError(f"{source}: {name!r} is one value, not a column of them.")
        if array.dtype.names:
            flat += [(field, array[field]) for field in array.dtype.names]
        elif array.ndim == 1:
            flat.append((name, array))
        else:
            width = math.prod(array.shape[1:])
            rows = array.reshape(len(array), width)
            flat += [(f"{name}{i}", rows[:, i]) for i in range(width)]
    return _from_columns(source, flat, as_text)


def _from_columns(source: str, items: Iterable[tuple[Any, Any]], as_text: tuple[str, ...]) -> Table:
    columns = []
    for key, values in items:
        name = str(key)
        columns.append(_column(source, name, values, as_text=name in as_text))
    return finished_table(source, columns)


def _column(source: str, name: str, values: Any, *, as_text: bool) -> Column:
    if hasattr(values, "to_numpy") and not isinstance(values, np.ndarray):
        return _from_series(name, values, as_text=as_text)
    if isinstance(values, np.ma.MaskedArray):
        return column_from_list(name, values.tolist(), as_text=as_text)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise DataError(f"{source}: column {name!r} has shape {values.shape}, not one axis.")
        return column_from_numpy(name, values, as_text=as_text)
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise DataError(f"{source}: column {name!r} is {values!r}, not a list of cells.")
    return column_from_list(name, list(values), as_text=as_text)


def _from_series(name: str, values: Any, *, as_text: bool) -> Column:
    import narwhals as nw

    try:
        series = nw.from_native(values, series_only=True)
    except TypeError:
        return column_from_numpy(name, np.asarray(values), as_text=as_text)
    dtype = series.dtype
    if (dtype.is_float() or dtype.is_integer()) and not as_text and not series.is_null().any():
        return column_from_numpy(name, series.to_numpy())
    if dtype == nw.Object:
        return column_from_list(name, series.to_list(), as_text=as_text)
    if dtype.is_float():
        values = series.to_numpy()
        if values.dtype.kind == "f" and not as_text and _null_is_nan(series):
            return column_from_numpy(name, values)
    return column_from_arrow(name, series.to_arrow(), as_text=as_text)


def _null_is_nan(series: Any) -> bool:
    """Return whether the dataframe has no missing numbers of its own, only NaN."""
    native = series.to_native()
    return type(native).__module__.startswith("pandas") and isinstance(native.dtype, np.dtype)


def _from_frame(value: Any, as_text: tuple[str, ...]) -> Table:
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        frame = nw.from_native(value, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"A table was expected, got {type(value).__name__}.\n"
            "  Give a path, a dataframe (collected, if it is lazy), a dict of columns, or an array."
        ) from error
    except DuplicateError as error:
        twice = [str(name) for name, count in Counter(value.columns).items() if count > 1]
        raise DataError(
            f"The dataframe's column names occur twice: {some(twice)}.\n  Rename them."
        ) from error
    source = f"a {type(value).__module__.split('.')[0]} {type(value).__name__}"
    columns = [
        _from_series(str(name), series.to_native(), as_text=str(name) in as_text)
        for name, series in zip(frame.columns, frame.iter_columns(), strict=True)
    ]
    return finished_table(source, columns)


def finished_table(source: str, columns: list[Column], notes: tuple[str, ...] = ()) -> Table:
    """Return the table of these columns, if they fit together."""
    if not columns:
        raise DataError(f"{source} has no columns.")
    names = [column.name for column in columns]
    twice = [repr(name) for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{source}: column names occur twice: {some(twice)}.\n  Rename them.")
    if "" in names:
        raise DataError(f"{source}: column {names.index('') + 1} has no name.\n  Give it one.")
    if len({column.rows for column in columns}) > 1:
        lengths = some([f"{column.name} {column.rows}" for column in columns])
        raise DataError(f"{source}: columns differ in length: {lengths}.")
    if not columns[0].rows:
        raise DataError(f"{source} has columns ({some(names, 5)}) but no rows.")
    return Table(source, tuple(columns), columns[0].rows, notes)
