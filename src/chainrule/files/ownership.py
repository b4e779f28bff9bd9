"""One owner of a run folder: a lock that goes when the process does, and a note of who it is.

The lock alone decides; the note is only read to tell the others. Knows folders, locks and this
machine's name; knows nothing of what a run is.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from chainrule.errors import FileRefused
from chainrule.files import layout
from chainrule.files.durable import locked
from chainrule.files.refusals import UNTOUCHED, refused, told

_NOTE_LIMIT = 1000
_PLAIN = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe must not make us wait
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)

_held: dict[tuple[int, int], int] = {}
"""Folders that this process holds, and which thread of it does."""


@dataclass(frozen=True)
class Owner:
    """Who holds a run folder.

    Attributes
    ----------
    process : int
        Its number.
    host : str
        The machine it runs on.
    since : str
        When it began, in UTC.

    Examples
    --------
    >>> print(Owner(4242, "box", "2026-01-31 12:00:00 UTC"))
    process 4242 on box, since 2026-01-31 12:00:00 UTC
    """

    process: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, since {self.since}"


@contextmanager
def held(folder: Path, where: str) -> Iterator[None]:
    """Hold a run folder for as long as the block runs; others are told by whom."""
    with ExitStack() as stack:
        with told(where, folder):
            mine, place = stack.enter_context(locked(folder)), _place(folder)
        if not mine:
            raise _taken(folder, where)
        _held[place] = threading.get_ident()
        _leave_note(folder)
        try:
            yield
        finally:
            del _held[place]
            with suppress(OSError):
                os.unlink(folder / layout.OWNER)


@contextmanager
def owned(folder: Path, where: str) -> Iterator[None]:
    """Hold a folder for one change, unless this thread holds it already; refuse else."""
    if _held.get(_place(folder)) == threading.get_ident():
        yield
        return
    with locked(folder) as mine:
        if not mine:
            raise _taken(folder, where)
        yield


def owner_of(folder: Path) -> Owner | None:
    """Return who is training in a run folder now, if somebody is and has said so."""
    note = _note(folder)
    if note is None:
        return None
    try:
        with locked(folder) as free:  # a note without a lock was left by a process that was killed
            return None if free else note
    except OSError:
        return None


def _place(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _taken(folder: Path, where: str) -> FileRefused:
    note = _note(folder)
    who = "another process is writing to this run" if note is None else f"{note}, is at work on it"
    return refused(where, who, f"Wait until it is done, or stop it. {UNTOUCHED}")


def _leave_note(folder: Path) -> None:
    """Say who we are; a disk that is full does not matter, as the lock is what counts."""
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    text = json.dumps(asdict(Owner(os.getpid(), platform.node(), now)))
    with suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _PLAIN
        descriptor = os.open(folder / layout.OWNER, flags, 0o666)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _note(folder: Path) -> Owner | None:
    """Read the note, which somebody may be writing just now."""
    try:
        descriptor = os.open(folder / layout.OWNER, os.O_RDONLY | _PLAIN)
        try:
            found = json.loads(os.read(descriptor, _NOTE_LIMIT))
        finally:
            os.close(descriptor)
        words = (str(found[name]) for name in ("host", "since"))
        host, since = ("".join(c for c in word if c.isprintable()) for word in words)
        return Owner(int(found["process"]), host, since)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
