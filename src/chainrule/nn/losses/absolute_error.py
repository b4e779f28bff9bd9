"""The absolute error, averaged over outputs.

Knows out and y; knows no gradient.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.compare import absolute


@loss(
    formula="mean_k |out - y|",
    latex=r"\mathrm{mean}_k\, |\mathrm{out}_k - y_k|",
)
def absolute_error(out: Node, y: Node) -> Node:
    """Return the absolute error averaged over outputs; its slope at 0 is 0."""
    size: Node = absolute(out - y)
    return size.mean(axis=1)
