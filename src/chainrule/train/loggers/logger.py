"""A logger: a callback that turns what the trainer tells it into named figures at a step.

Knows progress and figures; knows no place that they are sent to. One that fails is left alone
after a single warning: figures that cannot be sent cost nobody a training.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from numbers import Integral

from chainrule.errors import SpecError, shown
from chainrule.train.trainer import Progress

Figures = Mapping[str, float]
Send = Callable[[Figures, int], object]
"""Takes named figures and the number of steps that were done when they were true."""

MOST_EPOCHS = 1_000
"""Trainings of more epochs send only every so many, so that there are at most this many: as many
as TensorBoard keeps of a curve."""

_WAY = "Training goes on without it; run.history will hold every step."


class Logger:
    """A callback of `train` that sends figures somewhere: after each epoch, and within if asked.

    Parameters
    ----------
    send : callable
        Called with a dict of figures and a step.
    name : str
        What a warning calls it.
    every : int, optional
        Also send the loss of every so many steps, as ``step_loss``.
    close : callable, optional
        Ends what was begun; called by whoever opened it.

    Raises
    ------
    SpecError
        If `every` is no number of steps.

    Examples
    --------
    >>> import chainrule as cr
    >>> seen = []
    >>> logger = Logger(lambda figures, step: seen.append((step, sorted(figures))), "a list")
    >>> _ = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], epochs=2, callbacks=[logger])
    >>> seen[0]
    (1, ['epoch', 'loss', 'rows_per_second'])
    """

    most_epochs = MOST_EPOCHS

    def __init__(
        self,
        send: Send,
        name: str,
        every: int | None = None,
        close: Callable[[], object] | None = None,
    ) -> None:
        whole = isinstance(every, Integral) and not isinstance(every, bool)
        if every is not None and (not whole or every < 1):
            raise SpecError(f"every is {shown(every)}; it is a number of steps, 1 or more.")
        self.send, self.name, self.every, self._close = send, name, every, close
        self.within_epochs = every is not None
        self.failed = False
        self._told = 0

    def __call__(self, now: Progress) -> None:
        """Send what is new; called by the trainer."""
        if now.step < self._told:  # another training
            self._told = 0
        self._told = max(self._told, now.began)  # the rest was told when those steps were done
        for step, figures in self._new(now):
            if not self.failed:
                self._try(figures, step)
        self._told = now.step

    def _new(self, now: Progress) -> Iterator[tuple[int, Figures]]:
        """Yield the figures since the last call, in the order of their steps."""
        if self.every is not None:
            first = -(-self._told // self.every) * self.every
            for step in range(first, now.step, self.every):
                yield step, {"step_loss": float(now.losses[step])}
        if now.end_of_epoch:
            yield now.step, epoch_figures(now)

    def _try(self, figures: Figures, step: int) -> None:
        try:
            self.send(figures, step)
        except Exception as error:
            self._give_up(error, f"at step {step}")

    def _give_up(self, error: Exception, when: str) -> None:
        self.failed = True
        said = " ".join(str(error).split())[:200]
        fact = f"{type(error).__name__}: {said}" if said else type(error).__name__
        warnings.warn(f"logger {self.name} failed {when} ({fact}). {_WAY}", stacklevel=2)

    def close(self) -> None:
        """End what was begun, such as an open file; a failure is a warning as well."""
        if self._close is None:
            return
        try:
            self._close()
        except Exception as error:
            self._give_up(error, "when it was closed")


def epoch_figures(now: Progress) -> dict[str, float]:
    """Return the figures of an epoch that has just ended; those that are no number are left out."""
    found = {"epoch": now.epoch, "loss": now.loss, "rows_per_second": now.rows_per_second}
    if now.validation_loss is not None:
        found["validation_loss"] = now.validation_loss
    if now.validation_score is not None and now.score_name:
        found[f"validation_{now.score_name.replace(' ', '_')}"] = now.validation_score
    return {name: value for name, value in found.items() if math.isfinite(value)}
