"""Weights & Biases: anything with ``log(dict, step=)``, such as what ``wandb.init`` returns.

Knows that method; needs no package until ``wandb:PROJECT`` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.train.loggers.logger import Figures, Send
from chainrule.train.loggers.registry import Target, can, register


def send_dict(writer: Any) -> Send:
    """Return the function that sends figures by ``log(dict, step=)``."""

    def send(figures: Figures, step: int) -> None:
        writer.log(dict(figures), step=step)

    return send


def takes_dict(writer: Any) -> bool:
    """Say whether an object has a `log` that takes a step; loggers of text have none."""
    return can(writer, "log", "step")


def _open(where: str) -> tuple[Any, Callable[[], object]]:
    import wandb

    run = wandb.init(project=where)
    return run, run.finish


WANDB = register(Target("wandb", takes_dict, send_dict, _open))
