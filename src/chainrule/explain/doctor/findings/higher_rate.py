"""A higher rate: nothing is wrong, but longer steps would come lower, or lower much sooner.

Knows trials with larger rates, from the start and from the end; a note, never an alarm.
"""

from __future__ import annotations

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Finding, finding
from chainrule.explain.doctor.findings.learning_rate_too_low import GAIN
from chainrule.explain.doctor.remedies import with_rate
from chainrule.explain.doctor.trials import Trial
from chainrule.explain.doctor.words import told_loss, trial_table
from chainrule.explain.document import Number

WORTH = 0.02
"""In units of the loss of the best constant answer: a difference that is worth a word."""
LOWER = 0.7
"""A loss of less than this part of the other one is clearly lower."""
SOONER = 3
"""Lower in so many times fewer steps is clearly sooner."""


@finding("a higher rate")
def look(case: Case) -> Finding | None:
    """Return the note if a larger rate goes lower from the end, or from the start much sooner."""
    if case.diverged or case.failed or not case.from_end or not case.chance > 0:
        return None
    shorter = min(trial.loss for trial in case.from_end if trial.factor < 1.0)
    if case.own_from_end.loss - shorter > GAIN * case.chance:
        return None  # shorter steps are what is wanted first
    up = [trial for trial in case.from_end if trial.factor > 1.0]
    best = min(up, key=lambda trial: trial.loss)
    reached = min(case.own_from_end.loss, case.final_objective)
    gain = (reached - best.loss) / case.chance
    if gain > GAIN:
        return None  # that is a rate too low, and said there
    if gain > WORTH and best.loss < LOWER * reached:
        return _note(case, best, case.from_end, case.last_step, reached)
    if case.record.steps < SOONER * case.trials.steps:
        return None
    best = min(case.up_from_start, key=lambda trial: trial.loss)
    lower = best.loss < LOWER * case.final_objective
    if best.factor > 1.0 and lower and case.final_objective - best.loss > WORTH * case.chance:
        return _note(case, best, case.up_from_start, 0, case.final_objective)
    return None


def _note(case: Case, best: Trial, trials: tuple[Trial, ...], step: int, reached: float) -> Finding:
    where = f"From step {step}, {best.steps} steps at "
    whole = "the run's own rate comes" if step else f"the whole run of {case.record.steps} came"
    return Finding(
        "a higher rate",
        "note",
        ("Not tried: a higher rate. ", where, Number(best.rate, "short"),
         f" come to a {told_loss(case)} of ", Number(best.loss, "short"), f"; {whole} to ",
         Number(reached, "short"), "."),
        (trial_table(trials, step, case),),
        ("Nothing is wrong with that, but it is worth a branch: the same number of steps may come ",
         "lower, or fewer may do."),
        (with_rate(case, best.rate, 0, "the same run with longer steps"),),
        certainty=0.7,
        weight=0.1,
        numbers={"rate": case.rate, "suggested": best.rate, "steps": best.steps, "from": step,
                 "loss": best.loss, "reached": reached},
    )  # fmt: skip
