"""Gradient noise: batches so small that the steps wander about and never settle.

Knows trials from the end over batches and over all rows.
"""

from __future__ import annotations

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.words import noise_of, severity, told_loss, trial_table
from chainrule.explain.document import Number

GAIN = 0.07
"""In units of the loss of the best constant answer. Of the first 57 healthy runs of the battery one
came near, at 0.09, by learning its rows by heart."""


@finding("gradient noise")
def look(case: Case) -> Finding | None:
    """Return the finding if the same rate over all rows settles much lower."""
    setup = case.setup
    if case.diverged or setup.full_batch or not case.from_end:
        return None
    unit = case.chance if case.chance > 0 else 1.0
    own, calm = case.own_from_end, case.all_rows_from_end
    gain = (case.level - calm.loss) / unit
    lower = (case.level - min(t.loss for t in case.from_end if t.factor < 1.0)) / unit
    if not gain > GAIN or gain < 0.5 * lower or calm.loss > own.loss - 0.2 * GAIN * unit:
        return None
    ratio = noise_of(case)
    bigger = min(setup.rows, 16 * setup.batch_rows)
    return Finding(
        "gradient noise",
        severity(case),
        (f"Steps are mostly noise: from step {case.last_step}, {calm.steps} steps at the same "
         f"rate over all rows come to a {told_loss(case)} of ", Number(calm.loss, "short"),
         f", over batches of {setup.batch_rows} to ", Number(own.loss, "short"),
         "; the run ended at ", Number(case.final_objective, "short"), "."),
        (trial_table((*case.from_end, calm), case.last_step, case),),
        (f"A batch has {setup.batch_rows} row(s); its gradient differs from that of all rows by ",
         Number(ratio, "short"), " times the size of that. The steps cancel one another and the "
         "weights wander about the bottom."),
        (Remedy("average more rows in each step",
                f"run.branch({case.last_step}, batch_size={bigger}, steps={case.trials.steps})",
                case.last_step, {"batch_size": bigger, "steps": case.trials.steps}),),
        certainty=0.88,
        weight=0.75,
        explains=("learning rate too high", "class imbalance"),
        numbers={"gain": gain, "batch": setup.batch_rows, "noise": ratio},
    )  # fmt: skip
