"""RMSProp: each weight's rate divided by the running size of its gradients.

Knows g and its running size; knows no network and no executor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph import Node
from chainrule.ops.transcendental import sqrt, square
from chainrule.optim.optimizer import Optimizer, optimizer
from chainrule.optim.schedules import Schedule


@optimizer("rmsprop")
@dataclass(frozen=True)
class RMSProp(Optimizer):
    """``v = decay * v + (1 - decay) * g**2``; ``w = w - rate * g / (sqrt(v) + epsilon)``.

    Hinton, Tieleman, Coursera lecture 6e (2012). Defaults: rate 0.001 and decay 0.9 as in the
    lecture, epsilon 1e-8, outside the root.

    Parameters
    ----------
    decay : float
        How much of the running mean stays, in [0, 1).
    epsilon : float
        Added to the root, above 0, so that a zero gradient gives a zero step.

    Examples
    --------
    >>> RMSProp().learning_rate
    0.001
    """

    learning_rate: float | Schedule = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8

    slots: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("decay", 0.0, 1.0)
        self.require("epsilon", 0.0, math.inf, open_low=True)

    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value and the new running mean of squares."""
        v = self.decay * slots["v"] + (1.0 - self.decay) * square(g)
        return w - rate * g / (sqrt(v) + self.epsilon), {"v": v}
