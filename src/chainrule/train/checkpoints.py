"""Checkpoints: where a training is kept while it runs, how often, and how many.

Knows words and numbers; writes nothing.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import Any, Literal

from chainrule.errors import SpecError, shown

Unit = Literal["steps", "epochs", "seconds"]

_UNITS: dict[str, tuple[Unit, float]] = {
    "": ("steps", 1), "step": ("steps", 1), "steps": ("steps", 1),
    "epoch": ("epochs", 1), "epochs": ("epochs", 1),
    "s": ("seconds", 1), "second": ("seconds", 1), "seconds": ("seconds", 1),
    "min": ("seconds", 60), "minute": ("seconds", 60), "minutes": ("seconds", 60),
    "h": ("seconds", 3600), "hour": ("seconds", 3600), "hours": ("seconds", 3600),
}  # fmt: skip

EVERY = "30 s"
"""How often a training is kept unless told otherwise."""


@dataclass(frozen=True)
class Interval:
    """A stretch of a training: so many steps, epochs or seconds.

    Examples
    --------
    >>> print(Interval(500, "steps"), Interval(1, "epochs"), Interval(90, "seconds"), sep=", ")
    500 steps, 1 epoch, 90 s
    """

    number: float
    unit: Unit

    def __str__(self) -> str:
        if self.unit == "seconds":
            return f"{self.number:g} s"
        return f"{self.number:,g} {self.unit if self.number != 1 else self.unit[:-1]}"


def interval(given: Any) -> Interval:
    """Return the stretch that was asked for, or refuse it.

    Examples
    --------
    >>> [str(interval(text)) for text in (500, "2 epochs", "10min", "1.5 h")]
    ['500 steps', '2 epochs', '600 s', '5400 s']
    """
    found = re.fullmatch(r"\s*([0-9][0-9_]*\.?[0-9]*)\s*([a-z]*)\s*", str(given), re.ASCII)
    plain = isinstance(given, (int, str)) and not isinstance(given, bool)
    if found is not None and plain and found[2] in _UNITS:
        unit, times = _UNITS[found[2]]
        number = float(found[1]) * times
        whole = unit == "seconds" or number == math.floor(number)
        if whole and 0 < number < 1e15:
            return Interval(number if unit == "seconds" else int(number), unit)
    raise SpecError(
        f"a checkpoint every {shown(given)} was asked for; that is no number of steps, epochs or "
        "seconds.\n  Use 500 (steps), '2 epochs', '30 s', '10 min' or '1 h'."
    )


@dataclass(frozen=True)
class Checkpoints:
    """Keeps a training in a run folder while it runs, so that it can be gone on with.

    Each checkpoint is the folder's next state and appears in one instant: a training that is
    killed at any time leaves the last one whole, and `chainrule.resume` goes on from there to the
    same bits.

    Attributes
    ----------
    path : path
        The run folder, which is made before the first step. The finished run is there, too.
    every : int or str
        Steps (500), ``"2 epochs"``, ``"30 s"``, ``"10 min"`` or ``"1 h"``. Where it is a time, at
        most a fiftieth of the training's time is spent on checkpoints.
    keep : int
        How many of the latest are kept while it trains; the finished run has its usual states.
    overwrite : bool
        Replace a run that is there, at the first checkpoint.

    Examples
    --------
    >>> import tempfile, chainrule as cr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = cr.Checkpoints(f"{folder}/line", every=10)
    ...     run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=40, checkpoints=kept)
    ...     cr.load(f"{folder}/line").stopped
    'finished'
    """

    path: str | os.PathLike[str]
    every: int | str = EVERY
    keep: int = 1
    overwrite: bool = False

    def __post_init__(self) -> None:
        interval(self.every)
        if isinstance(self.keep, bool) or not isinstance(self.keep, int) or self.keep < 1:
            raise SpecError(f"keep is {shown(self.keep)}; it is a whole number of at least 1.")


def find_checkpoints(given: Any) -> Checkpoints | None:
    """Return the checkpoints that were asked for: none, at a path, or as described."""
    if given is None or isinstance(given, Checkpoints):
        return given
    if isinstance(given, (str, os.PathLike)):
        return Checkpoints(given)
    raise SpecError(
        f"checkpoints is {shown(given)}; it is the path of a run folder, or Checkpoints(path, "
        "every=, keep=)."
    )
