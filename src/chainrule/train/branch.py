"""Branches: go back to any step of a run, change something, and train on from there.

A branch is what the training would have done from that step on with the new settings: its state,
its order of batches and the clock of its optimizer go on, so that without a change every bit is
that of the run. Knows records and what may be changed of them; writes and prints nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from chainrule.data.memory import check_memory
from chainrule.errors import SpecError
from chainrule.optim import Optimizer, find_optimizer
from chainrule.train.amend import (
    amend_network,
    amend_parameters,
    amend_rows,
    amend_shapes,
    told_network,
)
from chainrule.train.door import (
    check_callbacks,
    check_engine,
    check_patience,
    count_steps,
    make_setup,
    make_validation,
    owned,
    with_engine,
)
from chainrule.train.features import in_order
from chainrule.train.memory import estimate_memory
from chainrule.train.origin import Origin
from chainrule.train.record import Record, Validation
from chainrule.train.replay import state_at
from chainrule.train.setup import Setup, State
from chainrule.train.snapshots import BUDGET_BYTES
from chainrule.train.trainer import Callback, run_training
from chainrule.types import Array

CHANGES = (
    "optimizer", "learning_rate", "parameters", "network", "activation", "l1", "l2", "loss",
    "reduction", "X", "y", "rows", "sample_weight", "batch_size", "shuffle", "seed", "dtype",
    "engine", "steps", "epochs", "validation", "patience", "callbacks",
)  # fmt: skip
"""What a branch may change."""

EITHER = (
    ("X", "rows"), ("y", "rows"), ("steps", "epochs"), ("network", "activation"),
    ("network", "l1"), ("network", "l2"), ("optimizer", "learning_rate"),
)  # fmt: skip
"""Changes of which only one can be given."""

SAME_MEMORY = (frozenset({"adam", "adamw"}), frozenset({"momentum", "nesterov"}))
"""Optimizers whose slots of equal names mean the same, so that one can go on with the other's."""


ANEW = "the optimizer's memory and clock start at zero"
"""Bias corrections are right only if memory and clock begin together."""


@dataclass(frozen=True, eq=False)
class Branch:
    """A branch before it is trained.

    Attributes
    ----------
    setup : Setup
        What is trained.
    steps : int
        Steps to do.
    state : State
        The state before its step 0.
    origin : Origin
        Where it left, and what was changed.
    validation : Validation or None
        The rows it is judged by.
    patience : int or None
        Epochs without a lower validation loss after which it stops.
    callbacks : sequence of callable
        As in `run_training`.
    """

    setup: Setup
    steps: int
    state: State
    origin: Origin
    validation: Validation | None
    patience: int | None
    callbacks: tuple[Callback, ...] = ()


def run_branch(branch: Branch, snapshot_bytes: int = BUDGET_BYTES) -> Record:
    """Train a branch and return its record.

    Raises
    ------
    DivergenceError
        As `run_training` does; its `run` is the record up to there.
    """
    record = run_training(
        branch.setup, branch.steps, branch.state,
        validation=branch.validation, patience=branch.patience, callbacks=branch.callbacks,
        snapshot_bytes=snapshot_bytes,
    )  # fmt: skip
    return replace(record, origin=branch.origin)


def plan_branch(record: Record, step: int, changes: Mapping[str, Any]) -> Branch:
    """Return the branch of a record at a step, with its changes made and checked.

    Parameters
    ----------
    record : Record
        The run that is left, with its rows.
    step : int
        0 to its number of steps; the branch begins with the state before this update.
    changes : mapping
        What is not named stays as it is. ``optimizer``, ``learning_rate``; ``parameters``:
        ``{"W1[0,2]": 0.5, "W1[:,3]": 0.0, "b1": array}``; ``network`` of the same shapes, or
        ``activation`` (a name for all hidden layers, or ``{1: "tanh"}``), ``l1``, ``l2``; ``loss``,
        ``reduction``; ``X``, ``y``, or ``rows``: ``{3: (x, y)}`` by the user's own numbers, None to
        keep one of the two; ``sample_weight``; ``batch_size``, ``shuffle``, ``seed``; ``dtype``,
        ``engine``; ``steps`` or ``epochs``, by default to the end of the run (of one that
        diverged: to where it was meant to end; of an adopted one: 100 epochs);
        ``validation``, ``patience``, ``callbacks``.

    Raises
    ------
    SpecError, ShapeError, DataError
        If there is no such step or change, or a value makes no sense.
    """
    _check_names(changes)
    old, old_state = record.setup, state_at(record, step)
    step = int(step)
    setup = _engine(_setup(old, changes), changes)
    setup = replace(setup, first=old.first + step, clock=old.clock + step)
    steps = _steps(record, setup, step, changes)
    is_first = record.stopped == "adopted"
    if changes.get("engine", "auto" if is_first else old.engine) == "auto":
        setup = with_engine(setup, "auto", steps)
    state, notes = _state(old, setup, old_state, changes.get("parameters"))
    if ANEW in notes:
        setup = replace(setup, clock=0)
    validation = _validation(record, setup, changes)
    judged = 0 if validation is None else len(validation.x)
    estimate = estimate_memory(setup, steps, validation_rows=judged)
    check_memory(estimate.peak, "the branch", "Use a smaller batch_size or fewer rows.")
    return Branch(
        setup,
        steps,
        state,
        Origin(_named(record), step, (*_told(old, setup, changes), *notes)),
        validation,
        _patience(record, validation, steps, changes),
        tuple(check_callbacks(list(changes.get("callbacks", ())))),
    )


def _check_names(changes: Mapping[str, Any]) -> None:
    for name in changes:
        if name not in CHANGES:
            near = get_close_matches(name, CHANGES, n=2)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(CHANGES)}."
            )
            raise SpecError(f"a branch cannot change {name!r}; {hint}")
    for one, other in EITHER:
        if one in changes and other in changes:
            raise SpecError(f"{one} and {other} were both given; give one of them.")


def _setup(old: Setup, changes: Mapping[str, Any]) -> Setup:
    """Return the setup with everything changed that does not depend on the state."""
    network = amend_network(old.network, changes)
    x, y, w = _rows(old, changes)
    new = make_setup(
        network, x, y,
        loss=changes.get("loss", old.loss),
        reduction=changes.get("reduction", old.reduction),
        optimizer=_optimizer(old.optimizer, changes),
        sample_weight=w,
        batch_size=changes.get("batch_size", old.batch_size),
        seed=changes.get("seed", old.seed),
        shuffle=changes.get("shuffle", old.shuffle),
        dtype=changes.get("dtype", old.dtype.name),
    )  # fmt: skip
    same_rows = len(new.x) == len(old.x) and "X" not in changes
    return replace(
        new,
        x=owned(new.x, changes.get("X", ())),
        y=owned(new.y, changes.get("y", ())),
        row_numbers=old.row_numbers if same_rows else None,
        features=old.features,
        engine=old.engine,
        windows=old.windows.again(new.seed, new.shuffle) if same_rows and old.windows else None,
    )


def _optimizer(old: Optimizer, changes: Mapping[str, Any]) -> Optimizer:
    if "learning_rate" in changes:
        return replace(old, learning_rate=changes["learning_rate"])
    return find_optimizer(changes.get("optimizer", old))


def _rows(old: Setup, changes: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return inputs, targets and weights of the branch."""
    w = changes.get("sample_weight", old.w)
    if "rows" in changes:
        return (*amend_rows(old, changes["rows"]), w)
    x, y = in_order(changes.get("X", old.x), old.features), changes.get("y", old.y)
    if "X" in changes and "y" not in changes and len(x) != old.rows:
        raise SpecError(
            f"X has {len(x)} rows, the run's y has {old.rows}.\n  Give both: branch(step, X=, y=)."
        )
    if "sample_weight" not in changes and len(x) != old.rows:
        w = None
    return x, y, w


def _engine(setup: Setup, changes: Mapping[str, Any]) -> Setup:
    if "engine" not in changes:
        return setup
    check_engine(changes["engine"])
    return setup if changes["engine"] == "auto" else with_engine(setup, changes["engine"], 0)


def _steps(record: Record, setup: Setup, step: int, changes: Mapping[str, Any]) -> int:
    """Return the steps of the branch: those named, else up to where the run ended."""
    if "steps" in changes or "epochs" in changes:
        return count_steps(setup, changes.get("steps"), changes.get("epochs"))
    if record.stopped == "adopted":
        return count_steps(setup, None, None)
    end = record.planned if record.stopped == "diverged" else record.steps
    return end - step


def _state(
    old: Setup, new: Setup, state: State, given: Any
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Return the state of the branch's step 0, and what became of the optimizer's memory."""
    amend_shapes(old.network, new.network)
    names = new.network.specs
    found = {name: np.array(state[name], new.dtype) for name in names}
    found.update(amend_parameters(found, given, new.dtype))
    one, other = old.optimizer.kind, new.optimizer.kind
    related = one == other or any({one, other} <= family for family in SAME_MEMORY)
    zeroed = []
    for name in new.slot_names():
        parameter = name.rpartition(".")[0]
        if related and name in state:
            found[name] = np.array(state[name], new.dtype)
        else:
            zeroed.append(name)
            found[name] = np.zeros_like(found[parameter])
    if not zeroed:
        return found, ()
    every = len(zeroed) == len(new.slot_names())
    return found, (ANEW if every else f"{', '.join(zeroed)} starts at zero",)


def _validation(record: Record, setup: Setup, changes: Mapping[str, Any]) -> Validation | None:
    if "validation" in changes:
        return make_validation(setup, changes["validation"])
    kept = record.validation
    if kept is None:
        return None
    return make_validation(setup, (kept.x, kept.y, kept.w))


def _patience(
    record: Record, validation: Validation | None, steps: int, changes: Mapping[str, Any]
) -> int | None:
    """Return the patience; after a run that gave its best state back, more than can run out."""
    if "patience" in changes:
        return check_patience(changes["patience"], validation)
    kept_best = record.stopped == "early stopping" or record.best_step != record.steps
    return steps + 1 if validation is not None and kept_best else None


def is_branch_of(record: Record, other: Record) -> bool:
    """Tell whether a run left another one, as far as its own words tell."""
    origin = record.origin
    return origin is not None and origin.run == _named(other) and origin.step <= other.steps


def since(record: Record, step: int) -> Record:
    """Return a run as if it had begun with the state before update `step`; its bits stay.

    Parameters
    ----------
    record : Record
        With its rows.
    step : int
        0 to its steps; this one is step 0 of the result.
    """
    setup = record.setup
    later = replace(
        setup, first=setup.first + step, clock=setup.clock + step, programs={}, compiled={}
    )
    snapshots = {k - step: state for k, state in record.snapshots.items() if k > step}
    return replace(
        record,
        setup=later,
        history={name: column[step:] for name, column in record.history.items()},
        snapshots={0: state_at(record, step), **snapshots},
        best_step=max(record.best_step - step, 0),
        planned=max(record.planned - step, 0),
    )


def _named(record: Record) -> str:
    setup = record.setup
    return (
        f"{setup.network.outline}, {record.steps} steps, {setup.optimizer}, seed {setup.seed}, "
        f"{record.stopped}"
    )


def _told(old: Setup, new: Setup, changes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence on each change."""
    told = []
    for name in ("loss", "optimizer", "reduction", "batch_size", "shuffle", "seed", "dtype"):
        before, now = getattr(old, name), getattr(new, name)
        if before != now:
            words = [getattr(value, "name", value) for value in (now, before)]
            told.append(f"{name}: {words[0]} instead of {words[1]}")
    if new.engine != old.engine and "engine" in changes:
        told.append(f"engine: {new.engine} instead of {old.engine}")
    told += told_network(old.network, new.network)
    for name in ("parameters", "rows"):
        if name in changes:
            told.append(f"{name} changed: {', '.join(map(str, changes[name]))}")
    told += [f"{name} changed" for name in ("X", "y", "sample_weight") if name in changes]
    return tuple(told)
