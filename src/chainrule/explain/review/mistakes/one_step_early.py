"""The gradient is taken one step too early, at the previous weights.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def early(place: Place) -> int:
    """Use the parameter before the last update."""
    return place["old", place.name]


def previous(place: Place) -> int:
    """Use the gradient of the step before."""
    return place["previous", place.name]


BECAUSE = "the gradient of step {step} belongs to the weights just before update {step}."


declare(Mistake(
    "one_step_early", at="parameter", rewrite=early, scope="every",
    applies=lambda exercise, where: exercise.previous is not None,
    says="the gradient is taken one step too early, at the previous weights",
    wrong="gradient at {p} before the last update",
    right="gradient at {p} after the last update",
    because=BECAUSE,
    example=Example(where="every layer", step=2),
))  # fmt: skip
