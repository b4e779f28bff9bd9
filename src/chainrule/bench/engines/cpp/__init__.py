"""C++ written by hand for each workload, sizes and all; large products by SciPy's BLAS.

Knows which source belongs to which workload, and what it was written for.
"""

from __future__ import annotations

import ctypes

import numpy as np

from chainrule.bench.engines.cpp.build import built, can_build, sgemm
from chainrule.bench.engines.engine import Engine, Run, pieces
from chainrule.bench.workloads import Workload
from chainrule.types import Array

SOURCES = {
    "W1": "xor.cpp",
    "W2": "spirals.cpp",
    "W3": "digits.cpp",
    "W4": "medium.cpp",
    "W5": "wide.cpp",
}


def refuses(workload: Workload) -> str:
    """Say why a workload cannot be trained, or nothing."""
    return "" if workload.name in SOURCES else "is written for W1 to W5 only"


class Training:
    """A training in progress inside a shared object; its memory goes with this object."""

    def __init__(self, workload: Workload) -> None:
        self.library = built(SOURCES[workload.name])
        address = ctypes.c_void_p
        self.library.create.restype, self.library.create.argtypes = address, [address]
        self.library.destroy.argtypes = [address]
        self.library.train.argtypes = [
            address, address, address, address, ctypes.c_int64, address, address
        ]  # fmt: skip
        start = workload.flat_start
        places = (address * len(start))(*(array.ctypes.data for array in start))
        self.state = self.library.create(places)

    def __del__(self) -> None:
        if hasattr(self, "state"):
            self.library.destroy(self.state)


def prepare(workload: Workload) -> Run:
    """Return the function that trains a workload."""
    training, product = Training(workload), sgemm()
    X, y, order = (np.ascontiguousarray(a) for a in (workload.X, workload.y, workload.order))
    done = 0

    def run(steps: int) -> Array:
        nonlocal done
        losses, to = np.empty(steps), 0
        for first, count in pieces(done, steps, len(order)):
            arrays = (X, y, order[first:], losses[to:])
            x_at, y_at, rows_at, losses_at = (array.ctypes.data for array in arrays)
            training.library.train(
                training.state, x_at, y_at, rows_at, count, losses_at, product
            )  # fmt: skip
            to += count
        done += steps
        return losses

    return run


ENGINE = Engine(
    "C++, by hand", can_build, prepare, "g++ on an x86-64 Linux with AVX2 is needed", refuses
)
