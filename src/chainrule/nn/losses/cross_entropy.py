"""Cross-entropy on logits: class numbers or soft labels.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

import numpy as np

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.arithmetic import chain
from chainrule.ops.compare import equal, where
from chainrule.ops.composite import log_softmax, log_softmax_parts, softmax


def _slope(out: Node, y: Node) -> Node:
    """Return softmax(z) - y; soft labels whose sum was rounded scale the softmax by it."""
    shares: Node = softmax(out, -1)
    if y.ndim == 2:
        soft: Node = shares * y.sum(axis=1, keepdims=True) - y
        return soft
    hard: Node = shares - where(_is_class(out, y), 1.0, 0.0)
    return hard


def _is_class(out: Node, y: Node) -> Node:
    """Return (rows, classes): whether this is the row's class."""
    classes = np.arange(out.shape[1])
    found: Node = equal(y.reshape(-1, 1), classes[None, :])
    return found


@loss(
    formula="-sum_k y_k log softmax(z)_k",
    latex=r"-\sum_k y_k \ln \mathrm{softmax}(z)_k",
    targets="class",
    logits_of="softmax",
    slope=_slope,
    slope_text="out - y",
    slope_latex=r"\mathrm{out}_k - y_k",
    slope_steps=(
        (
            "dl/dout_c    = -y_c / out_c",
            r"\frac{\partial l}{\partial \mathrm{out}_c} &= -\frac{y_c}{\mathrm{out}_c}",
        ),
        (
            "dout_c/dz_k  = out_c ([c = k] - out_k)",
            r"\frac{\partial \mathrm{out}_c}{\partial z_k}"
            r" &= \mathrm{out}_c\, ([c = k] - \mathrm{out}_k)",
        ),
        (
            "dl/dz_k      = sum_c dl/dout_c * dout_c/dz_k",
            r"\frac{\partial l}{\partial z_k} &= \sum_c \frac{\partial l}{\partial \mathrm{out}_c}"
            r" \cdot \frac{\partial \mathrm{out}_c}{\partial z_k}",
        ),
        (
            "             = -sum_c y_c ([c = k] - out_k)",
            r"&= -\sum_c y_c\, ([c = k] - \mathrm{out}_k)",
        ),
        (
            "             = -y_k + out_k sum_c y_c = out_k - y_k",
            r"&= -y_k + \mathrm{out}_k \sum_c y_c = \mathrm{out}_k - y_k",
        ),
    ),
    slope_why="[c = k] is 1 where both are the same, else 0. out_c stands below in the first line, "
    "in front in the second, and cancels. At the end the y of a row sum to 1.",
)
def cross_entropy(out: Node, y: Node) -> Node:
    """Return the cross-entropy of logits (rows, classes).

    `y` holds class numbers (rows,) or a distribution over classes for each row (rows, classes);
    classes of probability 0 add exactly 0, even where their logit is -inf.
    """
    if y.ndim == 2:
        soft: Node = chain(y, log_softmax(out, -1))  # (rows, classes)
        return -soft.sum(axis=1)
    shifted, log_total = log_softmax_parts(out, -1)  # (rows, classes), (rows, 1)
    hard: Node = where(_is_class(out, y), shifted, 0.0)
    found: Node = log_total.sum(axis=1) - hard.sum(axis=1)
    return found
