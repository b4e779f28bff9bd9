"""TensorBoard: anything with ``add_scalar(tag, value, step)``, whoever's writer it is.

Knows that method; needs no package until ``tensorboard:DIR`` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.train.loggers.logger import Figures, Send
from chainrule.train.loggers.registry import Target, can, register


def _send(writer: Any) -> Send:
    flush = getattr(writer, "flush", None)

    def send(figures: Figures, step: int) -> None:
        for name, value in figures.items():
            writer.add_scalar(name, value, step)
        if callable(flush) and "epoch" in figures:
            flush()  # so that the page shows it now

    return send


def _open(where: str) -> tuple[Any, Callable[[], object]]:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(where)
    return writer, writer.close


TENSORBOARD = register(
    Target("tensorboard", lambda writer: can(writer, "add_scalar"), _send, _open)
)
