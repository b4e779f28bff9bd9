"""Is this graph what it says? Run in tests after every transformation.

Knows the rules of primitives; changes nothing.
"""

from __future__ import annotations

from chainrule.errors import GraphError
from chainrule.graph.node import LEAVES, Node
from chainrule.graph.primitive import look_up
from chainrule.graph.traverse import toposort


def check(*outputs: Node, after: str = "building") -> None:
    """Raise if a node's shape or dtype is not what its rule gives for its inputs.

    Parameters
    ----------
    *outputs : Node
        The graph: these nodes and all they need.
    after : str
        The transformation to name in the message.

    Raises
    ------
    GraphError
        ``after simplify: node 9 mul says (4, 5) float64, its rule says (5, 4) float64``.
    """
    for number, node in enumerate(toposort(*outputs)):
        if node.op in LEAVES:
            continue
        rule = look_up(node.op)
        shape = rule.shape(*(x.shape for x in node.inputs), **node.attrs)
        dtype = rule.dtype(*(x.dtype for x in node.inputs), **node.attrs)
        if (shape, dtype) != (node.shape, node.dtype):
            raise GraphError(
                f"after {after}: node {number} {node.op} says {node.shape} {node.dtype}, "
                f"its rule says {shape} {dtype}"
            )
