"""The squared error, averaged over outputs.

Knows out and y; knows no gradient.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.transcendental import square


@loss(
    formula="mean_k (out - y)^2",
    latex=r"\mathrm{mean}_k\, (\mathrm{out}_k - y_k)^2",
)
def squared_error(out: Node, y: Node) -> Node:
    """Return the squared error averaged over outputs."""
    squares: Node = square(out - y)
    return squares.mean(axis=1)
