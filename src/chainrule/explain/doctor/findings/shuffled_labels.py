"""Labels that look shuffled: nothing in the inputs tells anything about the targets.

Knows the yardstick of a case, what luck alone gives, and rows held out.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.document import Number, Table

FEWEST = 60
"""With fewer rows chance can hide what is there."""
HELD_OUT = 0.03
"""A network that explains more than this share on rows held out has found something."""

LITTLE = 0.05
"""If the network explains nothing of rows held out, so little may be luck as well."""


@finding("shuffled labels")
def look(case: Case) -> Finding | None:
    """Return the finding if inputs explain no more of the targets than of shuffled ones."""
    found, held = case.reference, case.explained_held_out
    if found.rows < FEWEST or not np.ptp(case.targets, axis=0).any():
        return None
    if held is not None and held > HELD_OUT:
        return None
    lost = held is not None and held <= 0 and found.explained < LITTLE
    by_luck = found.explained <= max(found.by_luck, 0.0) + 0.005 and not case.is_related
    if not (lost or by_luck):
        return None
    rows: list[tuple[str, Number]] = [
        ("a kernel regression, rows left out one by one", Number(found.explained, "short")),
        ("the most it explained of 30 shuffles of them", Number(found.by_luck, "short")),
        ("this network, on its training rows", Number(case.explained, "short")),
    ]
    if held is not None:
        rows.append(("this network, on validation rows", Number(held, "short")))
    return Finding(
        "shuffled labels",
        "severe",
        ("The targets look shuffled: on rows that were left out, the inputs explain ",
         Number(100 * max(found.explained, 0.0), "short"), " % of them, about as much as of "
         "targets in random order."),
        (Table(("share of the targets' spread explained", ""), tuple(rows)),),
        ("Either the rows of X and y do not belong together (sorted, filtered or joined apart), ",
         "or the columns hold nothing about the target. What the network learns is memory."),
        (Remedy("compare some rows of X and y with the source by hand", "X[:5], y[:5]"),),
        certainty=0.93,
        weight=0.97,
        explains=("overfitting", "underfitting", "plateau", "learning rate too high",
                  "learning rate too low", "gradient noise", "class imbalance"),
        numbers={"explained": found.explained, "by luck": found.by_luck},
    )  # fmt: skip
