"""The forms that JSON inside a run must have; anything more or less is refused.

Knows msgspec, and is imported only when a run is written or read; opens nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", max_length=64)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a run: its length and its SHA-256."""

    bytes: Count
    sha256: Sha256


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows outside the run folder."""

    path: str
    sha256: Sha256
    bytes: Count
    rows: Count


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of run.json but the integrity sum in its first line."""

    format: Literal["chainrule run"]
    version: int
    written_by: str
    files: dict[str, Entry]
    source: Source | None
    manifest: dict[str, Any]


class Tensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tensor in the header of a safetensors file."""

    dtype: str
    shape: Annotated[list[Count], msgspec.Meta(max_length=32)]
    data_offsets: tuple[Count, Count]
