"""Half the squared error: the loss of the course session this project grew out of.

Knows out and y; knows no gradient.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.transcendental import square


@loss(
    formula="1/2 sum_k (out - y)^2",
    latex=r"\tfrac{1}{2} \sum_k (\mathrm{out}_k - y_k)^2",
)
def half_squared_error(out: Node, y: Node) -> Node:
    """Return half the squared error summed over outputs, so that its gradient is out - y."""
    squares: Node = square(out - y)
    return 0.5 * squares.sum(axis=1)
