"""Forward passes over any number of rows, in chunks of bounded memory.

Knows setups and states; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.executors import Program
from chainrule.train.setup import Setup, State
from chainrule.types import Array

CHUNK_ROWS = 4096
"""Rows of one forward pass; more are cut into chunks of this size and a rest."""


def chunks(rows: int) -> Iterator[slice]:
    """Yield slices that cover the rows."""
    for start in range(0, rows, CHUNK_ROWS):
        yield slice(start, min(start + CHUNK_ROWS, rows))


def _role(program: Program, values: list[Array], name: str) -> Array:
    return np.asarray(values[program.plan.number(program.plan.forward[name])])


def predict_rows(setup: Setup, state: State, x: Array) -> Array:
    """Return the network's output (rows, outputs) for inputs (rows, features)."""
    out = np.empty((x.shape[0], setup.network.outputs), setup.dtype)
    for part in chunks(x.shape[0]):
        program = setup.program(part.stop - part.start, "predict")
        values = program.values({**state, "x": x[part]})
        out[part] = _role(program, values, "out")
    return out


@dataclass(frozen=True, eq=False)
class Judged:
    """Output, and loss without penalty, of some rows."""

    out: Array
    loss: float


def judge_rows(setup: Setup, state: State, x: Array, y: Array, w: Array | None = None) -> Judged:
    """Return the output and the loss (reduced as in training, without penalty) of some rows."""
    out = np.empty((x.shape[0], setup.network.outputs), setup.dtype)
    each = np.empty(x.shape[0], setup.dtype)
    for part in chunks(x.shape[0]):
        program = setup.program(part.stop - part.start, "score")
        values = program.values({**state, "x": x[part], "y": y[part]})
        out[part] = _role(program, values, "out")
        each[part] = _role(program, values, "l")
    if w is not None:
        each = np.where(w == 0, 0.0, each * w)
    total = float(np.sum(each, dtype=np.float64))
    weight = float(len(each)) if w is None else float(np.sum(w))
    return Judged(out, total / weight if setup.reduction == "mean" else total)
