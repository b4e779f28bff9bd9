"""Whether a preparation that came out of a file can be what `Preparation.fit` returned.

Types are checked where it is read; here, what types do not say. Knows transforms; opens nothing.
"""

from __future__ import annotations

from chainrule.data.preparation import Preparation
from chainrule.data.transforms import Classes, OneHot, Standardize
from chainrule.errors import DataError

_MOST_EXPONENT = 1100  # float64 goes from 2^-1074 to 2^1024


def check_preparation(preparation: Preparation, inputs: int, outputs: int) -> None:
    """Raise unless a preparation goes with a network of so many inputs and outputs.

    Examples
    --------
    >>> from chainrule.data import read_table
    >>> fitted = Preparation.fit(read_table({"a": [1.0, 3.0], "b": [0.5, 2.5]}), "b")
    >>> check_preparation(fitted, 1, 1)
    >>> check_preparation(fitted, 2, 1)
    Traceback (most recent call last):
    ...
    chainrule.errors.DataError: its preparation makes 1 features, its network takes 2.
    """
    features = len(preparation.feature_names)
    if features != inputs:
        raise DataError(f"its preparation makes {features} features, its network takes {inputs}.")
    if preparation.outputs != outputs:
        raise DataError(f"its preparation has another number of outputs than {outputs}.")
    names = preparation.input_names
    if len(set(names)) != len(names) or preparation.target in names:
        raise DataError("its preparation names a column twice.")
    for transform in preparation.transforms:
        _check(transform)
    _check(preparation.output)
    if preparation.task != _TASKS[type(preparation.output)]:
        raise DataError("its preparation is of another task than its target.")


_TASKS = {Classes: "classification", Standardize: "regression"}


def _check(transform: object) -> None:
    if isinstance(transform, Standardize) and not _can_scale(transform):
        raise DataError(f"its preparation scales {transform.name!r} by an impossible number.")
    if isinstance(transform, Classes) and not transform.labels:
        raise DataError("its preparation has no classes.")
    if isinstance(transform, OneHot | Classes):
        listed = transform.categories if isinstance(transform, OneHot) else transform.labels
        if len(set(map(str, listed))) != len(listed):
            raise DataError("its preparation lists a category twice.")


def _can_scale(transform: Standardize) -> bool:
    return transform.spread > 0 and abs(transform.exponent) <= _MOST_EXPONENT
