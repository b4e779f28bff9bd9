"""Leaves with a name: variables, parameters; and names for other nodes.

Knows how a leaf is made; knows nothing of operations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError
from chainrule.graph.arrays import frozen_copy, known_dtype
from chainrule.graph.node import Node
from chainrule.types import ArrayLike, Shape


def variable(
    name: str,
    value: ArrayLike | None = None,
    *,
    shape: Shape | int | None = None,
    dtype: Any = None,
) -> Node:
    """Return a named input of a function, with a value or only a shape.

    Parameters
    ----------
    name : str
        Its name in listings, errors and explanations.
    value : array_like, optional
        The value used by `evaluate` unless another is given there; integers become float64.
    shape : tuple of int or int, optional
        Its shape, if no value is given; () by default.
    dtype : optional
        float64 by default, or the value's if that is float32 or bool; "int64" for an index.

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
        kind = known_dtype(np.float64 if dtype is None else dtype)
        return Node("variable", (), checked_shape(name, shape or ()), kind, name=checked_name(name))
    if isinstance(value, Node):
        raise SpecError(f"variable {name!r}: its value is {value!r}; give a number or an array.")
    array = np.asarray(value)
    if dtype is None and array.dtype.kind in "iu":
        dtype = np.float64
    data = frozen_copy(array, dtype)
    if shape is not None and checked_shape(name, shape) != data.shape:
        raise ShapeError(f"variable {name!r}: its value has shape {data.shape}, not {shape}.")
    return Node("variable", (), data.shape, data.dtype, name=checked_name(name), data=data)


def parameter(name: str, shape: Shape | int, dtype: Any = np.float64) -> Node:
    """Return a named leaf that training may change.

    Examples
    --------
    >>> parameter("W1", (3, 4))
    <parameter W1 (3, 4) float64>
    """
    kind = known_dtype(dtype)
    return Node("parameter", (), checked_shape(name, shape), kind, name=checked_name(name))


def checked_name(name: str) -> str:
    """Return the name, or say what a name is."""
    if not isinstance(name, str) or not name:
        raise SpecError(f"a name was expected, such as 'x'; {name!r} was given.")
    return name


def checked_shape(name: str, shape: Any) -> Shape:
    """Return a shape as a tuple of lengths, or say what is wrong with it."""
    lengths = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not all(isinstance(n, (int, np.integer)) and n >= 0 for n in lengths):
        raise ShapeError(f"{name!r}: {shape!r} is not a shape; give lengths such as (3, 4).")
    return tuple(int(n) for n in lengths)


def named(node: Node, name: str) -> Node:
    """Return the same computation under a name for people.

    Examples
    --------
    >>> import chainrule as cr
    >>> named(cr.exp(cr.variable("x", 0.0)), "e")
    <exp e () float64>
    """
    return replace(node, name=name)
