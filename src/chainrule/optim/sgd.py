"""Stochastic gradient descent: the rule of the course session.

Knows g; knows no network and no executor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.graph import Node
from chainrule.optim.optimizer import Optimizer, optimizer


@optimizer("sgd")
@dataclass(frozen=True)
class SGD(Optimizer):
    """``w = w - learning_rate * g``.

    Robbins and Monro, Ann. Math. Stat. 22 (1951). Default rate: 0.01, as in Keras.

    Examples
    --------
    >>> SGD(0.1).learning_rate
    0.1
    """

    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value; there is no memory."""
        return w - rate * g, {}
