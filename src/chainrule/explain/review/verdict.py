"""The verdict: what a review found, as an explanation that can be printed and asked.

Knows documents and findings in words; judges nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.explain.explanation import Explanation
from chainrule.explain.review.words import Named


@dataclass(frozen=True, eq=False)
class Verdict(Explanation):
    """What a backward pass worked out by hand is: right, or which mistake is in it.

    Attributes
    ----------
    document : Document
        What it says; print the verdict to read it.
    right : bool
        Whether the numbers are right, rounding allowed for.
    status : str
        ``right``, ``right up to rounding``, ``mistake``, ``several`` (several explain it equally
        well), ``too few digits``, ``slip`` (a single number), ``scaled`` (an unknown factor),
        ``none`` or ``not finite``.
    kind : str
        What was judged: gradients, clipped (gradients), updates, parameters, loss.
    mistakes : tuple of Named
        The mistakes; of several explanations all that are in one.
    explanations : tuple of tuples of Named
        Each is what alone, or together, gives the numbers.
    departs : int or None
        The first layer, counted from the loss, that is not right.
    """

    right: bool
    status: str
    kind: str
    mistakes: tuple[Named, ...] = ()
    explanations: tuple[tuple[Named, ...], ...] = ()
    departs: int | None = None
