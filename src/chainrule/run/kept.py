"""Kept: a training from its first step to the run that came of it, in its folder if it has one.

Knows trainings, keepers of checkpoints and runs; does no step itself.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chainrule.errors import DivergenceError, FileRefused
from chainrule.run.facade import Run
from chainrule.run.scoring import scored
from chainrule.train import Record
from chainrule.train.checkpoints import Checkpoints
from chainrule.train.watching import Watcher

if TYPE_CHECKING:
    from chainrule.train.keeper import Keeper, Written


@dataclass(frozen=True)
class Kept:
    """What a run has beside its record, and where it is kept while it trains.

    Attributes
    ----------
    checkpoints : Checkpoints or None
        None keeps nothing.
    preparation, report, source
        As in `Run`; the report without scores.
    knows : mapping
        Fields of the record that the trainer does not know: origin, held-out rows.
    written : Written or None
        What the folder holds already, if a run is gone on with.
    stack : ExitStack or None
        Holds that folder.
    """

    checkpoints: Checkpoints | None = None
    preparation: Any = None
    report: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None
    knows: Mapping[str, Any] = field(default_factory=dict)
    written: Written | None = None
    stack: ExitStack | None = None

    def run(self, record: Record) -> Run:
        """Return the run of a record, without scores."""
        return Run(self.dress(record), self.preparation, self.report, self.source)

    def dress(self, record: Record) -> Record:
        """Return the record with what the trainer does not know."""
        return replace(record, **self.knows)

    def keeper(self) -> Keeper | None:
        """Return who writes the checkpoints."""
        if self.checkpoints is None:
            return None
        from chainrule.train.keeper import Keeper, Shell

        preparation = None if self.preparation is None else self.preparation.to_dict()
        extra = {"preparation": preparation, "report": dict(self.report)}
        shell = Shell(extra, self.source, self.dress)
        return Keeper(self.checkpoints, shell, self.written, self.stack)


def trained(train: Callable[[Watcher | None], Record], kept: Kept | None = None) -> Run:
    """Train, score what came from a table, and leave the run in its folder.

    Raises
    ------
    DivergenceError
        Its `run` is the run up to the last good step; that is in the folder, too.
    FileRefused
        If the finished run cannot be written; its `run` is that run.
    """
    kept = Kept() if kept is None else kept
    keeper = kept.keeper()
    with ExitStack() as stack:
        if keeper is not None:
            stack.callback(keeper.let_go)
        try:
            run = scored(kept.run(train(keeper)))
        except DivergenceError as error:
            error.run = kept.run(error.run)
            if keeper is not None:
                _leave_diverged(keeper, error.run)
            raise
        if keeper is not None:
            _leave(keeper, run)
    return run


def _leave(keeper: Keeper, run: Run) -> None:
    try:
        keeper.finish(run.record, run.extra)
    except FileRefused as error:
        error.run = run
        raise


def _leave_diverged(keeper: Keeper, run: Run) -> None:
    """Write the run to be examined; that it diverged matters more than that it cannot be."""
    try:
        keeper.finish(run.record, run.extra)
    except FileRefused as error:
        warnings.warn(str(error).partition("\n")[0], stacklevel=2)


def leave_page(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the report into the folder of a run that is there already, as ``report.html``."""
    from chainrule.files import update_run

    update_run(path, report=run.report_page().html().encode())
