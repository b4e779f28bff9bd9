"""``chainrule derive``: the whole derivation for a run's network, from L back to W1.

Knows the flags and how the page is shown; the derivation is the run's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common


def derive(
    run: str,
    /,
    *,
    notation: Literal["course", "matrix", "matrix-columns", "delta"] = "course",
    entry: Annotated[list[str] | None, Parameter(metavar="WEIGHT")] = None,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Derive every gradient of a run's network, as a teacher would on the board.

    Parameters
    ----------
    run : str
        The folder of the run.
    notation : str
        course: entries and sums over rows. matrix: whole matrices, a row of the table is a row;
        matrix-columns: it is a column. delta: the errors of textbooks.
    entry : list of str
        Write out the whole chain of this weight, such as "W1[0,2]"; may be given again.
    """
    opened = chainrule.load(run)
    show(opened.derive(notation, entry, called=run), shown, common)
    return 0
