"""Reverse mode: a graph in, a longer graph out.

Because the result is a graph again, gradients of gradients work to any order. Knows the rules of
primitives; knows no values and no executor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph import Node, apply, constant, depends_on, primitives, toposort


@overload
def gradients(loss: Node, wrt: Node) -> Node: ...
@overload
def gradients(loss: Node, wrt: Sequence[Node]) -> list[Node]: ...
def gradients(loss: Node, wrt: Node | Sequence[Node]) -> Node | list[Node]:
    """Return the gradient of a scalar by nodes of its graph, as nodes.

    Parameters
    ----------
    loss : Node
        A node of shape ().
    wrt : Node or sequence of Node
        What to differentiate by: leaves or any inner nodes.

    Returns
    -------
    Node or list of Node
        Of the shape and dtype of each `wrt`; zeros where the loss does not depend on it.

    Raises
    ------
    ShapeError
        If the loss is not a scalar.
    DTypeError
        If the loss or a `wrt` holds no floats, or is no node.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 2.0)
    >>> slope = gradients(cr.tanh(x), x)
    >>> round(float(cr.evaluate(slope)), 8)
    0.07065082
    >>> round(float(cr.evaluate(gradients(slope, x))), 8)
    -0.13621869
    """
    targets = [wrt] if isinstance(wrt, Node) else _listed(wrt)
    for role, node in (("the loss", loss), *(("wrt", x) for x in targets)):
        _differentiable(role, node)
    if loss.shape != ():
        raise ShapeError(
            f"gradients of {loss!r} were asked for: a gradient is that of one number.\n"
            "  Sum it first (np.sum(out)), or weight its entries and sum."
        )
    upstream = backward(loss, targets)
    found = [upstream.get(x) for x in targets]
    full = [_zeros(x) if g is None else g for g, x in zip(found, targets, strict=True)]
    return full[0] if isinstance(wrt, Node) else full


def _listed(wrt: Sequence[Node]) -> list[Node]:
    if not isinstance(wrt, Iterable):
        raise DTypeError(f"gradients: wrt is {wrt!r}; a node is needed, or a list of nodes.")
    return list(wrt)


def _differentiable(role: str, node: Node) -> None:
    """Raise unless this is a node of floats."""
    if not isinstance(node, Node):
        raise DTypeError(f"gradients: {role} is {node!r}; a node is needed, such as a variable.")
    if node.dtype.kind != "f":
        raise DTypeError(
            f"gradients: {role} is {node!r}; a derivative needs floats.\n"
            "  Make it with dtype='float64', or leave it out."
        )


def backward(loss: Node, wrt: Sequence[Node]) -> dict[Node, Node]:
    """Return the gradient of `loss` by every node that lies between `wrt` and it.

    Contributions of several paths are added in the reverse of the graph's order.
    """
    order = toposort(loss)
    needed = depends_on(order, wrt)
    upstream: dict[Node, Node] = {loss: constant(1.0, loss.dtype)}
    for node in reversed(order):
        g = upstream.get(node)
        if g is None or node not in needed or not node.inputs:
            continue
        parts = primitives[node.op].vjp(g, node, *node.inputs, **node.attrs)
        for parent, part in zip(node.inputs, parts, strict=True):
            if part is None or parent not in needed or parent.dtype.kind != "f":
                continue
            part = _like(part, parent)
            upstream[parent] = upstream[parent] + part if parent in upstream else part
    return upstream


def _like(part: Node, parent: Node) -> Node:
    """Return a gradient in its input's dtype; its shape must be right already."""
    assert part.shape == parent.shape, f"gradient {part.shape} for an input {parent.shape}"
    return part if part.dtype == parent.dtype else apply("cast", part, dtype=parent.dtype.name)


def _zeros(node: Node) -> Node:
    return apply("expand", constant(0.0, node.dtype), shape=node.shape)
