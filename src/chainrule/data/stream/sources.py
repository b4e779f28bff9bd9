"""Sources: the files that make up one table, and whether they are still what they were.

Knows paths, sizes, times and sums; knows nothing of rows or columns.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chainrule.data.sources import opened
from chainrule.errors import DataError

SUM_BYTES = 64 << 20
"""A file is summed in blocks of so many bytes, so that the first one that changed can be named."""


@dataclass(frozen=True)
class Stamp:
    """What tells a file from itself after a change: cheap to look at.

    Attributes
    ----------
    path : str
        Where it is.
    size, mtime, ctime, inode : int
        As the system tells them; times in nanoseconds. The clock of changes (ctime) cannot be
        turned back, as that of contents (mtime) can.
    """

    path: str
    size: int
    mtime: int
    ctime: int
    inode: int

    def check(self) -> None:
        """Refuse the file if it is not as it was when it was stamped."""
        try:
            now = stamp(self.path)
        except OSError as error:
            raise DataError(
                f"{self.path} was there when reading began and is not any more: {error.strerror}."
                f"\n  {_AGAIN}"
            ) from error
        if now != self:
            raise DataError(f"{self.path} {_difference(self, now)} while it was read.\n  {_AGAIN}")


_AGAIN = "Let nothing write to it (copy it if need be), and start again."


def _difference(old: Stamp, new: Stamp) -> str:
    if old.size != new.size:
        return f"changed from {old.size:,} to {new.size:,} bytes"
    return "was replaced by another file" if old.inode != new.inode else "was written to"


def stamp(path: str | os.PathLike[str]) -> Stamp:
    """Return the stamp of a file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     stamp(file.name).size
    0
    """
    found = os.stat(path)
    return Stamp(os.fspath(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def table_files(source: Any) -> tuple[str, ...]:
    """Return the files of a table: one, several, or those that a pattern names, in order.

    Parameters
    ----------
    source : path, pattern or sequence of paths
        ``"part-*.parquet"`` is all files that fit, sorted by name.

    Examples
    --------
    >>> table_files(["b.csv", "a.csv"])
    ('b.csv', 'a.csv')
    """
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source)
        if not glob.has_magic(text) or os.path.exists(text):
            return (text,)
        found = tuple(sorted(glob.glob(text, recursive=True)))
        if not found:
            raise DataError(f"no file fits {text!r}.\n  Look at the folder: ls {Path(text).parent}")
        return found
    if isinstance(source, Sequence) and source:
        return tuple(os.fspath(one) for one in source)
    raise DataError(
        f"a table that is streamed comes from files, got {type(source).__name__}.\n"
        "  Name a file, a list of files, or a pattern such as 'part-*.parquet'."
    )


def is_many(source: Any) -> bool:
    """Tell whether a source stands for several files.

    Examples
    --------
    >>> is_many("table.csv"), is_many("part-*.csv"), is_many(["a.csv", "b.csv"])
    (False, True, True)
    """
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source)
        return glob.has_magic(text) and not os.path.exists(text)
    is_list = isinstance(source, list | tuple) and len(source) > 0
    return is_list and all(isinstance(one, str | os.PathLike) for one in source)


@contextmanager
def watched(mark: Stamp) -> Iterator[BinaryIO]:
    """Open a file that was stamped; refuse it if it changed before, or in between."""
    mark.check()
    with opened(Path(mark.path)) as file:
        yield file
    mark.check()


def file_sums(path: str) -> tuple[str, ...]:
    """Return the SHA-256 of the file up to each block's end; the last one is the whole file's.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     file_sums(file.name)[-1][:12]
    'e3b0c44298fc'
    """
    whole, found = hashlib.sha256(), []
    with opened(Path(path)) as file:
        left = SUM_BYTES
        while chunk := file.read(min(left, 1 << 20)):
            whole.update(chunk)
            left -= len(chunk)
            if not left:
                found.append(whole.copy().hexdigest())
                left = SUM_BYTES
    return (*found, whole.hexdigest())


def check_sums(path: str, old: Sequence[str], new: Sequence[str], when: str) -> None:
    """Refuse a file whose bytes are not those of before.

    Parameters
    ----------
    path : str
        The file.
    old, new : sequence of str
        Its sums then and now.
    when : str
        Since when, for the message.
    """
    if tuple(old) == tuple(new):
        return
    first = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    raise DataError(
        f"{path} changed {when} (first in its bytes from {first * SUM_BYTES:,} on).\n  {_AGAIN}"
    )
