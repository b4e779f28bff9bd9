"""``chainrule doctor``: what is wrong with a training, and what to try.

Knows the question and how its answer is shown; the diagnosis is the run's.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common
from chainrule.apps.cli.progress import busy
from chainrule.apps.cli.screen import error_screen


def doctor(
    run: str,
    /,
    *,
    try_: Annotated[bool, Parameter(name="--try")] = False,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Tell what is wrong with a training: evidence, cause, and what to try.

    Parameters
    ----------
    run : str
        The folder of the run.
    try_ : bool
        Carry out the first suggestion on a branch, and show both futures.
    """
    opened = chainrule.load(run)
    with busy(error_screen(), f"examining {run}"):
        found = opened.doctor(try_it=try_, called=run)
    show(found, shown, common)
    return 0
