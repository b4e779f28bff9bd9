"""Plateau: the loss stands still far above what is possible, and no other rate moves it soon.

Knows the history of the loss, the gradient now and at the start, and trials.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, finding
from chainrule.explain.doctor.opened import Opened, rms
from chainrule.explain.doctor.remedies import fresh_start, with_rate
from chainrule.explain.doctor.words import told_loss
from chainrule.explain.document import Number, Table

LAST = 0.4
"""The last part of the run that is looked at."""
STILL = 0.02
"""In units of the loss of the best constant answer: it changed by less than this there."""


@finding("plateau")
def look(case: Case) -> Finding | None:
    """Return the finding if the loss hardly fell for long, though there is much to learn."""
    losses = case.record.history["loss"]
    if case.diverged or len(losses) < 20 or not case.failed or not case.chance > 0:
        return None
    unit = case.chance * (1 if case.setup.reduction == "mean" else case.setup.batch_rows)
    part = losses[-int(LAST * len(losses)) :]
    third = max(1, len(part) // 3)
    before, after = float(np.mean(part[:third])), float(np.mean(part[-third:]))
    if abs(before - after) / unit > STILL:
        return None
    now, start = (_size(case, opened) for opened in (case.end, case.start))
    return Finding(
        "plateau",
        "severe",
        (f"The {told_loss(case)} stands still: over the last {len(part)} steps it went from ",
         Number(before),
         " to ", Number(after), ", and what can be told from the inputs is far from learnt."),
        (Table(("size of the gradient", ""), (
            ("at step 0", Number(start, "short")),
            (f"after step {case.record.steps}", Number(now, "short")),
        )),),
        ("The weights have come to a flat place that is not the bottom. Gradients are small there, "
         "so short steps hardly leave it; it is often a saddle between units that do the same.",),
        (fresh_start(case), with_rate(case, 10 * case.rate, 0, "longer steps, to get across")),
        certainty=0.7,
        weight=0.6,
        numbers={"before": before, "after": after, "gradient": now, "gradient at start": start},
    )  # fmt: skip


def _size(case: Case, opened: Opened | None) -> float:
    if opened is None:
        return 0.0
    names = [name for name, spec in case.setup.network.specs.items() if spec.trainable]
    return rms(np.concatenate([opened.gradients[name].ravel() for name in names] or [np.zeros(1)]))
