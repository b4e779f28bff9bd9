"""Training: the arguments of `train` to the run that came of them.

Knows the doors of the rooms below and their order; computes nothing of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chainrule.data.memory import check_memory
from chainrule.nn import Loss, Network
from chainrule.optim import Optimizer
from chainrule.run.facade import Run
from chainrule.run.kept import Kept, trained
from chainrule.train import Callback, Setup, estimate_memory, run_training
from chainrule.train.checkpoints import find_checkpoints
from chainrule.train.door import (
    check_callbacks,
    check_engine,
    check_patience,
    count_steps,
    make_setup,
    make_validation,
    owned,
    starting_values,
    whole,
    with_engine,
)
from chainrule.train.snapshots import BUDGET_BYTES
from chainrule.types import Array, ArrayLike


def train(
    network: Network | str,
    X: Any,
    y: Any,
    *,
    loss: str | Mapping[str, Any] | Loss | None = None,
    reduction: str = "mean",
    optimizer: str | Mapping[str, Any] | Optimizer | None = None,
    steps: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    initial: Mapping[str, ArrayLike] | None = None,
    dtype: Any = None,
    sample_weight: ArrayLike | None = None,
    validation: Any = None,
    patience: int | None = None,
    shuffle: bool = True,
    callbacks: Sequence[Callback] = (),
    snapshot_bytes: int = BUDGET_BYTES,
    engine: str = "auto",
    checkpoints: Any = None,
    cluster: None = None,
) -> Run:
    """Train a network and return the run, every step of which can be opened.

    Parameters
    ----------
    network : Network or str
        What to train, or its spec, such as ``"3-4:sigmoid-1:sigmoid"``.
    X : array_like
        Inputs (rows, features). They are copied, so that replays see what training saw.
    y : array_like
        Targets: (rows,) or (rows, 1) for one output, (rows, outputs) else; for cross_entropy
        class numbers (rows,) or a distribution a row.
    loss : str, dict or Loss, optional
        By default the one that goes with the last activation: softmax cross_entropy, sigmoid
        binary_cross_entropy, else squared_error.
    reduction : {"mean", "sum"}
        Whether the rows' losses are averaged or added.
    optimizer : Optimizer, str or dict, optional
        Adam with its paper's settings by default.
    steps, epochs : int, optional
        How long: one of them; 100 epochs by default.
    batch_size : int, optional
        Rows of a step; all by default.
    seed : int
        Fixes starting values and the order of rows.
    initial : mapping of str to array_like, optional
        Starting values by name, instead of drawn ones; copied.
    dtype : optional
        float64, or float32; by default float64 unless X is float32.
    sample_weight : array_like, optional
        A weight for each row, at least 0.
    validation : tuple (X, y), optional
        Rows to judge by after each epoch.
    patience : int, optional
        With `validation`: stop after so many epochs without a lower loss there, and give back
        the weights that had the lowest.
    shuffle : bool
        Whether each epoch sees the rows in an order of its own.
    callbacks : sequence of callable or logger
        Each is called with a `Progress` after each epoch (with ``within_epochs = True`` as an
        attribute also within long ones); returning True stops. Or where figures go: a TensorBoard
        writer, a Weights & Biases or trackio run, mlflow, a path that ends in ``.jsonl``; see
        `chainrule.loggers.to`.
    snapshot_bytes : int
        Memory for states that make `Run.at` fast; the rest is recomputed.
    engine : {"auto", "native", "interpreter"}
        What carries out the plan: machine code, or NumPy. "auto" takes machine code for trainings
        that are long enough to be worth making it (about a third of a second of NumPy).
    checkpoints : path or Checkpoints, optional
        A run folder that keeps the training while it runs, so that `resume` goes on to the same
        bits after a crash; the finished run is there, too.
    cluster : None
        Kept for training on several machines; this version trains on one.

    Returns
    -------
    Run
        After Ctrl-C it holds the last completed step, and `stopped` says "interrupted".

    Raises
    ------
    SpecError, ShapeError, DataError
        If an argument makes no sense, or the training would not fit into the free memory.
    DivergenceError
        If a tensor stops being finite or the loss runs away; names step, layer and tensor.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0]], [1.0, 3.0], steps=500, optimizer=cr.SGD(0.3))
    >>> {name: value.round(3).tolist() for name, value in run.parameters.items()}
    {'W1': [[2.0]], 'b1': [1.0]}
    """
    check_engine(engine, cluster)
    setup = make_setup(
        network, X, y, loss=loss, reduction=reduction, optimizer=optimizer,
        sample_weight=sample_weight, batch_size=batch_size, seed=seed, shuffle=shuffle, dtype=dtype,
    )  # fmt: skip
    judged = make_validation(setup, validation)
    count, budget = count_steps(setup, steps, epochs), whole("snapshot_bytes", snapshot_bytes)
    setup = with_engine(setup, engine, count)
    estimate = estimate_memory(
        setup, count, validation_rows=0 if judged is None else len(judged.x), snapshot_bytes=budget
    )
    check_memory(estimate.peak, "training", "Use a smaller batch_size, fewer units or fewer rows.")
    own = replace(setup, x=owned(setup.x, X), y=owned(setup.y, y))
    return run_setup(
        own,
        count,
        starting_values(setup, initial),
        validation=judged,
        patience=check_patience(patience, judged),
        callbacks=check_callbacks(callbacks),
        snapshot_bytes=budget,
        kept=Kept(find_checkpoints(checkpoints)),
    )


def run_setup(
    setup: Setup, steps: int, given: Mapping[str, Array], *, kept: Kept | None = None,
    **settings: Any,
) -> Run:  # fmt: skip
    """Train a checked setup; a divergence carries the run up to its last good step."""
    initial = setup.initial_state(given)
    return trained(lambda w: run_training(setup, steps, initial, watcher=w, **settings), kept)
