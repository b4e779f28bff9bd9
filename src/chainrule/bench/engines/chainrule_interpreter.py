"""Our interpreter: the trainer's own step on one thread, on the workload's own rows.

Knows setups and steps; leaves out the trainer's snapshots, history and watch for divergence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from chainrule.bench.engines.engine import Engine, Run
from chainrule.bench.workloads import Workload
from chainrule.executors.threads import one_thread
from chainrule.train import Setup, State
from chainrule.train.door import make_setup
from chainrule.train.step import runner
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class OrderedSetup(Setup):
    """A setup whose order of rows is given.

    Attributes
    ----------
    order : numpy.ndarray
        The rows of each step (steps, batch).
    """

    order: Array = field(default_factory=lambda: np.empty((0, 0), np.int64))

    def batch(self, step: int) -> Array:
        """Return the numbers of the rows that step `step` sees."""
        rows: Array = self.order[step % len(self.order)]
        return rows


def ordered_setup(workload: Workload) -> OrderedSetup:
    """Return a workload as a setup.

    Examples
    --------
    >>> from chainrule.bench.workloads import workload
    >>> ordered_setup(workload("W1")).batch(12345)
    array([0, 1, 2, 3])
    """
    found = make_setup(
        workload.network,
        workload.X,
        workload.y,
        loss=workload.loss,
        reduction=workload.reduction,
        optimizer=workload.optimizer,
        sample_weight=None,
        batch_size=workload.batch,
        seed=0,
        shuffle=True,
        dtype=workload.dtype,
    )
    settings = {f.name: getattr(found, f.name) for f in fields(found)}
    return OrderedSetup(**settings, order=workload.order)


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    setup = ordered_setup(workload)
    do = runner(setup)
    state: State = setup.initial_state(workload.start)
    done = 0

    def run(steps: int) -> Array:
        nonlocal state, done
        losses = np.empty(steps)
        with one_thread():
            for k in range(steps):
                result = do(done, state)
                state = {**state, **result.new}
                losses[k] = result.loss
                done += 1
        return losses

    return run


ENGINE = Engine("chainrule, interpreter", lambda: True, prepare, "nothing", ours=True)
