"""Epochs: a run's history with one row an epoch instead of one a step.

Knows the columns of a history; knows nothing of training.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chainrule.types import Array


def by_epoch(history: Mapping[str, Array]) -> dict[str, Array]:
    """Return a history by epoch.

    Parameters
    ----------
    history : mapping of str to numpy.ndarray
        The columns of `Run.history`.

    Returns
    -------
    dict of str to numpy.ndarray
        ``epoch`` (from 1), ``loss`` (the mean over its steps, without penalties, as validation
        is), and the validation loss and score after its last step, NaN where there are none.

    Examples
    --------
    >>> import chainrule as cr
    >>> run = cr.train("1-1", [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], epochs=4, batch_size=2)
    >>> [column.shape for column in by_epoch(run.history).values()]
    [(4,), (4,), (4,), (4,)]
    """
    epochs = history["epoch"]
    first = np.flatnonzero(np.diff(epochs, prepend=-1))
    last = np.append(first[1:], len(epochs))[: len(first)] - 1
    plain = history["loss"] - history["penalty"]
    total = np.add.reduceat(plain, first) if len(first) else np.zeros(0)
    validation = {name: history[name][last] for name in ("validation_loss", "validation_score")}
    return {"epoch": epochs[last] + 1, "loss": total / (last - first + 1), **validation}
