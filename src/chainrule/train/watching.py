"""Watching: somebody who looks at a training between two of its steps, as checkpoints do.

Knows only when it is asked and what it is given; knows nothing of disks or of where rows are from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Now = Callable[[], Any]
"""Gives the `Record` of a training as it is now; it copies the state, so ask only if need be."""


class Watcher(Protocol):
    """Is asked between steps; what it does there delays the training and changes nothing of it."""

    def begin(self, now: Now) -> None:
        """Get ready, before the first step."""
        ...

    def wait(self, step: int) -> int | None:
        """Return after how many steps it wants to look; None: whenever there is an occasion."""
        ...

    def look(self, step: int, now: Now) -> None:
        """Look, after so many steps, while more are to come."""
        ...

    def end(self, now: Now) -> None:
        """Look for the last time: training has ended, by itself or not."""
        ...
