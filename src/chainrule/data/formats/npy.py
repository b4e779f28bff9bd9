"""NPY: one NumPy array in a file.

Knows the header of the format; never reads pickled objects.
"""

from __future__ import annotations

import ast
import math
from typing import Any, BinaryIO

import numpy as np

from chainrule.data.formats.registry import Reading, reader
from chainrule.data.frames import table_from_arrays
from chainrule.data.table import Table
from chainrule.errors import DataError
from chainrule.types import Array


@reader(".npy")
def read_npy(file: BinaryIO, source: str, reading: Reading) -> Table:
    """Read an array (rows, columns), or one of named fields."""
    size = file.seek(0, 2)
    file.seek(0)
    return table_from_arrays({"x": checked_array(file, size, source)}, source, reading.as_text)


def checked_array(file: BinaryIO, size: int, source: str) -> Array:
    """Return the array that a stream of so many bytes holds, if its header is honest.

    Parameters
    ----------
    file : binary stream
        At the start of the array.
    size : int
        How many bytes there are; a header that claims more is refused before memory is taken.
    source : str
        Name of the file, for messages.
    """
    try:
        shape, fortran, dtype = _header(file)
    except _DAMAGES as error:
        raise DataError(f"{source} is damaged or no NumPy file: {error}.") from error
    if dtype.hasobject:
        raise DataError(
            f"{source} holds pickled Python objects, which could run code when read.\n"
            "  Save plain numbers or texts: array.astype(float) or array.astype(str)."
        )
    count = math.prod(shape)
    claimed = count * dtype.itemsize
    if claimed > size:
        raise DataError(
            f"{source} is cut off or damaged: its header says {claimed} bytes of {dtype}, "
            f"the file has {size} in all."
        )
    data = file.read(claimed)
    if len(data) != claimed:
        raise DataError(f"{source} is cut off: {claimed} bytes of values expected, {len(data)}.")
    flat = np.frombuffer(data, dtype=dtype, count=count) if claimed else np.empty(count, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


_LONGEST_HEADER = 1 << 16
_DAMAGES = (
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    OverflowError,
    RecursionError,
    MemoryError,
)


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and dtype; NumPy's own reader repairs headers, this one does not."""
    magic = file.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:7] not in (b"\1", b"\2", b"\3"):
        raise ValueError("it does not begin like one")
    length = int.from_bytes(file.read(2 if magic[6] == 1 else 4), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header has {length} bytes")
    text = file.read(length).decode("utf-8" if magic[6] == 3 else "latin-1")
    found = ast.literal_eval(text.strip())
    if not isinstance(found, dict) or set(found) != {"descr", "fortran_order", "shape"}:
        raise ValueError("its header has other fields")
    shape, fortran = found["shape"], found["fortran_order"]
    if type(fortran) is not bool or not isinstance(shape, tuple):
        raise ValueError("its header has fields of other types")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"its header has the shape {shape}")
    return shape, fortran, np.lib.format.descr_to_dtype(found["descr"])
