"""What is to be computed, never how.

A graph is made of immutable nodes; each is a leaf (variable, parameter, constant) or the
application of a primitive, looked up by name, to earlier nodes. Knows shapes, dtypes and names;
knows no operation, no derivative and no executor.
"""

from chainrule.graph.arrays import float_dtype
from chainrule.graph.check import check
from chainrule.graph.leaf import named, parameter, variable
from chainrule.graph.listing import dot, listing
from chainrule.graph.node import LEAVES, Node, apply, as_node, constant
from chainrule.graph.numpy_protocol import implements
from chainrule.graph.primitive import Example, Primitive, primitives, register
from chainrule.graph.simplify import simplify, substitute
from chainrule.graph.traverse import depends_on, find, leaves, toposort

__all__ = [
    "LEAVES",
    "Example",
    "Node",
    "Primitive",
    "apply",
    "as_node",
    "check",
    "constant",
    "depends_on",
    "dot",
    "find",
    "float_dtype",
    "implements",
    "leaves",
    "listing",
    "named",
    "parameter",
    "primitives",
    "register",
    "simplify",
    "substitute",
    "toposort",
    "variable",
]
