"""Writing so that it stays: every byte is on the disk before anybody is told of it.

Knows files, folders and locks; knows nothing of what a run is.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)


class Writer:
    """Writes new files and waits, in the end, until all of them are on the disk.

    Waiting once for many takes a disk hardly longer than for one: it writes them together.
    """

    def __init__(self) -> None:
        self._descriptors: list[int] = []

    def write(self, path: Path, pieces: Iterable[bytes | memoryview]) -> tuple[int, str]:
        """Write a new file; returns its length and SHA-256."""
        digest, length = hashlib.sha256(), 0
        descriptor = os.open(path, _FLAGS, 0o666)
        self._descriptors.append(descriptor)
        for piece in pieces:
            digest.update(piece)
            length += len(piece)
            _write_all(descriptor, piece)
        return length, digest.hexdigest()

    def sync(self) -> None:
        """Wait until every byte is on the disk."""
        for descriptor in self._descriptors:
            os.fsync(descriptor)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()


def write_file(path: Path, pieces: Iterable[bytes | memoryview]) -> tuple[int, str]:
    """Write a new file and wait until it is on the disk; returns its length and SHA-256."""
    with Writer() as writer:
        found = writer.write(path, pieces)
        writer.sync()
    return found


def _write_all(descriptor: int, piece: bytes | memoryview) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_parents(folder: Path) -> None:
    """Make a folder and those above it, each entered durably into the one above it."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(exist_ok=True)
        sync_folder(place.parent)


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold the folder for one writer; gives False where another one holds it.

    The lock goes when the process does, however it ends. Systems without such locks always
    give True.
    """
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.ENOTSUP, errno.ENOLCK):
                raise
            yield error.errno != errno.EWOULDBLOCK
        else:
            yield True
    finally:
        os.close(descriptor)
