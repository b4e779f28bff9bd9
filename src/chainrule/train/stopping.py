"""When to stop: a signal from the user, or a validation loss that no longer falls.

Knows signals and numbers; knows nothing of networks.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass
class StopRequest:
    """Set by a signal, read between steps; a step is never interrupted."""

    asked: bool = False


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Turn Ctrl-C and SIGTERM into a request to stop after the step in progress.

    A second one interrupts at once. Outside the main thread signals stay as they are.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before: dict[signal.Signals, Any] = {}

    def ask(number: int, frame: FrameType | None) -> None:
        if request.asked:
            raise KeyboardInterrupt
        request.asked = True

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            continue  # as under nohup: whoever ignores it means it
        before[number] = signal.signal(number, ask)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)


@dataclass
class EarlyStopping:
    """Watches a validation loss and remembers where it was lowest.

    Attributes
    ----------
    patience : int or None
        Epochs without improvement after which to stop; None never stops.
    best : float
        The lowest loss so far.
    best_step : int
        The step whose state had it.
    waited : int
        Epochs since.
    """

    patience: int | None
    best: float = float("inf")
    best_step: int = 0
    waited: int = 0

    def see(self, step: int, loss: float) -> bool:
        """Take note of a loss; return whether it is the lowest so far."""
        if loss < self.best:
            self.best, self.best_step, self.waited = loss, step, 0
            return True
        self.waited += 1
        return False

    @property
    def over(self) -> bool:
        """Whether patience has run out."""
        return self.patience is not None and self.waited >= self.patience
