"""NPZ: several NumPy arrays in a zip file, each a column or a block of columns.

Knows zip members and their sizes; the arrays themselves are read as in `npy`.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO

from chainrule.data.columns import some
from chainrule.data.formats.npy import checked_array
from chainrule.data.formats.registry import Reading, reader
from chainrule.data.frames import table_from_arrays
from chainrule.data.memory import check_memory
from chainrule.data.table import Table
from chainrule.errors import DataError
from chainrule.types import Array

ZIP_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    RuntimeError,  # encrypted, or a compression that is not known
    ValueError,
)
"""What reading a damaged archive can raise."""


@reader(".npz")
def read_npz(file: BinaryIO, source: str, reading: Reading) -> Table:
    """Read arrays of one length; `x` of shape (rows, 2) becomes the columns x0 and x1."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            check_memory(sum(info.file_size for info in members), f"reading {source}")
            arrays = {info.filename[:-4]: _member(archive, info, source) for info in members}
    except ZIP_DAMAGES as error:
        raise DataError(f"{source} is damaged or no NPZ file: {error}.") from error
    lengths = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if not arrays:
        raise DataError(f"{source} holds no arrays.")
    if len(set(lengths.values())) > 1:
        shown = some([f"{name} {length}" for name, length in lengths.items()])
        raise DataError(
            f"{source}: its arrays differ in rows ({shown}), so they make no table.\n"
            "  Save the arrays of one table alone: np.savez(path, x=x, y=y)."
        )
    return table_from_arrays(arrays, source, reading.as_text)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> Array:
    with archive.open(info) as stream:
        data = stream.read(info.file_size)
    return checked_array(BytesIO(data), info.file_size, f"{source} ({info.filename})")
