"""Forms of what is no function of single entries: sums, shapes, choices, guards.

`ROWS` stands in a shape for the number of rows, which an exported model leaves open. Knows
formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.export.onnx.forms import common, form
from chainrule.export.onnx.writer import WHOLE, Value

ROWS = -1
"""In a shape: as many as there are rows."""

REDUCTIONS = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}


def _reduction(name: str, operator: str) -> None:
    @form(name)
    def written(x: Value, axes: Sequence[int], keepdims: bool = False) -> Value:
        return x.reduce(operator, axes, keepdims)


for _name, _operator in REDUCTIONS.items():
    _reduction(_name, _operator)


@form("cast")
def cast(x: Value, dtype: str) -> Value:
    """Return the entries in another dtype."""
    return x.cast(dtype)


@form("transpose")
def transpose(x: Value, axes: Sequence[int]) -> Value:
    """Return the axes in another order."""
    return x.op("Transpose", perm=list(axes)) if axes else x


@form("concat")
def concat(*parts: Value, axis: int) -> Value:
    """Return arrays joined along an axis."""
    first, *others = common(*parts)
    return first.op("Concat", *others, axis=axis)


@form("reshape")
def reshape(x: Value, shape: Sequence[int]) -> Value:
    """Return the same entries in another shape; ONNX finds out one length itself."""
    if list(shape).count(ROWS) > 1:
        raise UnsupportedError(
            f"reshape to {tuple(shape)}: ONNX finds out one length, and {ROWS} stands for rows."
        )
    return x.op("Reshape", _whole(x, shape), allowzero=int(0 in shape))


@form("expand")
def expand(x: Value, shape: Sequence[int]) -> Value:
    """Return the entries repeated along axes of length 1; the rows are those of the input."""
    return x.op("Expand", _whole(x, [1 if n == ROWS else n for n in shape]))


@form("slice")
def sliced(x: Value, key: Sequence[tuple[int, int | None, int]]) -> Value:
    """Return the entries from start to stop by step, along each axis."""
    if not key:
        return x
    least = int(np.iinfo(np.int64).min)
    stops = [(-least - 1 if step > 0 else least) if stop is None else stop for _, stop, step in key]
    parts = [[start for start, _, _ in key], stops, range(len(key)), [step for *_, step in key]]
    return x.op("Slice", *(_whole(x, part) for part in parts))


@form("gather")
def gather(x: Value, index: Value, axis: int) -> Value:
    """Return the entries at given places along an axis."""
    return x.op("Gather", index.cast(WHOLE), axis=axis)


@form("guard")
def guard(x: Value, ok: Value, message: str) -> Value:
    """Return the values, or stop with the first line of the message."""
    why = message.split("\n", maxsplit=1)[0].rsplit(":", maxsplit=1)[-1]
    return x.refused_unless(ok, f"refused:{why}")


@form("decided")
def decided(x: Value, axes: Sequence[int]) -> Value:
    """Return whether each row has a largest entry that is finite, or exactly one that is +inf."""
    top = x.reduce("ReduceMax", axes, keepdims=True)
    peaks = x.same(top).cast(WHOLE).reduce("ReduceSum", axes, keepdims=True)
    alone = (top > 0.0) & peaks.same(1)
    return top.is_finite() | alone | top.is_nan()


def _whole(x: Value, numbers: Any) -> Value:
    """Return whole numbers as a constant."""
    return x.writer.constant(np.array(list(numbers), WHOLE))
