"""The squared error, averaged over outputs."""

from __future__ import annotations

import numpy as np

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss


@loss(
    formula="mean_k (out - y)^2",
    latex=r"\mathrm{mean}_k\, (\mathrm{out}_k - y_k)^2",
)
def squared_error(out: Node, y: Node) -> Node:
    """Return the squared error averaged over outputs."""
    return np.mean(np.square(out - y), axis=1)  # type: ignore[return-value]
