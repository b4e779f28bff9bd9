"""The gradient is taken one step too late, at the updated weights.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def late(place: Place) -> int:
    """Use the updated parameter."""
    return place["new", place.name]


BECAUSE = "the gradient of step {step} belongs to the weights just before update {step}."


declare(Mistake(
    "one_step_late", at="parameter", rewrite=late, scope="every", reads=True,
    applies=moves,
    says="the gradient is taken one step too late, at the updated weights",
    wrong="gradient at {p} after this update",
    right="gradient at {p} before this update",
    because=BECAUSE,
    example=Example(where="every layer"),
))  # fmt: skip
