"""Named arrays as the bytes of a safetensors file, and back.

The format is the public one, so any safetensors reader opens our files; this reader takes only
what the writer below writes: no gaps, no overlaps, no metadata, every tensor aligned. Knows
arrays and bytes; opens nothing.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.files import strict_json
from chainrule.files.contents import Arrays
from chainrule.files.refusals import refused
from chainrule.types import Array

if TYPE_CHECKING:
    from chainrule.files.schema import Tensor

_NAMES = {
    "f8": "F64", "f4": "F32", "f2": "F16",
    "i8": "I64", "i4": "I32", "i2": "I16", "i1": "I8",
    "u8": "U64", "u4": "U32", "u2": "U16", "u1": "U8", "b1": "BOOL",
}  # fmt: skip
_DTYPES = {name: np.dtype(f"<{code}") for code, name in _NAMES.items()}
_MOST_TENSORS = 2000
_HEADER_LIMIT = 2**20
_HEADER_BUDGET = 4 * 2**20


def encode(arrays: Arrays, where: str) -> Iterator[bytes | memoryview]:
    """Check the arrays now, and return the file's bytes piece by piece."""
    if len(arrays) > _MOST_TENSORS:
        raise refused(where, f"{len(arrays):,} tensors are too many for one file", "Use fewer.")
    scalars = {name: np.asarray(x) for name, x in arrays.items() if isinstance(x, np.generic)}
    arrays = {**arrays, **scalars}
    for name, array in arrays.items():
        _check(name, array, where)
    order = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    return _pieces(arrays, order, _header(arrays, order))


def _check(name: Any, array: Any, where: str) -> None:
    good = isinstance(name, str) and name.isprintable() and 0 < len(name.encode()) <= 128
    if not good or name.startswith("$") or name == "__metadata__":
        way = "Use a printable name of at most 128 bytes that does not begin with $."
        raise refused(where, f"cannot hold a tensor named {name!r}", way)
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        fact = f"{name!r} is a {type(array).__name__}, not a NumPy array"
        raise refused(where, fact, "Use numpy.asarray first.")
    if array.dtype.str[1:] not in _NAMES:
        way = "Use floats, integers or booleans of at most 64 bits."
        raise refused(where, f"{name!r} has dtype {array.dtype}, which a run cannot hold", way)


def _header(arrays: Arrays, order: list[str]) -> bytes:
    """Describe the tensors: as JSON in the order of the names, as bytes in `order`."""
    ends = np.cumsum([arrays[name].nbytes for name in order], dtype=np.int64).tolist()
    begins = dict(zip(order, [0, *ends[:-1]], strict=False))
    entries = {
        name: {
            "dtype": _NAMES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "data_offsets": [begins[name], begins[name] + array.nbytes],
        }
        for name, array in arrays.items()
    }
    text = json.dumps(entries, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return text + b" " * (-len(text) % 8)


def _pieces(arrays: Arrays, order: list[str], header: bytes) -> Iterator[bytes | memoryview]:
    yield struct.pack("<Q", len(header)) + header
    for name in order:
        little = arrays[name].dtype.newbyteorder("<")
        flat = np.asarray(arrays[name], dtype=little, order="C").reshape(-1)
        yield flat.view(np.uint8).data if flat.size else b""


def decode(data: Array, where: str) -> dict[str, Array]:
    """Return the arrays of a file's bytes, as read-only views of these very bytes."""
    (length,) = struct.unpack("<Q", data[:8].tobytes()) if len(data) >= 8 else (2**64,)
    if length > min(_HEADER_LIMIT, len(data) - 8) or length % 8:
        raise refused(where, "does not begin as a safetensors file does")
    tree = strict_json.decode(bytearray(data[8 : 8 + length]), _HEADER_BUDGET, where)
    entries = _entries(tree, where)
    body = data[8 + length :]
    _check_offsets(entries, len(body), where)
    return {name: _view(body, entry, name, where) for name, entry in entries.items()}


def _entries(tree: Any, where: str) -> dict[str, Tensor]:
    """Turn the header into `Tensor` entries, or say what does not fit."""
    import msgspec

    from chainrule.files.schema import Tensor

    try:
        return msgspec.convert(tree, dict[str, Tensor], strict=True)
    except msgspec.ValidationError as problem:
        raise refused(where, f"has a header that is not valid ({problem})") from None


def _check_offsets(entries: dict[str, Tensor], length: int, where: str) -> None:
    """Refuse overlaps, gaps and bytes that belong to no tensor."""
    end = 0
    for begin, stop in sorted(entry.data_offsets for entry in entries.values()):
        if begin != end or stop < begin:
            raise refused(where, f"has tensors that overlap or leave a gap at byte {begin}")
        end = stop
    if end != length:
        raise refused(where, f"has {length:,} bytes of tensors, its header says {end:,}")


def _view(body: Array, entry: Tensor, name: str, where: str) -> Array:
    """Look at one tensor's bytes as what the header says they are."""
    begin, end = entry.data_offsets
    dtype = _DTYPES.get(entry.dtype)
    if dtype is None:
        raise refused(where, f"{name[:80]!r} has the unknown dtype {entry.dtype[:40]!r}")
    if math.prod(entry.shape) * dtype.itemsize != end - begin or begin % dtype.itemsize:
        raise refused(where, f"{name[:80]!r} has a shape that does not fit its bytes")
    raw = body[begin:end]
    if dtype == np.bool_ and raw.size and raw.max() > 1:
        raise refused(where, f"{name[:80]!r} holds booleans that are neither 0 nor 1")
    try:
        view = raw.view(dtype).reshape(entry.shape)
    except ValueError:
        raise refused(where, f"{name[:80]!r} has an impossible shape") from None
    view.flags.writeable = False
    return view
