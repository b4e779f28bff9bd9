"""The gradient of the step before, with its own rows.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def previous(place: Place) -> int:
    """Use the gradient of the step before."""
    return place["previous", place.name]


def following(place: Place) -> int:
    """Use the gradient of the step after."""
    return place["next", place.name]


declare(Mistake(
    "gradient_of_previous_step", at="grad", rewrite=previous, scope="every",
    applies=lambda exercise, where: exercise.following is not None and exercise.step > 0,
    says="this is the gradient of the step before, with its rows",
    wrong="gradient of step {earlier}",
    right="gradient of step {step}",
    because="each step sees other rows.",
    example=Example(where="every layer", step=1, rows=9, batch_size=3),
))  # fmt: skip
