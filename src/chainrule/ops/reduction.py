"""Reductions: sum, mean, max, min.

Axes are tuples of non-negative numbers once a node is built. Knows no executor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph import Example, Node, apply, implements
from chainrule.ops.declare import call, general, linear, offered
from chainrule.types import Array, Shape

Axis = int | tuple[int, ...] | None
MATRIX = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]


def checked_axes(op: str, shape: Shape, axis: Axis) -> tuple[int, ...]:
    """Return the axes as sorted non-negative numbers, or name the one that is not there."""
    rank = len(shape)
    axes = tuple(range(rank)) if axis is None else (axis if isinstance(axis, tuple) else (axis,))
    wrong = [a for a in axes if not -rank <= a < rank]
    if wrong:
        raise ShapeError(
            f"{op}: axis {wrong[0]} was asked of shape {shape}, which has {rank} axes.\n"
            f"  Use an axis from {-rank} to {rank - 1}, or leave it out for all."
        )
    normal = tuple(sorted(int(a) % rank for a in axes))
    if len(set(normal)) != len(normal):
        raise ShapeError(f"{op}: an axis is named twice in {axis}, for shape {shape}.")
    return normal


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """Return the shape after a reduction."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes)


def reduction_rule(op: str, *, of_nothing: bool = False) -> Callable[..., Shape]:
    """Return the shape rule of a reduction, which may or may not be one of no entries."""

    def shape(x: Shape, axes: tuple[int, ...], keepdims: bool = False) -> Shape:
        if checked_axes(op, x, axes) != axes:
            raise ShapeError(f"{op}: axes {axes} must be sorted and count from 0, for shape {x}.")
        if not of_nothing and any(x[a] == 0 for a in axes):
            raise ShapeError(
                f"{op} of nothing: shape {x} has no entries along axes {axes}.\n"
                "  Give at least one row, or leave the empty case out."
            )
        return reduced(x, axes, keepdims)

    return shape


def _spread(g: Node, x: Node, axes: tuple[int, ...]) -> Node:
    """Return `g`, the gradient of a reduction, over the entries of `x` again."""
    kept = reduced(x.shape, axes, keepdims=True)
    g = g if g.shape == kept else apply("reshape", g, shape=kept)
    return apply("expand", g, shape=x.shape)


add_up: Any = np.add.reduce
"""What `numpy.sum` calls after looking at its arguments."""


ROWS = 512
"""Entries that are added one after the other; sums of so many are added up again."""


def _sum(x: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
    x = np.asarray(x)
    wide = np.float64 if x.dtype == np.float32 else None
    if wide is None and x.size > ROWS:
        x = _partial_sums(x, axes)
    return np.asarray(add_up(x, axis=axes, keepdims=keepdims, dtype=wide), x.dtype)


def _partial_sums(x: Array, axes: tuple[int, ...]) -> Array:
    """Return an array of the same sums, short along these axes: no error piles up over many rows.

    NumPy adds in pairs along memory, but row after row across it.
    """
    if len(axes) == x.ndim and (x.flags.c_contiguous or x.flags.f_contiguous):
        return x
    for axis in axes:
        paired = axis == x.ndim - 1 and x.flags.c_contiguous
        while x.shape[axis] > ROWS and not paired:
            x = _folded(x, axis)
    return x


def _folded(x: Array, axis: int) -> Array:
    """Return the sums of each `ROWS` entries along an axis, the last of the rest."""
    if not x.flags.c_contiguous:
        return np.asarray(np.add.reduceat(x, np.arange(0, x.shape[axis], ROWS), axis=axis))
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    whole = x.shape[axis] // ROWS * ROWS
    parts, rest = np.split(x, [whole], axis)
    blocks = parts.reshape(*before, whole // ROWS, ROWS, *after)
    sums = [add_up(blocks, axis=axis + 1), add_up(rest, axis=axis, keepdims=True)]
    return np.concatenate(sums, axis) if rest.size else sums[0]


linear(
    "sum",
    "Sum over axes; float32 is added up in float64 and rounded once.",
    value=_sum,
    shape=reduction_rule("sum", of_nothing=True),
    adjoint=lambda g, out, x, axes, keepdims=False: (_spread(g, x, axes),),
    latex=r"\sum {0}",
    examples=[
        Example((MATRIX,), {"axes": (0,)}),
        Example((MATRIX,), {"axes": (0, 1)}),
        Example((MATRIX,), {"axes": (1,), "keepdims": True}),
        Example((2.0,), {"axes": ()}),
    ],
    rewrite=lambda x, axes, keepdims=False: x if not axes else None,
)


def _mean(x: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
    """Return the mean, exact for constants and without overflow; the second pass mends rounding."""
    x = np.asarray(x)
    count = math.prod(x.shape[a] for a in axes)
    if x.dtype == np.float32:
        wide = add_up(x, axis=axes, keepdims=keepdims, dtype=np.float64)
        return np.asarray(wide / count, np.float32)
    first = add_up(x, axis=axes, keepdims=True) / count
    if not np.isfinite(first).all():
        first = add_up(x / count, axis=axes, keepdims=True)
    with np.errstate(all="ignore"):
        rest = add_up(x - first, axis=axes, keepdims=True) / count
    mended = np.isfinite(rest)
    out = first + rest if mended.all() else np.where(mended, first + rest, first)
    return np.asarray(out.reshape(reduced(x.shape, axes, keepdims)), x.dtype)


linear(
    "mean",
    "Mean over axes, without overflow; of nothing it is an error.",
    value=_mean,
    shape=reduction_rule("mean"),
    adjoint=lambda g, out, x, axes, keepdims=False: (
        _spread(g / float(math.prod(x.shape[a] for a in axes)), x, axes),
    ),
    latex=r"\mathrm{{mean}}\,{0}",
    examples=[
        Example((MATRIX,), {"axes": (0,)}),
        Example((MATRIX,), {"axes": (0, 1), "keepdims": True}),
        Example((2.0,), {"axes": ()}),
    ],
    rewrite=lambda x, axes, keepdims=False: x if not axes else None,
)


def _extreme(name: str, doc: str, reduce: Any, arg: Any) -> None:
    """Declare max or min: ties share the gradient equally."""

    def value(x: Array, axes: tuple[int, ...], keepdims: bool = False) -> Array:
        if not np.iscomplexobj(x):
            return np.asarray(reduce(x, axis=axes, keepdims=keepdims))
        rest = tuple(i for i in range(x.ndim) if i not in axes)
        kept = tuple(x.shape[i] for i in rest)
        count = math.prod(x.shape[i] for i in axes)
        flat = np.transpose(x, (*rest, *axes)).reshape(*kept, count)
        pick = arg(flat.real, axis=-1)[..., None]
        picked = np.take_along_axis(flat, pick, -1)[..., 0]
        return picked.reshape(reduced(x.shape, axes, keepdims))

    def vjp(
        g: Node, out: Node, x: Node, axes: tuple[int, ...], keepdims: bool = False
    ) -> tuple[Node]:
        hit = apply("cast", apply("equal", x, _spread(out, x, axes)), dtype=x.dtype.name)
        count = apply("sum", hit, axes=axes, keepdims=True)
        return (apply("chain", _spread(g, x, axes), hit / count),)

    general(
        name,
        doc,
        why="Which entry it depends on depends on the entries, and a tie is shared.",
        value=value,
        shape=reduction_rule(name),
        vjp=vjp,
        latex=rf"\{name} {{0}}",
        examples=[
            Example((MATRIX,), {"axes": (0,)}),
            Example((MATRIX,), {"axes": (0, 1)}),
            Example((MATRIX,), {"axes": (1,), "keepdims": True}),
            Example((2.0,), {"axes": ()}),
        ],
        kinks=("a tie shares the gradient equally",),
        at_kink=lambda x, axes, keepdims=False: (
            (x == reduce(x, axis=axes, keepdims=True)).sum(axis=axes, keepdims=True) > 1
        ),
    )


_extreme("max", "Largest entry over axes; NaN if one is NaN.", np.max, np.argmax)
_extreme("min", "Smallest entry over axes; NaN if one is NaN.", np.min, np.argmin)


def _over(op: str, x: Any, axis: Axis, keepdims: bool) -> Any:
    axes = checked_axes(op, np.shape(x), axis)
    return call(op, x, axes=axes, keepdims=bool(keepdims))


@offered
@implements(np.sum)
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the sum over axes; of nothing it is 0.

    Examples
    --------
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    return _over("sum", x, axis, keepdims)


@offered
@implements(np.mean)
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the mean over axes, without overflow; of nothing it is an error.

    Examples
    --------
    >>> float(mean([1e308, 1e308]))
    1e+308
    """
    return _over("mean", x, axis, keepdims)


@offered
@implements(np.max, np.amax)
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the largest entry over axes; a tie shares the gradient equally.

    Examples
    --------
    >>> max([[1.0, 2.0], [3.0, 0.0]], axis=1).tolist()
    [2.0, 3.0]
    """
    return _over("max", x, axis, keepdims)


@offered
@implements(np.min, np.amin)
def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the smallest entry over axes; a tie shares the gradient equally.

    Examples
    --------
    >>> float(min([[1.0, 2.0], [3.0, 0.0]]))
    0.0
    """
    return _over("min", x, axis, keepdims)
