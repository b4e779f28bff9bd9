"""The trainer: steps and epochs, validation, early stopping, callbacks, divergence.

Knows setups and how a step is run; renders and prints nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chainrule.errors import DivergenceError, ValueRefused
from chainrule.executors.threads import one_thread
from chainrule.train.epoch_ends import EpochEnd, Judge
from chainrule.train.history import History
from chainrule.train.judging import verdict
from chainrule.train.metrics import Score, score_of_nothing
from chainrule.train.record import Record, Stopped, Validation
from chainrule.train.setup import Setup, State
from chainrule.train.snapshots import BUDGET_BYTES, Snapshots
from chainrule.train.steppers import Stepper, stepper
from chainrule.train.stopping import EarlyStopping, StopRequest, listening
from chainrule.train.trouble import Trouble, divergence_message
from chainrule.train.watching import Watcher
from chainrule.types import Array

CALL_SECONDS = 0.1
"""Callbacks that ask for it are called within epochs at most this often."""


@dataclass(frozen=True, eq=False)
class Progress:
    """What a callback sees.

    Attributes
    ----------
    step, steps : int
        Steps done and steps planned.
    epoch, epochs : int
        Epochs done and epochs planned.
    loss : float
        The mean of the losses of the epoch so far, each before its update; without penalties, as
        the validation loss is.
    validation_loss, validation_score : float or None
        Of the state after the last full epoch.
    score_name : str
        What the score is.
    rows_per_second, seconds_left : float
        Speed so far, and what is left at that speed.
    end_of_epoch : bool
        Whether an epoch, or the training, has just ended.
    began : int
        Steps that were done before, if this goes on with a training that was stopped.
    parameters : mapping of str to numpy.ndarray
        The parameters now; read-only.
    losses : numpy.ndarray
        The loss that is descended, of every step so far; read-only.
    """

    step: int
    steps: int
    epoch: int
    epochs: int
    loss: float
    validation_loss: float | None
    validation_score: float | None
    score_name: str
    rows_per_second: float
    seconds_left: float
    end_of_epoch: bool
    began: int
    parameters: Mapping[str, Array]
    losses: Array


Callback = Callable[[Progress], Any]
"""Called after each epoch; with an attribute ``within_epochs = True`` also inside long ones, with
``most_epochs = 1000`` only after every so many that there are at most 1,000 calls, so that
trainings of many short epochs stay fast. A callback that returns True stops the training."""


@dataclass
class _Run:
    """The moving parts of a training in progress."""

    setup: Setup
    steps: int
    stepper: Stepper
    snapshots: Snapshots
    early: EarlyStopping
    validation: Validation | None
    callbacks: Sequence[Callback]
    judge: Judge | None = None
    out: Array | None = None
    history: History = field(default_factory=History)
    best: State | None = None
    validated: tuple[float, Score] | None = None
    started: float = field(default_factory=time.perf_counter)
    called: float = 0.0
    trouble: Trouble | None = None
    asked_to_stop: bool = False
    watcher: Watcher | None = None
    began: int = 0


def run_training(
    setup: Setup,
    steps: int,
    initial: State,
    *,
    validation: Validation | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    snapshot_bytes: int = BUDGET_BYTES,
    judge: Judge | None = None,
    watcher: Watcher | None = None,
    past: Record | None = None,
) -> Record:
    """Train for a number of steps and return the record.

    Parameters
    ----------
    setup : Setup
        What is trained.
    steps : int
        Steps to do, those of `past` included, unless something stops it.
    initial : State
        The state before step 0; of a training that goes on, its state now.
    validation : Validation, optional
        Rows to judge by after each epoch.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and give the best state back.
    callbacks : sequence of callable
        See `Callback`.
    snapshot_bytes : int
        Budget of snapshots for replay.
    judge : Judge, optional
        Decides in place of `patience` which state is best and when to stop.
    watcher : Watcher, optional
        Is asked between steps; see `Watcher`.
    past : Record, optional
        What was done before, if this goes on with a training that was stopped.

    Returns
    -------
    Record

    Raises
    ------
    DivergenceError
        In the step in which a tensor is no longer finite or the loss has run away; its `run` is
        the record up to there.
    """
    snapshots = Snapshots(snapshot_bytes)
    with listening() as request, one_thread():
        start = float(past.history["loss"][0]) if past is not None and past.steps else math.nan
        run = _Run(
            setup, steps, stepper(setup, initial, snapshots, steps, start), snapshots,
            EarlyStopping(patience), validation, callbacks, judge, watcher=watcher,
        )  # fmt: skip
        if past is not None:
            _go_on(run, past)
        record = _watched(run, request)
    if run.trouble is not None:
        raise DivergenceError(
            divergence_message(setup, run.trouble),
            step=run.trouble.step,
            tensor=run.trouble.tensor,
            run=record,
        )
    return record


def _go_on(run: _Run, past: Record) -> None:
    """Put a training where another one stopped: all that it remembers is in that one's record."""
    run.history, run.began = History.of(past.history), past.steps
    run.snapshots.restore(past.snapshots, past.steps)
    for step, loss, value in run.history.epochs:
        if run.early.see(step, loss):
            run.best = past.best
        run.validated = (loss, replace(score_of_nothing(run.setup.loss), value=value))


def _watched(run: _Run, request: StopRequest) -> Record:
    """Do the steps, and show the training to its watcher before and after them."""
    if run.watcher is not None:
        run.watcher.begin(lambda: _record(run, "unfinished"))
    record = _record(run, _loop(run, request))
    if run.watcher is not None:
        run.watcher.end(lambda: record)
    return record


def _loop(run: _Run, request: StopRequest) -> Stopped:
    """Do the steps; return why they ended."""
    per_epoch = run.setup.steps_per_epoch
    step = run.began
    while step < run.steps:
        found = run.stepper.advance(step, _until_event(run, step))
        run.history.add(found.losses, found.penalties)
        step += len(found.losses)
        if found.trouble is not None:
            run.trouble = found.trouble
            return "diverged"
        ended = (run.setup.first + step) % per_epoch == 0 or step == run.steps
        if ended and run.validation is not None:
            _judge(run, run.validation, step)
        if ended and run.judge is not None and run.judge.see(_epoch_end(run, step)):
            run.best = run.stepper.state
        if run.callbacks:
            _call(run, step, ended)
        if step == run.steps:
            break
        if run.asked_to_stop:
            return "callback"
        if request.asked:
            return "interrupted"
        if ended and (run.early.over if run.judge is None else run.judge.over):
            return "early stopping"
        if run.watcher is not None:
            run.watcher.look(step, lambda: _record(run, "unfinished"))
            if request.asked:  # while it looked: no further step, which may be a long one
                return "interrupted"
    return "finished"


def _until_event(run: _Run, step: int) -> int:
    """Return the steps until somebody wants to look: the end of the epoch, or of the training."""
    waits = [run.steps - step]
    each = run.validation is not None or run.judge is not None
    if each or run.callbacks:
        strides = [1] if each else [_stride(run, c) for c in run.callbacks]
        span = run.setup.steps_per_epoch * min(strides)
        waits.append(span - (run.setup.first + step) % span)
    if run.watcher is not None:
        waits.append(run.watcher.wait(step) or waits[0])
    return min(waits)


def _stride(run: _Run, callback: Callback) -> int:
    """Return after how many epochs a callback is called again."""
    epochs = -(-run.steps // run.setup.steps_per_epoch)
    return -(-epochs // max(getattr(callback, "most_epochs", epochs), 1))


def _judge(run: _Run, rows: Validation, step: int) -> None:
    """Judge the state after an epoch by the validation rows; no number counts as infinite."""
    loss, found, run.out = math.inf, score_of_nothing(run.setup.loss), None
    try:
        judged = verdict(run.setup, run.stepper.state, rows.x, rows.y, rows.w)
    except ValueRefused:
        pass
    else:
        loss = judged.loss if math.isfinite(judged.loss) else math.inf
        found, run.out = judged.score, judged.out
    run.validated = (loss, found)
    run.history.epochs.append((step, loss, found.value))
    if run.early.see(step, loss) and run.judge is None:
        run.best = run.stepper.state


def _epoch_end(run: _Run, step: int) -> EpochEnd:
    """Return what a judge is shown."""
    began = _epoch_began(run.setup, step)
    validated = None if run.validated is None else run.validated[0]
    losses = run.history.loss.values[began:]
    return EpochEnd(step, losses, validated, run.out, lambda: run.stepper.state)


def _epoch_began(setup: Setup, step: int) -> int:
    """Return the step with which the epoch of the last of so many steps began."""
    per_epoch = setup.steps_per_epoch
    return max((setup.first + step - 1) // per_epoch * per_epoch - setup.first, 0)


def _call(run: _Run, step: int, ended: bool) -> None:
    """Tell the callbacks, after epochs and, if they wish, within long ones."""
    now = time.perf_counter()
    due = now - run.called > CALL_SECONDS
    asked = [c for c in run.callbacks if _is_asked(run, c, step, ended, due)]
    if not asked:
        return
    run.called = now
    progress = _progress(run, step, ended, now - run.started)
    for callback in asked:
        run.asked_to_stop |= callback(progress) is True


def _is_asked(run: _Run, callback: Callback, step: int, ended: bool, due: bool) -> bool:
    """Say whether a callback wants to be told now."""
    if not ended:
        return due and bool(getattr(callback, "within_epochs", False))
    span = run.setup.steps_per_epoch * _stride(run, callback)
    return step == run.steps or (run.setup.first + step) % span == 0


def _progress(run: _Run, step: int, ended: bool, seconds: float) -> Progress:
    setup = run.setup
    per_epoch = setup.steps_per_epoch
    number = setup.first + step
    began = _epoch_began(setup, step)
    loss, found = run.validated if run.validated else (None, None)
    done, state = step - run.began, run.stepper.state
    rows = done * setup.rows / per_epoch
    return Progress(
        step=step,
        steps=run.steps,
        epoch=-(-number // per_epoch) if ended else number // per_epoch,
        epochs=-(-(setup.first + run.steps) // per_epoch),
        loss=run.history.mean_loss(began),
        validation_loss=loss,
        validation_score=found.value if found else None,
        score_name=found.name if found else "",
        rows_per_second=rows / max(seconds, 1e-9),
        seconds_left=seconds / done * (run.steps - step),
        end_of_epoch=ended,
        began=run.began,
        parameters={k: _read_only(state[k]) for k in setup.network.specs},
        losses=_read_only(run.history.loss.values),
    )


def _read_only(array: Array) -> Array:
    """Return a view that cannot be written to: the array belongs to the run's past, too."""
    view = array.view()
    view.flags.writeable = False
    return view


def _record(run: _Run, stopped: Stopped) -> Record:
    done, state = run.history.steps, run.stepper.state
    keep_best = run.early.patience is not None and run.best is not None
    best_step = run.early.best_step
    if run.judge is not None:
        keep_best = run.judge.gives_best_back and run.best is not None
        best_step = run.judge.best_step
    return Record(
        setup=run.setup,
        history=run.history.columns(run.setup.steps_per_epoch, run.setup.first),
        planned=run.steps,
        snapshots=dict(run.snapshots.states) or {0: state},
        final=state,
        best=run.best if keep_best and run.best is not None else state,
        best_step=best_step if keep_best else done,
        stopped=stopped,
        trouble=run.trouble,
        validation=run.validation,
        patience=run.early.patience,
        snapshot_bytes=run.snapshots.budget,
    )
