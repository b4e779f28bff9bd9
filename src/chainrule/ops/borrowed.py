"""NumPy functions that need no operation of their own: log2, tan, hstack, zeros_like ...

With them, forward code that people already have builds a graph as it is. Knows the operations;
knows no executor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph import Node, as_node, constant, implements
from chainrule.ops.compare import absolute
from chainrule.ops.composite import norm
from chainrule.ops.index import gather
from chainrule.ops.products import einsum, matmul
from chainrule.ops.reduction import Axis, checked_axes, sum
from chainrule.ops.shape import concat, ravel, reshape, transpose
from chainrule.ops.transcendental import cos, exp, expm1, log, sin

implements(np.fabs)(lambda x: absolute(x))
implements(np.positive, np.copy)(lambda x: x)
implements(np.log2)(lambda x: log(x) / math.log(2))
implements(np.log10)(lambda x: log(x) / math.log(10))
implements(np.exp2)(lambda x: exp(x * math.log(2)))
implements(np.tan)(lambda x: sin(x) / cos(x))
implements(np.sinh)(lambda x: (expm1(x) - expm1(-x)) / 2)
implements(np.cosh)(lambda x: (exp(x) + exp(-x)) / 2)


@implements(np.linalg.norm)
def _norm(x: Node, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the Euclidean length: the one order that is right for vectors and matrices."""
    if ord not in (None, 2, "fro") or (ord == 2 and axis is None and x.ndim > 1):
        raise UnsupportedError(
            f"np.linalg.norm with ord={ord!r} was called on a node.\n"
            "  Instead: np.sum(np.abs(x)) for 1, np.max(np.abs(x)) for inf."
        )
    return norm(x, axis, keepdims)


@implements(np.average)
def _average(a: Any, axis: Axis = None, weights: Any = None) -> Any:
    """Return the weighted mean."""
    w = as_node(np.ones(np.shape(a)) if weights is None else weights)
    if w.shape != np.shape(a) and isinstance(axis, int):
        w = reshape(w, tuple(n if i == axis % a.ndim else 1 for i, n in enumerate(a.shape)))
    return sum(a * w, axis) / sum(w + np.zeros(np.shape(a)), axis)


@implements(np.full_like)
def _full_like(a: Node, fill_value: float) -> Node:
    return constant(np.full(a.shape, fill_value), a.dtype)


implements(np.zeros_like)(lambda a: _full_like(a, 0.0))
implements(np.ones_like)(lambda a: _full_like(a, 1.0))


@implements(np.vstack)
def _vstack(tup: Sequence[Any]) -> Any:
    return concat([reshape(x, (1, -1)) if np.ndim(x) < 2 else x for x in tup])


@implements(np.hstack)
def _hstack(tup: Sequence[Any]) -> Any:
    parts = [reshape(x, (1,)) if np.ndim(x) == 0 else x for x in tup]
    return concat(parts, 0 if np.ndim(parts[0]) == 1 else 1)


@implements(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Any:
    return concat([reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in tup], 1)


@implements(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return concat([arr, values], axis)


@implements(np.inner)
def _inner(a: Any, b: Any) -> Any:
    return a * b if 0 in (np.ndim(a), np.ndim(b)) else matmul(a, transpose(b))


@implements(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return matmul(ravel(a), ravel(b))


@implements(np.trace)
def _trace(a: Node) -> Any:
    return sum(_diagonal(a))


@implements(np.diagonal)
def _diagonal(a: Node) -> Node:
    places = np.arange(min(a.shape))
    return a[places, places]


@implements(np.flip)
def _flip(m: Node, axis: Axis = None) -> Node:
    axes = checked_axes("flip", m.shape, axis)
    return m[tuple(slice(None, None, -1 if i in axes else 1) for i in range(m.ndim))]


@implements(np.repeat)
def _repeat(a: Node, repeats: int, axis: int | None = None) -> Any:
    if axis is None:
        return _repeat(ravel(a), repeats, 0)
    return gather(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)


@implements(np.roll)
def _roll(a: Node, shift: int, axis: int | None = None) -> Any:
    if axis is None:
        return reshape(_roll(ravel(a), shift, 0), a.shape)
    return gather(a, np.roll(np.arange(a.shape[axis]), shift), axis)


@implements(np.cumsum)
def _cumsum(a: Node, axis: int | None = None) -> Any:
    if axis is None:
        return _cumsum(ravel(a), 0)
    (along,) = checked_axes("cumsum", a.shape, axis)
    letters = "abcdefghijklmnop"[: a.ndim]
    formula = f"{letters},{letters[along]}z->{letters.replace(letters[along], 'z')}"
    return einsum(formula, a, np.triu(np.ones((a.shape[along],) * 2)))
