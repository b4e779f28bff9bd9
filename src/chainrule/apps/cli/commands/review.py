"""``chainrule review``: a backward pass worked out by hand is judged, and the mistake named.

Knows where a hand-in comes from and how the verdict is shown; the verdict is the run's.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cyclopts import Parameter

import chainrule
from chainrule.apps.cli.explained import Shown, show
from chainrule.apps.cli.flags import Common, Natural
from chainrule.errors import SpecError


def review(
    run: str,
    handin: Annotated[tuple[str, ...], Parameter(allow_leading_hyphen=True)] = (),
    /,
    *,
    step: Natural = 0,
    kind: Literal["auto", "gradients", "updates", "parameters", "loss"] = "auto",
    decimals: Natural | None = None,
    function: Annotated[str | None, Parameter(metavar="FILE.py:NAME")] = None,
    blind: bool = False,
    shown: Shown = Shown(),  # noqa: B008 (frozen)
    common: Common = Common(),  # noqa: B008 (frozen)
) -> int:
    """Judge gradients, updates, new weights or a loss worked out by hand; name the mistake.

    Parameters
    ----------
    run : str
        The folder of the run.
    handin : str
        A .npz, .json or .csv file; numbers, such as "W1[0,2]=-0.0101"; or the loss after it.
    step : int
        Which step it is about; the first unless given.
    kind : str
        What was handed in; seen from the numbers.
    decimals : int
        To how many decimals it was rounded; seen from the numbers.
    function : str
        Run it, with what it names of X, y, W1, b1 ..., learning_rate; judge the dict it returns.
    blind : bool
        Tell which mistakes this step cannot show, whatever is handed in.
    """
    opened = chainrule.load(run)
    if blind:
        show(opened.blind(step), shown, common)
        return 0
    if function is not None:
        if handin:
            raise SpecError("a hand-in and --function were both given; give one of them.")
        show(opened.review_function(function, step, kind=kind, called=run), shown, common)
        return 0
    given = _given(handin)
    show(opened.review(given, step, kind=kind, decimals=decimals, called=run), shown, common)
    return 0


def _given(handin: tuple[str, ...]) -> Any:
    """Return what the arguments hand in: a file, entries, or a loss."""
    if not handin:
        raise SpecError(
            "nothing was handed in.\n  Give a file (mine.npz, mine.json, mine.csv), numbers "
            '("W1[0,2]=-0.0101"), a loss (0.2910), or --function solution.py:gradients.'
        )
    if all("=" in part for part in handin):
        pairs = [part.rsplit("=", 1) for part in handin]  # names of columns may hold one, too
        return {name.strip(): value.strip() for name, value in pairs}
    if len(handin) > 1:
        raise SpecError(f"{len(handin)} hand-ins were given; give one file, or entries NAME=VALUE.")
    from chainrule.explain.review import read_file

    try:
        float(handin[0])
    except ValueError:
        return read_file(handin[0])
    return handin[0]
