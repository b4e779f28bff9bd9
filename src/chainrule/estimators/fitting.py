"""Fitting: checked rows and an estimator's parameters to a finished training.

Knows setups, judges and the trainer; knows neither labels nor scikit-learn's validation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.data.memory import check_memory
from chainrule.errors import DivergenceError, ParameterRefused, SpecError
from chainrule.estimators.given import Rows
from chainrule.estimators.judging import EpochJudge, Sizes
from chainrule.estimators.parameters import (
    OUR_ACTIVATION,
    batch_rows,
    make_network,
    make_optimizer,
)
from chainrule.nn import Loss
from chainrule.run import Run
from chainrule.train import Setup, Validation, estimate_memory, run_training
from chainrule.train.door import (
    check_callbacks,
    make_setup,
    make_validation,
    owned,
    with_engine,
)
from chainrule.types import Array

SNAPSHOT_BYTES = 16 * 2**20
"""States kept for replay: fits are many and short, and any step is soon done again."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a fit is to do, beside the parameters of the estimator.

    Attributes
    ----------
    rows, judged : Rows
        To train on, and to judge by, if any.
    numbers : numpy.ndarray or None
        The user's numbers of the rows to train on, unless they are all of them.
    loss : Loss
        What is descended.
    outputs : int
        Outputs of the network.
    last : str
        The activation of the last layer, by our name or scikit-learn's.
    seed : int
        Fixes starting values and the order of rows.
    epochs : int
        At most so many.
    features : tuple of str or None
        Names of the inputs.
    """

    rows: Rows
    judged: Rows | None
    numbers: Array | None
    loss: Loss
    outputs: int
    last: str
    seed: int
    epochs: int
    features: tuple[str, ...] | None


def plan_fit(parameters: Any, wanted: Wanted, clock: int = 0) -> Setup:
    """Return the setup of a fit.

    Parameters
    ----------
    parameters : estimator
        Whose parameters are read.
    wanted : Wanted
        What is to be done.
    clock : int
        Steps that the optimizer has done before.
    """
    rows = wanted.rows
    batch = batch_rows(parameters.batch_size, len(rows.x))
    last = OUR_ACTIVATION.get(wanted.last, wanted.last)
    network = make_network(
        parameters, rows.x.shape[1], wanted.outputs, last, batch * rows.mean_weight
    )
    per_epoch = -(-len(rows.x) // batch)
    try:
        setup = make_setup(
            network, rows.x, rows.y, loss=wanted.loss, reduction="mean",
            optimizer=make_optimizer(parameters, per_epoch, len(rows.x)), sample_weight=rows.w,
            batch_size=batch, seed=wanted.seed, shuffle=bool(parameters.shuffle),
            dtype=rows.x.dtype,
        )  # fmt: skip
    except SpecError as error:
        raise ParameterRefused(str(error)) from None
    setup = replace(setup, row_numbers=wanted.numbers, features=wanted.features, clock=clock)
    return with_engine(setup, parameters.engine, wanted.epochs * per_epoch)


def starting_state(
    setup: Setup, given: Mapping[str, Array] | None, slots: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the state before step 0: drawn from the seed, or what an earlier fit left.

    Parameters
    ----------
    setup : Setup
        What is trained.
    given : mapping of str to numpy.ndarray or None
        Parameters to go on with.
    slots : mapping of str to numpy.ndarray
        What the optimizer remembers of them; one that it does not know is left out.

    Raises
    ------
    ParameterRefused
        If the earlier fit was of another network.
    """
    state = setup.initial_state({})
    wanted = {name: spec.shape for name, spec in setup.network.specs.items()}
    if given is not None and {k: np.shape(v) for k, v in given.items()} != wanted:
        raise ParameterRefused(
            "warm_start and partial_fit go on with the network of the last fit, but "
            f"{setup.network.outline} was asked for now.\n  Give it the same layers and features, "
            "or fit a clone."
        )
    for found in (given or {}, slots):
        for name in found.keys() & state.keys():
            if np.shape(found[name]) == state[name].shape:
                state[name] = np.array(found[name], setup.dtype)
    return state


def make_judge(
    parameters: Any,
    wanted: Wanted,
    score: Callable[..., float] | None,
    tell: Callable[..., bool] | None,
) -> EpochJudge | None:
    """Return who looks at the epochs, or None if nothing is to be seen between first and last."""
    rows = len(wanted.rows.x)
    judge = EpochJudge(
        sizes=Sizes(rows, batch_rows(parameters.batch_size, rows)),
        tol=float(parameters.tol),
        patience=float(parameters.n_iter_no_change),
        score=score,
        by_score=bool(parameters.early_stopping) and score is not None,
        tell=tell,
    )
    never = judge.patience >= wanted.epochs
    if wanted.judged is None and tell is None and never:
        return None
    return judge


def train(
    parameters: Any, setup: Setup, state: Mapping[str, Array], wanted: Wanted,
    judge: EpochJudge | None, shared: Any,
) -> Run:  # fmt: skip
    """Carry a fit out and return its run.

    Raises
    ------
    DivergenceError
        As `chainrule.train` does; its `run` can be inspected.
    """
    judged = wanted.judged
    validation: Validation | None = None
    if judged is not None:
        validation = make_validation(setup, (judged.x, judged.y, judged.w))
    steps = wanted.epochs * setup.steps_per_epoch
    budget = SNAPSHOT_BYTES if parameters.keep_rows else 0
    count = 0 if validation is None else len(validation.x)
    estimate = estimate_memory(setup, steps, validation_rows=count, snapshot_bytes=budget)
    check_memory(estimate.peak, "training", "Use a smaller batch_size, fewer units or fewer rows.")
    if parameters.keep_rows:
        setup = replace(setup, x=owned(setup.x, shared), y=owned(setup.y, wanted.rows.y))
    try:
        callbacks = check_callbacks(list(parameters.callbacks or ()))
    except SpecError as error:
        raise ParameterRefused(str(error)) from None
    try:
        record = run_training(
            setup, steps, state, validation=validation, judge=judge,
            snapshot_bytes=budget, callbacks=callbacks,
        )  # fmt: skip
    except DivergenceError as error:
        error.run = Run(error.run)
        raise
    if not parameters.keep_rows:
        empty = replace(setup, x=setup.x[:0].copy(), y=setup.y[:0].copy(), w=None, row_numbers=None)
        first = {0: record.snapshots[0]}
        record = replace(record, setup=empty, validation=None, snapshots=first)
    return Run(record)


def forward_setup(setup: Setup) -> Setup:
    """Return the setup that predicts: no rows, and NumPy, which needs no getting ready."""
    return replace(
        setup, x=setup.x[:0].copy(), y=setup.y[:0].copy(), w=None, row_numbers=None,
        engine="interpreter", programs={}, compiled={},
    )  # fmt: skip
