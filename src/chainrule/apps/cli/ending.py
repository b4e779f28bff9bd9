"""Ending: what is shown and said when a training is over, by itself or not.

Knows runs and where they are kept; knows nothing of what was trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

from rich.text import Text

from chainrule.apps.cli.failures import INTERRUPTED, say
from chainrule.apps.cli.figures import count, duration
from chainrule.apps.cli.page import gap, item
from chainrule.apps.cli.report import show_curve, show_score
from chainrule.apps.cli.screen import Screen
from chainrule.errors import ChainruleError, DivergenceError, FileRefused
from chainrule.files.layout import RECORD, REPORT
from chainrule.run import Run
from chainrule.run.loading import opened


def show_ending(out: Screen, run: Run, place: Path, seconds: float) -> None:
    """Show how a training ended, how good the run is, and where it lies."""
    per_epoch = run.record.setup.steps_per_epoch
    epochs = -(-run.steps // per_epoch)
    line = f"{run.stopped} after {count(epochs, 'epoch')} in {duration(seconds)}"
    if run.best_step != run.steps:
        line += f"; the weights kept are those of epoch {run.best_step // per_epoch}"
    item(out, "Training", line)
    gap(out)
    if "score" in run.report:
        show_score(out, run.report)
    show_curve(out, run)
    gap(out)
    item(out, "Saved", Text(str(place), "bold"))
    if (place / REPORT).exists():
        item(out, "Report", str(place / REPORT))


def next_steps(place: Path | str) -> list[tuple[str, str]]:
    """Return what can be done with a run, each with a few words."""
    here = quote(str(place))
    return [
        (f"chainrule predict {here} NEW.csv", "predict rows with the same columns"),
        (f'chainrule why {here} "W1[0,0]"', "the chain rule behind any number of it"),
        (f"chainrule doctor {here}", "what is wrong with it, if anything"),
        (f"chainrule info {here}", "what is in the run"),
    ]


def ending_as_json(run: Run, place: Path, seconds: float) -> dict[str, Any]:
    """Return how a training ended as plain data."""
    return {
        "run": str(place),
        "report_page": str(place / REPORT),
        "stopped": run.stopped,
        "steps": run.steps,
        "epochs": -(-run.steps // run.record.setup.steps_per_epoch),
        "best_step": run.best_step,
        "seconds": seconds,
        "network": run.network.outline,
        "parameters": run.network.size,
    }


def exit_code(run: Run, place: Path) -> int:
    """Return the exit code of a training; one that was interrupted is told how to go on."""
    if run.stopped != "interrupted":
        return 0
    done = count(run.steps, "step")
    say(f"interrupted after {done}; what was done is kept, go on with: {_go_on(place)}.")
    return INTERRUPTED


@contextmanager
def told_what_is_kept(place: Path) -> Iterator[None]:
    """Say, where a training ends badly, what there is of it all the same."""
    try:
        yield
    except DivergenceError as error:
        if (place / RECORD).exists():
            saved = f"The run up to there is in {place}: chainrule doctor {quote(str(place))}"
            error.args = (f"{error}\n  {saved}",)
        raise
    except FileRefused as error:
        if error.run is not None:
            error.args = (f"{error}{_last(place)}",)
        raise
    except KeyboardInterrupt:
        if not (place / RECORD).exists():
            raise
        say(f"interrupted at once.{_last(place)}")
        raise SystemExit(INTERRUPTED) from None


def _last(place: Path) -> str:
    """Return the way to go on from what a folder holds."""
    try:
        run = opened(place)
    except ChainruleError:
        return ""
    return f"\n  The checkpoint of {count(run.steps, 'step')} is whole: {_go_on(place)}"


def _go_on(place: Path) -> str:
    return f"chainrule resume {quote(str(place))}"
