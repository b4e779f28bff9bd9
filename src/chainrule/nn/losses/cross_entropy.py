"""Cross-entropy on logits: class numbers or soft labels."""

from __future__ import annotations

import numpy as np

from chainrule import ops
from chainrule.graph import Node
from chainrule.nn.losses.loss import loss


@loss(
    formula="-sum_k y_k log softmax(z)_k",
    latex=r"-\sum_k y_k \ln \mathrm{softmax}(z)_k",
    targets="class",
    logits_of="softmax",
)
def cross_entropy(out: Node, y: Node) -> Node:
    """Return the cross-entropy of logits (rows, classes).

    `y` holds class numbers (rows,) or a distribution over classes for each row (rows, classes);
    classes of probability 0 add exactly 0, even where their logit is -inf.
    """
    logs = ops.function("log_softmax")(out, -1)  # (rows, classes)
    if y.ndim == 2:
        return -np.sum(ops.function("chain")(y, logs), axis=1)
    chosen = np.equal(np.reshape(y, (-1, 1)), np.arange(out.shape[1])[None, :])
    return -np.sum(np.where(chosen, logs, 0.0), axis=1)
