"""Making a new state of a run appear in one instant.

A run that is new is put together in a hidden folder beside its place and renamed. A run that
exists gets its next state inside itself, in `.next`; the instant is the replacement of run.json,
after which the other files are moved to their places. Whoever reads in between finds each listed
file by its SHA-256 in one place or the other, so a crash at any moment leaves the old state or
the new one. Knows folders; knows nothing of what the files hold.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from chainrule.errors import FileRefused
from chainrule.files import layout
from chainrule.files.durable import locked, make_parents, sync_folder
from chainrule.files.guarded import intact, load_record, names_in
from chainrule.files.ownership import owned
from chainrule.files.refusals import UNTOUCHED, refused

Fill = Callable[[Path], Iterable[str]]
"""Writes a state into an empty folder, run.json last; returns the names that run.json lists."""

_PARTIAL = ".chainrule-{}-{}.partial"
_numbers = count()


def create(target: Path, fill: Fill, where: str) -> None:
    """Put a new run together beside its place, then rename it."""
    make_parents(target.parent)
    _remove_leftovers(target.parent)
    with _partial(target.parent) as folder:
        fill(folder)
        _sync_tree(folder)
        try:
            os.rename(folder, target)
        except FileExistsError as error:
            raise _appeared(where) from error
        except OSError as error:
            raise (_appeared(where) if _filled(target) else error) from error
        sync_folder(target.parent)


def _appeared(where: str) -> FileRefused:
    return refused(where, "appeared while this run was written", "Choose another name.")


def _filled(target: Path) -> bool:
    return target.is_dir() and any(target.iterdir())


@contextmanager
def _partial(parent: Path) -> Iterator[Path]:
    """Make a hidden folder that this process owns; remove it if its state did not appear."""
    while True:
        folder = parent / _PARTIAL.format(os.getpid(), next(_numbers))
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        try:
            with locked(folder) as mine:
                if mine and folder.exists():  # else another writer took it for a leftover
                    yield folder
                    return
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _remove_leftovers(parent: Path) -> None:
    """Remove what writers that were killed have left beside runs."""
    for folder in parent.glob(_PARTIAL.format("*", "*")):
        try:
            with locked(folder) as mine:
                if mine:
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


def replace(target: Path, fill: Fill, where: str) -> None:
    """Give an existing run its next state."""
    staging = target / layout.STAGING
    with owned(target, where):
        _refuse_links(target, where)
        recover(target)
        try:
            staging.mkdir()
            names = set(fill(staging))
            _sync_tree(staging)
            sync_folder(target)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        _commit(target, staging)
        _settle(target, names)


def _commit(target: Path, staging: Path) -> None:
    """The instant itself."""
    try:
        os.replace(staging / layout.RECORD, target / layout.RECORD)
    except BaseException:
        if (staging / layout.RECORD).exists():
            shutil.rmtree(staging, ignore_errors=True)
        raise
    sync_folder(target)


def _settle(target: Path, names: set[str]) -> None:
    """Move the new files to their places, then remove those that are no longer listed."""
    staging = target / layout.STAGING
    for name in names_in(staging):
        _move(staging, target, name)
    _sync_tree(target)
    _remove_unlisted(target, names)
    shutil.rmtree(staging)
    _sync_tree(target)


def _remove_unlisted(target: Path, names: Collection[str]) -> None:
    """Remove what belonged to states of the past."""
    for name in names_in(target):
        if layout.is_ours(name) and name not in names:
            os.unlink(target / name)


def _move(staging: Path, target: Path, name: str) -> None:
    (target / name).parent.mkdir(exist_ok=True)
    os.replace(staging / name, target / name)


def _refuse_links(target: Path, where: str) -> None:
    """Refuse to write through a link, which could lead out of the run's folder."""
    for name in (layout.STAGING, layout.CHECKPOINTS):
        place = target / name
        if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            raise refused(where, f"{name} in it is not a folder", f"Remove it. {UNTOUCHED}")


def tidy(target: Path, where: str) -> None:
    """Leave in a run's folder what its record lists, after a writer that was killed."""
    with owned(target, where):
        _refuse_links(target, where)
        recover(target)
        _remove_unlisted(target, load_record(target).files)


def recover(target: Path) -> None:
    """Finish, or take back, what a stopped process was about to do."""
    staging = target / layout.STAGING
    if not staging.exists():
        return
    for name in _finished(target, staging):
        _move(staging, target, name)
    _sync_tree(target)
    shutil.rmtree(staging)


def _finished(target: Path, staging: Path) -> list[str]:
    """List the files in staging that belong to the present state."""
    try:
        found = load_record(target)
    except FileRefused:
        return []
    return [name for name, entry in found.files.items() if intact(staging, name, entry)]


def _sync_tree(folder: Path) -> None:
    """Make a state's names durable: the checkpoints' first, then the folder's."""
    if (folder / layout.CHECKPOINTS).is_dir():
        sync_folder(folder / layout.CHECKPOINTS)
    sync_folder(folder)
