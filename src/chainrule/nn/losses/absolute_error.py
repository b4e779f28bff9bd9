"""The absolute error, averaged over outputs.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.compare import absolute, sign


def _slope(out: Node, y: Node) -> Node:
    """Return sign(out - y) / K."""
    slope: Node = sign(out - y) / out.shape[1]
    return slope


@loss(
    formula="mean_k |out - y|",
    latex=r"\mathrm{mean}_k\, |\mathrm{out}_k - y_k|",
    slope=_slope,
    slope_text="sign(out - y) / K",
    slope_latex=r"\mathrm{sign}(\mathrm{out}_k - y_k) / K",
)
def absolute_error(out: Node, y: Node) -> Node:
    """Return the absolute error averaged over outputs; its slope at 0 is 0."""
    size: Node = absolute(out - y)
    return size.mean(axis=1)
