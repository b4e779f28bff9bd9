"""Notes: what a run folder says of a streamed table, so that its rows can be dealt again.

Knows files' sums and how rows were dealt; reads nothing by itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from chainrule.data.stream.dealing import Plan
from chainrule.data.stream.pieces import TableFiles
from chainrule.data.stream.store import Form, Store
from chainrule.errors import FileRefused


@dataclass(frozen=True)
class StreamNote:
    """Where the rows of a run came from, and how they were dealt.

    Attributes
    ----------
    files : tuple of dict
        Path, bytes and SHA-256 of each.
    rows : int
        Rows of the table.
    seed : int
        Of parts and blocks.
    shares : tuple of float
        Of validation and test.
    blocks : int
        Blocks of training rows.
    features : int
        Inputs of a row.
    dtype : str
        Of prepared rows.
    classes : bool
        Whether targets are class numbers.
    sha256 : str
        Of all prepared rows as they were written.
    """

    files: tuple[Mapping[str, Any], ...]
    rows: int
    seed: int
    shares: tuple[float, float]
    blocks: int
    features: int
    dtype: str
    classes: bool
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the note as JSON types."""
        plain = asdict(self)
        return {**plain, "files": [dict(one) for one in self.files], "shares": list(self.shares)}

    @staticmethod
    def from_dict(plain: Mapping[str, Any]) -> StreamNote:
        """Return the note that `to_dict` wrote, or refuse what is none."""
        try:
            files = tuple(
                {"path": str(f["path"]), "bytes": int(f["bytes"]), "sha256": str(f["sha256"])}
                for f in plain["files"]
            )
            first, second = plain["shares"]
            counts = {key: int(plain[key]) for key in ("rows", "seed", "blocks", "features")}
            if (
                not files
                or plain["dtype"] not in ("float32", "float64")
                or min(counts.values()) < 0
            ):
                raise ValueError("no files, or a strange dtype")
            return StreamNote(
                files=files, shares=(float(first), float(second)), dtype=plain["dtype"],
                classes=bool(plain["classes"]), sha256=str(plain["sha256"]), **counts,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileRefused(
                f"the run's note on its rows does not fit: {type(error).__name__} at {error}.\n"
                "  It was written by another program or a newer version."
            ) from None

    @property
    def plan(self) -> Plan:
        """How rows are dealt."""
        form = Form(self.features, np.dtype(self.dtype), self.classes)
        return Plan(self.seed, self.shares, form, self.blocks)


def note_of(
    files: TableFiles, sums: Sequence[Sequence[str]], plan: Plan, store: Store
) -> StreamNote:
    """Return the note on a table that was dealt."""
    kept = tuple(
        {"path": os.path.abspath(mark.path), "bytes": mark.size, "sha256": found[-1]}
        for mark, found in zip(files.stamps, sums, strict=True)
    )
    rows = sum(int(part.sizes.sum()) for part in store.parts.values())
    form = plan.form
    return StreamNote(
        kept, rows, int(plan.seed), plan.shares, plan.blocks, form.features,
        np.dtype(form.dtype).name, form.classes, store.sha256,
    )  # fmt: skip
