"""Matrix products: matmul (batched, broadcasting), dot, outer, einsum.

Knows values and adjoints; knows no executor.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, UnsupportedError
from chainrule.graph import Example, Node, apply, implements
from chainrule.ops.declare import broadcast, call, linear, offered, unbroadcast
from chainrule.ops.reduction import sum as total
from chainrule.ops.shape import reshape, swapaxes, transpose
from chainrule.types import Shape

MATRIX = [[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]]


def _matmul_shape(x: Shape, y: Shape) -> Shape:
    if len(x) < 2 or len(y) < 2 or x[-1] != y[-2]:
        raise ShapeError(
            f"matmul needs (..., n, k) @ (..., k, m); got {x} @ {y}.\n"
            "  The last axis of the first and the last but one of the second must be equal; "
            "transpose one with .T?"
        )
    return (*broadcast(x[:-2], y[:-2], op="matmul"), x[-2], y[-1])


linear(
    "matmul",
    "Matrix product over the last two axes; leading axes broadcast.",
    value=np.matmul,
    shape=_matmul_shape,
    adjoint=lambda g, out, x, y: (
        unbroadcast(apply("matmul", g, swapaxes(y, -1, -2)), x.shape),
        unbroadcast(apply("matmul", swapaxes(x, -1, -2), g), y.shape),
    ),
    joint=False,
    flops=lambda out, x, y: 2 * math.prod(out) * x[-1],
    latex="{0} {1}",
    examples=[
        Example((MATRIX, [[1.0], [2.0], [3.0]])),
        Example(([MATRIX, MATRIX], [[1.0, 0.5], [2.0, 1.0], [3.0, -1.0]])),
    ],
)


@offered
@implements(np.matmul)
def matmul(x: Any, y: Any) -> Any:
    """Return the matrix product; a vector is a row on the left and a column on the right.

    Axes before the last two broadcast.

    Examples
    --------
    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        raise ShapeError("matmul: one factor is a number; use * for that.")
    left = reshape(x, (1, np.shape(x)[0])) if np.ndim(x) == 1 else x
    right = reshape(y, (np.shape(y)[0], 1)) if np.ndim(y) == 1 else y
    out = call("matmul", left, right)
    shape = np.shape(out)
    if np.ndim(y) == 1:
        shape = shape[:-1]
    if np.ndim(x) == 1:
        shape = (*shape[:-2], shape[-1]) if np.ndim(y) != 1 else shape[:-1]
    return reshape(out, shape) if shape != np.shape(out) else out


@offered
@implements(np.dot)
def dot(x: Any, y: Any) -> Any:
    """Return the product of vectors or matrices, as `numpy.dot`.

    Examples
    --------
    >>> float(dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    if np.ndim(x) == 0 or np.ndim(y) == 0:
        return call("mul", x, y)
    if np.ndim(y) > 2:
        raise UnsupportedError("np.dot of more than two axes: use x @ y or cr.einsum.")
    return matmul(x, y)


@offered
@implements(np.outer)
def outer(x: Any, y: Any) -> Any:
    """Return the table of all products of two vectors.

    Examples
    --------
    >>> outer([1.0, 2.0], [3.0, 4.0]).tolist()
    [[3.0, 4.0], [6.0, 8.0]]
    """
    return call("mul", reshape(x, (-1, 1)), reshape(y, (1, -1)))


@offered
@implements(np.einsum)
def einsum(formula: str, *inputs: Any) -> Any:
    """Return products summed over named axes, as `numpy.einsum` (no ``...``, no ``ii``).

    Examples
    --------
    >>> import numpy as np
    >>> einsum("rk,ku->ru", np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([[1., 2.],
           [3., 4.]])
    """
    left, _, right = formula.replace(" ", "").partition("->")
    terms = left.split(",")
    if "->" not in formula:
        right = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
    once = all(len(set(t)) == len(t) for t in (*terms, right))
    known = "." not in left and set(left) - {","} >= set(right)
    if len(terms) != len(inputs) or not once or not known:
        raise UnsupportedError(
            f"einsum {formula!r} of {len(inputs)} inputs: each input needs letters of its own, "
            "once each,\n  and the output takes some of them, as in 'rk,ku->ru'; no '...'."
        )
    for term, x in zip(terms, inputs, strict=True):
        if len(term) != np.ndim(x):
            raise ShapeError(
                f"einsum {formula!r}: {term!r} names {len(term)} axes of {np.shape(x)}"
            )
    letters = right + "".join(sorted(set(left) - set(right) - {","}))
    factors = [_aligned(x, term, letters) for x, term in zip(inputs, terms, strict=True)]
    product = factors[0]
    for factor in factors[1:]:
        product = call("mul", product, factor)
    return total(product, tuple(range(len(right), len(letters))))


def _aligned(x: Node, term: str, letters: str) -> Any:
    """Return `x` with one axis for each of `letters`, of length 1 where it has none."""
    order = sorted(range(len(term)), key=lambda i: letters.index(term[i]))
    x = transpose(x, tuple(order))
    lengths = {term[i]: n for i, n in zip(order, np.shape(x), strict=True)}
    return reshape(x, tuple(lengths.get(letter, 1) for letter in letters))
