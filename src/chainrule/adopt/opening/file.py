"""Which reader a file of weights gets, and the way out for those that get none.

Knows endings, first bytes and what would do instead; knows no format from inside.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chainrule.adopt.opening.npz import read_npz
from chainrule.adopt.opening.safetensors import read_safetensors
from chainrule.files.refusals import refused, told
from chainrule.types import Array

WAY = "Nothing was loaded."
PYTORCH = (
    "In PyTorch: from safetensors.torch import save_file; "
    'save_file(model.state_dict(), "net.safetensors").'
)
KERAS = 'In Keras: np.savez("net.npz", *model.get_weights()).'
SKLEARN = (
    "Load it in Python yourself, if you trust it, and give the estimator: cr.adopt(mlp, X, y)."
)

OTHERS = (
    ((".h5", ".hdf5"), (b"\x89HDF",), "is an HDF5 file of Keras", KERAS),
    ((".keras",), (), "is a Keras archive", KERAS),
    ((".pt", ".pth", ".bin", ".ckpt"), (b"\x80\x02", b"\x80\x03"),
     "is a pickle of PyTorch, which can run code when it is opened", PYTORCH),
    ((".pkl", ".pickle", ".joblib", ".sav"), (b"\x80\x04", b"\x80\x05"),
     "is a pickle, which can run code when it is opened", SKLEARN),
    ((".onnx",), (), "is an ONNX model, which is written here but not read",
     "Give the weights as arrays: cr.adopt({'W1': ..., 'b1': ...}, X, y, ...)."),
    ((".npy",), (b"\x93NUMPY",), "is a single array",
     'Save all of them: np.savez("net.npz", W1, b1, W2, b2).'),
)  # fmt: skip
"""Endings, first bytes, what such a file is, and the way out."""

READERS: dict[str, Callable[[BinaryIO, int, str], dict[str, Array]]] = {
    ".safetensors": read_safetensors,
    ".npz": read_npz,
}


def open_weights(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Return the arrays of a file of weights, in the order of the file.

    Raises
    ------
    FileRefused, DataError
        If it is missing, damaged, or of a format that is not read.
    """
    place = Path(path)
    where = f"weights {os.fspath(path)!r}"
    with opened(place, where) as (file, size):
        head = file.read(8)
        file.seek(0)
        ending = place.suffix.lower()
        reader = READERS.get(ending) or (READERS[".npz"] if _is_plain_zip(head, ending) else None)
        for endings, magics, fact, way in OTHERS:
            if ending in endings or (reader is None and head.startswith(magics or (b"\0" * 9,))):
                raise refused(where, fact, f"{way} {WAY}")
        if reader is None:
            reads = " and ".join(READERS)
            raise refused(
                where, f"is of a kind that is not read; {reads} are", f"{PYTORCH}\n  {KERAS}"
            )
        return reader(file, size, where)


def _is_plain_zip(head: bytes, ending: str) -> bool:
    return head.startswith(b"PK\x03\x04") and ending == ""


@contextmanager
def opened(path: Path, where: str) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file for reading; gives it and its length."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with told(where, path):
            descriptor = os.open(path, flags)
    except ValueError as error:  # a path with a zero byte
        raise refused(where, f"is no path ({error})", "Name a file.") from None
    with (
        os.fdopen(descriptor, "rb") if _is_file(descriptor) else _closed(descriptor, where) as file
    ):
        yield file, os.fstat(file.fileno()).st_size


def _is_file(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)


def _closed(descriptor: int, where: str) -> BinaryIO:
    os.close(descriptor)
    raise refused(where, "is not a regular file", "Name a file.")
