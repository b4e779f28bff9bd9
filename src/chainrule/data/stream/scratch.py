"""Scratch: room on disk that is given back by itself, whatever happens.

Knows folders and free space; knows nothing of what is written. A scratch file has no name, so
that the system frees it when the process ends, also when it is killed, and nobody else opens it.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from chainrule.errors import DataError

PLACE = "CHAINRULE_SCRATCH"
"""Environment variable that names the folder for scratch files."""

_RESERVE = 64 << 20


def scratch_place() -> Path:
    """Return the folder for scratch files: CHAINRULE_SCRATCH, else the system's for such files.

    Examples
    --------
    >>> scratch_place().is_dir()
    True
    """
    asked = os.environ.get(PLACE)
    if not asked:
        return Path(tempfile.gettempdir())
    place = Path(asked)
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise DataError(
            f"{PLACE} names {asked!r}, which is no folder that can be written to.\n"
            "  Name one on a disk with room."
        )
    return place


def check_room(needed: int, purpose: str) -> Path:
    """Return the folder for scratch files, or refuse if so many bytes would not fit there."""
    place = scratch_place()
    free = shutil.disk_usage(place).free
    if needed + _RESERVE > free:
        raise DataError(
            f"{purpose} needs {in_gib(needed)} of disk in {place}, but only {in_gib(free)} are "
            f"free.\n  Free some, or name a folder with more room: {PLACE}=/folder"
        )
    return place


def scratch_file(place: Path) -> IO[bytes]:
    """Return a new file without a name."""
    try:
        return tempfile.TemporaryFile(dir=place, buffering=0)
    except OSError as error:
        raise DataError(
            f"no scratch file can be made in {place}: {error.strerror}.\n"
            f"  Name another folder: {PLACE}=/folder"
        ) from error


def write_all(file: IO[bytes], place: Path, data: memoryview) -> None:
    """Write bytes at the end of a scratch file, or say in one line that the disk is full."""
    try:
        while data:
            data = data[file.write(data) :]
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            fact = f"prepared rows cannot be written in {place}: {error.strerror}"
        else:
            fact = f"the disk is full: prepared rows no longer fit into {place}"
        raise DataError(
            f"{fact}.\n  Free some room, or name another folder: {PLACE}=/folder"
        ) from error


def in_gib(count: int) -> str:
    """Return bytes as people read them.

    Examples
    --------
    >>> in_gib(3 * 2**30), in_gib(5 * 2**20)
    ('3 GiB', '5 MiB')
    """
    return f"{count / 2**30:.3g} GiB" if count >= 2**27 else f"{count / 2**20:.3g} MiB"
