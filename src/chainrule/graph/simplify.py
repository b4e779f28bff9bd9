"""Graph to equal graph: substitution, shared subexpressions, folded constants, local rewrites.

Rewrites belong to the primitives' declarations (``x * 1``, ``x + 0``); here they are applied.
Knows the registry; knows no operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.graph.node import LEAVES, Node, constant
from chainrule.graph.primitive import look_up
from chainrule.graph.traverse import toposort

FOLDED_ENTRIES = 4096
"""Constants are folded while the result has at most this many entries."""

Rewrite = Callable[[Node], Node]


def rebuild(outputs: Sequence[Node], rewrite: Rewrite) -> list[Node]:
    """Return the outputs of the graph in which each node, inputs first, went through `rewrite`."""
    new: dict[Node, Node] = {}
    for node in toposort(*outputs):
        inputs = tuple(new[x] for x in node.inputs)
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        new[node] = rewrite(node if same else replace(node, inputs=inputs))
    return [new[node] for node in outputs]


def substitute(outputs: Sequence[Node], replacements: Mapping[Node, Node]) -> list[Node]:
    """Return the outputs with some nodes replaced by others of the same shape.

    Examples
    --------
    >>> import chainrule as cr
    >>> x, y = cr.variable("x", 3.0), cr.variable("y", 5.0)
    >>> f, = substitute([x * x], {x: y})
    >>> float(cr.evaluate(f))
    25.0
    """
    new: dict[Node, Node] = {}
    for node in toposort(*outputs):
        if node in replacements:
            assert replacements[node].shape == node.shape, "a substitute has the same shape"
            new[node] = replacements[node]
            continue
        inputs = tuple(new[x] for x in node.inputs)
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        new[node] = node if same else replace(node, inputs=inputs)
    return [new[node] for node in outputs]


def simplify(outputs: Sequence[Node]) -> list[Node]:
    """Return equal outputs: constants folded, neutral operations gone, common parts shared.

    Names survive; nothing is reordered and no value changes (``x * 0`` stays, because of NaN).
    One bit may: ``x + 0`` becomes ``x``, which for x = -0.0 is -0.0 where IEEE 754 says 0.0.

    Parameters
    ----------
    outputs : sequence of Node
        The graph.

    Returns
    -------
    list of Node
        One for each output, in order.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> simplify([x * 1 + 0])[0] is x
    True
    """
    known: dict[Hashable, Node] = {}
    lost: dict[Node, str] = {}

    def shared(node: Node) -> Node:
        found = known.setdefault(structure(node), node)
        return keep_name(node, found)

    def keep_name(node: Node, instead: Node) -> Node:
        if node.name and instead.name is None and instead.op != "constant":
            lost.setdefault(instead, node.name)
        return instead

    def rewrite(node: Node) -> Node:
        if node.op in LEAVES:
            return shared(node)
        few = _few(node)
        if few is not None:
            repeat = next(x for x in node.inputs if _repeats(x) and x.shape == node.shape)
            few = rewrite(few)
            return shared(replace(repeat, inputs=(few,), dtype=few.dtype, name=node.name))
        node = shared(_unrepeated(node))
        folded = _fold(node)
        simpler = _rewritten(node) if folded is None else folded
        return node if simpler is None else keep_name(node, shared(simpler))

    return _named_again(rebuild(outputs, rewrite), lost)


def structure(node: Node) -> Hashable:
    """Return a key that is equal for nodes that compute the same from the same inputs."""
    if node.op == "constant":
        assert node.data is not None, "a constant has data"
        small = node.size <= FOLDED_ENTRIES
        return ("constant", node.shape, node.dtype.str, node.data.tobytes() if small else id(node))
    if node.op in LEAVES:
        return id(node)
    attrs = tuple(sorted(node.attrs.items()))
    return (node.op, tuple(id(x) for x in node.inputs), repr(attrs), node.dtype.str)


def _fold(node: Node) -> Node | None:
    """Return the node as a constant if all its inputs are, and it takes no more room than they."""
    if node.size > FOLDED_ENTRIES or not all(x.op == "constant" for x in node.inputs):
        return None
    if node.size > max((x.size for x in node.inputs), default=0):
        return None
    values: list[Any] = [x.data for x in node.inputs]
    with np.errstate(all="ignore"):
        value = look_up(node.op).value(*values, **node.attrs)
    return constant(np.asarray(value), node.dtype)


def _rewritten(node: Node) -> Node | None:
    rule = look_up(node.op).rewrite
    simpler: Node | None = rule(*node.inputs, **node.attrs) if rule else None
    if simpler is None or (simpler.shape, simpler.dtype) != (node.shape, node.dtype):
        return None
    return simpler


def _few(node: Node) -> Node | None:
    """Return an elementwise node before repetition, if all that it repeats is its output."""
    if look_up(node.op).kind != "elementwise" or not node.size:
        return None
    if not any(_repeats(x) and x.shape == node.shape for x in node.inputs):
        return None
    inputs = tuple(x.inputs[0] if _repeats(x) else x for x in node.inputs)
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    if math.prod(shape) >= node.size:
        return None
    return replace(node, inputs=inputs, shape=shape, name=None)


def _unrepeated(node: Node) -> Node:
    """Let an elementwise node take repeated inputs unrepeated, if broadcasting gives its shape."""
    if look_up(node.op).kind != "elementwise" or not any(_repeats(x) for x in node.inputs):
        return node
    inputs = list(node.inputs)
    for i, x in enumerate(node.inputs):
        if _repeats(x):
            others = (y.shape for k, y in enumerate(inputs) if k != i)
            if np.broadcast_shapes(x.inputs[0].shape, *others) == node.shape:
                inputs[i] = x.inputs[0]
    return replace(node, inputs=tuple(inputs))


def _repeats(node: Node) -> bool:
    return node.op not in LEAVES and look_up(node.op).repeats


def _named_again(outputs: list[Node], lost: Mapping[Node, str]) -> list[Node]:
    """Return the graph with names handed down to nodes that took the place of named ones."""
    if not lost:
        return outputs
    new: dict[Node, Node] = {}
    for node in toposort(*outputs):
        inputs = tuple(new[x] for x in node.inputs)
        same = all(a is b for a, b in zip(inputs, node.inputs, strict=True))
        name = lost.get(node, node.name)
        new[node] = node if same and name == node.name else replace(node, inputs=inputs, name=name)
    return [new[node] for node in outputs]
