"""The keeper: writes checkpoints of a training into its run folder, and the finished run.

A checkpoint that cannot be written is told once and tried again; the training goes on, and the
last one that was written stays. Knows records, run folders and clocks; knows nothing of how steps
are done.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chainrule.errors import FileRefused
from chainrule.files import RowSource, check_place, held, read_run, update_run, write_run
from chainrule.files.layout import RECORD
from chainrule.files.refusals import told
from chainrule.train.checkpoints import Checkpoints, Interval, interval
from chainrule.train.record import Record
from chainrule.train.saved import kept_states, manifest_of, to_contents, weights_of
from chainrule.train.watching import Now

LEAST_SHARE = 50
"""By the clock, a checkpoint waits at least so many times as long as the last one took."""


@dataclass(frozen=True)
class Shell:
    """What a run has beside its record.

    Attributes
    ----------
    extra : mapping
        Further plain data for the manifest: the table's preparation, the report.
    source : RowSource or None
        Where the rows came from, if they are too large to be kept.
    dress : callable
        Puts into a record what the trainer does not know: where it branched off, held-out rows.
    """

    extra: Mapping[str, Any] = field(default_factory=dict)
    source: RowSource | None = None
    dress: Callable[[Record], Record] = lambda record: record


@dataclass
class Written:
    """What the run folder holds now.

    Attributes
    ----------
    steps : set of int
        Those whose states are there.
    recent : list of int
        Those of the latest checkpoints.
    best_step : int or None
        The step whose weights are there; None if that is not known.
    finished : bool
        Whether it has a report page, which an unfinished run has not.
    """

    steps: set[int]
    recent: list[int]
    best_step: int | None = None
    finished: bool = False


class Keeper:
    """A `Watcher` that writes, and holds the folder until `let_go`.

    Parameters
    ----------
    policy : Checkpoints
        Where, how often, how many.
    shell : Shell
        What the run has beside its record.
    written : Written, optional
        What is there already, if a run is gone on with.
    stack : ExitStack, optional
        Holds the folder, if it is held already.
    """

    def __init__(
        self, policy: Checkpoints, shell: Shell, written: Written | None = None,
        stack: ExitStack | None = None,
    ) -> None:  # fmt: skip
        self.policy, self.shell, self.written = policy, shell, written
        self.every: Interval = interval(policy.every)
        self.path = Path(policy.path)
        self.stack = ExitStack() if stack is None else stack
        self.place = None if stack is None else self._where()
        self.first, self.per_epoch = 0, 1
        self.next_time, self.next_step = 0.0, 0
        self.refusal, self.in_doubt = "", False

    def begin(self, now: Now) -> None:
        """Take the folder, and make it unless a run is to be replaced later."""
        record: Record = now()
        self.first, self.per_epoch = record.setup.first, record.setup.steps_per_epoch
        if self.written is None:
            check_place(self.path, overwrite=self.policy.overwrite)
            if self._is_there():
                self._hold()
            else:
                self._create(self.shell.dress(record), self.shell.extra)
        self._plan(record.steps, 0.0)

    def wait(self, step: int) -> int | None:
        """Return after how many steps the next checkpoint is due, if steps tell."""
        return None if self.every.unit == "seconds" else max(self.next_step - step, 1)

    def look(self, step: int, now: Now) -> None:
        """Write a checkpoint if it is due."""
        if self.every.unit == "seconds":
            if time.monotonic() < self.next_time:
                return
        elif step < self.next_step:
            return
        began = time.monotonic()
        self._try(lambda: self._write(now(), self.shell.extra, is_last=False))
        self._plan(step, time.monotonic() - began)

    def end(self, now: Now) -> None:
        """After a signal make haste: whoever sent it may send another one that cannot be heard."""
        record: Record = now()
        if record.stopped == "interrupted":
            hasty = self._without_new_states(record)
            self._try(lambda: self._write(hasty, self.shell.extra, is_last=True, is_hasty=True))

    def finish(self, record: Record, extra: Mapping[str, Any]) -> None:
        """Write the run as it ended.

        Raises
        ------
        FileRefused
            If it cannot be written; the last checkpoint is still there.
        """
        self._write(record, extra, is_last=True)

    def let_go(self) -> None:
        """Hold the folder no longer."""
        self.stack.close()

    def _without_new_states(self, record: Record) -> Record:
        """Leave out states for replay that are still to be written; `finish` does that."""
        there = set() if self.written is None else self.written.steps
        kept = {k: state for k, state in record.snapshots.items() if k in there | {0}}
        return replace(record, snapshots=kept)

    def _plan(self, step: int, took: float) -> None:
        """Choose when the next checkpoint is due."""
        number = self.every.number
        if self.every.unit == "seconds":
            self.next_time = time.monotonic() + max(number, LEAST_SHARE * took)
            return
        size = int(number) * (self.per_epoch if self.every.unit == "epochs" else 1)
        first = self.first if self.every.unit == "epochs" else 0
        self.next_step = ((step + first) // size + 1) * size - first

    def _try(self, write: Callable[[], None]) -> None:
        """Write; a refusal is told once, until it is another one."""
        try:
            write()
            self.refusal = ""
        except FileRefused as problem:
            fact = str(problem).partition("\n")[0]
            if fact.partition(" (")[0] != self.refusal:
                self.refusal = fact.partition(" (")[0]
                warnings.warn(f"{fact} {self._goes_on()}", stacklevel=2)

    def _goes_on(self) -> str:
        kept = f"the checkpoint of step {self.written.recent[-1]:,} stays" if self.written else ""
        return f"Training goes on; {kept or 'none is there yet'}, and the next one is tried later."

    def _write(
        self, record: Record, extra: Mapping[str, Any], *, is_last: bool, is_hasty: bool = False
    ) -> None:
        dressed = self.shell.dress(record)
        if self.written is None or not self._is_there():
            self._create(dressed, extra)
            return
        self._check_same()
        there = self._found() if self.in_doubt else self.written
        self.in_doubt = True  # an error may come after the instant at which a state appears
        lines_too = is_last and not is_hasty
        self._update(dressed, extra, there, is_last=is_last, lines_too=lines_too)
        self.in_doubt = False

    def _found(self) -> Written:
        """Return what the folder holds, where an error left that open."""
        contents = read_run(self.path, parts=("checkpoints", "report"))
        recent = [int(k) for k in contents.manifest["checkpoints"]["recent"]]
        has_page = contents.report is not None
        self.written = Written({*contents.checkpoints}, recent, None, has_page)
        return self.written

    def _is_there(self) -> bool:
        return os.path.lexists(self.path / RECORD)

    def _create(self, record: Record, extra: Mapping[str, Any]) -> None:
        """Write the folder anew, and hold it."""
        manifest = {**extra, **self._said([record.steps])}
        contents = to_contents(record, manifest, self.shell.source, must_keep_rows=True)
        write_run(self.path, contents, overwrite=self.policy.overwrite)
        self.written = Written({*contents.checkpoints}, [record.steps], record.best_step)
        if self.place is None or self.place != self._where():
            self.stack.close()  # whoever removed our folder also removed what we held
            self._hold()

    def _said(self, recent: list[int]) -> dict[str, Any]:
        """Return what the manifest says of checkpoints."""
        policy = {"every": self.policy.every, "keep": self.policy.keep}
        return {"checkpoints": {**policy, "recent": recent}}

    def _update(
        self, record: Record, extra: Mapping[str, Any], written: Written, *, is_last: bool,
        lines_too: bool,
    ) -> None:  # fmt: skip
        """Give the folder its next state; only what changed is written."""
        recent = [k for k in written.recent if k != record.steps] + [record.steps]
        recent = recent[-1:] if is_last else recent[-self.policy.keep :]
        states = kept_states(record)
        kept = {*states, *recent}
        same_weights = written.best_step == record.best_step
        update_run(
            self.path,
            manifest={**manifest_of(record), **extra, **self._said(recent)},
            weights=None if same_weights else weights_of(record),
            history=record.history if record.steps else None,
            checkpoints={k: states[k] for k in states.keys() - written.steps},
            drop=written.steps - kept,
            without=("report",) if written.finished else (),
            lines_too=lines_too,
        )
        self.written = Written(kept, recent, record.best_step)

    def _hold(self) -> None:
        """Hold the folder for the rest of the training."""
        self.stack.enter_context(held(self.path, f"train into {os.fspath(self.path)!r}"))
        self.place = self._where()

    def _where(self) -> tuple[int, int]:
        with told(f"train into {os.fspath(self.path)!r}", self.path):
            found = os.stat(self.path)
        return found.st_dev, found.st_ino

    def _check_same(self) -> None:
        """Refuse to write into a folder that took the place of ours."""
        if self.place != self._where():
            raise FileRefused(
                f"train into {os.fspath(self.path)!r}: another folder stands there now.\n"
                "  Save the run under another name."
            )
