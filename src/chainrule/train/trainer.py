"""The trainer: steps and epochs, validation, early stopping, callbacks, divergence.

Knows setups and how a step is run; renders and prints nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from chainrule.errors import DivergenceError, ValueRefused
from chainrule.executors.threads import one_thread
from chainrule.train.history import History
from chainrule.train.judging import verdict
from chainrule.train.metrics import Score, score_of_nothing
from chainrule.train.origin import Origin
from chainrule.train.setup import Setup, State
from chainrule.train.snapshots import BUDGET_BYTES, Snapshots
from chainrule.train.steppers import Stepper, stepper
from chainrule.train.stopping import EarlyStopping, StopRequest, listening
from chainrule.train.trouble import Trouble, divergence_message
from chainrule.types import Array

Stopped = Literal["finished", "early stopping", "interrupted", "callback", "diverged", "adopted"]
"""Why a run ended; an adopted one never began: its network was trained elsewhere."""

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
    parameters: Mapping[str, Array]
    losses: Array


Callback = Callable[[Progress], Any]
"""Called after each epoch; with an attribute ``within_epochs = True`` also inside long ones, with
``most_epochs = 1000`` only after every so many that there are at most 1,000 calls, so that
trainings of many short epochs stay fast. A callback that returns True stops the training."""


@dataclass(frozen=True, eq=False)
class Validation:
    """Rows that training does not see, to judge it by."""

    x: Array
    y: Array
    w: Array | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """What a finished training leaves: plain data.

    Attributes
    ----------
    setup : Setup
        What was trained.
    history : mapping of str to numpy.ndarray
        Columns, a row a step.
    snapshots : mapping of int to State
        States before some updates, step 0 among them.
    final : State
        The state after the last step.
    best : State
        The state that is given to the user: the final one, or that of the lowest validation loss.
    best_step : int
        The k for which `best` is the state before update k.
    stopped : str
        Why training ended.
    trouble : Trouble or None
        What diverged.
    validation : Validation or None
        The rows it was judged by.
    planned : int
        Steps that were asked for; `steps` is how many were completed.
    origin : Origin or None
        Which step of which run this is a branch of.
    """

    setup: Setup
    history: Mapping[str, Array]
    snapshots: Mapping[int, State]
    final: State
    best: State
    best_step: int
    stopped: Stopped
    trouble: Trouble | None = None
    validation: Validation | None = None
    planned: int = 0
    origin: Origin | None = None

    @property
    def steps(self) -> int:
        """Steps that were completed."""
        return len(self.history["loss"])


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
    history: History = field(default_factory=History)
    best: State | None = None
    validated: tuple[float, Score] | None = None
    started: float = field(default_factory=time.perf_counter)
    called: float = 0.0
    trouble: Trouble | None = None
    asked_to_stop: bool = False


def run_training(
    setup: Setup,
    steps: int,
    initial: State,
    *,
    validation: Validation | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    snapshot_bytes: int = BUDGET_BYTES,
) -> Record:
    """Train for a number of steps and return the record.

    Parameters
    ----------
    setup : Setup
        What is trained.
    steps : int
        Steps to do, unless something stops it.
    initial : State
        The state before step 0.
    validation : Validation, optional
        Rows to judge by after each epoch.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and give the best state back.
    callbacks : sequence of callable
        See `Callback`.
    snapshot_bytes : int
        Budget of snapshots for replay.

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
        run = _Run(
            setup, steps, stepper(setup, initial, snapshots, steps), snapshots,
            EarlyStopping(patience), validation, callbacks,
        )  # fmt: skip
        stopped = _loop(run, request)
    record = _record(run, stopped)
    if run.trouble is not None:
        raise DivergenceError(
            divergence_message(setup, run.trouble),
            step=run.trouble.step,
            tensor=run.trouble.tensor,
            run=record,
        )
    return record


def _loop(run: _Run, request: StopRequest) -> Stopped:
    """Do the steps; return why they ended."""
    per_epoch = run.setup.steps_per_epoch
    step = 0
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
        if run.callbacks:
            _call(run, step, ended)
        if step == run.steps:
            break
        if run.asked_to_stop:
            return "callback"
        if request.asked:
            return "interrupted"
        if ended and run.early.over:
            return "early stopping"
    return "finished"


def _until_event(run: _Run, step: int) -> int:
    """Return the steps until somebody wants to look: the end of the epoch, or of the training."""
    left = run.steps - step
    if run.validation is None and not run.callbacks:
        return left
    strides = [1] if run.validation is not None else [_stride(run, c) for c in run.callbacks]
    span = run.setup.steps_per_epoch * min(strides)
    return min(left, span - (run.setup.first + step) % span)


def _stride(run: _Run, callback: Callback) -> int:
    """Return after how many epochs a callback is called again."""
    epochs = -(-run.steps // run.setup.steps_per_epoch)
    return -(-epochs // max(getattr(callback, "most_epochs", epochs), 1))


def _judge(run: _Run, rows: Validation, step: int) -> None:
    """Judge the state after an epoch by the validation rows; no number counts as infinite."""
    loss, found = math.inf, score_of_nothing(run.setup.loss)
    try:
        judged = verdict(run.setup, run.stepper.state, rows.x, rows.y, rows.w)
    except ValueRefused:
        pass
    else:
        loss = judged.loss if math.isfinite(judged.loss) else math.inf
        found = judged.score
    run.validated = (loss, found)
    run.history.epochs.append((step, loss, found.value))
    if run.early.see(step, loss):
        run.best = run.stepper.state


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
    began = max((number - 1) // per_epoch * per_epoch - setup.first, 0)
    loss, found = run.validated if run.validated else (None, None)
    rows, state = step * setup.rows / per_epoch, run.stepper.state
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
        seconds_left=seconds / step * (run.steps - step),
        end_of_epoch=ended,
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
    return Record(
        setup=run.setup,
        history=run.history.columns(run.setup.steps_per_epoch, run.setup.first),
        planned=run.steps,
        snapshots=dict(run.snapshots.states) or {0: state},
        final=state,
        best=run.best if keep_best and run.best is not None else state,
        best_step=run.early.best_step if keep_best else done,
        stopped=stopped,
        trouble=run.trouble,
        validation=run.validation,
    )
