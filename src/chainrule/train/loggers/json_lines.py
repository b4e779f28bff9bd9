"""JSON lines: a file that grows by one line an epoch, for ``tail -f`` and for programs.

Knows a path and figures. Each line is whole when it appears, and holds nothing that a clock or a
machine decides, so equal trainings write equal files.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from chainrule.errors import SpecError
from chainrule.train.loggers.logger import Figures, Logger

CLOCKED = ("rows_per_second",)
"""Figures that differ from one training to an equal one."""


class JsonLines(Logger):
    """A logger that writes a line of JSON for each epoch: ``{"step": 40, "epoch": 1, ...}``.

    Parameters
    ----------
    path : path
        The file; it must be new or empty, unless `append`.
    every : int, optional
        Also write a line with the loss of every so many steps.
    append : bool
        Go on in a file that is there.

    Raises
    ------
    SpecError
        If the file is there and `append` was not said, or it cannot be written.

    Examples
    --------
    >>> import tempfile, chainrule as cr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     logger = JsonLines(f"{folder}/live.jsonl")
    ...     _ = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], epochs=2, callbacks=[logger])
    ...     print(logger.path.read_text()[:23])
    {"step": 1, "epoch": 1,
    """

    def __init__(
        self, path: str | os.PathLike[str], *, every: int | None = None, append: bool = False
    ) -> None:
        super().__init__(self._write, f"to {os.fspath(path)!r}", every, self._end)
        self.path = Path(path)
        try:
            if not append and self.path.exists() and self.path.stat().st_size:
                raise SpecError(
                    f"{os.fspath(path)!r} is there already; figures would be mixed.\n"
                    "  Name another file, or say JsonLines(path, append=True)."
                )
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise SpecError(
                f"{os.fspath(path)!r} cannot be written: {reason}.\n"
                "  Name a file in a folder that is there."
            ) from None

    def _write(self, figures: Figures, step: int) -> None:
        told = {name: value for name, value in figures.items() if name not in CLOCKED}
        line = json.dumps({"step": step, **told}, allow_nan=False) + "\n"
        os.write(self._file, line.encode())  # one call, so that no reader sees half a line

    def _end(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __deepcopy__(self, memo: dict[int, Any]) -> JsonLines:
        """Return itself: a copy (an estimator's clone) writes into the same file."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Open the file anew in another process, which has no part in this one's descriptors."""
        return _reopened, (str(self.path), self.every)

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            self._end()


def _reopened(path: str, every: int | None) -> JsonLines:
    """Return a logger that goes on in a file."""
    return JsonLines(path, every=every, append=True)
