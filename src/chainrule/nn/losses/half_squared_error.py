"""Half the squared error: the loss of the course session this project grew out of."""

from __future__ import annotations

import numpy as np

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss


@loss(
    formula="1/2 sum_k (out - y)^2",
    latex=r"\tfrac{1}{2} \sum_k (\mathrm{out}_k - y_k)^2",
)
def half_squared_error(out: Node, y: Node) -> Node:
    """Return half the squared error summed over outputs, so that its gradient is out - y."""
    return 0.5 * np.sum(np.square(out - y), axis=1)
