"""Gradient descent with momentum.

Knows g and the velocity; knows no network and no executor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chainrule.graph import Node
from chainrule.optim.optimizer import Optimizer, optimizer


@optimizer("momentum")
@dataclass(frozen=True)
class Momentum(Optimizer):
    """``v = momentum * v + g``; ``w = w - learning_rate * v``.

    Polyak, USSR Comp. Math. 4 (1964). A textbook's ``v = mu v - lr g; w += v`` is the same under
    a constant rate. Defaults: rate 0.01 as in Keras, momentum 0.9 as in Sutskever et al. (2013).

    Parameters
    ----------
    momentum : float
        How much of the last velocity stays, in [0, 1).

    Examples
    --------
    >>> Momentum(0.1, momentum=0.5).slots
    ('v',)
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
        return w - rate * v, {"v": v}
