"""Screens: stdout and stderr as rich consoles that show any text and survive their reader.

A character that the encoding lacks is shown as its number; a pipe that is closed early is no
error. Knows streams and terminals; knows nothing of what is shown.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, BinaryIO

from rich.console import Console, ConsoleDimensions

LEAST_WIDTH, LINES = 20, 25
PIPE_WIDTH = 100
"""Columns of what is written to a file or a pipe, unless COLUMNS says otherwise."""
CLOSED = 141
"""Exit code when the reader of a pipe went away before all was said: 128 and SIGPIPE, as usual."""


class Screen(Console):
    """A console without markup in what it is given.

    Attributes
    ----------
    gone : bool
        Whether the reader has closed the pipe; from then on nothing is written.
    needless : bool
        Whether the work is worth the same when nobody reads about it.
    """

    def __init__(self, stream: IO[str] | None) -> None:
        target = _nowhere() if stream is None else stream
        _forgive(target)
        super().__init__(
            file=target, highlight=False, markup=False, emoji=False, legacy_windows=False
        )
        said = os.environ.get("COLUMNS", "")
        if said.isdecimal() or not self.is_terminal:
            width = int(said) if said.isdecimal() else PIPE_WIDTH
            self.size = ConsoleDimensions(max(width, LEAST_WIDTH), LINES)
        self.gone = False
        self.needless = False

    @property
    def unicode(self) -> bool:
        """Whether blocks, lines and dots can be shown."""
        return self.encoding.lower().startswith("utf")

    @property
    def moves(self) -> bool:
        """Whether a line can be drawn again in its place."""
        return self.is_terminal and not self.is_dumb_terminal

    def write(self, text: str) -> None:
        """Write text as it is, neither wrapped nor styled."""
        self._survive(lambda: _write_flushed(self.file, text))

    def write_bytes(self, write: Callable[[BinaryIO], None]) -> None:
        """Let a function write bytes, whatever the encoding of the terminal."""
        self._survive(self.file.flush)
        pipe: BinaryIO = getattr(self.file, "buffer")  # noqa: B009 (only text over bytes has it)
        self._survive(lambda: _bytes_flushed(pipe, write))

    def write_json(self, plain: Mapping[str, Any]) -> None:
        """Write one JSON object; NaN and infinity have no place in one."""
        indent = 2 if self.is_terminal else None
        self.write(json.dumps(plain, indent=indent, allow_nan=False) + "\n")

    def on_broken_pipe(self) -> None:
        """Go on without a reader (rich calls this)."""
        self.gone = True
        self.quiet = True
        _detach(self.file)

    def _survive(self, write: Callable[[], None]) -> None:
        if self.gone:
            return
        try:
            write()
        except BrokenPipeError:
            self.on_broken_pipe()


def _nowhere() -> IO[str]:
    """Return what takes any text and keeps none, for a process without this stream."""
    return open(os.devnull, "w", encoding="utf-8")


def _write_flushed(file: IO[str], text: str) -> None:
    file.write(text)
    file.flush()


def _bytes_flushed(file: BinaryIO, write: Callable[[BinaryIO], None]) -> None:
    write(file)
    file.flush()


def _forgive(stream: IO[str]) -> None:
    """Let characters that the encoding lacks be shown by their number, instead of an error."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _detach(stream: IO[str]) -> None:
    """Let what is still written to a stream vanish, also when Python closes it."""
    try:
        place = stream.fileno()
    except OSError:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, place)
    os.close(nowhere)


_screens: dict[str, Screen] = {}


def begin() -> Screen:
    """Return new screens for a new command line: stdout's; stderr's is `error_screen`."""
    _screens["out"], _screens["err"] = Screen(sys.stdout), Screen(sys.stderr)
    return _screens["out"]


def screen() -> Screen:
    """Return the screen of stdout."""
    return _screens["out"]


def error_screen() -> Screen:
    """Return the screen of stderr."""
    return _screens["err"]


def finish(code: int) -> int:
    """Write out what is left; return the exit code, which knows whether somebody read it."""
    out = screen()
    out.write("")
    if out.gone and code == 0 and not out.needless:
        return CLOSED
    return code
