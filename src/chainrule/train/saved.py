"""A record as the contents of a run folder, and back.

Knows what a record holds and which words the manifest uses; writes no file itself.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.data.stream.order import WindowOrder
from chainrule.errors import ChainruleError, FileRefused
from chainrule.executors.native import SUMMATION
from chainrule.files import RowSource, RunContents, keep_rows
from chainrule.nn import Network, find_loss
from chainrule.nn.own import check_fingerprints, fingerprints
from chainrule.optim import find_optimizer
from chainrule.train.fitting import (
    check_features,
    check_history,
    check_rows,
    check_states,
    check_weights_of,
)
from chainrule.train.history import History
from chainrule.train.manifest import check_manifest
from chainrule.train.native import engine_of
from chainrule.train.origin import origin_from
from chainrule.train.record import UNKNOWN_PATIENCE, Record, Validation
from chainrule.train.rows import ROW_NUMBERS, noted_rows, stored_rows, without_note
from chainrule.train.setup import Setup
from chainrule.train.snapshots import BUDGET_BYTES, spacing
from chainrule.train.trouble import Trouble
from chainrule.types import Array, DType

CHECKPOINTS = 32
"""States for replay that a run folder keeps at most, the first and the last among them."""


def to_contents(
    record: Record,
    extra: Mapping[str, Any],
    source: RowSource | None = None,
    *,
    must_keep_rows: bool = False,
) -> RunContents:
    """Return what a run folder holds of a record.

    Parameters
    ----------
    record : Record
        The training.
    extra : mapping
        Further plain data for the manifest: the table's preparation, the report.
    source : RowSource, optional
        Where the rows came from, if they are too large to be kept.
    must_keep_rows : bool
        Keep them however large they are, if they have no source: without rows nobody goes on.
    """
    setup = record.setup
    away = not setup.rows and source is not None  # loaded, and not fetched
    rows = source if away else keep_rows(stored_rows(record), source)
    if rows is None and must_keep_rows:
        rows = stored_rows(record)
    checkpoints = kept_states(record)
    if isinstance(rows, RowSource) and setup.row_numbers is not None:
        checkpoints[0] = {**checkpoints[0], **noted_rows(record)}
    return RunContents(
        manifest={**manifest_of(record), **extra},
        weights=weights_of(record),
        history=record.history,
        checkpoints=checkpoints,
        rows=rows,
    )


def weights_of(record: Record) -> dict[str, Array]:
    """Return the parameters that predict."""
    return {name: record.best[name] for name in record.setup.network.specs}


def manifest_of(record: Record) -> dict[str, Any]:
    """Return what a record says of itself in plain data."""
    setup = record.setup
    trouble = record.trouble
    return {
        "network": setup.network.to_dict(),
        "loss": setup.loss.to_dict(),
        "reduction": setup.reduction,
        "optimizer": setup.optimizer.to_dict(),
        "batch_size": setup.batch_size,
        "seed": setup.seed,
        "shuffle": setup.shuffle,
        "dtype": setup.dtype.name,
        "features": None if setup.features is None else list(setup.features),
        "windows": None if setup.windows is None else setup.windows.to_dict(),
        "soft_labels": setup.soft_labels,
        "rows": _row_count(setup),
        "first": setup.first,
        "clock": setup.clock,
        "steps": record.steps,
        "planned": record.planned,
        "best_step": record.best_step,
        "patience": record.patience,
        "snapshot_bytes": record.snapshot_bytes,
        "stopped": record.stopped,
        "trouble": None if trouble is None else [trouble.step, trouble.tensor, trouble.fact],
        "origin": None if record.origin is None else record.origin.to_dict(),
        "executor": setup.engine,
        "summation": _summation(setup),
        **({"own": own} if (own := fingerprints(setup.network, setup.loss)) else {}),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }


def _row_count(setup: Setup) -> int:
    """Return how many rows trained, also where they are not at hand."""
    if setup.rows or setup.windows is None:
        return setup.rows or (0 if setup.row_numbers is None else len(setup.row_numbers))
    return sum(setup.windows.sizes)


def _summation(setup: Setup) -> str:
    """Return the order in which numbers were added, in words."""
    return SUMMATION if setup.engine == "native" else setup.plan(1, "predict").summation


def kept_states(record: Record) -> dict[int, Mapping[str, Array]]:
    """Return evenly spaced snapshots, and the state after the last step.

    Which ones depends on numbers alone: what a longer training keeps, a shorter one kept too, so
    that one which is gone on with ends with the same as one that was never stopped.
    """
    every = spacing(record.steps, CHECKPOINTS - 1)
    kept = {k: state for k, state in record.snapshots.items() if k % every == 0}
    kept[record.steps] = record.final
    return kept


def from_contents(contents: RunContents, where: str = "the run's manifest") -> Record:
    """Return the record that a run folder holds.

    Parameters
    ----------
    contents : RunContents
        What was read.
    where : str
        What it was read from, for messages.

    Raises
    ------
    FileRefused
        If the manifest lacks something or contradicts the arrays.
    """
    with refused_if_unfit(where):
        return _record(contents)


@contextmanager
def refused_if_unfit(where: str) -> Iterator[None]:
    """Turn whatever a manifest of the right form can still do wrong into one refusal."""
    try:
        yield
    except FileRefused:
        raise
    except (ChainruleError, LookupError, TypeError, ValueError, AttributeError,
            ArithmeticError, RecursionError, MemoryError) as error:  # fmt: skip
        said, _, way = str(error).partition("\n")
        fact = said.rstrip(".")[:300] or type(error).__name__
        fact = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else fact
        if "chainrule.nn.register_" not in way:  # a name that may be the user's own
            way = "  It was written by another program or a newer version; train again, or update."
        raise FileRefused(f"{where} does not fit: {fact}.\n{way}") from None


def _record(contents: RunContents) -> Record:
    manifest = contents.manifest
    check_manifest(manifest)
    rows = dict(contents.rows) if isinstance(contents.rows, Mapping) else {}
    checkpoints, parts = without_note(contents.checkpoints)
    if ROW_NUMBERS in parts:
        rows[ROW_NUMBERS] = parts.pop(ROW_NUMBERS)
    setup = _setup(manifest, rows)
    check_fingerprints(manifest.get("own") or {}, setup.network, setup.loss)
    steps, trouble = manifest["steps"], manifest["trouble"]
    history = dict(contents.history) or History().columns(1)
    if {0, steps} - set(checkpoints) or max(checkpoints) > steps:
        raise ValueError(f"{steps} steps, states {[*checkpoints][:8]}")
    check_history(history, steps)
    check_features(setup, manifest["soft_labels"])
    check_rows(setup, rows, manifest["rows"])
    check_weights_of(setup, contents.weights)
    check_states(setup, checkpoints.values())
    final = checkpoints.pop(steps) if steps else checkpoints[0]
    return Record(
        setup=setup,
        history=history,
        snapshots=checkpoints,
        final=final,
        best=dict(contents.weights),
        best_step=manifest["best_step"],
        stopped=manifest["stopped"],
        trouble=None if trouble is None else Trouble(*trouble),
        validation=_judged(rows, "validation"),
        planned=manifest.get("planned", steps),
        origin=origin_from(manifest.get("origin")),
        patience=manifest.get("patience", UNKNOWN_PATIENCE),
        snapshot_bytes=manifest.get("snapshot_bytes", BUDGET_BYTES),
        held_out=_judged(rows, "held_out"),
        parts=parts,
    )


def _setup(manifest: Mapping[str, Any], rows: Mapping[str, Array]) -> Setup:
    """Return what was trained, with the rows that the run holds."""
    network = Network.from_dict(manifest["network"])
    dtype = np.dtype(manifest["dtype"])
    return Setup(
        network=network,
        loss=find_loss(manifest["loss"]),
        reduction=manifest["reduction"],
        optimizer=find_optimizer(manifest["optimizer"]),
        x=_own(rows["x"]) if "x" in rows else np.empty((0, network.inputs), dtype),
        y=_own(rows["y"]) if "y" in rows else _no_targets(manifest, network.outputs, dtype),
        w=_own(rows["w"]) if "w" in rows else None,
        batch_size=manifest["batch_size"],
        seed=manifest["seed"],
        shuffle=manifest["shuffle"],
        dtype=dtype,
        row_numbers=_own(rows[ROW_NUMBERS]) if ROW_NUMBERS in rows else None,
        features=None if manifest["features"] is None else tuple(manifest["features"]),
        engine=engine_of(manifest["executor"]),
        first=manifest.get("first", 0),
        clock=manifest.get("clock", 0),
        windows=_order(manifest),
    )


def _order(manifest: Mapping[str, Any]) -> WindowOrder | None:
    """Return the order of rows that stood in blocks on disk."""
    plain = manifest.get("windows")
    if plain is None:
        return None
    sizes, together = tuple(int(size) for size in plain["sizes"]), int(plain["together"])
    if not sizes or min(sizes) < 0 or sum(sizes) != manifest["rows"] or together < 1:
        raise ValueError(f"{len(sizes)} blocks of {sum(sizes)} rows")
    return WindowOrder(manifest["seed"], sizes, together, manifest["shuffle"])


def _no_targets(manifest: Mapping[str, Any], outputs: int, dtype: DType) -> Array:
    """Return no rows of targets, in the form that they had."""
    numbers = find_loss(manifest["loss"]).targets == "class" and not manifest["soft_labels"]
    return np.empty(0, np.int64) if numbers else np.empty((0, outputs), dtype)


def _judged(rows: Mapping[str, Array], part: str) -> Validation | None:
    """Return rows that did not train, if the run holds any of this part."""
    if f"{part}.x" not in rows:
        return None
    w = _own(rows[f"{part}.w"]) if f"{part}.w" in rows else None
    return Validation(_own(rows[f"{part}.x"]), _own(rows[f"{part}.y"]), w)


def _own(array: Array) -> Array:
    """Return a copy in memory of NumPy's own alignment, as training had it."""
    return np.array(array, order="C")
