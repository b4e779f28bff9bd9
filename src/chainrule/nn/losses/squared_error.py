"""The squared error, averaged over outputs.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.transcendental import square


def _slope(out: Node, y: Node) -> Node:
    """Return 2 (out - y) / K."""
    slope: Node = 2.0 * (out - y) / out.shape[1]
    return slope


@loss(
    formula="mean_k (out - y)^2",
    latex=r"\mathrm{mean}_k\, (\mathrm{out}_k - y_k)^2",
    slope=_slope,
    slope_text="2 (out - y) / K",
    slope_latex=r"2\, (\mathrm{out}_k - y_k) / K",
)
def squared_error(out: Node, y: Node) -> Node:
    """Return the squared error averaged over outputs."""
    squares: Node = square(out - y)
    return squares.mean(axis=1)
