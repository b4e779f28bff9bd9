"""Names of features: rows that come as a dataframe are matched by name, never by luck.

Knows dataframes by their columns; knows no network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DataError

Names = tuple[str, ...]


def feature_names(X: Any) -> Names | None:
    """Return the names of a dataframe's columns; None for anything else.

    Examples
    --------
    >>> feature_names([[1.0, 2.0]]) is None
    True
    """
    if isinstance(X, np.ndarray) or not hasattr(X, "columns"):
        return None
    names = list(X.columns)
    return tuple(names) if all(isinstance(name, str) for name in names) else None


def in_order(X: Any, names: Names | None) -> Any:
    """Return rows with the columns in the order that training saw them.

    Parameters
    ----------
    X : array_like or dataframe
        Rows; only a dataframe has names to go by.
    names : tuple of str or None
        The names that training saw, if it saw any.

    Raises
    ------
    DataError
        If columns are missing, or there are others.
    """
    found = feature_names(X)
    if names is None or found is None or found == names:
        return X
    missing, more = [n for n in names if n not in found], [n for n in found if n not in names]
    if missing or more:
        raise DataError(
            f"X lacks the columns {missing} and has {more}, which training did not see.\n"
            f"  Give the columns {', '.join(names)}, in any order."
        )
    import narwhals as nw

    return nw.from_native(X, eager_only=True).select(*names).to_native()
