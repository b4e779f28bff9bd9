"""Writing one file that is not a run: whole or not at all, and never over another by accident.

Knows names and bytes; knows nothing of what they mean.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from chainrule.errors import FileRefused
from chainrule.files.durable import sync_folder, write_file


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a place to which a file cannot be written, before any work is done.

    Parameters
    ----------
    path : pathlib.Path
        Where the file is to go.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    FileRefused
        If it is a folder, or there is something and it may not be replaced, or the folder is
        missing.

    Examples
    --------
    >>> check_free(Path("model.onnx"), overwrite=False)
    """
    if path.is_dir() or (os.path.lexists(path) and not (overwrite and path.is_file())):
        way = "Choose another name." if path.is_dir() else "Choose another name, or --overwrite."
        raise FileRefused(f"{path} was to be written, and it is there already.\n  {way}")
    if not path.parent.is_dir():
        raise FileRefused(f"{path} was to be written, and there is no folder {path.parent}.")


def write_single(path: Path, pieces: Iterable[bytes], *, overwrite: bool = False) -> Path:
    """Write a file; it appears complete or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes.
    pieces : iterable of bytes
        What goes into it.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    FileRefused
        As `check_free`, or if the disk says no.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_single(Path(folder, "note.txt"), [b"hello"]).read_text()
    'hello'
    """
    check_free(path, overwrite=overwrite)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".chainrule-") as beside:
            whole = Path(beside, "whole")
            write_file(whole, pieces)
            (os.replace if overwrite else _put)(whole, path)
        sync_folder(path.parent)
    except FileExistsError:
        check_free(path, overwrite=overwrite)
        raise
    except OSError as error:
        raise FileRefused(
            f"{path} was to be written, and cannot be: {error.strerror or error}.\n"
            "  Choose another place, or make room."
        ) from None
    return path


def _put(whole: Path, path: Path) -> None:
    """Give a file its name unless the name was taken meanwhile, where the system can do that."""
    try:
        os.link(whole, path)
    except (AttributeError, PermissionError, NotImplementedError):
        os.replace(whole, path)
