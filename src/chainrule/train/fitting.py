"""Whether the arrays of a run folder fit its manifest: shapes, dtypes, and numbers in range.

Sums tell damage, not malice; machine code reads these arrays without looking, so nothing is taken
on trust. Knows setups and arrays; opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from chainrule.data.arrays import check_inputs, check_targets, check_weights
from chainrule.train.history import History
from chainrule.train.rows import ROW_NUMBERS
from chainrule.train.setup import Setup, State
from chainrule.types import Array, DType, Shape

JUDGED = ("validation", "held_out")
"""Parts of the rows that did not train."""

COLUMNS = {name: column.dtype for name, column in History().columns(1).items()}
"""The columns of every history."""


def check_rows(setup: Setup, kept: Mapping[str, Array], count: int) -> None:
    """Raise unless the kept rows are what training could have been given; `count` is how many."""
    names = {"x", "y", "w", ROW_NUMBERS} | {f"{part}.{name}" for part in JUDGED for name in "xyw"}
    for name in kept:
        if name not in names:
            raise ValueError(f"rows named {name[:40]!r}")
    if "x" in kept:
        _check_set(setup, kept, "")
        _expect(kept["x"], (count, setup.network.inputs), setup.dtype, "x")
    for part in JUDGED:
        if f"{part}.x" in kept:
            _check_set(setup, kept, f"{part}.")
    if ROW_NUMBERS in kept:
        _expect(kept[ROW_NUMBERS], (count,), np.dtype(np.int64), ROW_NUMBERS)
        if count and kept[ROW_NUMBERS].min() < 0:
            raise ValueError("row numbers below 0")


def check_features(setup: Setup, soft_labels: bool) -> None:
    """Raise unless the inputs' names are as many as the inputs, and targets as they are said."""
    if setup.features is not None and len(setup.features) != setup.network.inputs:
        raise ValueError(f"{len(setup.features)} names of {setup.network.inputs} inputs")
    if setup.soft_labels != soft_labels:
        raise ValueError(f"soft_labels is {soft_labels}, the targets say otherwise")


def _check_set(setup: Setup, kept: Mapping[str, Array], prefix: str) -> None:
    """Raise unless inputs, targets and weights belong together."""
    x, y = kept[f"{prefix}x"], kept[f"{prefix}y"]
    _expect(x, (len(x) if x.ndim else 0, setup.network.inputs), setup.dtype, f"{prefix}x")
    check_inputs(x)
    kind, outputs = setup.loss.targets, setup.network.outputs
    plain = check_targets(y, len(x), outputs, kind=kind, dtype=setup.dtype)
    _expect(y, plain.shape, plain.dtype, f"{prefix}y")
    if f"{prefix}w" in kept:
        w = kept[f"{prefix}w"]
        _expect(w, (len(x),), setup.dtype, f"{prefix}w")
        check_weights(w, len(x))


def check_states(setup: Setup, states: Iterable[State]) -> None:
    """Raise unless each state has every parameter and every slot, in its shape and dtype."""
    shapes = {name: spec.shape for name, spec in setup.network.specs.items()}
    for name in setup.slot_names():
        shapes[name] = shapes[name.rpartition(".")[0]]
    for state in states:
        _check_state(setup, state, shapes)


def check_weights_of(setup: Setup, weights: State) -> None:
    """Raise unless weights are those of the network."""
    _check_state(setup, weights, {k: spec.shape for k, spec in setup.network.specs.items()})


def _check_state(setup: Setup, state: State, shapes: Mapping[str, Shape]) -> None:
    if state.keys() != shapes.keys():
        raise ValueError(f"tensors {sorted(state)[:8]}, the network wants {sorted(shapes)[:8]}")
    for name, shape in shapes.items():
        _expect(state[name], shape, setup.dtype, name)


def check_history(history: Mapping[str, Array], steps: int) -> None:
    """Raise unless the history has its columns, a row a step."""
    if history.keys() != COLUMNS.keys():
        raise ValueError(f"history columns {sorted(history)[:8]}")
    for name, column in history.items():
        _expect(column, (steps,), COLUMNS[name], f"history column {name}")
    if steps and not (history["step"] == np.arange(steps)).all():
        raise ValueError("a history whose steps are not 0, 1, 2 ...")
    if steps and (np.diff(history["epoch"]) < 0).any():
        raise ValueError("a history whose epochs go back")


def _expect(array: Array, shape: Shape, dtype: DType, name: str) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} of {array.dtype} {array.shape}, not {dtype} {shape}")
