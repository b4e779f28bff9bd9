"""Learning rate too high: shorter steps would come lower.

Knows trials: some steps from the start and from the end, with smaller rates than the run's.
"""

from __future__ import annotations

import math

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.curvature import sharpest
from chainrule.explain.doctor.finding import Finding, finding
from chainrule.explain.doctor.remedies import with_rate
from chainrule.explain.doctor.trials import Trial
from chainrule.explain.doctor.words import severity, told_loss, trial_table
from chainrule.explain.document import Block, Number, Sentence, Span

GAIN = 0.1
"""In units of the loss of the best constant answer: what counts as coming lower. In the
first 57 healthy runs of the battery no smaller rate came lower by more than 0.01."""


@finding("learning rate too high")
def look(case: Case) -> Finding | None:
    """Return the finding if a smaller rate does much better from the start or from the end."""
    if not case.record.steps and not case.diverged:
        return None
    best, gain, step = _best(case)
    if best is None:
        return None
    trials = case.from_end if step else case.from_start
    return Finding(
        "learning rate too high",
        severity(case),
        _headline(case, best, step),
        (trial_table(trials, step, case), *_curvature(case)),
        ("A step moves each weight by rate times gradient. Too long a step jumps over the valley ",
         "it should go down into, and lands on the other side, higher up."),
        (with_rate(case, best.rate, step if not case.failed else 0,
                   "shorter steps: the rate that did best"),),
        certainty=0.95 if case.diverged else 0.85,
        weight=0.9 if case.failed else 0.6,
        explains=("dead units", "saturated units", "plateau", "underfitting",
                  "class imbalance"),
        numbers={"rate": case.rate, "suggested": best.rate, "gain": gain, "step": step,
                 "diverged": case.diverged},
    )  # fmt: skip


def _best(case: Case) -> tuple[Trial | None, float, int]:
    """Return the best smaller rate, how much lower it came, and from which step; or None."""
    unit = case.chance if case.chance > 0 else 1.0
    if case.diverged or case.failed:
        own = next(trial for trial in case.from_start if trial.factor == 1.0)
        lower = [trial for trial in case.from_start if trial.factor < 1.0]
        best = min(lower, key=lambda trial: trial.loss)
        start = case.start.loss if case.start is not None else math.inf
        reached = math.inf if case.diverged else case.final_objective
        gain = (min(own.loss, reached, 10 * max(start, unit)) - best.loss) / unit
        if case.diverged:
            gain = (min(start, 10 * unit) - best.loss) / unit
        if gain > GAIN and best.loss < start:
            return best, gain, 0
    if case.diverged or not case.from_end:
        return None, 0.0, 0
    best = min((t for t in case.from_end if t.factor < 1.0), key=lambda trial: trial.loss)
    gain = (min(case.level, case.own_from_end.loss + GAIN * unit) - best.loss) / unit
    return (best, gain, case.last_step) if gain > GAIN else (None, 0.0, 0)


def _headline(case: Case, best: Trial, step: int) -> tuple[Span, ...]:
    if case.diverged and case.record.trouble is not None:
        return (
            f"Training ran away at step {case.record.trouble.step} with rate ",
            Number(case.rate, "short"),
            "; from the start, a rate of ",
            Number(best.rate, "short"),
            " goes down.",
        )
    trials = case.from_end if step else case.from_start
    own = next(trial for trial in trials if trial.factor == 1.0)
    return (
        "The learning rate ",
        Number(case.rate, "short"),
        f" is too high: from step {step}, {best.steps} steps at ",
        Number(best.rate, "short"),
        f" come to a {told_loss(case)} of ",
        Number(best.loss, "short"),
        ", at the run's own rate to ",
        Number(own.loss, "short"),
        ".",
    )


def _curvature(case: Case) -> tuple[Block, ...]:
    """Return the bound that curvature sets, for plain gradient descent and momentum."""
    rule = case.setup.optimizer
    opened = case.start if case.diverged or case.failed else case.end
    if rule.kind not in ("sgd", "momentum") or opened is None:
        return ()
    names = [name for name, spec in case.setup.network.specs.items() if spec.trainable]
    rows = case.sample
    bend = sharpest(case.program, opened, case.setup.x[rows], case.setup.y[rows], names)
    if case.setup.reduction == "sum":
        bend *= case.setup.batch_rows / len(rows)
    if not 0 < bend < math.inf:
        return ()
    bound = 2 * (1 + getattr(rule, "momentum", 0.0)) / bend
    return (
        Sentence("Curvature: the loss bends most by ", Number(bend, "short"), " there, and ",
                 f"{type(rule).__name__} is stable up to a rate of ", Number(bound, "short"), "."),
    )  # fmt: skip
