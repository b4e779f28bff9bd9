r"""Names for parts of a graph, also where a graph computes them a second time.

``softmax(z) - y`` is written ``out - y`` where ``out`` is the name of a softmax of the same z.
Knows nodes; knows no layer and no loss.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from chainrule.graph.node import Node

T = TypeVar("T")

PASSED = frozenset({"guard", "stop_gradient", "alias", "cast", "expand"})
"""Operations that a formula does not show: their first input stands for them."""


def seen(node: Node) -> Node:
    """Return the node that a formula shows in place of this one."""
    while node.op in PASSED:
        node = node.inputs[0]
    return node


class Names(Generic[T]):
    """What parts of a graph are called, found by what they compute.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> Names({cr.tanh(x): "h"}).find(cr.tanh(x))
    'h'
    """

    def __init__(self, names: Mapping[Node, T]) -> None:
        self._keys: dict[Node, Hashable] = {}
        self._names: dict[Hashable, T] = {}
        for node, name in names.items():
            self.call(node, name)

    def call(self, node: Node, name: T) -> None:
        """Give a node a name, which stands for all that is computed as it is."""
        self._names[self.key(node)] = name

    def find(self, node: Node) -> T | None:
        """Return the name of what a node computes; None if it has none."""
        return self._names.get(self.key(node))

    def key(self, node: Node) -> Hashable:
        """Return a key that is equal for nodes that compute the same from the same leaves."""
        node = seen(node)
        if node not in self._keys:
            self._keys[node] = self._new_key(node)
        return self._keys[node]

    def _new_key(self, node: Node) -> Hashable:
        if node.op == "constant":
            assert node.data is not None, "a constant has data"
            return ("constant", node.shape, node.data.tobytes())
        if not node.inputs:
            return id(node)
        inputs = tuple(map(self.key, node.inputs))
        return (node.op, inputs, repr(sorted(node.attrs.items())))
