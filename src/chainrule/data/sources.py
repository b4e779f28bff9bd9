"""Sources: opening what a path names, if it is something that can be read to its end.

Knows paths, file types and first bytes; knows nothing of rows, columns or formats' contents.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import IO, BinaryIO

from chainrule.errors import DataError

_COPY = 1 << 20
_NOT_READABLE = (
    (stat.S_ISDIR, "is a folder", "Name a file in it."),
    (stat.S_ISSOCK, "is a socket", "Write the data to a file, or through a pipe."),
    (stat.S_ISCHR, "is a device that may never end", "Write the data to a file first."),
    (stat.S_ISBLK, "is a disk, not a file on one", "Name a file."),
)
_MAGIC = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first: gunzip."),
    (b"BZh", "is compressed with bzip2", "Unpack it first: bunzip2."),
    (b"\xfd7zXZ\x00", "is compressed with xz", "Unpack it first: unxz."),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstandard", "Unpack it first: unzstd."),
    (b"PK\x03\x04", "is a zip archive or a workbook", "Save the sheet as CSV, or unpack it."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel workbook", "Save the sheet as CSV."),
    (b"PAR1", "is a Parquet file", "Give it the ending .parquet."),
    (b"ARROW1", "is an Arrow file", "Convert it to Parquet or CSV."),
    (b"\x93NUMPY", "is a NumPy file", "Give it the ending .npy."),
    (b"\x89HDF", "is an HDF5 file", "Convert it to Parquet or CSV."),
    (b"SQLite format 3\x00", "is a SQLite database", "Export the table as CSV."),
    (b"%PDF", "is a PDF", "Export the table as CSV."),
    (b"<!DOCTYPE", "is a web page", "Download the table itself."),
    (b"<!doctype", "is a web page", "Download the table itself."),
    (b"<html", "is a web page", "Download the table itself."),
    (b'{"', "is JSON", "Write it as CSV: a row of column names, then the rows."),
    (b"[{", "is JSON", "Write it as CSV: a row of column names, then the rows."),
)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading from its start; what a pipe delivers is first put into a file.

    Refused in one line: a folder, a socket, a device, a loop of links, a file that is not there
    or may not be read.
    """
    try:
        mode = os.stat(path).st_mode
        _check_type(path, mode)
        file: IO[bytes] = open(path, "rb")  # noqa: SIM115 (closed below)
    except (OSError, ValueError) as error:
        raise DataError(_why_not(path, error)) from error
    with file, tempfile.TemporaryFile() as copy:
        state = os.fstat(file.fileno())
        _check_type(path, state.st_mode)
        try:
            if stat.S_ISREG(state.st_mode) and state.st_size:
                yield file  # type: ignore[misc]
            else:  # a pipe, or a file of the system's that has no size
                _drain(path, file, copy)
                yield copy
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _check_type(path: Path, mode: int) -> None:
    for is_such, fact, hint in _NOT_READABLE:
        if is_such(mode):
            raise DataError(f"{path} {fact}; a table was expected.\n  {hint}")


def _why_not(path: Path, error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return f"{str(path)!r} is no path: {error}."
    if re.match(r"[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE):
        return f"{path} is an address, not a file.\n  Download it first, and name the file."
    if error.errno == errno.ENOENT:
        return f"{path} does not exist.{_near(path)}"
    if error.errno == errno.ELOOP:
        return f"{path} is a link that leads round in a circle; point it at a file."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path} may not be read by you: permission denied.\n  Try: chmod u+r {path}"
    return f"{path} cannot be opened: {error.strerror}."


def _near(path: Path) -> str:
    try:
        names = os.listdir(path.parent)[:5000]
    except OSError:
        if path.parts[:1] == ("~",):
            return "\n  Write your home folder out: only a shell knows ~, and only outside quotes."
        return f"\n  Nor does its folder {path.parent}." if not path.parent.exists() else ""
    found = get_close_matches(path.name, names, n=1)
    return f"\n  Did you mean {path.parent / found[0]}?" if found else ""


def _drain(path: Path, pipe: IO[bytes], copy: IO[bytes]) -> None:
    """Copy a pipe to its end, but never fill the disk."""
    room = shutil.disk_usage(tempfile.gettempdir()).free // 2
    while chunk := pipe.read(_COPY):
        room -= len(chunk)
        if room < 0:
            raise DataError(
                f"{path} delivered more than half of the free space in {tempfile.gettempdir()}."
                "\n  Write the data to a file and name that."
            )
        copy.write(chunk)
    copy.seek(0)


def refuse_other_formats(head: bytes, source: str) -> None:
    """Refuse first bytes that belong to a format that is no text."""
    for magic, fact, hint in _MAGIC:
        if head.startswith(magic):
            raise DataError(f"{source} {fact}, not a table as text.\n  {hint}")
