"""Safetensors files of any writer: all that the format allows, and nothing else.

The format: eight bytes that give the length of a JSON header; for each tensor its dtype, shape
and place; texts under ``__metadata__``; then the tensors' bytes, without gaps or overlaps, in any
order. Our own reader of run folders takes only what our writer writes; this one takes what the
public format allows. The header is checked as a whole before any tensor is read. Knows bytes;
knows no network.
"""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from chainrule.adopt.opening.room import check_room
from chainrule.files import strict_json
from chainrule.files.refusals import refused
from chainrule.types import Array

HEADER_LIMIT = 2**20
"""Bytes of a header: some 10,000 tensors. The format allows 100 MB."""
HEADER_BUDGET = 16 * 2**20
"""Bytes of memory that a header may take."""
MOST_AXES = 32
METADATA = "__metadata__"

WIDTHS = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
    "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
}  # fmt: skip
"""Bytes of an entry, for each dtype whose entries are whole bytes."""
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True)
class Tensor:
    """Where a tensor is, and what it holds.

    Attributes
    ----------
    name, dtype : str
        As the header says.
    shape : tuple of int
        Its axes.
    begin, end : int
        Its bytes, counted from the end of the header.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_safetensors(file: BinaryIO, size: int, where: str) -> dict[str, Array]:
    r"""Return the tensors of a file by name, in the order of its header.

    Parameters
    ----------
    file : binary stream
        Seekable, at its start.
    size : int
        Bytes of the file.
    where : str
        What to call it in messages.

    Examples
    --------
    >>> import io
    >>> header = b'{"b":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    >>> data = len(header).to_bytes(8, "little") + header + b"\x80\x3f"
    >>> read_safetensors(io.BytesIO(data), len(data), "it")
    {'b': array([1.], dtype=float32)}
    """
    begins = file.read(8)
    (length,) = struct.unpack("<Q", begins) if len(begins) == 8 else (2**64,)
    if length > size - 8:
        raise refused(where, "does not begin as a safetensors file does")
    if length > HEADER_LIMIT:
        raise refused(where, f"has a header of {length:,} bytes; {HEADER_LIMIT:,} are read at most")
    tensors = _tensors(_tree(file.read(length), where), where)
    room = size - 8 - length
    _check_places(tensors, room, where)
    check_room(room, where)
    return {one.name: _read(file, one, 8 + length, where) for one in tensors}


def _tree(text: bytes, where: str) -> dict[str, Any]:
    """Return the header as JSON, read strictly; it may hold UTF-8."""
    try:
        plain = text.decode("utf-8")
    except UnicodeDecodeError:
        raise refused(where, "has a header that is not UTF-8") from None
    if not plain.startswith("{"):
        raise refused(where, "has a header that does not begin with {")
    escaped = _NOT_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], plain)
    tree = strict_json.decode(bytearray(escaped.encode("ascii")), HEADER_BUDGET, where)
    if not isinstance(tree, dict):
        raise refused(where, "has a header that is no object")
    return tree


def _tensors(tree: dict[str, Any], where: str) -> list[Tensor]:
    """Return what the header says of each tensor, in its order."""
    metadata = tree.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(x, str) for x in metadata.values()):
        raise refused(where, f"has a {METADATA} that is not a dict of texts")
    return [_tensor(name, entry, where) for name, entry in tree.items()]


def _tensor(name: str, entry: Any, where: str) -> Tensor:
    """Return one entry of the header, checked by itself."""
    told = f"{name[:80]!r}"
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise refused(where, f"says of {told} something else than dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in WIDTHS:
        raise refused(where, f"{told} has the dtype {str(dtype)[:40]!r}, which is not known here")
    if not _are_counts(shape) or len(shape) > MOST_AXES:
        raise refused(where, f"{told} has an impossible shape")
    if not _are_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise refused(where, f"{told} has impossible offsets")
    if math.prod(shape) * WIDTHS[dtype] != offsets[1] - offsets[0]:
        raise refused(where, f"{told} has a shape that does not fit its bytes")
    return Tensor(name, dtype, tuple(shape), offsets[0], offsets[1])


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(x) is int and 0 <= x < 2**63 for x in value)


def _check_places(tensors: list[Tensor], room: int, where: str) -> None:
    """Refuse overlaps, gaps and bytes that belong to no tensor."""
    end = 0
    for one in sorted(tensors, key=lambda one: (one.begin, one.end)):
        if one.begin != end:
            raise refused(where, f"has tensors that overlap or leave a gap at byte {one.begin:,}")
        end = one.end
    if end != room:
        raise refused(where, f"has {room:,} bytes of tensors, its header says {end:,}")


def _read(file: BinaryIO, one: Tensor, base: int, where: str) -> Array:
    """Read one tensor; bfloat16 becomes float32, which holds each of its values."""
    file.seek(base + one.begin)
    data = file.read(one.end - one.begin)
    if len(data) != one.end - one.begin:
        raise refused(where, "changed its length while it was read", "Try again.")
    if one.dtype == "BF16":
        upper = np.frombuffer(data, "<u2").astype(np.uint32) << np.uint32(16)
        return _shaped(upper.view(np.float32), one, where)
    if one.dtype not in DTYPES:
        fact = f"{one.name[:80]!r} holds {one.dtype}, which is not read here"
        raise refused(where, fact, "Convert it to float32 where it was written.")
    return _shaped(np.frombuffer(data, DTYPES[one.dtype]), one, where)


def _shaped(flat: Array, one: Tensor, where: str) -> Array:
    """Give an array its axes; NumPy cannot hold some shapes of nothing."""
    try:
        return flat.reshape(one.shape)
    except ValueError:
        raise refused(where, f"{one.name[:80]!r} has an impossible shape") from None
