"""Listeners: scikit-learn's callbacks, and lines on the screen, told of each epoch.

Knows the protocol of `sklearn.callback` and what an epoch left; knows nothing of how it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.estimators.judging import EpochJudge
from chainrule.train.epoch_ends import EpochEnd
from chainrule.types import Array

Learnt = Callable[[Mapping[str, Array], int], dict[str, Any]]
"""Returns the attributes of an estimator fitted up to a state and a number of epochs."""


@dataclass
class Listeners:
    """Tells scikit-learn's callbacks and the screen of the epochs of one fit.

    Attributes
    ----------
    estimator : estimator
        That is being fitted.
    context : CallbackContext
        scikit-learn's task of the whole fit.
    data : mapping
        ``X``, ``y`` and ``metadata`` as the hooks are given them.
    learnt : callable
        What an estimator that stopped here would have learnt.
    epochs : int
        How many there will be at most.
    """

    estimator: Any
    context: Any
    data: Mapping[str, Any]
    learnt: Learnt
    epochs: int
    open: Any = field(default=None)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self.estimator.verbose or getattr(self.estimator, "_skl_callbacks", None))

    def begin(self) -> None:
        """Tell that the fit and its first epoch begin."""
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        self._begin_epoch()

    def _begin_epoch(self) -> None:
        self.open = self.context.subcontext(task_name="epoch")
        self.open.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def told(self, judge: EpochJudge, epoch: EpochEnd) -> bool:
        """Tell that an epoch has ended; return whether a callback wants to stop."""
        number = len(judge.losses)
        if self.estimator.verbose:
            print(line(judge, number))
        stop: bool = self.open.call_on_fit_task_end(
            estimator=self.estimator,
            reconstruction_attributes=lambda: self.learnt(epoch.state(), number),
            **self.data,
        )
        self.open = None
        if not stop and number < self.epochs and not judge.over:
            self._begin_epoch()
        return stop

    def end(self) -> None:
        """Tell that the fit has ended, and with it an epoch that was broken off."""
        if self.open is not None:
            self.open.call_on_fit_task_end(estimator=self.estimator, **self.data)
        self.context.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=dict, **self.data
        )


def line(judge: EpochJudge, number: int) -> str:
    """Return what is printed of an epoch.

    Examples
    --------
    >>> from chainrule.estimators.judging import Sizes
    >>> judge = EpochJudge(Sizes(4, 4), 0.0, 10.0, losses=[0.5], scores=[0.75])
    >>> line(judge, 1)
    'Iteration 1, loss = 0.50000000, validation score = 0.750000'
    """
    parts = [f"Iteration {number}, loss = {judge.losses[-1]:.8f}"]
    if judge.validation_losses:
        parts.append(f"validation loss = {judge.validation_losses[-1]:.8f}")
    if judge.scores:
        parts.append(f"validation score = {judge.scores[-1]:.6f}")
    return ", ".join(parts)
