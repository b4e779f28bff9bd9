"""The cache of machine code: on disk, checked before it is used, of bounded size.

An entry is named by all that it was made from: the plan or the text, the target, LLVM's version and
our own source. It begins with the SHA-256 of its bytes; one that does not fit is made anew, never
executed. ``CHAINRULE_CACHE`` names the folder ("" for no cache), ``CHAINRULE_CACHE_MB`` its bound.
Knows files and hashes; knows no plan.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

BOUND_MB = 256
"""Megabytes that the cache may take, unless `CHAINRULE_CACHE_MB` says otherwise."""

MAGIC = b"chainrule machine code 1\n"


def folder() -> Path | None:
    """Return the folder of the cache, or None if there is to be none.

    Examples
    --------
    >>> folder() is None or folder().name != ""
    True
    """
    named = os.environ.get("CHAINRULE_CACHE")
    if named is not None:
        return Path(named) if named else None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "chainrule" / "code" if base else None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "chainrule" if os.path.isabs(base) else None


def key_of(*parts: str | bytes) -> str:
    """Return the name of an entry made from these parts.

    Examples
    --------
    >>> key_of("a", "b") == key_of("a", b"b"), key_of("ab") == key_of("a", "b")
    (True, False)
    """
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()


@cache
def source_signature() -> str:
    """Return what changes when our own source does: names, sizes and times of its files."""
    here = Path(__file__).parent
    files = sorted([*here.rglob("*.py"), *(here.parents[1] / "ops").glob("*.py")])
    facts = [f"{f.name} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files]
    return key_of(*facts)


def read(key: str) -> bytes | None:
    """Return an entry, or None if there is none, it is damaged, or others could have written it."""
    where = folder()
    if where is None:
        return None
    try:
        with open(where / f"{key}.bin", "rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            data = file.read()
    except OSError:
        return None
    head = len(MAGIC) + 32
    body = data[head:]
    if (
        data[: len(MAGIC)] != MAGIC
        or hashlib.sha256(key.encode() + body).digest() != data[len(MAGIC) : head]
    ):
        return None
    return body


def _is_ours(facts: os.stat_result) -> bool:
    """Tell whether a file is a plain one that only this user can write."""
    if not stat.S_ISREG(facts.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def write(key: str, body: bytes) -> None:
    """Keep an entry; where that fails there is simply none."""
    where = folder()
    if where is None:
        return
    data = MAGIC + hashlib.sha256(key.encode() + body).digest() + body
    with suppress(OSError):
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=where, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, where / f"{key}.bin")
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        _shrink(where)


def _shrink(where: Path) -> None:
    """Delete the entries that were written longest ago, until the rest fits."""
    with os.scandir(where) as entries:
        found = [(e.stat().st_mtime_ns, e.stat().st_size, e.path) for e in entries if e.is_file()]
    total, bound = sum(size for _, size, _ in found), _bound()
    for _, size, path in sorted(found):
        if total <= bound:
            break
        with suppress(OSError):
            os.unlink(path)
        total -= size


def _bound() -> int:
    text = os.environ.get("CHAINRULE_CACHE_MB", "")
    return (int(text) if text.isdigit() else BOUND_MB) * 2**20
