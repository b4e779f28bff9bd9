"""Gradient descent with Nesterov's momentum.

Knows g and the velocity; knows no network and no executor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph import Node
from chainrule.optim.optimizer import Optimizer, optimizer


@optimizer("nesterov")
@dataclass(frozen=True)
class Nesterov(Optimizer):
    """``v = momentum * v + g``; ``w = w - learning_rate * (g + momentum * v)``.

    Nesterov (1983) in the form of Sutskever et al., ICML 2013, with the gradient taken at the
    shifted point, which is what is stored as ``w``. Defaults as for `Momentum`.

    Parameters
    ----------
    momentum : float
        How much of the last velocity stays, in [0, 1).

    Examples
    --------
    >>> Nesterov(0.1).momentum
    0.9
    """

    momentum: float = 0.9

    slots: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("momentum", 0.0, 1.0)

    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value and velocity."""
        v = self.momentum * slots["v"] + g
        return w - rate * (g + self.momentum * v), {"v": v}
