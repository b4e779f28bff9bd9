"""The update is not carried out: the old weights are handed in, or the loss before the step.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, moves


def rewrite(place: Place) -> int:
    """Leave the parameter as it was."""
    return place["parameter", place.name]


declare(Mistake(
    "no_step", at="new", rewrite=rewrite, applies=moves, scope="every", bits=2,
    says="the weights were not updated: these are the numbers before the step",
    wrong="{p} stays {p}",
    right="{p} = {p} - (the step of this run's optimizer)",
    because="after step {step} the weights have moved.",
    example=Example(where="every layer", kind="parameters"),
))  # fmt: skip
