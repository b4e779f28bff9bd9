"""Our machine code: the loop that training runs, on the workload's own rows.

Knows loops of steps; leaves out the trainer's history and its looks at the state.
"""

from __future__ import annotations

import numpy as np

from chainrule.bench.engines.chainrule_interpreter import ordered_setup
from chainrule.bench.engines.engine import Engine, Run, pieces
from chainrule.bench.workloads import Workload
from chainrule.train.native import is_available, native_loop
from chainrule.types import Array

_threads = [1]
"""How many threads the engines that are prepared from now on may use."""


def pin(threads: int) -> None:
    """Settle how many threads a step may use; small networks use one whatever is said."""
    _threads[0] = threads


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload.

    Examples
    --------
    >>> from chainrule.bench.workloads import workload
    >>> prepare(workload("W1"))(3).shape
    (3,)
    """
    setup = ordered_setup(workload)
    loop = native_loop(setup, setup.initial_state(workload.start))
    order = np.ascontiguousarray(workload.order, np.int64)
    threads, done = _threads[0], 0

    def run(steps: int) -> Array:
        nonlocal done
        losses = []
        whole = [(0, steps)] if setup.full_batch else pieces(done, steps, len(order))
        for first, count in whole:
            losses.append(loop.advance(done, count, order[first:], 0, threads).losses)
            done += count
        return np.concatenate(losses)

    return run


ENGINE = Engine("chainrule, native", is_available, prepare, "llvmlite", pin=pin, ours=True)
