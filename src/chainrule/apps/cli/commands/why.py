"""``chainrule why``: the chain rule behind one number of a run.

Knows the question and how its answer is shown; the answer is the run's.
"""

from __future__ import annotations

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common, Natural


def why(
    run: str,
    asked: str,
    /,
    *,
    step: Natural | None = None,
    row: Natural | None = None,
    terms: Natural = 5,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Open one number of a run and read the chain rule behind it.

    Parameters
    ----------
    run : str
        The folder of the run.
    asked : str
        A weight, "W1[0,2]" or "b1[2]", or a value of a row, "z1[3,2]" or "out[3]", or "L".
    step : int
        The step; the last update unless given.
    row : int
        For a weight: what this row alone says.
    terms : int
        How many terms of a long sum are shown; the rest are lines with count and sum.
    """
    opened = chainrule.load(run)
    show(opened.why(asked, step, row=row, terms=terms, called=run), shown, common)
    return 0
