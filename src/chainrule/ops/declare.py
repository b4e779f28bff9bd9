"""Three ways to declare an operation; each derives its gradient from what is declared.

* `elementwise`: say the local derivatives; broadcasting is undone here, once, for all of them.
* `linear`: the tangent is the operation itself; say its adjoint.
* `general`: write the vjp, and one sentence why neither of the others fits.

Each returns the function that people call. Knows the registry; knows no executor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph import (
    Example,
    Node,
    Primitive,
    apply,
    float_dtype,
    implements,
    primitives,
    register,
)
from chainrule.ops.describe import docstring_of, signature_of
from chainrule.types import DType, Shape

Function = Callable[..., Any]
Offered = TypeVar("Offered", bound=Function)


def call(op: str, *inputs: Any, **attrs: Any) -> Any:
    """Apply a primitive to nodes; to plain numbers and arrays its value, at once."""
    if any(isinstance(x, Node) for x in inputs):
        return apply(op, *inputs, **attrs)
    node = apply(op, *inputs, **attrs)
    with np.errstate(all="ignore"):
        return declared(op).value(*(x.data for x in node.inputs), **attrs)


def declared(op: str) -> Primitive:
    """Return the declaration of a primitive."""
    return primitives[op]


functions: dict[str, Function] = {}
"""Every public operation by name: primitives, and composites that are offered."""


def offered(function: Offered) -> Offered:
    """Make a composite public under its name; it may take the place of a primitive's function."""
    functions[function.__name__] = function
    return function


def function_of(primitive: Primitive, numpy: tuple[Any, ...]) -> Function:
    """Return the public function of a primitive, and let it stand for NumPy's."""
    name, wanted = primitive.name, signature_of(primitive)

    def function(*inputs: Any, **attrs: Any) -> Any:
        given = wanted.bind(*inputs, **attrs)
        return call(name, *given.args, **given.kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = docstring_of(primitive, wanted)
    function.__module__ = "chainrule.ops"
    function.__signature__ = wanted  # type: ignore[attr-defined]
    functions[name] = function
    return implements(*numpy)(function)


def broadcast(*shapes: Shape, op: str = "an operation") -> Shape:
    """Return the shape in which these shapes meet, or name what does not fit."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        found = " and ".join(str(s) for s in shapes)
        raise ShapeError(
            f"{op}: shapes {found} do not broadcast together.\n"
            "  From the last axis back, lengths must be equal or 1; reshape or add an axis."
        ) from None


def broadcast_rule(op: str) -> Callable[..., Shape]:
    """Return the shape rule of an elementwise operation, which knows the name to blame."""
    return lambda *shapes, **attrs: broadcast(*shapes, op=op)


def same_dtype(*dtypes: DType, **attrs: Any) -> DType:
    """Return the float dtype in which the inputs meet."""
    return float_dtype(*dtypes)


def kept_dtype(*dtypes: DType, **attrs: Any) -> DType:
    """Return the dtype in which the inputs meet, integers and booleans included."""
    return np.result_type(*dtypes)


SINGLE = np.dtype(np.float32)


def in_double(value: Function) -> Function:
    """Let a value be computed in float64 where its inputs are float32, and be rounded once."""

    @wraps(value)
    def wide(*inputs: Any, **attrs: Any) -> Any:
        arrays = [np.asarray(x) for x in inputs]
        for x in arrays:
            if x.dtype != SINGLE:
                return value(*arrays, **attrs)
        return np.asarray(value(*(x.astype(np.float64) for x in arrays), **attrs), np.float32)

    return wide


def unbroadcast(g: Node, shape: Shape) -> Node:
    """Sum `g` over the axes along which an input of that shape was broadcast."""
    if g.shape == shape:
        return g
    lead = g.ndim - len(shape)
    stretched = [i + lead for i, n in enumerate(shape) if n == 1 and g.shape[i + lead] != 1]
    g = apply("sum", g, axes=(*range(lead), *stretched), keepdims=False)
    return g if g.shape == shape else apply("reshape", g, shape=shape)


def passed_on(g: Node, local: Any) -> Node:
    """Return upstream times local: exactly zero where the upstream gradient is."""
    if not isinstance(local, Node) and local in (1, -1):
        return g if local == 1 else apply("neg", g)
    return apply("chain", g, local)


def vjp_from(local: Function) -> Function:
    """Return the vjp that follows from local derivatives: chained, and summed over broadcasts."""

    def vjp(g: Node, out: Node, *inputs: Node, **attrs: Any) -> tuple[Node | None, ...]:
        locals_ = local(out, *inputs, **attrs)
        return tuple(
            None if d is None else unbroadcast(passed_on(g, d), x.shape)
            for d, x in zip(locals_, inputs, strict=True)
        )

    return vjp


def elementwise(
    name: str,
    doc: str,
    *,
    value: Function,
    local: Function,
    latex: str,
    examples: Iterable[Any],
    numpy: tuple[Any, ...] = (),
    dtype: Callable[..., Any] = same_dtype,
    **slots: Any,
) -> Function:
    """Declare an operation that acts on each entry alone.

    Parameters
    ----------
    name, doc : str
        Its name and one sentence for people.
    value : callable
        ``(*arrays, **attrs) -> array``.
    local : callable
        ``(out, *inputs, **attrs) -> tuple``: the derivative of an output entry by the entry of
        each input, as a node or a number; None for an input that has none.
    latex : str
        Format string: ``{0}`` and ``{1}`` are the inputs.
    examples : iterable
        Each a tuple of inputs, or an `Example` where attributes are needed.
    numpy : tuple
        NumPy functions that it stands for.
    **slots
        Further fields of `Primitive`: source, kinks, at_kink, analytic, native, rewrite, textbook,
        script.

    Returns
    -------
    callable
        The function that people call.
    """
    primitive = Primitive(
        name, "elementwise", doc, value, broadcast_rule(name), dtype, vjp_from(local), latex,
        _examples(examples), local=local, floats=dtype is same_dtype, **slots,
    )  # fmt: skip
    return function_of(register(primitive), numpy)


def linear(
    name: str,
    doc: str,
    *,
    value: Function,
    shape: Callable[..., Shape],
    adjoint: Function,
    latex: str,
    examples: Iterable[Any],
    joint: bool = True,
    numpy: tuple[Any, ...] = (),
    dtype: Callable[..., Any] = same_dtype,
    **slots: Any,
) -> Function:
    """Declare an operation that is linear: in all inputs together, or in each alone.

    Parameters
    ----------
    name, doc, value, latex, examples, numpy, **slots
        As for `elementwise`.
    shape : callable
        ``(*input shapes, **attrs) -> shape``; raises ShapeError where they do not fit.
    adjoint : callable
        ``(g, out, *inputs, **attrs) -> tuple`` of gradient nodes (None: not differentiable).
    joint : bool
        True for sums of parts (``concat``), False for products (``matmul``).

    Returns
    -------
    callable
        The function that people call.
    """
    primitive = Primitive(
        name, "linear", doc, value, shape, dtype, adjoint, latex, _examples(examples),
        joint=joint, floats=dtype is same_dtype, **slots,
    )  # fmt: skip
    return function_of(register(primitive), numpy)


def general(
    name: str,
    doc: str,
    *,
    why: str,
    value: Function,
    shape: Callable[..., Shape],
    vjp: Function,
    latex: str,
    examples: Iterable[Any],
    numpy: tuple[Any, ...] = (),
    dtype: Callable[..., Any] = same_dtype,
    **slots: Any,
) -> Function:
    """Declare an operation with a gradient rule of its own, and say why it needs one.

    Parameters
    ----------
    name, doc, value, shape, latex, examples, numpy, **slots
        As for `linear`.
    why : str
        One sentence: why it is neither elementwise nor linear.
    vjp : callable
        ``(g, out, *inputs, **attrs) -> tuple``; must be linear in `g`.

    Returns
    -------
    callable
        The function that people call.
    """
    primitive = Primitive(
        name, "general", doc, value, shape, dtype, vjp, latex, _examples(examples),
        why_general=why, floats=dtype is same_dtype, **slots,
    )  # fmt: skip
    return function_of(register(primitive), numpy)


def _examples(examples: Iterable[Any]) -> tuple[Example, ...]:
    return tuple(e if isinstance(e, Example) else Example(tuple(e)) for e in examples)
