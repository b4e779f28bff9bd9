"""Binary cross-entropy on logits, summed over outputs.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.activations import sigmoid, softplus
from chainrule.ops.arithmetic import chain


def _slope(out: Node, y: Node) -> Node:
    """Return sigmoid(z) - y."""
    slope: Node = sigmoid(out) - y
    return slope


@loss(
    formula="-sum_k (y log p + (1 - y) log(1 - p)), p = sigmoid(z)",
    latex=r"-\sum_k \left( y_k \ln p_k + (1 - y_k) \ln(1 - p_k) \right),\ p = \sigma(z)",
    targets="binary",
    logits_of="sigmoid",
    slope=_slope,
    slope_text="out - y",
    slope_latex=r"\mathrm{out}_k - y_k",
    slope_steps=(
        (
            "dl/dout = -y / out + (1 - y) / (1 - out) = (out - y) / (out (1 - out))",
            r"\frac{\partial l}{\partial \mathrm{out}_k}"
            r" &= -\frac{y_k}{\mathrm{out}_k} + \frac{1 - y_k}{1 - \mathrm{out}_k}"
            r" = \frac{\mathrm{out}_k - y_k}{\mathrm{out}_k\, (1 - \mathrm{out}_k)}",
        ),
        (
            "dout/dz = out (1 - out)",
            r"\frac{\partial \mathrm{out}_k}{\partial z_k}"
            r" &= \mathrm{out}_k\, (1 - \mathrm{out}_k)",
        ),
        (
            "dl/dz   = dl/dout * dout/dz = out - y",
            r"\frac{\partial l}{\partial z_k} &= \frac{\partial l}{\partial \mathrm{out}_k}"
            r" \cdot \frac{\partial \mathrm{out}_k}{\partial z_k} = \mathrm{out}_k - y_k",
        ),
    ),
    slope_why="out (1 - out) stands below in the first and above in the second, and cancels.",
)
def binary_cross_entropy(out: Node, y: Node) -> Node:
    """Return the binary cross-entropy of logits: ``y softplus(-z) + (1 - y) softplus(z)``.

    No probability is formed, so nothing is clamped: at logit 1000 and y = 0 it is 1000.
    """
    each: Node = chain(y, softplus(-out)) + chain(1.0 - y, softplus(out))
    return each.sum(axis=1)
