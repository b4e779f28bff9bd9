"""AdamW: Adam with weight decay apart from the gradient.

Knows Adam and the weight it shrinks; knows no network and no executor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from chainrule.graph import Node
from chainrule.optim.adam import Adam
from chainrule.optim.optimizer import optimizer


@optimizer("adamw")
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, and ``w`` shrinks by ``rate * weight_decay * w`` beside it; biases do not.

    Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2.
    Default weight decay 0.01, as in PyTorch.

    Parameters
    ----------
    weight_decay : float
        How fast weights shrink, at least 0.

    Examples
    --------
    >>> AdamW(weight_decay=0.1).weight_decay
    0.1
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("weight_decay", 0.0, math.inf)

    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value and both running means."""
        new, memory = super().step(w, g, slots, rate, t)
        decayed = new - rate * self.weight_decay * w if w.ndim > 1 else new
        return decayed, memory
