"""The picture of two loss curves by step, with a mark where they part.

Knows numbers; knows no run.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.explain.curves import Curve, draw
from chainrule.explain.document import Figure
from chainrule.types import Array

LONGEST = 24
"""Letters of a name above the picture."""


def loss_curves(names: Sequence[str], losses: Sequence[Array], parted: int | None) -> Figure | None:
    """Return the picture of loss curves, with a mark where they part; None if there is nothing."""
    styles = ("first", "second")
    curves = [
        Curve(_cut(name), one.tolist(), style)
        for name, one, style in zip(names, losses, styles, strict=True)
    ]
    place = None if parted is None else parted + 1  # places count from 1, steps from 0
    drawn = draw(curves, "step", place, word="they part at step", first=0)
    return Figure(drawn, _words(names, losses, parted)) if drawn else None


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\u2026"


def _words(names: Sequence[str], losses: Sequence[Array], parted: int | None) -> str:
    ends = [
        f"{name} from {one[0]:.4g} to {one[-1]:.4g} in {len(one):,} steps"
        for name, one in zip(names, losses, strict=True)
        if len(one)
    ]
    where = "" if parted is None else f"; they part at step {parted:,}"
    return f"Losses by step: {'; '.join(ends)}{where}."
