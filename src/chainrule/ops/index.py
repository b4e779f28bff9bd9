"""Indexing: slice, gather and the adjoints that put gradients back.

Knows values and adjoints; knows no executor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, UnsupportedError, ValueRefused
from chainrule.graph import Example, Node, apply, as_node, implements
from chainrule.ops.declare import in_double, kept_dtype, linear, offered
from chainrule.ops.reduction import checked_axes
from chainrule.ops.shape import reshape
from chainrule.types import Array, DType, Shape

MATRIX = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]
Key = tuple[tuple[int, int | None, int], ...]


def _slices(key: Key) -> tuple[slice, ...]:
    return tuple(slice(*part) for part in key)


def _slice_shape(x: Shape, key: Key) -> Shape:
    if len(key) > len(x):
        raise ShapeError(f"slice: {len(key)} axes were asked of shape {x}, which has {len(x)}.")
    lengths = tuple(len(range(*s.indices(n))) for s, n in zip(_slices(key), x, strict=False))
    return lengths + x[len(key) :]


def _place(g: Array, key: Key, shape: Shape) -> Array:
    out = np.zeros(shape, g.dtype)
    out[_slices(key)] = g
    return out


linear(
    "slice",
    "The entries from start to stop by step, along each axis.",
    value=lambda x, key: x[_slices(key)],
    shape=_slice_shape,
    adjoint=lambda g, out, x, key: (apply("place", g, key=key, shape=x.shape),),
    latex="{0}[...]",
    dtype=kept_dtype,
    examples=[
        Example((MATRIX,), {"key": ((0, 1, 1), (0, 3, 2))}),
        Example((MATRIX,), {"key": ((1, None, -1),)}),
        Example((2.0,), {"key": ()}),
    ],
)


def _place_shape(g: Shape, key: Key, shape: Shape) -> Shape:
    if _slice_shape(shape, key) != g:
        raise ShapeError(
            f"place: the places of {key} in shape {shape} have shape {_slice_shape(shape, key)}, "
            f"not {g}."
        )
    return shape


linear(
    "place",
    "The entries at the places of a slice, zeros elsewhere: the adjoint of slice.",
    value=_place,
    shape=_place_shape,
    adjoint=lambda g, out, x, key, shape: (apply("slice", g, key=key),),
    latex="{0}[...]",
    dtype=kept_dtype,
    examples=[
        Example(([[1.0, 2.0]],), {"key": ((0, 1, 1), (0, 3, 2)), "shape": (2, 3)}),
        Example((MATRIX,), {"key": ((1, 3, 1), (2, None, -1)), "shape": (4, 3)}),
        Example((2.0,), {"key": (), "shape": ()}),
        Example(([],), {"key": ((0, 0, 1),), "shape": (3,)}),
    ],
)


def checked_index(index: Array, length: int) -> Array:
    """Return the index, or name the first entry that points outside ``0 .. length - 1``."""
    bad = np.flatnonzero((index < 0) | (index >= length))
    if bad.size:
        raise ValueRefused(
            f"gather: index {int(np.ravel(index)[bad[0]])} at position {int(bad[0])} points "
            f"outside an axis of length {length}.\n  Indexes count from 0 to {length - 1}."
        )
    return index


def _gather_dtype(x: DType, index: DType, **attrs: Any) -> DType:
    if index.kind != "i":
        raise DTypeError(
            f"gather: the index must be integers, not {index}.\n"
            "  Make it with dtype='int64'; for a mask use cr.where(mask, x, 0)."
        )
    return x


def _gather_shape(x: Shape, index: Shape, axis: int) -> Shape:
    if not 0 <= axis < len(x):
        raise ShapeError(f"gather: axis {axis} was asked of shape {x}, which has {len(x)} axes.")
    return (*x[:axis], *index, *x[axis + 1 :])


@in_double
def _sums(parts: Array, index: Array, length: int) -> Array:
    out = np.zeros((length, *parts.shape[np.ndim(index) :]), parts.dtype)
    np.add.at(out, index, parts)
    return out


def _scatter(g: Array, index: Array, axis: int, length: int) -> Array:
    parts = np.moveaxis(g, range(axis, axis + np.ndim(index)), range(np.ndim(index)))
    out = _sums(parts, index=checked_index(index, length), length=length)
    return np.moveaxis(out, 0, axis)


def _scatter_shape(g: Shape, index: Shape, axis: int, length: int) -> Shape:
    if g[axis : axis + len(index)] != index or axis < 0:
        raise ShapeError(
            f"scatter: entries of shape {g} cannot go to places of shape {index} along axis {axis}."
        )
    return (*g[:axis], length, *g[axis + len(index) :])


linear(
    "gather",
    "The entries at given places along an axis; a place may be taken many times.",
    value=lambda x, index, axis: np.take(x, checked_index(index, x.shape[axis]), axis),
    shape=_gather_shape,
    dtype=_gather_dtype,
    adjoint=lambda g, out, x, index, axis: (
        apply("scatter", g, index, axis=axis, length=x.shape[axis]),
        None,
    ),
    joint=False,
    latex="{0}[{1}]",
    examples=[
        Example((MATRIX, [0, 2, 2]), {"axis": 1}),
        Example((MATRIX, [[1], [0]]), {"axis": 0}),
        Example((MATRIX, 1), {"axis": 0}),
    ],
)

linear(
    "scatter",
    "Entries added up at given places along an axis: the adjoint of gather.",
    value=_scatter,
    shape=_scatter_shape,
    dtype=_gather_dtype,
    adjoint=lambda g, out, x, index, axis, length: (apply("gather", g, index, axis=axis), None),
    joint=False,
    latex=r"\sum {0}[{1}]",
    examples=[
        Example((MATRIX, [0, 2, 2]), {"axis": 1, "length": 4}),
        Example((MATRIX, [[0, 2, 0], [1, 0, 2]]), {"axis": 0, "length": 3}),
    ],
)


@offered
def gather(x: Any, index: Any, axis: int = 0) -> Node:
    """Return the entries of `x` at integer places along an axis.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.evaluate(gather(cr.variable("x", [5.0, 6.0, 7.0]), [2, 0]))
    array([7., 5.])
    """
    x, index = as_node(x), as_node(index)
    (along,) = checked_axes("gather", x.shape, axis)
    if index.op == "constant" and index.data is not None and index.dtype.kind == "i":
        checked_index(index.data, x.shape[along])
    return apply("gather", x, index, axis=along)


@implements(np.take)
def _np_take(a: Any, indices: Any, axis: int | None = None) -> Node:
    """Return entries as `numpy.take` does: of the flat array unless an axis is named."""
    return gather(reshape(a, -1), indices) if axis is None else gather(a, indices, axis)


@implements("getitem")
def getitem(x: Node, key: Any) -> Node:
    """Return ``x[key]`` for every key that NumPy takes, and for integer nodes on leading axes.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", [[1.0, 2.0], [3.0, 4.0]])
    >>> cr.evaluate(x[:, 0]), cr.evaluate(x[x.shape[0] - 1, ::-1])
    (array([1., 3.]), array([4., 3.]))
    """
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, Node) for part in parts):
        return _at_nodes(x, parts)
    if all(_is_plain(part) for part in parts):
        return _plain(x, parts)
    return gather(reshape(x, (x.size,)), _places(x.shape, key), 0)


def _is_plain(part: Any) -> bool:
    """Tell whether a part of a key is a number, a slice, None or ``...``."""
    number = isinstance(part, (int, np.integer)) and not isinstance(part, bool)
    return number or part is None or part is Ellipsis or isinstance(part, slice)


def _places(shape: Shape, key: Any) -> Array:
    """Return where in the flat array NumPy would find the entries of ``x[key]``."""
    numbers = np.arange(math.prod(shape), dtype=np.int64).reshape(shape)
    try:
        return np.asarray(numbers[key])
    except (IndexError, ValueError, TypeError) as problem:
        raise ShapeError(f"x[key] of shape {shape}: {problem}.") from None


def _plain(x: Node, parts: tuple[Any, ...]) -> Node:
    """Return x under numbers, slices, None and ``...``."""
    shape = _places_shape(x.shape, parts)
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    gap = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    full = (slice(None),) * (x.ndim - taken)
    ranges = [p for p in (*parts[:gap], *full, *parts[gap + 1 :]) if p is not None]
    key = tuple(_range(p, n) for p, n in zip(ranges, x.shape, strict=True))
    whole = all(k == (0, n, 1) for k, n in zip(key, x.shape, strict=True))
    out = x if whole else apply("slice", x, key=key)
    return reshape(out, shape) if shape != out.shape else out


def _places_shape(shape: Shape, parts: tuple[Any, ...]) -> Shape:
    """Return the shape of ``x[key]``, or say which part does not fit."""
    try:
        return tuple(np.broadcast_to(np.zeros(()), shape)[parts].shape)
    except (IndexError, TypeError) as problem:
        raise ShapeError(f"x[key] of shape {shape}: {problem}.") from None


def _range(part: Any, length: int) -> tuple[int, int | None, int]:
    """Return start, stop and step of a number or a slice along an axis."""
    if not isinstance(part, slice):
        return (int(part) % length, int(part) % length + 1, 1)
    start, stop, step = part.indices(length)
    return (start, stop if stop >= 0 else None, step)


def _at_nodes(x: Node, parts: tuple[Any, ...]) -> Node:
    """Return x at leading integer nodes, such as ``p[rows, classes]``."""
    if any(part is None or part is Ellipsis or isinstance(part, slice) for part in parts):
        raise UnsupportedError(
            "x[key] mixes nodes with slices; take them one after the other.\n"
            "  cr.gather(x, index, axis) takes entries along any one axis."
        )
    if len(parts) > x.ndim:
        raise ShapeError(f"x[...]: {len(parts)} indexes were given for shape {x.shape}.")
    flat: Any = 0
    for part, length in zip(parts, x.shape, strict=False):
        index = as_node(part)
        _gather_dtype(x.dtype, index.dtype)
        flat = apply("cast", flat * length + index, dtype="int64")
    merged = math.prod(x.shape[: len(parts)])
    return gather(reshape(x, (merged, *x.shape[len(parts) :])), flat, 0)
