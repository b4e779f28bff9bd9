"""Cross-entropy on logits: class numbers or soft labels.

Knows out and y; knows no gradient.
"""

from __future__ import annotations

import numpy as np

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.arithmetic import chain
from chainrule.ops.compare import equal, where
from chainrule.ops.composite import log_softmax


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
    logs: Node = log_softmax(out, -1)  # (rows, classes)
    if y.ndim == 2:
        soft: Node = chain(y, logs)
        return -soft.sum(axis=1)
    classes = np.arange(out.shape[1])
    hard: Node = where(equal(y.reshape(-1, 1), classes[None, :]), logs, 0.0)
    return -hard.sum(axis=1)
