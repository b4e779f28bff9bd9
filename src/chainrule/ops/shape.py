"""Shapes: expand, reshape, transpose, concat, stack, cast.

Nothing here changes a number. Knows no executor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph import Example, Node, apply, constant, implements
from chainrule.ops.declare import call, kept_dtype, linear, offered
from chainrule.ops.reduction import Axis, checked_axes, reduced
from chainrule.types import Shape

MATRIX = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]

implements(np.shape)(lambda x: x.shape)
implements(np.ndim)(lambda x: x.ndim)
implements(np.size)(lambda x: x.size)


def _expand_shape(x: Shape, shape: Shape) -> Shape:
    lead = len(shape) - len(x)
    if lead < 0 or any(n not in (1, shape[i + lead]) for i, n in enumerate(x)):
        raise ShapeError(
            f"expand: shape {x} cannot be expanded to {shape}.\n"
            "  From the last axis back, lengths must be equal or 1."
        )
    return tuple(shape)


linear(
    "expand",
    "The entries repeated along axes of length 1, to a larger shape.",
    value=lambda x, shape: np.broadcast_to(x, shape),
    shape=_expand_shape,
    adjoint=lambda g, out, x, shape: (_unexpand(g, x.shape),),
    latex="{0}",
    dtype=kept_dtype,
    examples=[
        Example(([[1.0], [2.0]],), {"shape": (2, 3)}),
        Example((2.0,), {"shape": (3,)}),
        Example((2.0,), {"shape": (3, 0)}),
        Example(([[1.0], [2.0]],), {"shape": (2, 2, 3)}),
    ],
    repeats=True,
    rewrite=lambda x, shape: x if x.shape == shape else None,
)


def _unexpand(g: Node, shape: Shape) -> Node:
    lead = g.ndim - len(shape)
    axes = (*range(lead), *(i + lead for i, n in enumerate(shape) if n != g.shape[i + lead]))
    g = apply("sum", g, axes=axes, keepdims=False)
    return g if g.shape == shape else apply("reshape", g, shape=shape)


def _reshape_shape(x: Shape, shape: Shape) -> Shape:
    if np.prod(x, dtype=np.int64) != np.prod(shape, dtype=np.int64):
        raise ShapeError(
            f"reshape: {x} has {np.prod(x, dtype=np.int64)} entries, {shape} has "
            f"{np.prod(shape, dtype=np.int64)}.\n  Give one axis as -1 to have it computed."
        )
    return tuple(shape)


def _reshaped(x: Node, shape: Shape) -> Node | None:
    """Return `x` itself if it has the shape, and one number repeated as that in the new shape."""
    if x.shape == shape:
        return x
    if x.op == "expand" and x.inputs[0].size == 1:
        return apply("expand", _one_number(x.inputs[0]), shape=shape)
    return None


def _one_number(x: Node) -> Node:
    if x.op == "constant" and x.data is not None:
        return constant(x.data.reshape(()))
    return apply("reshape", x, shape=()) if x.shape else x


linear(
    "reshape",
    "The same entries in another shape.",
    value=lambda x, shape: np.reshape(x, shape),
    shape=_reshape_shape,
    adjoint=lambda g, out, x, shape: (apply("reshape", g, shape=x.shape),),
    latex="{0}",
    dtype=kept_dtype,
    examples=[
        Example((MATRIX,), {"shape": (3, 2)}),
        Example((MATRIX,), {"shape": (6,)}),
        Example((2.0,), {"shape": (1, 1)}),
        Example((2.0,), {"shape": ()}),
        Example(([],), {"shape": (0, 2)}),
    ],
    rewrite=_reshaped,
)


def _transpose_shape(x: Shape, axes: tuple[int, ...]) -> Shape:
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"transpose: axes {axes} are not an order of the axes of shape {x}.")
    return tuple(x[a] for a in axes)


def _untransposed(x: Node, axes: tuple[int, ...]) -> Node | None:
    if axes == tuple(range(len(axes))):
        return x
    if x.op == "transpose" and tuple(x.attrs["axes"][a] for a in axes) == tuple(range(len(axes))):
        return x.inputs[0]
    return None


linear(
    "transpose",
    "The axes in another order.",
    value=lambda x, axes: np.asarray(x).transpose(axes),
    shape=_transpose_shape,
    adjoint=lambda g, out, x, axes: (
        apply("transpose", g, axes=tuple(int(i) for i in np.argsort(axes))),
    ),
    latex=r"{0}^\top",
    dtype=kept_dtype,
    examples=[
        Example((MATRIX,), {"axes": (1, 0)}),
        Example(([MATRIX],), {"axes": (2, 0, 1)}),
        Example((2.0,), {"axes": ()}),
    ],
    rewrite=_untransposed,
)


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    fits = all(
        len(s) == len(first) and s[:axis] + s[axis + 1 :] == first[:axis] + first[axis + 1 :]
        for s in shapes
    )
    if not fits or axis >= len(first):
        raise ShapeError(
            f"concat: shapes {', '.join(map(str, shapes))} cannot be joined along axis {axis}.\n"
            "  All lengths but that axis' must be equal."
        )
    return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])


def _concat_adjoint(g: Node, out: Node, *inputs: Node, axis: int) -> tuple[Node, ...]:
    ends = np.cumsum([x.shape[axis] for x in inputs]).tolist()
    before = ((0, None, 1),) * axis
    return tuple(
        apply("slice", g, key=(*before, (end - x.shape[axis], end, 1)))
        for x, end in zip(inputs, ends, strict=True)
    )


linear(
    "concat",
    "Arrays joined along an axis.",
    value=lambda *xs, axis: np.concatenate(xs, axis=axis),
    shape=_concat_shape,
    adjoint=_concat_adjoint,
    latex=r"[{all}]",
    dtype=kept_dtype,
    examples=[
        Example((MATRIX, [[1.0], [2.0]]), {"axis": 1}),
        Example(([1.0], [2.0]), {"axis": 0}),
        Example(([1.0], [2.0, 3.0], [4.0]), {"axis": 0}),
        Example(([1.0, 2.0],), {"axis": 0}),
    ],
)

linear(
    "cast",
    "The entries in another dtype.",
    value=lambda x, dtype: x if np.iscomplexobj(x) else np.asarray(x).astype(dtype),
    shape=lambda x, dtype: x,
    dtype=lambda x, dtype: np.dtype(dtype),
    adjoint=lambda g, out, x, dtype: (
        apply("cast", g, dtype=x.dtype.name) if x.dtype.kind == out.dtype.kind == "f" else None,
    ),
    latex="{0}",
    examples=[
        Example(([1.0, 2.0],), {"dtype": "float64"}),
        Example(([1.0, 2.0],), {"dtype": "float32"}),
        Example(([True, False],), {"dtype": "float64"}),
    ],
    rewrite=lambda x, dtype: x if x.dtype.name == dtype else None,
)


@offered
@implements(np.reshape)
def reshape(x: Any, shape: int | Sequence[int]) -> Any:
    """Return the same entries in another shape; one axis may be -1.

    Examples
    --------
    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1)).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    wanted = tuple(int(n) for n in np.atleast_1d(np.asarray(shape, np.int64)))
    if -1 not in wanted:
        return call("reshape", x, shape=wanted)
    rest = math.prod(n for n in wanted if n != -1)
    if wanted.count(-1) > 1 or rest <= 0 or np.size(x) % rest:
        raise ShapeError(
            f"reshape: no length fits for -1 in {wanted}; {np.shape(x)} has {np.size(x)} entries.\n"
            "  Give all lengths, or lengths of which the number of entries is a multiple."
        )
    return call("reshape", x, shape=tuple(np.size(x) // rest if n == -1 else n for n in wanted))


@offered
@implements(np.ravel)
def ravel(x: Any) -> Any:
    """Return the entries in one axis.

    Examples
    --------
    >>> ravel([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return reshape(x, -1)


@offered
@implements(np.transpose)
def transpose(x: Any, axes: tuple[int, ...] | None = None) -> Any:
    """Return the array with its axes in another order, reversed by default.

    Examples
    --------
    >>> transpose([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    rank = np.ndim(x)
    order = tuple(reversed(range(rank))) if axes is None else tuple(axes)
    order = tuple(int(a) + rank * (a < 0) for a in order)
    return call("transpose", x, axes=order)


@offered
@implements(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return the array with two axes exchanged.

    Examples
    --------
    >>> swapaxes([[1.0, 2.0]], 0, 1).tolist()
    [[1.0], [2.0]]
    """
    (one,), (two,) = (checked_axes("swapaxes", np.shape(x), axis) for axis in (axis1, axis2))
    order = list(range(np.ndim(x)))
    order[one], order[two] = two, one
    return transpose(x, tuple(order))


@offered
@implements(np.moveaxis)
def moveaxis(x: Any, source: int, destination: int) -> Any:
    """Return the array with one axis moved to another place.

    Examples
    --------
    >>> moveaxis([[1.0, 2.0]], 0, -1).tolist()
    [[1.0], [2.0]]
    """
    (one,), (two,) = (checked_axes("moveaxis", np.shape(x), a) for a in (source, destination))
    order = [a for a in range(np.ndim(x)) if a != one]
    return transpose(x, (*order[:two], one, *order[two:]))


@offered
@implements(np.expand_dims)
def expand_dims(x: Any, axis: Axis) -> Any:
    """Return the array with axes of length 1 put in, at these places of the result.

    Examples
    --------
    >>> expand_dims([1.0, 2.0], 1).tolist()
    [[1.0], [2.0]]
    """
    count = len(axis) if isinstance(axis, tuple) else 1
    places = checked_axes("expand_dims", (1,) * (np.ndim(x) + count), axis)
    lengths = iter(np.shape(x))
    return reshape(x, tuple(1 if i in places else next(lengths) for i in range(np.ndim(x) + count)))


@offered
@implements(np.squeeze)
def squeeze(x: Any, axis: Axis = None) -> Any:
    """Return the array without its axes of length 1, or without the named ones.

    Examples
    --------
    >>> squeeze([[1.0, 2.0]]).tolist()
    [1.0, 2.0]
    """
    ones = tuple(i for i, n in enumerate(np.shape(x)) if n == 1)
    axes = ones if axis is None else checked_axes("squeeze", np.shape(x), axis)
    if any(np.shape(x)[a] != 1 for a in axes):
        raise ShapeError(f"squeeze: axis {axis} of shape {np.shape(x)} is not of length 1.")
    return reshape(x, reduced(np.shape(x), axes, keepdims=False))


@offered
@implements(np.broadcast_to)
def expand(x: Any, shape: Shape) -> Any:
    """Return the entries repeated along axes of length 1, to a larger shape.

    Examples
    --------
    >>> expand([[1.0], [2.0]], (2, 3)).tolist()
    [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]
    """
    return call("expand", x, shape=tuple(shape))


@offered
@implements(np.concatenate)
def concat(xs: Any, axis: int | None = 0) -> Any:
    """Return arrays joined along an axis; None joins all their entries.

    Examples
    --------
    >>> concat([[1.0, 2.0], [3.0]]).tolist()
    [1.0, 2.0, 3.0]
    """
    parts = list(xs)
    if not parts:
        raise ShapeError("concat: there is nothing to join; give at least one array.")
    if axis is None:
        return concat([ravel(x) for x in parts])
    return call("concat", *parts, axis=checked_axes("concat", np.shape(parts[0]), axis)[0])


@offered
@implements(np.stack)
def stack(xs: Any, axis: int = 0) -> Any:
    """Return arrays of one shape joined along a new axis.

    Examples
    --------
    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    parts = list(xs)
    shapes = {np.shape(x) for x in parts}
    if len(shapes) != 1:
        raise ShapeError(f"stack: all shapes must be equal; got {sorted(shapes)}.")
    return concat([expand_dims(x, axis) for x in parts], axis)
