"""Learning rate too low: longer steps would have come much further.

Knows trials: some steps from the end, with larger rates than the run's.
"""

from __future__ import annotations

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, Remedy, finding
from chainrule.explain.doctor.remedies import with_rate
from chainrule.explain.doctor.words import severity, told_loss, trial_table
from chainrule.explain.document import Number

GAIN = 0.1
"""In units of the loss of the best constant answer, beyond what the run's own rate gains in as
many steps. Nine healthy runs of ten in the battery gain less than 0.06."""

SHORT = 0.03
"""Below this shortfall of what can be explained, going on only learns training rows by heart."""


@finding("learning rate too low")
def look(case: Case) -> Finding | None:
    """Return the finding if a larger rate goes on much further from where the run ended."""
    if case.diverged or not case.record.steps or not case.from_end:
        return None
    unit = case.chance if case.chance > 0 else 1.0
    own = next(trial for trial in case.from_end if trial.factor == 1.0)
    best = min((t for t in case.from_end if t.factor > 1.0), key=lambda trial: trial.loss)
    gain = (min(own.loss, case.final_objective) - best.loss) / unit
    if not gain > GAIN:
        return None
    return Finding(
        "learning rate too low",
        severity(case, SHORT),
        (f"Training ended on its way down: from step {case.last_step}, {best.steps} steps at ",
         Number(best.rate, "short"), f" come to a {told_loss(case)} of ",
         Number(best.loss, "short"),
         ", at the run's own rate, ", Number(case.rate, "short"), ", to ",
         Number(own.loss, "short"), "."),
        (trial_table(case.from_end, case.last_step, case),),
        ("Each step is so short that the run ended long before the loss did. Longer steps, or ",
         "many more of them, go on."),
        (with_rate(case, best.rate, 0, "longer steps: the rate that did best"),
         Remedy("many more steps", f"run.branch({case.last_step}, steps="
                f"{10 * case.record.steps})", case.last_step,
                {"steps": 10 * case.record.steps})),
        certainty=0.85,
        weight=0.8 if case.failed else 0.5,
        explains=("underfitting", "plateau"),
        numbers={"rate": case.rate, "suggested": best.rate, "gain": gain},
    )  # fmt: skip
