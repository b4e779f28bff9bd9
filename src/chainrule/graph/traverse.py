"""Ways through a graph, none of them recursive.

Knows inputs of nodes; knows nothing of operations.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.graph.node import Node


def toposort(*outputs: Node) -> list[Node]:
    """Return every node the outputs need, inputs before users, in a fixed order.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> [node.op for node in toposort(x * x + 1)]
    ['variable', 'mul', 'constant', 'add']
    """
    order: list[Node] = []
    seen: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(node, False) for node in reversed(outputs)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
    return order


def depends_on(order: Iterable[Node], sources: Iterable[Node]) -> set[Node]:
    """Return the nodes of a sorted `order` that are, or need, one of `sources`."""
    reached = set(sources)
    for node in order:
        if any(parent in reached for parent in node.inputs):
            reached.add(node)
    return reached


def leaves(*outputs: Node, op: str) -> list[Node]:
    """Return the leaves of kind `op` ("variable", "parameter", "constant") in sorted order."""
    return [node for node in toposort(*outputs) if node.op == op]


def find(name: str, *outputs: Node) -> Node | None:
    """Return the first node of that name, or None."""
    return next((node for node in toposort(*outputs) if node.name == name), None)
