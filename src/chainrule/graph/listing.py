"""A graph as text that a person can read, and as DOT for a drawing.

Knows names and shapes; knows nothing of values but those of small constants.
"""

from __future__ import annotations

from chainrule.graph.node import Node
from chainrule.graph.traverse import toposort

SHOWN_ENTRIES = 4


def label(node: Node) -> str:
    """Return what a listing calls a node: its name, a small constant's value, or its operation."""
    if node.op == "constant":
        assert node.data is not None, "a constant has data"
        small = node.size <= SHOWN_ENTRIES
        return str(node.data.tolist()) if small else f"constant {node.shape}"
    return node.name or node.op


def listing(*outputs: Node) -> str:
    """Return one line a node: number, name, operation with its inputs, shape and dtype.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> print(listing(x * x + 1))
      0  x = variable      () float64
      1  mul(0, 0)         () float64
      2  1.0               () float64
      3  add(1, 2)         () float64
    """
    order = toposort(*outputs)
    numbers = {node: i for i, node in enumerate(order)}
    texts = [_entry(node, numbers) for node in order]
    width = max((len(text) for text in texts), default=0)
    return "\n".join(
        f"{i:>3}  {text:<{max(width, 16)}}  {node.shape} {node.dtype}"
        for i, (text, node) in enumerate(zip(texts, order, strict=True))
    )


def _entry(node: Node, numbers: dict[Node, int]) -> str:
    if node.op == "constant":
        return label(node)
    if not node.inputs:
        return f"{node.name} = {node.op}"
    arguments = [str(numbers[x]) for x in node.inputs]
    arguments += [f"{key}={value}" for key, value in node.attrs.items() if key != "message"]
    text = f"{node.op}({', '.join(arguments)})"
    return f"{node.name} = {text}" if node.name else text


def dot(*outputs: Node) -> str:
    r"""Return the graph in DOT, for Graphviz and its many viewers.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> print(dot(x * x))
    digraph chainrule {
      n0 [label="x\n()", shape=box];
      n1 [label="mul\n()"];
      n0 -> n1;
      n0 -> n1;
    }
    """
    order = toposort(*outputs)
    numbers = {node: i for i, node in enumerate(order)}
    lines = ["digraph chainrule {"]
    for node in order:
        text = label(node).replace("\\", "\\\\").replace('"', '\\"')
        box = ", shape=box" if not node.inputs else ""
        operation = f"\\n{node.op}" if node.name and node.inputs else ""
        lines.append(f'  n{numbers[node]} [label="{text}{operation}\\n{node.shape}"{box}];')
        lines += [f"  n{numbers[x]} -> n{numbers[node]};" for x in node.inputs]
    return "\n".join([*lines, "}"])
