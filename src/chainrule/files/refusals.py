"""The sentences with which a run folder is refused.

Knows paths, error numbers and words; opens nothing.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chainrule.errors import FileRefused

DAMAGED = "Restore the folder from a copy, or train again; nothing was loaded."
FOREIGN = "Name a folder that was written by chainrule; nothing was loaded."
UNTOUCHED = "Nothing was changed."

_NO_SPACE = "Free some space, or name a folder on another disk."
_FACTS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("no space is left on the disk", _NO_SPACE),
    errno.EDQUOT: ("the disk quota is used up", _NO_SPACE),
    errno.EFBIG: ("a file would be longer than the disk or its limits allow", _NO_SPACE),
    errno.EACCES: ("permission denied", "Ask for permission, or name another folder."),
    errno.EPERM: ("operation not permitted", "Ask for permission, or name another folder."),
    errno.EROFS: ("the file system is read-only", "Name a folder that can be written to."),
    errno.ENAMETOOLONG: ("the name is too long", "Choose a shorter name."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Check the path."),
    errno.ENOENT: ("no such file or folder", "Check the path."),
    errno.ELOOP: ("a symbolic link stands in the way", "Name the folder itself, not a link."),
    errno.EIO: ("the disk reported an error", "Check the disk, or use another one."),
}


def refused(where: str, fact: str, way: str = DAMAGED) -> FileRefused:
    """Build the error: where, what was found, and in a second line what would do."""
    return FileRefused(f"{where}: {fact}.\n  {way}")


@contextmanager
def told(where: str, path: Path, way: str | None = None) -> Iterator[None]:
    """Turn an error of the operating system into one of ours; `path` is what it is about."""
    try:
        yield
    except OSError as error:
        fact, usual = _FACTS.get(error.errno or 0, (_plain(error), "Check the disk and the path."))
        if error.errno == errno.ENOSPC:
            fact += _free(path)
        raise refused(where, fact, way or usual) from error


def _plain(error: OSError) -> str:
    return (os.strerror(error.errno) if error.errno else str(error)).lower()


def _free(path: Path) -> str:
    """Say how much room the disk of `path` has, where that can be known."""
    for folder in (path, *path.parents):
        try:
            return f" ({shutil.disk_usage(folder).free / 2**20:,.1f} MiB are free)"
        except OSError:
            continue
    return ""
