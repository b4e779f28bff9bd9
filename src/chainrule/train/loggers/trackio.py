"""trackio: its runs log as those of Weights & Biases do.

Knows how one is begun; needs no package until ``trackio:PROJECT`` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.train.loggers.registry import Target, register
from chainrule.train.loggers.weights_and_biases import send_dict, takes_dict


def _open(where: str) -> tuple[Any, Callable[[], object]]:
    import trackio

    run = trackio.init(project=where)
    return run, run.finish


TRACKIO = register(Target("trackio", takes_dict, send_dict, _open))
