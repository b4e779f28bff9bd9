"""NPZ files of weights: a zip of NumPy arrays, read without pickle.

Knows zip members; the arrays are read by the strict reader of `data`.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO

from chainrule.adopt.opening.room import check_room
from chainrule.data.formats.npy import checked_array
from chainrule.files.refusals import refused
from chainrule.types import Array

MOST_MEMBERS = 2000
_DAMAGES = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError,
            NotImplementedError, OverflowError, OSError)  # fmt: skip
"""What `zipfile` raises on damage; a member whose place is no place is an OSError of a seek."""


def read_npz(file: BinaryIO, size: int, where: str) -> dict[str, Array]:
    """Return the arrays of an npz file, in its order.

    Parameters
    ----------
    file : binary stream
        Seekable, at its start.
    size : int
        Bytes of the file.
    where : str
        What to call it in messages.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members, where)
            check_room(sum(one.file_size for one in members), where)
            return {one.filename[:-4]: _member(archive, one, where) for one in members}
    except _DAMAGES as error:
        raise refused(where, f"is damaged or no NPZ file ({error})") from None


def _check_members(members: list[zipfile.ZipInfo], where: str) -> None:
    names = [one.filename for one in members]
    if len(names) > MOST_MEMBERS or len(set(names)) < len(names):
        fact = f"holds {len(names):,} arrays, or one of them twice"
        raise refused(where, fact, "Save the weights of one network alone.")
    if any(one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for one in members):
        raise refused(where, "is compressed as NumPy never does", "Write it with np.savez.")
    strange = [name for name in names if not name.endswith(".npy")]
    if strange:
        fact = f"holds {strange[0][:80]!r}, which is no array"
        raise refused(where, fact, 'Write it with np.savez("net.npz", *model.get_weights()).')


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo, where: str) -> Array:
    with archive.open(one) as stream:
        data = stream.read(one.file_size)
    return checked_array(BytesIO(data), one.file_size, f"{where} ({one.filename})")
