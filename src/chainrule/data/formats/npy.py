"""NPY: one NumPy array in a file.

Knows the header of the format; never reads pickled objects.
"""

from __future__ import annotations

from typing import BinaryIO

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
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except (ValueError, EOFError, SyntaxError, OSError) as error:
        raise DataError(f"{source} is damaged or no NumPy file: {error}.") from error
    if dtype.hasobject:
        raise DataError(
            f"{source} holds pickled Python objects, which could run code when read.\n"
            "  Save plain numbers or texts: array.astype(float) or array.astype(str)."
        )
    count = int(np.prod(shape, dtype=object))
    claimed = count * dtype.itemsize
    if claimed > size or min(shape, default=0) < 0:
        raise DataError(
            f"{source} is cut off or damaged: its header says {claimed} bytes of {dtype}, "
            f"the file has {size} in all."
        )
    data = file.read(claimed)
    if len(data) != claimed:
        raise DataError(f"{source} is cut off: {claimed} bytes of values expected, {len(data)}.")
    flat = np.frombuffer(data, dtype=dtype, count=count) if claimed else np.empty(count, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")
