"""Adam: momentum and running size of gradients, both corrected for their start at zero.

Knows g, m and v; knows no network and no executor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph import Node, named
from chainrule.ops.arithmetic import power
from chainrule.ops.transcendental import sqrt, square
from chainrule.optim.optimizer import Optimizer, in_dtype, optimizer
from chainrule.optim.schedules import Schedule


@optimizer("adam")
@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moment estimation.

    ``m = beta1 m + (1 - beta1) g``; ``v = beta2 v + (1 - beta2) g**2``;
    ``w = w - rate * m_hat / (sqrt(v_hat) + epsilon)`` with
    ``m_hat = m / (1 - beta1**(t + 1))`` and ``v_hat = v / (1 - beta2**(t + 1))``; both divisors are
    numbers, and their reciprocals are multiplied by.

    Kingma and Ba, ICLR 2015, algorithm 1, whose defaults these are.

    Parameters
    ----------
    beta1, beta2 : float
        How much of the running means stays, in [0, 1).
    epsilon : float
        Added to the root, above 0.

    Examples
    --------
    >>> Adam().slots
    ('m', 'v')
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("beta1", 0.0, 1.0)
        self.require("beta2", 0.0, 1.0)
        self.require("epsilon", 0.0, math.inf, open_low=True)

    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value and both running means."""
        m = named(self.beta1 * slots["m"] + (1.0 - self.beta1) * g, f"{w.name}.m new")
        v = named(self.beta2 * slots["v"] + (1.0 - self.beta2) * square(g), f"{w.name}.v new")
        m_hat = named(m * self.correction(self.beta1, t, w), f"{w.name}.m_hat")
        v_hat = named(v * self.correction(self.beta2, t, w), f"{w.name}.v_hat")
        return w - rate * m_hat / (sqrt(v_hat) + self.epsilon), {"m": m, "v": v}

    def correction(self, beta: float, t: Node, w: Node) -> Node:
        """Return 1 / (1 - beta**(t + 1)): a number, so that no weight is divided by it."""
        return in_dtype(1.0 / (1.0 - power(beta, t + 1.0)), w)
