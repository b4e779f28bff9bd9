"""``chainrule check``: a run's gradients against slopes of its loss.

Knows what may be asked; the check is made in `chainrule.explain`.
"""

from __future__ import annotations

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common, Natural

WRONG = 1
"""Exit code when a gradient is wrong."""


def check(
    run: str,
    /,
    *,
    step: Natural | None = None,
    entries: Natural | None = None,
    seed: Natural = 0,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Check a run's gradients against derivatives found from values of its loss alone.

    Exit code 1 if one is wrong.

    Parameters
    ----------
    run : str
        The folder of the run.
    step : int
        Check this step; by default the first, the middle and the last.
    entries : int
        How many entries are looked at in all; every layer and every bias has at least one.
    seed : int
        Fixes which entries are looked at.
    """
    found = chainrule.load(run).check(step, entries=entries, seed=seed, called=run)
    show(found, shown, common)
    return WRONG if found.wrong else 0
