"""Class imbalance ignored: a rare class that the network hardly ever answers.

Knows counts of classes and what is answered on the training rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.doctor.case import ALL_ROWS, Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.document import Number, Table
from chainrule.train import predict_rows
from chainrule.train.metrics import classes_of, true_classes
from chainrule.types import Array

RARE = 0.2
"""A class of less than this share, and less than a third of the most frequent one's."""
FOUND = 0.35
"""Share of a rare class's rows that are told as such."""


@finding("class imbalance")
def look(case: Case) -> Finding | None:
    """Return the finding if a rare class is mostly taken for others, and rows weigh the same."""
    setup = case.setup
    if case.diverged or setup.w is not None or setup.loss.targets == "real":
        return _of_real(case)
    return _judged(case)


def _of_real(case: Case) -> Finding | None:
    """Judge 0 and 1 under a squared error, too; anything else has no classes."""
    y, setup = case.setup.y, case.setup
    zero_one = y.ndim == 2 and y.shape[1] == 1 and bool(np.isin(y, (0.0, 1.0)).all())
    if case.diverged or setup.w is not None or not zero_one:
        return None
    return _judged(case)


def _judged(case: Case) -> Finding | None:
    setup = case.setup
    if setup.loss.targets != "class" and setup.network.outputs > 1:
        return None
    rows = slice(None, None, -(-setup.rows // ALL_ROWS))
    truth = true_classes(setup.y[rows])
    plain = replace(setup, engine="interpreter", programs={}, compiled={})
    answers = classes_of(predict_rows(plain, case.record.best, setup.x[rows]))
    counts = np.bincount(truth, minlength=max(2, setup.network.outputs))
    share = counts / len(truth)
    told = np.array([np.mean(answers[truth == k] == k) if counts[k] else 1.0
                     for k in range(len(counts))])  # fmt: skip
    rare = (counts >= FEWEST) & (share < RARE) & (share < share.max() / 3) & (told < FOUND)
    if not rare.any() or told[int(np.argmax(counts))] < 0.9:
        return None
    worst = int(np.argmin(np.where(rare, told, np.inf)))
    return Finding(
        "class imbalance",
        "severe" if case.shortfall > 0.1 else "moderate",
        (f"Class {worst} is {counts[worst]} of {len(truth)} rows, and ",
         Number(100 * told[worst], "short"), " % of them are told as such; always answering class ",
         f"{int(np.argmax(counts))} would be right on ", Number(100 * share.max(), "short"), " %."),
        (_table(counts, share, told),),
        ("Every row weighs the same in the loss, so a rare class weighs little: answering the ",
         "frequent one is nearly free. Accuracy hides it."),
        (_remedy(case, truth, counts),),
        certainty=0.9,
        weight=0.85,
        explains=("underfitting",),
        numbers={"class": worst, "rows": int(counts[worst]), "found": float(told[worst])},
    )  # fmt: skip


FEWEST = 5


def _table(counts: Array, share: Array, told: Array) -> Table:
    rows = tuple(
        (k, int(counts[k]), Number(share[k], "short"), Number(told[k], "short"))
        for k in range(len(counts))
    )
    return Table(("class", "rows", "share", "told as such"), rows, "on training rows")


def _remedy(case: Case, truth: Array, counts: Array) -> Remedy:
    weights = len(truth) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    whole = true_classes(case.setup.y)
    return Remedy(
        "let every class weigh the same",
        "run.branch(0, sample_weight=(len(y) / (classes * np.bincount(y)))[y])",
        0,
        {"sample_weight": weights[whole]},
    )
