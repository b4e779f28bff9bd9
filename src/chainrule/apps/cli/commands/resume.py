"""``chainrule resume``: a training that was stopped, gone on with as if it had never been.

Knows flags and what is said; the work is done in `chainrule.run`.
"""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

from cyclopts import Group, Parameter
from cyclopts.exceptions import CycloptsError

import chainrule
from chainrule.apps.cli.ending import (
    ending_as_json,
    exit_code,
    next_steps,
    show_ending,
    told_what_is_kept,
)
from chainrule.apps.cli.figures import count
from chainrule.apps.cli.flags import NEVER, Common, Whole
from chainrule.apps.cli.page import gap, item, steps
from chainrule.apps.cli.progress import busy, shown
from chainrule.apps.cli.report import show_network
from chainrule.apps.cli.screen import Screen, error_screen, screen
from chainrule.files.layout import REPORT
from chainrule.run import Run
from chainrule.run.kept import leave_page
from chainrule.run.loading import opened

LONGER = Group("How long; by default as long as was planned", sort_key=1)
KEEPING = Group("While it trains; by default as before", sort_key=2)


def resume(
    run: str,
    /,
    *,
    epochs: Annotated[Whole | None, Parameter(group=LONGER)] = None,
    steps_: Annotated[Whole | None, Parameter(name="--steps", group=LONGER)] = None,
    patience: Annotated[Whole | None, Parameter(group=LONGER)] = None,
    checkpoint_every: Annotated[str | None, Parameter(metavar="INTERVAL", group=KEEPING)] = None,
    keep: Annotated[Whole | None, Parameter(group=KEEPING)] = None,
    quiet: Annotated[bool, Parameter(alias="-q")] = False,
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Go on with a training that was killed or interrupted, to the same bits as if it had not been.

    Parameters
    ----------
    run : str
        The folder of the run; it holds the finished run in the end.
    epochs : int
        Epochs of the whole training, those that were done included; also a finished run goes on.
    steps_ : int
        The same in steps.
    patience : int
        Stop after so many epochs without a lower validation loss, instead of the run's own number.
    checkpoint_every : str
        Keep the training after so many steps (500), epochs (2epochs) or so much time (30s, 10min).
    keep : int
        Keep so many of the latest checkpoints.
    quiet : bool
        Print nothing but the folder of the run.
    """
    if checkpoint_every == NEVER:
        raise CycloptsError(msg="a training is gone on with in its folder, which has to be kept.")
    out = error_screen() if common.json else screen()
    out.quiet = quiet
    before, place, started = opened(run), Path(run), time.monotonic()
    _show_start(out, run, before)
    asked = {"steps": steps_, "epochs": epochs, "patience": patience}
    with told_what_is_kept(place):
        with shown(out) as callback:
            found = chainrule.resume(
                run, **asked, callbacks=[callback], every=checkpoint_every, keep=keep
            )
        if found.preparation is not None and not (place / REPORT).exists():
            with busy(out, "examining the run and writing its report"):
                leave_page(found, place)
    _show_end(out, before, found, place, time.monotonic() - started)
    if common.json:
        screen().write_json(_as_json(before, found, place, time.monotonic() - started))
    elif quiet:
        screen().write(f"{place}\n")
    return exit_code(found, place)


def _show_start(out: Screen, path: str, run: Run) -> None:
    planned = count(run.record.planned, "step")
    item(out, "Run", f"{path}: {run.stopped} at step {run.steps:,} of {planned}")
    show_network(out, run.record.setup)
    gap(out)


def _show_end(out: Screen, before: Run, found: Run, place: Path, seconds: float) -> None:
    """Show the run, or that there was nothing to do."""
    if _is_same(before, found):
        item(out, "Training", f"{found.stopped}: nothing is left to do")
        way = "--patience" if found.stopped == "early stopping" else "--epochs"
        longer = (f"chainrule resume {quote(str(place))} {way} N", "make it longer")
        steps(out, "Next", [longer, *next_steps(place)[2:]])
        return
    show_ending(out, found, place, seconds)
    steps(out, "Next", next_steps(place) if found.preparation else next_steps(place)[1:])


def _is_same(before: Run, found: Run) -> bool:
    return (before.steps, before.stopped) == (found.steps, found.stopped)


def _as_json(before: Run, found: Run, place: Path, seconds: float) -> dict[str, Any]:
    return {
        "command": "resume",
        **ending_as_json(found, place, seconds),
        "from_step": before.steps,
        **found.report,
    }
