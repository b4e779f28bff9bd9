"""Half the squared error: the loss of the course session this project grew out of.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.transcendental import square


def _slope(out: Node, y: Node) -> Node:
    """Return out - y."""
    slope: Node = out - y
    return slope


@loss(
    formula="1/2 sum_k (out - y)^2",
    latex=r"\tfrac{1}{2} \sum_k (\mathrm{out}_k - y_k)^2",
    slope=_slope,
    slope_text="out - y",
    slope_latex=r"\mathrm{out}_k - y_k",
    slope_steps=(
        (
            "dl/dout = 1/2 * 2 (out - y) = out - y",
            r"\frac{\partial l}{\partial \mathrm{out}_k}"
            r" &= \tfrac{1}{2} \cdot 2\, (\mathrm{out}_k - y_k) = \mathrm{out}_k - y_k",
        ),
    ),
)
def half_squared_error(out: Node, y: Node) -> Node:
    """Return half the squared error summed over outputs, so that its gradient is out - y."""
    squares: Node = square(out - y)
    return 0.5 * squares.sum(axis=1)
