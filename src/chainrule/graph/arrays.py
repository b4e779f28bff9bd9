"""The arrays that a graph can hold: float64, float32, int64 and bool, read-only.

Knows NumPy's dtypes; knows nothing of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.types import Array, ArrayLike, DType

HELD = tuple(np.dtype(name) for name in ("float64", "float32", "int64", "bool"))
"""The dtypes of nodes."""


def known_dtype(dtype: Any) -> DType:
    """Return the dtype in which a graph holds values of this dtype, or refuse it."""
    try:
        kind = np.dtype(dtype)
    except TypeError:
        raise DTypeError(f"{dtype!r} is not a dtype; a graph holds {_held()}.") from None
    if kind.kind in "iu":
        return np.dtype(np.int64)
    native: DType = kind.newbyteorder("=")
    if native in HELD:
        return native
    raise DTypeError(
        f"an array of dtype {kind} was given; a graph holds {_held()}.\n  {_way_out(kind)}"
    )


def _way_out(kind: DType) -> str:
    if kind.kind == "c":
        return "Take its real and imaginary part as two arrays."
    if kind.kind in "OSU":
        return "It holds something that is no number: None, text, or lists of unequal lengths."
    return "Convert it first, for example with values.astype('float64')."


def _held() -> str:
    return "float64, float32, integers and booleans"


def frozen_copy(values: ArrayLike, dtype: Any = None) -> Array:
    """Return a read-only copy in a dtype the graph knows, or refuse the array."""
    array = np.asarray(values)
    target = known_dtype(dtype if dtype is not None else array.dtype)
    if array.dtype.kind not in "biuf":
        known_dtype(array.dtype)
    if target.kind == "i" and array.dtype.kind == "u" and array.size:
        _fits_int64(int(array.max()))
    copy = np.array(array, dtype=target, order="C")
    copy.setflags(write=False)
    return copy


def _fits_int64(largest: int) -> None:
    if largest > np.iinfo(np.int64).max:
        raise DTypeError(
            f"an integer array holds {largest}, above the largest int64.\n"
            "  Convert it to float64 first."
        )


def is_weak(value: Any) -> bool:
    """Tell whether a Python number takes the dtype of what it meets, as in NumPy."""
    return type(value) in (int, float, bool)


def weak_dtype(value: Any, dtypes: Sequence[DType]) -> DType:
    """Return the dtype that a Python number takes among inputs of these dtypes."""
    if not dtypes or isinstance(value, float) or any(d.kind == "f" for d in dtypes):
        return float_dtype(*dtypes)
    if isinstance(value, bool):
        return np.dtype(np.bool_)
    exact = abs(value) <= np.iinfo(np.int64).max
    return np.dtype(np.int64 if exact else np.float64)


def float_dtype(*dtypes: DType) -> DType:
    """Return the float dtype in which arrays of these dtypes meet; float64 if none is float."""
    floats = [d for d in dtypes if d.kind == "f"]
    return np.result_type(*floats) if floats else np.dtype(np.float64)
