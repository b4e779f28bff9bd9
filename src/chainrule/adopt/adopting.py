"""Adopting: what somebody has and rows in, a run that has only step 0 out.

Knows the order of the work; reads no format and computes nothing of its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.adopt.building import (
    Activations,
    GivenLoss,
    build_network,
    choose_loss,
    parameters,
)
from chainrule.adopt.foreign import Foreign
from chainrule.adopt.registry import read_foreign
from chainrule.adopt.rows import Rows, array_rows, keep_numbers, table_rows
from chainrule.data.memory import check_memory
from chainrule.errors import DataError, SpecError, shown
from chainrule.executors.threads import one_thread
from chainrule.optim import Optimizer
from chainrule.run import Run, run_setup
from chainrule.train import Setup, estimate_memory, judge_rows
from chainrule.train.door import make_setup, owned, starting_values
from chainrule.train.metrics import score
from chainrule.train.rows import note_source
from chainrule.types import ArrayLike


def adopt(
    source: Any,
    X: Any,
    y: Any,
    *,
    activations: Activations = None,
    loss: GivenLoss = None,
    labels: Sequence[Any] | None = None,
    l2: float | None = None,
    reduction: str = "mean",
    sample_weight: ArrayLike | None = None,
    optimizer: str | dict[str, Any] | Optimizer | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    dtype: Any = "float64",
    drop: Sequence[str] = (),
    reading: Any = None,
) -> Run:
    """Open a network that was trained elsewhere, as a run that has only step 0.

    ``why``, ``check``, ``review``, ``derive``, ``doctor``, ``predict`` and ``save`` work on it as
    on any run; ``run.branch(0, optimizer=..., steps=...)`` trains it further.

    Parameters
    ----------
    source : estimator, module, model, path, dict or list of arrays
        A fitted scikit-learn ``MLPClassifier`` or ``MLPRegressor`` (also behind a StandardScaler
        in a Pipeline); a PyTorch state dict as a ``.safetensors`` file or dict, or a Sequential;
        Keras weights as an ``.npz`` file or the list of ``get_weights()``, or the model; arrays
        called W1, b1 ... . No file is unpickled.
    X : array_like, dataframe, or table
        Rows as the source takes them: a scaler that comes with it is applied here, too. With a
        column's name for `y`, a table or the path of one, whose other columns are the inputs, in
        their order.
    y : array_like or str
        Targets: numbers, classes as numbers, or labels. Or the table's target column.
    activations : str or list of str, optional
        Where the source does not say: of all hidden layers, or of each; a list may name the last
        layer's as well, which otherwise follows from the loss.
    loss : str, dict or Loss, optional
        Where the source does not say, or for another one.
    labels : list, optional
        The classes in the order of the outputs. By default the source's; else texts in `y` are
        sorted, and numbers are class numbers.
    l2 : float, optional
        Penalty l2/2 sum W**2; by default the source's.
    reduction : {"mean", "sum"}
        Whether the rows' losses are averaged or added.
    sample_weight : array_like, optional
        A weight for each row.
    optimizer : Optimizer, str or dict, optional
        What a branch goes on with; by default the source's rule, else Adam. Its memory is not
        taken along.
    batch_size : int, optional
        Rows of step 0, and of a branch's steps; all by default.
    seed : int
        Fixes the order of rows of a branch.
    dtype : {"float64", "float32"}
        What is computed in; float64 holds each weight exactly.
    drop : sequence of str
        Columns of a table to leave out.
    reading : Reading, optional
        How a table's file is read.

    Returns
    -------
    Run
        With steps = 0: ``run.at(0)`` has values and gradients, and no update.

    Raises
    ------
    SpecError, ShapeError, DataError
        If the layers are no chain of dense layers, something has to be said, or rows do not fit.
    FileRefused
        If a file is damaged, or of a format that is not read.

    Examples
    --------
    >>> import chainrule as cr
    >>> state = {"0.weight": [[1.0, -1.0], [0.5, 2.0]], "0.bias": [0.0, 0.1],
    ...          "2.weight": [[1.0, 0.5]], "2.bias": [-0.2]}
    >>> run = cr.adopt(state, [[1.0, 0.5], [0.0, 1.0]], [1.0, 0.0],
    ...                activations="tanh", loss="squared_error")
    >>> run
    <Run 2-2:tanh-1, 0 steps, adopted>
    >>> run.at(0).gradients["W1"].shape, run.at(0).updates
    ((2, 2), {})
    >>> bool(run.check())
    True
    """
    found, told = _read(source)
    chosen = choose_loss(found, activations, loss)
    if isinstance(y, str):
        rows = table_rows(found, X, y, chosen, labels, drop=drop, reading=reading)
    else:
        rows = array_rows(found, X, y, chosen, labels)
    if found.penalty and l2 is None:
        l2 = found.penalty / (1.0 if reduction == "sum" else _weight(sample_weight, rows))
    setup = make_setup(
        build_network(found, activations, chosen, l2 or 0.0), rows.x, rows.y, loss=chosen,
        reduction=reduction, optimizer=found.optimizer if optimizer is None else optimizer,
        sample_weight=sample_weight, batch_size=batch_size, seed=seed, shuffle=True, dtype=dtype,
    )  # fmt: skip
    numbers = keep_numbers(rows, setup.rows)
    setup = replace(setup, x=owned(setup.x, rows.x), y=owned(setup.y, rows.y), row_numbers=numbers)
    return _run(setup, found, rows, told)


def _read(source: Any) -> tuple[Foreign, str]:
    """Return the network that something holds, and what to call where it came from."""
    from chainrule.adopt import sources  # noqa: F401  (registers every source)

    if isinstance(source, str | os.PathLike):
        from chainrule.adopt.opening import open_weights

        path = os.fspath(source)
        if not isinstance(path, str):
            raise SpecError(f"source is {shown(source)}; a path is a text.")
        found = read_foreign(open_weights(path), f"weights {path!r}")
        return found, f"{found.source}, {os.path.basename(path)}"
    found = read_foreign(source, f"the {type(source).__name__} given")
    return found, found.source


def _weight(sample_weight: ArrayLike | None, rows: Rows) -> float:
    """Return what a source's penalty is divided by: the rows' weights together."""
    if sample_weight is None:
        return float(len(rows.y))
    total = float(np.sum(np.asarray(sample_weight, np.float64)))
    if not total > 0:
        raise DataError(f"the sum of sample_weight is {total:g}; it must be above 0.")
    return total


def _run(setup: Setup, found: Foreign, rows: Rows, told: str) -> Run:
    """Return the run of step 0, with a report of where it came from and how good it is."""
    values = starting_values(setup, parameters(found))
    check_memory(estimate_memory(setup, 0).peak, "step 0", "Take fewer rows, or a batch_size.")
    record = replace(run_setup(setup, 0, values).record, stopped="adopted")
    with one_thread(), np.errstate(over="ignore", invalid="ignore"):
        judged = judge_rows(setup, record.final, setup.x, setup.y, setup.w)
    if not np.isfinite(judged.loss):
        raise DataError(
            f"the loss of {told} on these rows is {judged.loss}.\n  Give rows as it was trained "
            "on them: scaled alike, the columns in the same order."
        )
    value = score(setup.loss, setup.y, judged.out)
    adopted = {
        "source": told,
        "rows": setup.rows,
        "loss": float(judged.loss),
        "score": {"name": value.name, "value": value.value if np.isfinite(value.value) else None},
        "notes": [*found.notes, *rows.notes],
    }
    report = {"adopted": adopted} | ({} if rows.table is None else {"table": rows.table})
    source = note_source(record, rows.source) if rows.source else None
    return Run(record, rows.preparation, report, source)
