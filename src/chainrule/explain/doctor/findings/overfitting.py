"""Overfitting: training rows are learnt by heart, and rows held out get worse.

Knows the histories of both losses, and the state that the user was given.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.document import Number, Table

RISE = 0.15
"""In units of the loss of the best constant answer: from the lowest validation loss to that of the
weights that are used. Early stopping gives the lowest back, so that it never rises there."""

LEAST_RISE, TIMES = 0.1, 1.3
"""Where the lowest loss was small, so many times it is as telling, if it is more than noise."""


@finding("overfitting")
def look(case: Case) -> Finding | None:
    """Return the finding if the validation loss rose well above its lowest while training fell."""
    history = case.record.history["validation_loss"]
    seen = np.flatnonzero(~np.isnan(history))
    if case.diverged or len(seen) < 3 or not case.chance > 0:
        return None
    unit = case.chance * (1 if case.setup.reduction == "mean" else _held_rows(case))
    values = history[seen]
    lowest = int(np.argmin(values))
    used = np.flatnonzero(seen + 1 == case.record.best_step)
    now = int(used[0]) if used.size else len(seen) - 1
    rise = (values[now] - values[lowest]) / unit
    plain = case.record.history["loss"] - case.record.history["penalty"]
    around = max(1, case.setup.steps_per_epoch)
    fell = float(np.mean(plain[max(0, seen[now] + 1 - around) : seen[now] + 1]))
    at_lowest = float(np.mean(plain[max(0, seen[lowest] + 1 - around) : seen[lowest] + 1]))
    grown = rise > RISE or (rise > LEAST_RISE and values[now] > TIMES * values[lowest])
    if not grown or fell > at_lowest:
        return None
    best = int(seen[lowest]) + 1
    return Finding(
        "overfitting",
        "severe" if rise > 3 * RISE else "moderate",
        ("The validation loss was lowest after step ", str(best), ", ", Number(values[lowest]),
         ", and has risen to ", Number(values[now]), " since, while the training loss fell."),
        (Table(("", "training loss", "validation loss"), (
            (f"after step {best}", Number(at_lowest), Number(values[lowest])),
            (f"after step {seen[now] + 1}", Number(fell), Number(values[now])),
        )),),
        (f"The network has {case.setup.network.size:,} weights for {case.setup.rows:,} rows: it ",
         "went on to learn what is particular to these rows, and that does not hold for others."),
        _remedies(case, best),
        certainty=0.95,
        weight=0.8,
        explains=(),
        numbers={"lowest": float(values[lowest]), "now": float(values[now]), "best step": best},
    )  # fmt: skip


def _held_rows(case: Case) -> int:
    return len(case.record.validation.x) if case.record.validation is not None else 1


def _remedies(case: Case, best: int) -> tuple[Remedy, ...]:
    l2 = float(f"{5.0 / case.setup.rows:.1g}")
    if case.setup.reduction == "sum":
        l2 = 5.0
    return (
        Remedy("stop where the validation loss was lowest, and keep those weights",
               "run.branch(0, patience=20)", 0, {"patience": 20}),
        Remedy("keep weights small: a penalty on their squares",
               f"run.branch(0, l2={l2:g})", 0, {"l2": l2}),
    )  # fmt: skip
