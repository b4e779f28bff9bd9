"""Epoch ends: who looks at the end of each epoch, says which state is best and when to stop.

Knows what an epoch left behind; knows no network and runs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class EpochEnd:
    """What a judge sees when an epoch, or the training, has just ended.

    Attributes
    ----------
    step : int
        Steps done.
    losses : numpy.ndarray
        The loss of each step of the epoch, before its update, penalties included.
    validation_loss : float or None
        Of the state now, on the rows to judge by, if there are any.
    validation_out : numpy.ndarray or None
        The network's output for those rows, unless one of them was refused.
    state : callable
        Returns the state now: parameters and the optimizer's slots by name.
    """

    step: int
    losses: Array
    validation_loss: float | None
    validation_out: Array | None
    state: Callable[[], Mapping[str, Array]]


class Judge(Protocol):
    """Looks at each epoch; a training has at most one."""

    @property
    def gives_best_back(self) -> bool:
        """Whether the run is given the best state, not the last one."""
        ...

    @property
    def best_step(self) -> int:
        """The step after which the state was best."""
        ...

    @property
    def over(self) -> bool:
        """Whether to stop."""
        ...

    def see(self, epoch: EpochEnd) -> bool:
        """Take note of an epoch; return whether its state is the best so far."""
        ...
