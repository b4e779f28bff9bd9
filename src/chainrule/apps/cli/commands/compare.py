"""``chainrule compare``: where two runs part.

Knows what may be asked; the comparison is made in `chainrule.explain`.
"""

from __future__ import annotations

from pathlib import Path

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common


def compare(
    first: str,
    second: str,
    /,
    *,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Show where two runs part: in set-up, in loss, at which step, in which layer and weight.

    Parameters
    ----------
    first : str
        The folder of a run.
    second : str
        The folder of another.
    """
    names = (Path(first).name, Path(second).name)
    if names[0] == names[1] or not all(names):
        names = ("first", "second")
    found = chainrule.load(first).compare(chainrule.load(second), names=names)
    show(found, shown, common)
    return 0
