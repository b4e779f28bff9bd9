"""Resuming: a run folder to the run that an uninterrupted training would have left.

Knows run folders, what is left to do and keepers; computes nothing of its own.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from chainrule.errors import SpecError
from chainrule.files import RunContents, check_writable, held, read_run, tidy_run
from chainrule.files.guarded import run_folder
from chainrule.run.facade import Run
from chainrule.run.held import table_of
from chainrule.run.kept import Kept, trained
from chainrule.run.loading import run_of
from chainrule.train import Callback, run_training
from chainrule.train.checkpoints import EVERY, Checkpoints
from chainrule.train.door import check_callbacks
from chainrule.train.native import is_available
from chainrule.train.resuming import Rest, plan_rest


def resume(
    path: str | os.PathLike[str],
    *,
    steps: int | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    callbacks: Sequence[Callback] = (),
    every: int | str | None = None,
    keep: int | None = None,
) -> Run:
    """Go on with a training that was stopped, to the same bits as if it had never been.

    Weights, optimizer, schedules, order of rows, history, early stopping and scores are those of
    the uninterrupted training. The folder keeps the training while it goes on, and holds the run
    in the end.

    Parameters
    ----------
    path : path
        The run folder of a training that was killed, interrupted, or finished.
    steps, epochs : int, optional
        How long the whole training is to be, the steps that were done included; by default as
        long as was planned. With more, also a finished run goes on, to the bits of a training
        that was planned as long from the start with the same engine.
    patience : int, optional
        Another patience than the run's.
    callbacks : sequence of callable
        As in `train`; a run does not hold them.
    every, keep : optional
        As in `Checkpoints`; by default as before.

    Returns
    -------
    Run
        If nothing is left to do, the run as it is.

    Raises
    ------
    SpecError
        If the run diverged, or the engine or the rows it needs are not there.
    FileRefused
        If the folder is damaged, or another process trains in it.

    Examples
    --------
    >>> import tempfile, chainrule as cr
    >>> line = {"network": "1-1", "X": [[0.0], [1.0]], "y": [1.0, 3.0]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = cr.train(**line, steps=20, checkpoints=f"{folder}/line")
    ...     longer = cr.resume(f"{folder}/line", steps=50)
    >>> bool((longer.losses == cr.train(**line, steps=50).losses).all())
    True
    """
    checked = check_callbacks(callbacks)
    folder, where = run_folder(path), f"resume {os.fspath(path)!r}"
    check_writable(folder, where)
    with ExitStack() as stack:
        stack.enter_context(held(folder, where))
        contents = read_run(path)  # a damaged run is refused before anything is moved
        tidy_run(path)
        _check_engine(contents.manifest)
        run = run_of(contents, path)
        rest = _rest(run, steps, epochs, patience)
        if rest is None:
            return run
        kept = _kept(path, contents, run, (every, keep), stack.pop_all())
        return _trained(rest, kept, checked)


def _rest(run: Run, steps: int | None, epochs: int | None, patience: int | None) -> Rest | None:
    """Return what is left to do, with the rows for it."""
    asked = (steps, epochs, patience) != (None, None, None)
    if not asked and run.steps == run.record.planned and run.record.trouble is None:
        return None  # and the rows, which may be gone, are not needed
    if run.record.trouble is None:
        run._fetch_rows(needed_for="the training cannot go on")
    return plan_rest(run.record, steps, epochs, patience)


def _trained(rest: Rest, kept: Kept, callbacks: Sequence[Callback]) -> Run:
    past = rest.past
    return trained(
        lambda watcher: run_training(
            past.setup, rest.steps, past.final,
            validation=past.validation, patience=rest.patience, callbacks=callbacks,
            snapshot_bytes=past.snapshot_bytes, watcher=watcher, past=past,
        ),
        kept,
    )  # fmt: skip


def _kept(
    path: str | os.PathLike[str],
    contents: RunContents,
    run: Run,
    asked: tuple[int | str | None, int | None],
    stack: ExitStack,
) -> Kept:
    """Return how the folder goes on being kept, and what it holds now."""
    from chainrule.train.keeper import Written

    record, said = run.record, contents.manifest.get("checkpoints") or {}
    every = said.get("every", EVERY) if asked[0] is None else asked[0]
    keep = said.get("keep", 1) if asked[1] is None else asked[1]
    states = set(contents.checkpoints)
    recent = [k for k in said.get("recent", ()) if k in states]
    has_page = contents.report is not None
    return Kept(
        Checkpoints(path, every=every, keep=keep),
        run.preparation,
        table_of(run.report),
        run.source,
        {"origin": record.origin, "held_out": record.held_out, "parts": record.parts},
        Written(states, recent or [record.steps], record.best_step, has_page),
        stack,
    )


def _check_engine(manifest: dict[str, Any]) -> None:
    """Refuse, or say, where the bits would be others here."""
    engine, before = manifest.get("executor"), manifest.get("versions") or {}
    if engine == "native" and not is_available():
        raise SpecError(
            "this run was trained in machine code, which needs llvmlite, and it is not installed.\n"
            "  Install it (pip install llvmlite) and resume again."
        )
    if engine == "interpreter" and before.get("numpy") != np.__version__:
        warnings.warn(
            f"this run was begun with NumPy {before.get('numpy')}, here is {np.__version__}: the "
            "last digits of further steps may differ from those of the uninterrupted run.",
            stacklevel=3,
        )
