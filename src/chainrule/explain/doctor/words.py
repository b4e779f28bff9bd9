"""Words and tables that several findings share.

Knows cases and the neutral document.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.explain.doctor.case import Case
from chainrule.explain.doctor.finding import Severity
from chainrule.explain.doctor.opened import open_state, program_for, rms
from chainrule.explain.doctor.trials import Trial
from chainrule.explain.document import Number, Table


def severity(case: Case, shortfall: float = 0.0) -> Severity:
    """Return how much a better rate or batch matters: little, if the run does well as it is.

    A run does well if it explains as much as the yardstick does, up to `shortfall`.
    """
    if case.failed:
        return "severe"
    return "moderate" if case.shortfall > shortfall else "note"


def grave(case: Case) -> Severity:
    """Return how much a poor start matters; to a network that is trained and good, little."""
    if case.failed:
        return "severe"
    return "note" if case.adopted else "moderate"


def told_loss(case: Case) -> str:
    """Return what a loss is called that is descended: elsewhere a loss is without penalties."""
    return "loss with penalty" if case.penalised else "loss"


def trial_table(trials: Sequence[Trial], step: int, case: Case) -> Table:
    """Return trials as a table, smallest rate first."""
    rows = tuple(
        (Number(trial.rate, "short"),
         "all rows" if trial.all_rows else "the run's own" if trial.factor == 1.0 else "",
         Number(trial.loss), Number(trial.loss / case.chance, "short") if case.chance else "")
        for trial in sorted(trials, key=lambda trial: (trial.rate, trial.all_rows))
    )  # fmt: skip
    steps = trials[0].steps if trials else 0
    caption = f"{told_loss(case)} of a row after {steps} steps from step {step}"
    return Table(("rate", "", told_loss(case), "of a constant answer"), rows, caption)


NOISE_BATCHES = 8


def noise_of(case: Case) -> float:
    """Return how far the gradient of a batch lies from that of all rows, over its size."""
    setup, whole = case.setup, case.end
    if whole is None:
        return 0.0
    size = min(setup.batch_rows, setup.rows)
    program = program_for(setup, size)
    rng = np.random.default_rng(0)
    names = [name for name, spec in setup.network.specs.items() if spec.trainable]
    scale = 1.0 if setup.reduction == "mean" else len(case.sample) / size
    full = np.concatenate([whole.gradients[n].ravel() / scale for n in names])
    apart = []
    for _ in range(NOISE_BATCHES):
        rows = rng.choice(setup.rows, size, replace=False)
        found = open_state(program, case.last_state, setup.x[rows], setup.y[rows]).gradients
        apart.append(rms(np.concatenate([found[n].ravel() for n in names]) - full))
    return float(np.mean(apart)) / max(rms(full), 1e-300)
