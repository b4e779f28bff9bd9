"""Progress: a bar in a terminal, one plain line an epoch elsewhere.

Knows what a trainer tells its callbacks; knows nothing of the training itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chainrule.apps.cli.figures import duration, number, score
from chainrule.apps.cli.page import LABEL, plain
from chainrule.apps.cli.screen import Screen
from chainrule.train import Callback, Progress

MOST_LINES = 1000
"""Longer trainings write a line only every so many epochs, so that there are at most this many."""
REDRAW_SECONDS = 0.1
LEAST_BAR, MOST_BAR = 10, 40


@contextmanager
def shown(out: Screen, *, lines: bool = True) -> Iterator[Callback]:
    """Give a callback that shows progress on a screen for as long as the block runs.

    Where nothing can be drawn anew, it writes a line an epoch, or nothing without `lines`.
    """
    if not out.moves:
        yield _lines(out) if lines else _nothing
        return
    with Live(console=out, auto_refresh=False, transient=True) as live:
        yield _Bar(live, out)


@contextmanager
def busy(out: Screen, what: str) -> Iterator[None]:
    """Say in a terminal what is being done, for as long as the block runs."""
    if not out.moves or out.quiet:
        yield
        return
    with out.status(Text(plain(what)), spinner="dots" if out.unicode else "line"):
        yield


class _Bar:
    """Draws a bar, at most so often, also within long epochs."""

    within_epochs = True

    def __init__(self, live: Live, out: Screen) -> None:
        self._live, self._out, self._drawn = live, out, 0.0

    def __call__(self, now: Progress) -> None:
        """Draw the bar again if it is time."""
        clock = time.monotonic()
        if clock - self._drawn > REDRAW_SECONDS:
            self._drawn = clock
            self._live.update(_bar(now, self._out.width), refresh=True)


def _bar(now: Progress, width: int) -> Table:
    """Return label, bar and as many figures as there is room for."""
    figures = _figures(now)
    while len(figures) > 1 and LABEL + LEAST_BAR + 2 + len("  ".join(figures)) > width:
        figures.pop()
    told = "  ".join(figures)
    room = width - LABEL - len(told) - 3
    bar = ProgressBar(total=now.steps, completed=now.step, width=max(min(room, MOST_BAR), 4))
    line = Table.grid(padding=(0, 1))
    line.add_row(Text("Epoch".ljust(LABEL - 1), "bold"), bar, Text(told, no_wrap=True))
    return line


def _figures(now: Progress) -> list[str]:
    """Return what there is to say, the most important first."""
    current = now.epoch if now.end_of_epoch else now.epoch + 1
    found = [f"{current}/{now.epochs}", f"loss {number(now.loss, 3)}"]
    if now.validation_score is not None:
        found.append(f"validation {now.score_name} {score(now.validation_score)}")
    return [*found, f"{duration(now.seconds_left)} left", f"{now.rows_per_second:,.0f} rows/s"]


def _nothing(now: Progress) -> None:
    """Say nothing."""


def _lines(out: Screen) -> Callback:
    def line(now: Progress) -> None:
        every = -(-now.epochs // MOST_LINES)
        if now.epoch % every == 0 or now.step == now.steps:
            out.print(Text(epoch_line(now)), soft_wrap=True)

    return line


def epoch_line(now: Progress) -> str:
    """Return an epoch as one plain line."""
    width = len(str(now.epochs))
    parts = [f"epoch {now.epoch:>{width}}/{now.epochs}", f"loss {now.loss:<10.5g}"]
    if now.validation_loss is not None:
        parts.append(f"validation loss {now.validation_loss:<10.5g}")
        parts.append(f"{now.score_name} {score(now.validation_score)}")
    parts.append(f"{now.rows_per_second:,.0f} rows/s")
    return "  ".join([*parts, f"{duration(now.seconds_left)} left"])
