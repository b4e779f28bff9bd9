"""Reading from a run folder, and from nowhere else.

Opens regular files below a folder, never a link, a pipe or a device, and checks lengths before
it takes memory. Knows paths and bytes; knows nothing of what the bytes mean but for run.json.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import FileRefused
from chainrule.files import layout, record
from chainrule.files.refusals import DAMAGED, FOREIGN, refused, told
from chainrule.types import Array

if TYPE_CHECKING:
    from chainrule.files.schema import Entry, Record

PathLike = str | os.PathLike[str]

_CHUNK = 2**20
_MOST = 2**30
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe must not make us wait
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
)


def run_folder(path: PathLike) -> Path:
    """Return the folder that `path` names, if it is one and holds a run.json."""
    folder = plain_path(path)
    where = f"run {os.fspath(path)!r}"
    with told(where, folder):
        mode = os.stat(folder).st_mode
        has_record = stat.S_ISDIR(mode) and os.path.lexists(folder / layout.RECORD)
    if not stat.S_ISDIR(mode):
        raise refused(where, "is not a folder; a run is a folder", FOREIGN)
    if not has_record:
        raise refused(where, f"is a folder without {layout.RECORD}, so it is not a run", FOREIGN)
    return folder


def plain_path(path: PathLike) -> Path:
    """Check that `path` is usable as a path at all."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(text, str) or not text or "\0" in text:
        raise refused(f"run {text!r}", "is not a path", "Name a folder.")
    return Path(text)


def where_of(folder: Path, name: str) -> str:
    """Say which file of which run a sentence is about."""
    return f"{name} of run {str(folder)!r}"


@contextmanager
def opened(path: Path, where: str) -> Iterator[tuple[int, int]]:
    """Open a regular file for reading; gives its descriptor and its length."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise _not_opened(error, path, where) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise refused(where, "is not a regular file")
        yield descriptor, found.st_size
    finally:
        os.close(descriptor)


def _not_opened(error: OSError, path: Path, where: str) -> Exception:
    if error.errno == errno.ENOENT:
        return refused(where, "is missing")
    if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENOTDIR):
        return refused(where, "is a link or no file at all; a run holds its files itself")
    try:
        with told(where, path):
            raise error
    except Exception as ours:
        return ours


def in_folder(folder: Path, name: str, where: str) -> Path:
    """Return the path of a run's file, refusing links on the way to it."""
    path = folder / name
    if path.is_symlink():
        raise refused(where, "is a symbolic link; a run holds its files itself")
    if path.parent != folder and path.parent.is_symlink():
        raise refused(where, f"lies behind the symbolic link {path.parent.name}")
    return path


def read_whole(path: Path, where: str, *, length: int) -> Array:
    """Read a file into memory of its own length, which has to be `length`."""
    with opened(path, where) as (descriptor, size), told(where, path, DAMAGED):
        _check_length(size, length, where)
        data = _room(size, where)
        _fill(descriptor, data.data, where)
    return data


def read_text(path: Path, where: str, limit: int) -> bytearray:
    """Read a file of text, of at most `limit` bytes."""
    with opened(path, where) as (descriptor, size), told(where, path, DAMAGED):
        _check_limit(size, limit, where)
        data = bytearray(size)
        _fill(descriptor, memoryview(data), where)
    return data


def _check_limit(size: int, limit: int, where: str) -> None:
    if size > limit:
        raise refused(where, f"has {size:,} bytes, more than the {limit:,} that are allowed")


def _fill(descriptor: int, data: memoryview, where: str) -> None:
    """Read exactly as many bytes as there is room for."""
    filled, file = 0, io.FileIO(descriptor, closefd=False)
    while filled < len(data) and (count := file.readinto(data[filled:])):
        filled += count
    if filled < len(data) or file.read(1):
        raise refused(where, "changed its length while it was read", "Try again.")


def _check_length(size: int, length: int, where: str) -> None:
    if size != length:
        raise refused(where, f"has {size:,} bytes, {layout.RECORD} says {length:,}")


def _room(size: int, where: str) -> Array:
    try:
        return np.empty(size, dtype=np.uint8)
    except MemoryError:
        fact = f"has {size:,} bytes, more than the memory that is free"
        raise refused(where, fact, "Use a machine with more memory.") from None


def hash_of(path: Path, where: str, *, length: int) -> str:
    """Return the SHA-256 of a file, reading it piece by piece."""
    with opened(path, where) as (descriptor, size), told(where, path, DAMAGED):
        _check_length(size, length, where)
        return _digest(descriptor)


def _digest(descriptor: int) -> str:
    digest = hashlib.sha256()
    while piece := os.read(descriptor, _CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def verified(folder: Path, name: str, entry: Entry, *, keep: bool) -> Array | None:
    """Check a listed file against its entry; returns its bytes if they are to be kept."""
    where = where_of(folder, name)
    path = in_folder(home_of(folder, name, entry), name, where)
    if not keep:
        _check_sum(hash_of(path, where, length=entry.bytes), entry, where)
        return None
    data = read_whole(path, where, length=entry.bytes)
    _check_sum(hashlib.sha256(data.data).hexdigest(), entry, where)
    return data


def home_of(folder: Path, name: str, entry: Entry) -> Path:
    """Return where a listed file lies: in the folder, or still in its staging place.

    It is still there if the program was stopped while it put a new state in order.
    """
    staging = folder / layout.STAGING
    return staging if is_waiting(folder) and intact(staging, name, entry) else folder


def is_waiting(folder: Path) -> bool:
    """Say whether a next state of the run is being put together, or was left half done."""
    staging = folder / layout.STAGING
    return staging.is_dir() and not staging.is_symlink()


def _check_sum(sha256: str, entry: Entry, where: str) -> None:
    if sha256 != entry.sha256:
        raise refused(where, f"is damaged (its SHA-256 is not the one in {layout.RECORD})")


def intact(folder: Path, name: str, entry: Entry) -> bool:
    """Say whether the file is there with the length and the SHA-256 of its entry."""
    try:
        path = in_folder(folder, name, name)
        return hash_of(path, name, length=entry.bytes) == entry.sha256
    except FileRefused:
        return False


def load_record(folder: Path) -> Record:
    """Read and verify run.json."""
    where = where_of(folder, layout.RECORD)
    data = read_text(in_folder(folder, layout.RECORD, where), where, record.RECORD_LIMIT)
    return record.decode(data, length_of_others(folder), where)


def record_sum(folder: Path) -> tuple[int, str]:
    """Return the length and the SHA-256 of run.json as it is now."""
    where = where_of(folder, layout.RECORD)
    path = in_folder(folder, layout.RECORD, where)
    with opened(path, where) as (descriptor, size), told(where, path, DAMAGED):
        _check_limit(size, record.RECORD_LIMIT, where)
        return size, _digest(descriptor)


def length_of_others(folder: Path) -> int:
    """Add up the lengths of the run's files but run.json, wherever they lie in the folder."""
    homes = [folder, folder / layout.STAGING] if is_waiting(folder) else [folder]
    paths = [home / name for home in homes for name in names_in(home) if layout.is_ours(name)]
    return min(_MOST, sum(_length(path) for path in paths))


def _length(path: Path) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:  # a writer has just moved it
        return 0


def names_in(folder: Path) -> list[str]:
    """List what lies in the folder and in its checkpoints, sorted, without what is only passing."""
    passing = (layout.STAGING, layout.OWNER)
    with told(f"run {str(folder)!r}", folder):
        names = [name for name in os.listdir(folder) if name not in passing]
        checkpoints = folder / layout.CHECKPOINTS
        if checkpoints.name in names and checkpoints.is_dir() and not checkpoints.is_symlink():
            names.remove(layout.CHECKPOINTS)
            names += [f"{layout.CHECKPOINTS}/{name}" for name in os.listdir(checkpoints)]
    return sorted(names)
