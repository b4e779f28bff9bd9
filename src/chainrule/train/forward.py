"""Forward passes over any number of rows, in chunks of bounded memory.

Knows setups and states; changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.executors import outputs
from chainrule.train.native import forward_rows
from chainrule.train.setup import Purpose, Setup, State
from chainrule.types import Array

CHUNK_ROWS = 4096
"""Rows of one forward pass; more are cut into chunks of this size and a rest."""


def chunks(rows: int) -> Iterator[slice]:
    """Yield slices that cover the rows."""
    for start in range(0, rows, CHUNK_ROWS):
        yield slice(start, min(start + CHUNK_ROWS, rows))


def _results(
    setup: Setup, purpose: Purpose, feed: Mapping[str, Array], names: Sequence[str]
) -> dict[str, Array]:
    """Return named results of a forward pass, from the engine that trains."""
    if setup.engine == "native" and len(feed["x"]):
        return forward_rows(setup, purpose, feed, names)
    program = setup.program(len(feed["x"]), purpose)
    found = outputs(program, program.values(feed), program.plan.forward)
    return {name: found[name] for name in names}


def predict_rows(setup: Setup, state: State, x: Array) -> Array:
    """Return the network's output (rows, outputs) for inputs (rows, features)."""
    out = np.empty((x.shape[0], setup.network.outputs), setup.dtype)
    for part in chunks(x.shape[0]):
        feed = {**state, "x": x[part]}
        out[part] = _results(setup, "predict", feed, ("out",))["out"]
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
        feed = {**state, "x": x[part], "y": y[part]}
        found = _results(setup, "score", feed, ("out", "l"))
        out[part], each[part] = found["out"], found["l"]
    if w is not None:
        each = np.where(w == 0, 0.0, each * w)
    total = float(np.sum(each, dtype=np.float64))
    weight = float(len(each)) if w is None else float(np.sum(w))
    return Judged(out, total / weight if setup.reduction == "mean" else total)
