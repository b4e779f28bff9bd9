"""The Huber loss: squared near the target, straight beyond a threshold.

Knows out and y; its slope is told to readers only, and training derives its own.
"""

from __future__ import annotations

from chainrule.graph import Node
from chainrule.nn.losses.loss import loss
from chainrule.ops.compare import absolute, clip, minimum


def _slope(out: Node, y: Node, threshold: float = 1.0) -> Node:
    """Return the error, cut off at the threshold, / K."""
    slope: Node = clip(out - y, -threshold, threshold) / out.shape[1]
    return slope


@loss(
    formula="mean_k (1/2 e^2 if |e| <= t else t (|e| - t/2)), e = out - y, t = 1 unless given",
    latex=r"\mathrm{mean}_k \begin{cases} \tfrac12 e_k^2 & |e_k| \le t \\"
    r" t\,(|e_k| - \tfrac{t}{2}) & \text{else} \end{cases},\ e_k = \mathrm{out}_k - y_k",
    slope=_slope,
    slope_text="clip(out - y, -t, t) / K",
    slope_latex=r"\mathrm{clip}(\mathrm{out}_k - y_k,\, -t,\, t) / K",
)
def huber(out: Node, y: Node, threshold: float = 1.0) -> Node:
    """Return the Huber loss averaged over outputs; Huber, Ann. Math. Stat. 35 (1964)."""
    size: Node = absolute(out - y)
    inside: Node = minimum(size, threshold)
    return (inside * (size - 0.5 * inside)).mean(axis=1)
