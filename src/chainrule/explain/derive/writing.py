r"""A graph of nodes as a formula: as it is typed, as LaTeX, or as NumPy.

Operations are written as their declarations say; named parts keep their names, also where a graph
computes them a second time. Knows nodes and the registry; knows no layer and no loss.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from chainrule.explain.derive.dialects import Dialect, Latex, Piece, Typed
from chainrule.explain.derive.maths import Maths
from chainrule.graph import Node

PASSED = frozenset({"guard", "stop_gradient", "alias", "cast", "expand"})
"""Operations that a formula does not show: their first input stands for them."""


def seen(node: Node) -> Node:
    """Return the node that a formula shows in place of this one."""
    while node.op in PASSED:
        node = node.inputs[0]
    return node


def key_of(node: Node, known: dict[Node, Hashable]) -> Hashable:
    """Return a key that is equal for nodes that compute the same from the same leaves."""
    node = seen(node)
    if node not in known:
        known[node] = _key(node, known)
    return known[node]


def _key(node: Node, known: dict[Node, Hashable]) -> Hashable:
    if node.op == "constant":
        assert node.data is not None, "a constant has data"
        return ("constant", node.shape, node.data.tobytes())
    if not node.inputs:
        return id(node)
    inputs = tuple(key_of(x, known) for x in node.inputs)
    return (node.op, inputs, repr(sorted(node.attrs.items())))


@dataclass
class Writer:
    """Writes graphs in one dialect.

    Attributes
    ----------
    dialect : Dialect
        How operations look.
    names : mapping of Node to str
        What named nodes are called in it.
    """

    dialect: Dialect
    names: Mapping[Node, str]
    _known: dict[Node, Hashable] = field(default_factory=dict)
    _named: dict[Hashable, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node, name in self.names.items():
            self.call(node, name)

    def call(self, node: Node, name: str) -> None:
        """Give a node a name, which stands for all that is computed as it is."""
        self._named[key_of(node, self._known)] = name

    def knows(self, node: Node) -> bool:
        """Tell whether the node has a name."""
        return key_of(node, self._known) in self._named

    def key(self, node: Node) -> Hashable:
        """Return the key of a node."""
        return key_of(node, self._known)

    def write(self, node: Node) -> str:
        """Return the formula of a node."""
        return self.piece(node).text

    def piece(self, node: Node) -> Piece:
        """Return the formula of a node, and how tightly it holds together."""
        name = self._named.get(key_of(node, self._known))
        if name is not None:
            return self.dialect.name(name)
        node = seen(node)
        if node.op == "constant":
            return self.dialect.constant(node)
        instead = self.dialect.instead(node)
        if instead is not None:
            return self.piece(instead)
        assert node.inputs, f"leaf {node.name!r} has a name"
        return self.dialect.operation(node, [self.piece(x) for x in node.inputs])


def formula(node: Node, names: Mapping[Node, Maths]) -> Maths:
    r"""Return a graph as text and LaTeX.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> formula(1.0 / (1.0 + cr.exp(-x)), {x: Maths("z", "z")})
    Maths(text='1 / (1 + exp(-z))', latex='\\frac{1}{1 + e^{-z}}')
    """
    return Maths(
        Writer(Typed(), {k: m.text for k, m in names.items()}).write(node),
        Writer(Latex(), {k: m.latex for k, m in names.items()}).write(node),
    )
