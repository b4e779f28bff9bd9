"""Files outside a run folder: rows that are too large to be kept inside.

Knows paths and SHA-256; knows nothing of tables.
"""

from __future__ import annotations

import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path

from chainrule.files.contents import ROWS_LIMIT, Arrays, RowSource
from chainrule.files.guarded import PathLike, plain_path
from chainrule.files.refusals import refused, told

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHANGED = "Bring the file back as it was when the run was made; the run itself still predicts."


def hash_file(path: PathLike) -> str:
    """Return the SHA-256 of a regular file, 64 hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     hash_file(file.name)[:12]
    'e3b0c44298fc'
    """
    where = f"file {os.fspath(path)!r}"
    with open_regular(path, where) as file, told(where, Path(path)):
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_regular(path: PathLike, where: str) -> BufferedReader:
    """Open a regular file; a pipe or a device is refused without waiting for it.

    Examples
    --------
    >>> open_regular("/dev/null", "what was handed in")
    Traceback (most recent call last):
    ...
    chainrule.errors.FileRefused: what was handed in: is not a regular file.
      Name a file.
    """
    place = plain_path(path)
    with told(where, place):
        descriptor = os.open(place, _FLAGS)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise refused(where, "is not a regular file", "Name a file.")


def row_source(path: PathLike, rows: int) -> RowSource:
    """Describe a file so that a replay can tell whether it is still the same.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     row_source(file.name, rows=0).bytes
    0
    """
    place = Path(os.path.abspath(plain_path(path)))
    sha256 = hash_file(place)
    with told(f"file {os.fspath(path)!r}", place):
        return RowSource(str(place), sha256, os.stat(place).st_size, rows)


def keep_rows(
    rows: Arrays, source: RowSource | None = None, *, limit: int = ROWS_LIMIT
) -> Arrays | RowSource | None:
    """Choose what a run keeps of its rows: the rows where they fit, else where they came from.

    Examples
    --------
    >>> import numpy as np
    >>> sorted(keep_rows({"X": np.zeros((4, 2)), "y": np.zeros(4)}))
    ['X', 'y']
    >>> keep_rows({"X": np.zeros((4, 2))}, limit=60) is None
    True
    """
    return rows if sum(array.nbytes for array in rows.values()) <= limit else source


def open_rows(source: RowSource) -> BufferedReader:
    """Open the file that a run's rows came from, refusing it if it has changed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     with open_rows(row_source(file.name, rows=0)) as rows:
    ...         rows.read()
    b''
    """
    where = f"rows of the run, file {source.path!r}"
    file = open_regular(source.path, where)
    try:
        with told(where, Path(source.path)):
            same = os.fstat(file.fileno()).st_size == source.bytes
            if not same or hashlib.file_digest(file, "sha256").hexdigest() != source.sha256:
                raise refused(where, "has changed since the run was made", _CHANGED)
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
