"""Forward mode: how outputs move when an input moves in a direction; graph in, graph out.

Knows the rules of primitives; knows no values and no executor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.autodiff.reverse import gradients
from chainrule.errors import ShapeError
from chainrule.graph import (
    Node,
    Primitive,
    apply,
    as_node,
    constant,
    primitives,
    toposort,
    variable,
)


def directional_derivative(out: Node, wrt: Node | Sequence[Node], directions: Any) -> Node:
    """Return the derivative of a node of any shape along a direction of its inputs.

    Parameters
    ----------
    out : Node
        What is differentiated.
    wrt : Node or sequence of Node
        What moves.
    directions : array_like or Node, or a sequence of them
        How it moves: one for each `wrt`, of its shape.

    Returns
    -------
    Node
        Of the shape of `out`.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", [1.0, 2.0])
    >>> cr.evaluate(directional_derivative(x * x, [x], [[1.0, 0.0]]))
    array([2., 0.])
    """
    tangents: dict[Node, Node] = {}
    moving, along = ([wrt], [directions]) if isinstance(wrt, Node) else (wrt, directions)
    if len(moving) != len(along):
        raise ShapeError(f"{len(along)} directions were given for {len(moving)} nodes.")
    for x, direction in zip(moving, along, strict=True):
        tangent = as_node(direction, x.dtype)
        if tangent.shape != x.shape:
            raise ShapeError(f"the direction of {x!r} has shape {tangent.shape}, not {x.shape}.")
        tangents[x] = tangent
    for node in toposort(out):
        if node not in tangents and any(x in tangents for x in node.inputs):
            tangents[node] = _tangent(node, [tangents.get(x) for x in node.inputs])
    return tangents[out] if out in tangents else _spread(constant(0.0, out.dtype), out)


def _tangent(node: Node, tangents: list[Node | None]) -> Node:
    """Return the tangent of a node from those of its inputs (None: does not move)."""
    rule = primitives[node.op]
    by_kind = {"elementwise": _by_local, "linear": _by_linearity, "general": _by_transposition}
    parts = by_kind[rule.kind](rule, node, tangents)
    total = _spread(constant(0.0, node.dtype), node)
    for i, part in enumerate(parts):
        total = part if i == 0 else total + part
    return _spread(total, node)


def _by_local(rule: Primitive, node: Node, tangents: list[Node | None]) -> list[Node]:
    assert rule.local is not None, f"{rule.name} is elementwise and has local derivatives"
    locals_ = rule.local(node, *node.inputs, **node.attrs)
    return [
        apply("chain", t, d)
        for t, d in zip(tangents, locals_, strict=True)
        if t is not None and d is not None
    ]


def _by_linearity(rule: Primitive, node: Node, tangents: list[Node | None]) -> list[Node]:
    """Apply the operation itself: at once if it is linear in all inputs, else in each alone."""
    moving = [
        t is not None and x.dtype.kind == "f" for t, x in zip(tangents, node.inputs, strict=True)
    ]
    if rule.joint:
        zeros = [_spread(constant(0.0, x.dtype), x) for x in node.inputs]
        parts = [
            (t if m else zero) if x.dtype.kind == "f" else x
            for t, m, zero, x in zip(tangents, moving, zeros, node.inputs, strict=True)
        ]
        return [apply(node.op, *parts, **node.attrs)]
    return [
        apply(node.op, *(t if i == k else x for i, x in enumerate(node.inputs)), **node.attrs)
        for k, (t, m) in enumerate(zip(tangents, moving, strict=True))
        if m
    ]


def _by_transposition(rule: Primitive, node: Node, tangents: list[Node | None]) -> list[Node]:
    """Transpose the vjp: it is linear in g, so its derivative by g is the tangent."""
    g = variable("g", shape=node.shape, dtype=node.dtype)
    parts = rule.vjp(g, node, *node.inputs, **node.attrs)
    tangent_parts = []
    for part, tangent in zip(parts, tangents, strict=True):
        if part is not None and tangent is not None:
            product = apply("sum", part * tangent, axes=tuple(range(part.ndim)))
            tangent_parts.append(gradients(product, g))
    return tangent_parts


def _spread(tangent: Node, node: Node) -> Node:
    return tangent if tangent.shape == node.shape else apply("expand", tangent, shape=node.shape)
