"""The main job: a table in, a trained network out, with an honest score.

Chooses what a user left open (units, loss, batch) and ties data to training. Knows tables, setups
and runs; computes nothing of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from chainrule import data
from chainrule.data.arrays import is_stored
from chainrule.errors import SpecError
from chainrule.nn import Dense, Loss, Network, find_loss, losses
from chainrule.optim import Adam, Optimizer, find_optimizer
from chainrule.run import Run, run_setup
from chainrule.run.kept import Kept
from chainrule.train import Callback, MemoryEstimate, Record, Setup, Validation, estimate_memory
from chainrule.train.checkpoints import Checkpoints, find_checkpoints
from chainrule.train.door import (
    check_callbacks,
    check_engine,
    make_setup,
    make_validation,
    whole,
    with_engine,
)
from chainrule.train.process import expected_peak
from chainrule.train.rows import note_source

EPOCHS = 300
PATIENCE = 30
SMALL_BATCH, LARGE_BATCH = 32, 256


@dataclass(frozen=True)
class TableJob:
    """A prepared table and everything that fixes its training, before it starts.

    Attributes
    ----------
    dataset : Dataset
        Prepared rows and what was inferred of the table.
    setup : Setup
        What is trained.
    steps, epochs : int
        How long at most.
    validation : Validation or None
        Rows that stop the training early.
    patience : int or None
        Epochs without improvement after which it stops.
    memory : MemoryEstimate
        What the training takes, its prepared rows included.
    peak_bytes : int or None
        The expected peak of the whole process; None where the system does not tell.
    """

    dataset: Any
    setup: Setup
    steps: int
    epochs: int
    validation: Validation | None
    patience: int | None
    memory: MemoryEstimate
    peak_bytes: int | None


def plan_table(
    dataset: Any,
    *,
    hidden: Sequence[int] = (64,),
    activation: str = "relu",
    epochs: int = EPOCHS,
    batch_size: int | None = None,
    optimizer: str | Mapping[str, Any] | Optimizer | None = None,
    loss: str | Mapping[str, Any] | None = None,
    l1: float = 0.0,
    l2: float | None = None,
    patience: int | None = PATIENCE,
    seed: int = 0,
    dtype: str = "float64",
    engine: str = "auto",
) -> TableJob:
    """Return the job of training a network on a prepared table.

    Parameters
    ----------
    dataset : Dataset
        From `chainrule.data.prepare`.
    hidden : sequence of int
        Units of the hidden layers; () is a linear model.
    activation : str
        Activation of the hidden layers.
    epochs : int
        At most so many.
    batch_size : int, optional
        Rows of a step; by default 32, and 256 from 10,000 rows on.
    optimizer, loss : optional
        Adam at rate 0.003; the loss that goes with the task.
    l1 : float
        Penalty l1 sum |W| on the weights of all layers.
    l2 : float, optional
        Penalty l2/2 sum W**2 on them; by default that of a prior of variance 1/5 on each weight,
        5 / rows for classes and 10 / rows for numbers (0009-defaults-for-tables), and none
        without hidden layers.
    patience : int or None
        Stop after so many epochs without a lower validation loss; None never stops early.
    seed : int
        Fixes starting values and the order of rows.
    dtype : str
        float64 or float32.
    engine : {"auto", "native", "interpreter"}
        What carries out the plan; "auto" takes machine code for trainings that are worth it.
    """
    check_engine(engine)
    if loss is not None:
        _check_loss(dataset.preparation, find_loss(loss))
    rows = len(dataset.x_train)
    penalty = (prior_penalty(dataset.preparation, rows) if hidden else 0.0) if l2 is None else l2
    network = _network(dataset.preparation, hidden, activation, l1, penalty)
    size = (LARGE_BATCH if rows >= 10_000 else SMALL_BATCH) if batch_size is None else batch_size
    setup = make_setup(
        network, dataset.x_train, dataset.y_train, loss=loss, reduction="mean",
        optimizer=Adam(0.003) if optimizer is None else find_optimizer(optimizer),
        sample_weight=None, batch_size=size, seed=seed, shuffle=True, dtype=dtype,
    )  # fmt: skip
    setup = replace(setup, row_numbers=dataset.rows_train, windows=getattr(dataset, "order", None))
    steps = whole("epochs", epochs, least=1) * setup.steps_per_epoch
    setup = with_engine(setup, engine, steps)
    validation = None
    if len(dataset.x_validation):
        validation = make_validation(setup, (dataset.x_validation, dataset.y_validation))
    watched = patience if validation is not None else None
    count = 0 if validation is None else len(validation.x)
    memory = estimate_memory(setup, steps, validation_rows=count)
    peak = expected_peak(memory.peak - memory.rows)
    return TableJob(dataset, setup, steps, epochs, validation, watched, memory, peak)


def prior_penalty(preparation: Any, rows: int) -> float:
    """Return the l2 of a normal prior of variance 1/5 on each weight.

    The sum over rows of the cross-entropy is a negative log likelihood, and 5/2 sum W**2 that of
    the prior; divided by the rows, l2 is 5 / rows. The squared error of a standardized number is
    twice a negative log likelihood, so there it is 10 / rows.
    """
    return (5.0 if preparation.labels is not None else 10.0) / rows


def _check_loss(preparation: Any, loss: Loss) -> None:
    """Refuse a loss whose targets are of another kind than the column's."""
    classes = preparation.labels is not None
    if loss.targets == "real" and (not classes or preparation.outputs == 1):
        return
    wanted = ("class" if preparation.outputs > 1 else "binary") if classes else "real"
    if loss.targets == wanted:
        return
    fact = f"{len(preparation.labels)} classes" if classes else "numbers"
    fitting = sorted(name for name, one in losses.items() if one.targets == wanted)
    raise SpecError(
        f"loss {loss.name!r} does not go with the target {preparation.target!r}, which holds "
        f"{fact}.\n  Use {' or '.join(fitting)}, or leave the loss open."
    )


def _network(
    preparation: Any, hidden: Sequence[int], activation: str, l1: float, l2: float
) -> Network:
    """Return hidden layers, and an output layer that goes with the task."""
    last = "linear"
    if preparation.labels is not None:
        last = "sigmoid" if preparation.outputs == 1 else "softmax"
    if isinstance(hidden, str) or not isinstance(hidden, Iterable):
        raise SpecError(f"hidden is a list of units, such as [64, 32]; got {hidden!r}.")
    layers = [Dense(units, activation, l1=l1, l2=l2) for units in hidden]
    layers.append(Dense(preparation.outputs, last, l1=l1, l2=l2))
    inputs = len(preparation.feature_names)
    if not inputs:
        raise SpecError("the table has no column left to predict from; see what was left out.")
    return Network(layers, inputs)


def run_table(
    job: TableJob, callbacks: Sequence[Callback] = (), checkpoints: Checkpoints | None = None
) -> Run:
    """Train a job and return the run, with a report of its scores.

    Raises
    ------
    DivergenceError
        As `train` does.
    """
    untrained, dataset = _untrained(job), job.dataset
    report, source = {"table": dataset.table_report}, None
    if is_stored(dataset.x_train):
        report["stream"] = dataset.note.to_dict()
    else:
        source = note_source(untrained, dataset.table_report["source"])
    knows = {"held_out": untrained.held_out, "parts": untrained.parts}
    kept = Kept(checkpoints, dataset.preparation, report, source, knows)
    return run_setup(
        job.setup,
        job.steps,
        {},
        validation=job.validation,
        patience=job.patience,
        callbacks=check_callbacks(callbacks),
        kept=kept,
    )


def _untrained(job: TableJob) -> Record:
    """Return the record of a job before its first step, without states: its rows."""
    held_out, dataset = None, job.dataset
    if len(dataset.x_test):
        held_out = make_validation(job.setup, (dataset.x_test, dataset.y_test))
    parts = {"validation": dataset.rows_validation, "held_out": dataset.rows_test}
    if is_stored(dataset.x_train):
        parts = {}  # rows are dealt again from the files, by the note on them
    return Record(
        job.setup, {}, {}, {}, {}, 0, "unfinished",
        validation=job.validation,
        held_out=held_out,
        parts={name: rows for name, rows in parts.items() if len(rows)},
    )  # fmt: skip


def train_table(
    source: Any,
    target: str,
    *,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
    missing_words: Sequence[str] = (),
    callbacks: Sequence[Callback] = (),
    checkpoints: Any = None,
    stream: bool | None = None,
    **settings: Any,
) -> Run:
    """Train a network on a table: read, split, scale, train with early stopping, score.

    Parameters
    ----------
    source : path, dataframe or mapping of columns
        The table; several files with the same columns as a list or a pattern (``"part-*.csv"``).
    target : str
        The column to predict.
    validation, test : float
        Shares of rows for early stopping and for the score; the rest trains.
    seed : int
        Fixes the split, starting values and the order of rows.
    missing_words : sequence of str
        Words that stand for a missing cell, such as NA, beside the empty cell.
    callbacks : sequence of callable
        As in `train`.
    checkpoints : path or Checkpoints, optional
        As in `train`.
    stream : bool, optional
        Whether rows are prepared on disk and read in blocks, so that any table of CSV or Parquet
        files can be trained on in fixed memory; by default if it would not fit, or is several
        files. The order of rows is another one than in memory.
    **settings
        Further arguments of `plan_table` (hidden, activation, epochs ...), of
        `chainrule.data.prepare` (task, drop, categorical ...) and of its `Reading` (delimiter,
        encoding ...).

    Returns
    -------
    Run
        With ``.report`` (table, scores) and ``.predict_table``.

    Raises
    ------
    DataError, SpecError
        If the table, the target or a setting makes no sense.

    Examples
    --------
    >>> import chainrule as cr
    >>> table = {"size": [k / 2 for k in range(40)], "price": [3.0 * k + 0.5 for k in range(40)]}
    >>> run = cr.train_table(table, "price", hidden=(), epochs=400)
    >>> run.report["score"]["name"], run.report["score"]["value"] > 0.99
    ('R2', True)
    """
    kept = find_checkpoints(checkpoints)
    homes = (plan_table, data.prepare, data.Reading)
    planned, prepared, read = (_taken(home, settings) for home in homes)
    _refuse_unknown(settings, homes)
    reading = data.Reading(**{**read, "missing": tuple(missing_words)})
    if will_stream(source, stream, reading):
        from chainrule.data.stream.dataset import prepare_stream

        home: Callable[..., Any] = prepare_stream
    else:
        home = data.prepare
    dataset = home(
        source,
        target,
        validation=validation,
        test=test,
        seed=seed,
        dtype=planned.get("dtype", "float64"),
        reading=reading,
        **{key: value for key, value in prepared.items() if key != "dtype"},
    )
    return run_table(plan_table(dataset, seed=seed, **planned), callbacks, kept)


def will_stream(source: Any, asked: bool | None, reading: data.Reading | None = None) -> bool:
    """Tell whether a table is read in blocks: as asked, else if it would not fit or is many files.

    Parameters
    ----------
    source : path or anything else
        The table.
    asked : bool or None
        What the user said.
    reading : Reading, optional
        How it is read.

    Examples
    --------
    >>> will_stream("small.csv", None), will_stream("small.csv", True)
    (False, True)
    """
    if asked is not None:
        return asked
    from chainrule.data.stream.fits import streams_by_itself

    return streams_by_itself(source, reading)


def _taken(home: Callable[..., Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are arguments of `home`."""
    return {key: settings[key] for key in inspect.signature(home).parameters if key in settings}


def _refuse_unknown(settings: Mapping[str, Any], homes: Sequence[Callable[..., Any]]) -> None:
    known = {key for home in homes for key in inspect.signature(home).parameters}
    for key in settings:
        if key not in known:
            near = get_close_matches(key, known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {sorted(known)}."
            raise SpecError(f"train_table has no setting {key!r}; {hint}")
