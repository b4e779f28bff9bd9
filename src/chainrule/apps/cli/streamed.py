"""What is said of a table that is streamed: why, and what it takes.

Knows words and figures; the work is done in `chainrule.data.stream`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from chainrule.apps.cli.figures import count, size
from chainrule.apps.cli.page import item, plain
from chainrule.apps.cli.screen import Screen
from chainrule.data.stream.dataset import StreamedDataset
from chainrule.data.stream.sources import is_many


@contextmanager
def passes(out: Screen, path: str) -> Iterator[Callable[[str, float], None]]:
    """Give a callback that shows in a terminal which pass over a table is how far."""
    if not out.moves or out.quiet:
        yield lambda what, share: None
        return
    with out.status(Text(plain(f"reading {path}"))) as status:
        yield lambda what, share: status.update(Text(plain(f"{what} {path}: {share:.0%}")))


def announce(out: Screen, path: str, *, asked: bool) -> None:
    """Say in one line that, and why, a table is streamed."""
    why = f"{path} is several files" if is_many(path) else f"{path} would not fit into memory"
    why = "as asked" if asked else why
    item(out, "Streamed", f"{why}; rows are prepared on disk and read in blocks")


def show_stream(out: Screen, dataset: StreamedDataset) -> None:
    """Say where the prepared rows are and how they are shuffled."""
    order, store = dataset.order, dataset.x_train.held.store
    blocks = len(order.sizes)
    together = f", {min(order.together, blocks)} together in memory" if blocks > 1 else ""
    item(
        out, "On disk",
        f"{size(store.bytes)} of prepared rows in {store.place}, until training ends; "
        f"{count(blocks, 'block')} of training rows dealt at random{together}",
    )  # fmt: skip
