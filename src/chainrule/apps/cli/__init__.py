"""The command line: ``chainrule`` and ``python -m chainrule``.

One file a command in `commands`; `application` finds them, `settings` fills in what flags left
open, `screen` and its neighbours lay out what is shown. Knows the public face of the rooms below;
computes nothing.

This file imports none of them, so that Ctrl-C is answered from the first moment on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

__all__ = ["main", "run"]

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line of this process, and leave with its exit code."""
    usual = signal.getsignal(signal.SIGINT)
    listens = usual is signal.default_int_handler  # not where the caller has it ignored
    if listens:
        signal.signal(signal.SIGINT, _leave)
    from chainrule.apps.cli.application import run

    try:
        if listens:
            signal.signal(signal.SIGINT, usual)
        code = run(sys.argv[1:])
        if listens:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is written; only the end is left
    except KeyboardInterrupt:
        _leave(signal.SIGINT, None)
    sys.exit(code)


def run(tokens: Sequence[str]) -> int:
    """Carry out one command line and return its exit code.

    Parameters
    ----------
    tokens : sequence of str
        What stands after ``chainrule``.

    Returns
    -------
    int
        0 if it worked, 1 if it was refused, 2 if it was not understood, 130 if interrupted.

    Examples
    --------
    >>> run(["--version"])
    0.1.0
    0
    """
    from chainrule.apps.cli.application import run as carry_out

    return carry_out(tokens)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """End the process in one line; an exception could be lost in what is being imported."""
    os.write(2, b"chainrule: interrupted; nothing was written.\n")
    os._exit(INTERRUPTED)
