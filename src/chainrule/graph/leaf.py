"""Leaves with a name: variables, parameters; and names for other nodes.

Knows how a leaf is made; knows nothing of operations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.node import Node, frozen_copy
from chainrule.types import ArrayLike, Shape


def variable(
    name: str, value: ArrayLike | None = None, *, shape: Shape | None = None, dtype: Any = None
) -> Node:
    """Return a named input of a function, with a value or only a shape.

    Parameters
    ----------
    name : str
        Its name in listings, errors and explanations.
    value : array_like, optional
        The value used by `evaluate` unless another is given there; integers become float64.
    shape : tuple of int, optional
        Its shape, if no value is given; () by default.
    dtype : optional
        float64 by default, or the value's if that is float32.

    Returns
    -------
    Node

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> float(cr.evaluate(x ** 2))
    9.0
    """
    if value is None:
        kind = np.dtype(dtype if dtype is not None else np.float64)
        return Node("variable", (), tuple(shape or ()), kind, name=name)
    array = np.asarray(value)
    if dtype is None and array.dtype.kind in "iu":
        dtype = np.float64
    data = frozen_copy(array, dtype)
    if shape is not None and tuple(shape) != data.shape:
        raise ShapeError(f"variable {name!r}: its value has shape {data.shape}, not {shape}")
    return Node("variable", (), data.shape, data.dtype, name=name, data=data)


def parameter(name: str, shape: Shape, dtype: Any = np.float64) -> Node:
    """Return a named leaf that training may change."""
    return Node("parameter", (), tuple(shape), np.dtype(dtype), name=name)


def named(node: Node, name: str) -> Node:
    """Return the same computation under a name for people."""
    return replace(node, name=name)
