"""Unscaled inputs: columns of very different size, or far from zero.

Knows the prepared rows of a case; knows nothing of how they were made.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.words import grave
from chainrule.explain.document import Number, Span, Table
from chainrule.types import Array

LARGE, TINY = 10.0, 0.05
"""Root mean squares outside of these. LeCun et al., Efficient BackProp (1998), 4.3, ask for means
near 0 and equal variances of about 1; pixels from 0 to 16 and one-hot columns are still inside."""

FOLLOWS = (
    "loss at start", "saturated units", "dead units", "exploding gradients", "vanishing gradients",
    "learning rate too high", "learning rate too low", "plateau", "underfitting",
    "weights that never moved", "gradient noise",
)  # fmt: skip
MOST = 6
"""Columns that are listed."""


@finding("unscaled inputs")
def look(case: Case) -> Finding | None:
    """Return the finding if columns are far from the size that weights begin for."""
    x = np.asarray(case.setup.x[case.sample], np.float64)
    size = np.sqrt(np.mean(x**2, axis=0))
    moving = size[size > 0]
    if not moving.size or (moving.max() <= LARGE and moving.max() >= TINY):
        return None
    worst = float(moving.max())
    order = np.argsort(-size if worst > LARGE else size)[:MOST]
    table = _table(case, x, size, order)
    ratio = worst / float(moving.min())
    return Finding(
        "unscaled inputs",
        grave(case),
        ("The inputs are not scaled: the largest column has a typical size of ",
         Number(worst, "short"), ", where weights begin as if it were about 1."),
        (table,),
        _cause(ratio),
        (_remedy(case, x),),
        certainty=0.97,
        weight=0.95,
        explains=FOLLOWS,
        numbers={"largest": worst, "smallest": float(moving.min())},
    )  # fmt: skip


def _cause(ratio: float) -> tuple[Span, ...]:
    """Return what it does; columns that differ among themselves are worse."""
    apart: tuple[Span, ...] = ()
    if ratio > UNEQUAL:
        apart = (" Gradients of the weights of the largest column are ", Number(ratio, "short"),
                 " times those of the smallest, and no learning rate suits both.")  # fmt: skip
    return (
        "A layer's first products grow with its inputs: sigmoids begin saturated, steps are too "
        "long or too short for the weights behind.",
        *apart,
    )


UNEQUAL = 5.0
"""Times between the largest and the smallest column, from which that is worth saying."""


def _table(case: Case, x: Array, size: Array, order: Array) -> Table:
    names = case.setup.features
    rows = tuple(
        (names[k] if names else f"x[:,{k}]", Number(x[:, k].mean(), "short"),
         Number(x[:, k].std(), "short"), Number(size[k], "short"))
        for k in map(int, order)
    )  # fmt: skip
    caption = f"{len(order)} of {len(size)} columns, the farthest from size 1"
    return Table(("column", "mean", "spread", "root mean square"), rows, caption)


def _remedy(case: Case, x: Array) -> Remedy:
    """Return the same training on columns of mean 0 and spread 1."""
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    whole = case.setup.x
    scaled = ((whole - x.mean(axis=0)) / spread).astype(case.setup.dtype)
    held = case.record.validation
    changes = {"X": scaled}
    if held is not None:
        changes["validation"] = ((held.x - x.mean(axis=0)) / spread, held.y, held.w)
    return Remedy(
        "give every column mean 0 and spread 1 (tables are scaled unless --no-scale is said)",
        "run.branch(0, X=(X - X.mean(0)) / X.std(0))",
        0,
        changes,
    )
