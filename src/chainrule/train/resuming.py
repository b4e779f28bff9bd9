"""Resuming: what is left to do of a training that stopped, or was asked to go on for longer.

Knows records and what can be asked; does no step and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.data.memory import check_memory
from chainrule.errors import SpecError
from chainrule.train.door import check_patience, count_steps
from chainrule.train.history import History
from chainrule.train.memory import estimate_memory
from chainrule.train.record import UNKNOWN_PATIENCE, Record
from chainrule.train.replay import state_at
from chainrule.train.stopping import EarlyStopping


@dataclass(frozen=True)
class Rest:
    """What is left of a training.

    Attributes
    ----------
    past : Record
        What was done before, as the whole training would have it.
    steps : int
        Steps of the whole training, those that were done included.
    patience : int or None
        Epochs without a lower validation loss after which it stops.
    """

    past: Record
    steps: int
    patience: int | None


def plan_rest(
    record: Record, steps: int | None = None, epochs: int | None = None, patience: Any = None
) -> Rest | None:
    """Return what is left to do; None if that is nothing.

    Parameters
    ----------
    record : Record
        The run, with its rows.
    steps, epochs : int, optional
        How long the whole training is to be; by default as long as was planned.
    patience : int, optional
        Another patience than the run's.

    Raises
    ------
    SpecError
        If the run diverged, did more than this, or its patience has run out.
    """
    _check_alive(record)
    planned = record.planned
    if steps is not None or epochs is not None:
        planned = count_steps(record.setup, steps, epochs)
    if planned < record.steps:
        raise SpecError(
            f"{planned:,} steps were asked for; this run has done {record.steps:,}.\n"
            "  The number is that of the whole training: ask for more, or open a step of this one."
        )
    if planned == record.steps:
        return None
    if record.stopped == "adopted":
        raise SpecError(
            "this network was trained elsewhere, so there is no training to go on with.\n"
            "  Train on from it: run.branch(0, steps=...), or chainrule branch RUN --step 0."
        )
    if record.patience is None and record.stopped == "early stopping":
        if steps is None and epochs is None and patience is None:
            return None
        raise SpecError(
            "this run was stopped by a rule that its folder does not hold (an estimator's "
            "early_stopping), so it cannot be gone on with.\n"
            "  Fit again with a larger max_iter, or leave it: run.branch(step, ...)."
        )
    chosen = _patience(record, patience)
    past = _without_early_end(record, chosen)
    if _gave_up(past, chosen):
        if patience is None and planned <= record.planned:
            return None
        raise SpecError(_has_given_up(past, chosen))
    judged = 0 if record.validation is None else len(record.validation.x)
    estimate = estimate_memory(
        record.setup, planned, validation_rows=judged, snapshot_bytes=record.snapshot_bytes
    )
    check_memory(estimate.peak, "the training", "Free some memory; the run stays as it is.")
    return Rest(past, planned, chosen)


def _without_early_end(record: Record, patience: int | None) -> Record:
    """Return a record as it was in the midst of a longer training.

    A training that ends within an epoch is judged there; a longer one is not, and may have other
    weights as its best.
    """
    setup, last = record.setup, record.steps - 1
    columns = {name: np.array(column) for name, column in record.history.items()}
    judged = last >= 0 and columns["validation_loss"][last] == columns["validation_loss"][last]
    if not judged or (setup.first + record.steps) % setup.steps_per_epoch == 0:
        return record
    columns["validation_loss"][last] = columns["validation_score"][last] = np.nan
    watch = EarlyStopping(patience)
    for step, loss, _ in History.of(columns).epochs:
        watch.see(step, loss)
    past = replace(record, history=columns)
    if patience is None or watch.best_step == record.best_step:
        return past
    best_step = watch.best_step or record.steps
    return replace(past, best=state_at(past, best_step), best_step=best_step)


def _check_alive(record: Record) -> None:
    trouble = record.trouble
    if trouble is not None:
        step = max(record.steps - 1, 0)
        raise SpecError(
            f"this run diverged at step {trouble.step:,} ({trouble.fact}); going on would repeat "
            f"that.\n  Leave it before: run.branch({step // 2}, learning_rate=...), or chainrule "
            f"branch RUN --step {step // 2} --learning-rate ..."
        )


def _patience(record: Record, given: Any) -> int | None:
    """Return the patience: the run's own, or another one where that can be had."""
    own = record.patience
    if given is None:
        if own == UNKNOWN_PATIENCE and record.validation is not None:
            raise SpecError(
                "this run was saved before patience was written down, so how it would have stopped "
                "is not known.\n  Say it: patience=30 (--patience 30)."
            )
        return None if own == UNKNOWN_PATIENCE else own
    if own is None:
        raise SpecError(
            "this run had no patience, so its best weights were not kept.\n"
            "  Go on without, or train again with patience=."
        )
    return check_patience(given, record.validation)


def _gave_up(record: Record, patience: int | None) -> bool:
    """Tell whether the training ended because its patience ran out."""
    watch = EarlyStopping(patience)
    for step, loss, _ in History.of(record.history).epochs:
        watch.see(step, loss)
    return watch.over


def _has_given_up(record: Record, patience: int | None) -> str:
    return (
        f"this run stopped early after {record.steps:,} steps: {patience} epochs went by without a "
        "lower validation loss, and a longer training would have stopped there, too.\n"
        "  Ask for more patience: resume(..., patience=N), or --patience N."
    )
