"""The gradients of the step before are still in it.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Add the previous gradient."""
    return place("add", place.here, place["previous", place.name])


declare(Mistake(
    "accumulated", at="grad", rewrite=rewrite, scope="every", reads=True, bits=2,
    applies=lambda exercise, where: exercise.previous is not None,
    says="the gradients of the step before are still in it",
    wrong="grad += new gradient    (never set back to zero)",
    right="grad = new gradient",
    because="each step has its own gradient; set it back to zero before the backward pass.",
    example=Example(where="every layer", step=2),
))  # fmt: skip
