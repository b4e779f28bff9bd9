"""Nodes: leaves, and applications of primitives to earlier nodes.

Shapes and dtypes are inferred here, when a node is built. Knows the registry; no operation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, UnsupportedError
from chainrule.graph.arrays import float_dtype, frozen_copy, is_weak, known_dtype, weak_dtype
from chainrule.graph.numpy_protocol import array_function, array_ufunc, call_function
from chainrule.graph.primitive import look_up
from chainrule.types import Array, ArrayLike, DType, Shape

LEAVES = ("variable", "parameter", "constant")
"""The kinds of node that have no inputs."""

NO_ATTRS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Node:
    """One value of a computation that has not been carried out yet.

    Nodes are immutable and compare by identity in sets and dictionaries; ``==`` builds a
    comparison, as it does on arrays. Operators and NumPy functions on nodes build nodes.

    Attributes
    ----------
    op : str
        A primitive's name, or "variable", "parameter", "constant".
    inputs : tuple of Node
        The nodes it is computed from.
    shape : tuple of int
        Lengths of its axes.
    dtype : numpy.dtype
        float64, float32, bool or int64.
    attrs : mapping
        Keyword attributes of the primitive.
    name : str or None
        A name for people (``z1``, ``W2``); variables and parameters always have one.
    data : numpy.ndarray or None
        The value of a constant, or the value a variable was given; read-only.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> x = cr.variable("x", [1.0, 2.0])
    >>> f = 1 / (1 + np.exp(-x))
    >>> f
    <div (2,) float64>
    >>> cr.evaluate(f)
    array([0.73105858, 0.88079708])
    """

    op: str
    inputs: tuple[Node, ...]
    shape: Shape
    dtype: DType
    attrs: Mapping[str, Any] = field(default_factory=lambda: NO_ATTRS)
    name: str | None = None
    data: Array | None = None

    __array_ufunc__ = array_ufunc
    __array_function__ = array_function
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        label = f" {self.name}" if self.name else ""
        return f"<{self.op}{label} {self.shape} {self.dtype}>"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)

    @property
    def T(self) -> Node:
        """The node with its axes reversed."""
        return apply("transpose", self, axes=tuple(reversed(range(self.ndim))))

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError(f"len() of {self!r}: a node of shape () has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        raise UnsupportedError(
            f"a truth value was asked of {self!r}: while the graph is built it has none.\n"
            "  Use cr.where(condition, a, b) instead of `if`, np.maximum instead of max, or "
            "cr.evaluate(node) for its value."
        )

    def __float__(self) -> float:
        raise UnsupportedError(
            f"a number was asked of {self!r}: while the graph is built it has none.\n"
            "  Use cr.evaluate(node) for its value; `math` functions: use NumPy's instead."
        )

    __int__ = __index__ = __complex__ = __float__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        raise UnsupportedError(
            f"an array was asked of {self!r}: while the graph is built it has no value.\n"
            "  Use cr.evaluate(node) for its value; np.stack([a, b]) makes one node of several."
        )

    def __format__(self, spec: str) -> str:
        if spec:
            raise UnsupportedError(
                f"the format {spec!r} was asked of {self!r}: a graph being built has no numbers.\n"
                "  Print float(cr.evaluate(node)) instead."
            )
        return repr(self)

    def _refused(self, other: Any = None) -> Any:
        raise UnsupportedError(
            f"//, % and round() were asked of {self!r}; there is no such operation.\n"
            "  Use cr.floor(x / y); its derivative is 0."
        )

    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __round__ = _refused

    def __setitem__(self, key: Any, value: Any) -> None:
        raise UnsupportedError(
            f"assignment into {self!r}: nodes are immutable.\n"
            "  Use cr.where, cr.concat or cr.stack to build the array you want."
        )

    def __iter__(self) -> Any:
        if not self.shape:
            raise ShapeError(f"iteration over {self!r}: a node of shape () has no entries")
        return (self[i] for i in range(self.shape[0]))

    def __eq__(self, other: Any) -> Node:  # type: ignore[override]
        return apply("equal", self, other)

    def __ne__(self, other: Any) -> Node:  # type: ignore[override]
        return apply("not_equal", self, other)

    def __lt__(self, other: Any) -> Node:
        return apply("less", self, other)

    def __le__(self, other: Any) -> Node:
        return apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Node:
        return apply("greater", self, other)

    def __ge__(self, other: Any) -> Node:
        return apply("greater_equal", self, other)

    def __add__(self, other: Any) -> Node:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Node:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Node:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Node:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Node:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return apply("div", other, self)

    def __pow__(self, other: Any) -> Node:
        return apply("power", self, other)

    def __rpow__(self, other: Any) -> Node:
        return apply("power", other, self)

    def __matmul__(self, other: Any) -> Node:
        return _built(np.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return _built(np.matmul, other, self)

    def __neg__(self) -> Node:
        return apply("neg", self)

    def __pos__(self) -> Node:
        return self

    def __abs__(self) -> Node:
        return apply("abs", self)

    def __and__(self, other: Any) -> Node:
        return apply("logical_and", self, other)

    def __rand__(self, other: Any) -> Node:
        return apply("logical_and", other, self)

    def __or__(self, other: Any) -> Node:
        return apply("logical_or", self, other)

    def __ror__(self, other: Any) -> Node:
        return apply("logical_or", other, self)

    def __invert__(self) -> Node:
        return apply("logical_not", self)

    def __getitem__(self, key: Any) -> Node:
        return _built("getitem", self, key)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Sum over axes; see `numpy.sum`."""
        return _built(np.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Mean over axes; see `numpy.mean`."""
        return _built(np.mean, self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Largest entry over axes; see `numpy.max`."""
        return _built(np.max, self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Smallest entry over axes; see `numpy.min`."""
        return _built(np.min, self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Node:
        """Variance over axes; see `numpy.var`."""
        return _built(np.var, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Node:
        """Standard deviation over axes; see `numpy.std`."""
        return _built(np.std, self, axis=axis, ddof=ddof, keepdims=keepdims)

    def reshape(self, *shape: Any) -> Node:
        """Return the same entries in another shape; see `numpy.reshape`."""
        return _built(np.reshape, self, shape[0] if len(shape) == 1 else shape)

    def flatten(self) -> Node:
        """Return the entries in one axis; see `numpy.ravel`."""
        return _built(np.ravel, self)

    ravel = flatten

    def clip(self, min: Any = None, max: Any = None) -> Node:
        """Keep the entries between two bounds; see `numpy.clip`."""
        return _built(np.clip, self, min, max)

    def astype(self, dtype: Any) -> Node:
        """Return the entries in another dtype of the graph's: float64, float32, int64 or bool."""
        return apply("cast", self, dtype=known_dtype(dtype).name)

    def transpose(self, *axes: Any) -> Node:
        """Permute the axes; see `numpy.transpose`."""
        order = axes[0] if len(axes) == 1 else (axes or None)
        return _built(np.transpose, self, order)

    def dot(self, other: Any) -> Node:
        """Return the product with `other`; see `numpy.dot`."""
        return _built(np.dot, self, other)


def _built(key: Any, *args: Any, **kwargs: Any) -> Node:
    """Return the node that our function for a NumPy function builds."""
    node = call_function(key, *args, **kwargs)
    assert isinstance(node, Node), f"{key} of a node is a node"
    return node


def constant(value: ArrayLike, dtype: Any = None) -> Node:
    """Return a node of fixed value.

    Parameters
    ----------
    value : array_like
        Its value; copied.
    dtype : optional
        The dtype to store it in; the value's own by default.

    Examples
    --------
    >>> constant([1.0, 2.0])
    <constant (2,) float64>
    """
    data = frozen_copy(value, dtype)
    return Node("constant", (), data.shape, data.dtype, data=data)


def as_node(value: Any, dtype: Any = None) -> Node:
    """Return `value` itself if it is a node, else a constant; numbers in `dtype` if it is given.

    Raises
    ------
    DTypeError
        If it is neither a node nor something to make an array of.
    """
    if isinstance(value, Node):
        return value
    try:
        return constant(value, dtype if is_weak(value) else None)
    except (ValueError, TypeError):
        raise DTypeError(
            f"a {type(value).__name__} was given where a node, a number or an array is needed."
        ) from None


def _lift(inputs: tuple[Any, ...]) -> tuple[Node, ...]:
    """Make nodes of all inputs; Python numbers take the dtype of what they meet, as in NumPy."""
    if all(isinstance(x, Node) for x in inputs):
        return inputs
    strong = [x if isinstance(x, Node) else as_node(x) for x in inputs if not is_weak(x)]
    dtypes = [x.dtype for x in strong]
    ready = iter(strong)
    return tuple(constant(x, weak_dtype(x, dtypes)) if is_weak(x) else next(ready) for x in inputs)


def _as_float(x: Node, dtype: DType) -> Node:
    if x.dtype.kind == "f":
        return x
    return (
        constant(x.data, dtype)
        if x.op == "constant" and x.data is not None
        else apply("cast", x, dtype=dtype.name)
    )


def apply(op: str, *inputs: Any, **attrs: Any) -> Node:
    """Return the node that applies primitive `op` to the inputs.

    Raises
    ------
    ShapeError, DTypeError
        If the inputs do not fit the primitive.
    UnsupportedError
        If there is no such primitive.

    Examples
    --------
    >>> import chainrule as cr
    >>> apply("add", cr.variable("x", 3.0), 1.0)
    <add () float64>
    """
    primitive = look_up(op)
    if primitive.arity not in (None, len(inputs)):
        raise UnsupportedError(f"{op} takes {primitive.arity} inputs; {len(inputs)} were given.")
    nodes = _lift(inputs)
    if primitive.floats and any(x.dtype.kind != "f" for x in nodes):
        dtype = float_dtype(*(x.dtype for x in nodes))
        nodes = tuple(_as_float(x, dtype) for x in nodes)
    shape = primitive.shape(*(x.shape for x in nodes), **attrs)
    dtype = primitive.dtype(*(x.dtype for x in nodes), **attrs)
    return Node(op, nodes, shape, dtype, MappingProxyType(attrs) if attrs else NO_ATTRS)
