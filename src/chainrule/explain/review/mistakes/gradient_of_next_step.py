"""The gradient of the step after, with its own rows.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def following(place: Place) -> int:
    """Use the gradient of the step after."""
    return place["next", place.name]


declare(Mistake(
    "gradient_of_next_step", at="grad", rewrite=following, scope="every",
    applies=lambda exercise, where: exercise.following is not None,
    says="this is the gradient of the step after, with its rows",
    wrong="gradient of step {later}",
    right="gradient of step {step}",
    because="each step sees other rows.",
    example=Example(where="every layer", step=1, rows=9, batch_size=3),
))  # fmt: skip
