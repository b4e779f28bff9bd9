"""The penalty is applied to the biases too.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Add the weights' l2 times the bias."""
    bias = place["parameter", place.name]
    return place(
        "add", place.here, place("scale", bias, setting=l2_beside(place.exercise, place.name))
    )


def l2_beside(exercise: Exercise, name: str) -> float:
    """Return the l2 of the weights in a bias's layer; 0 for what is no bias."""
    weights = [item.weights for item in exercise.layers if item.bias == name]
    return exercise.specs[weights[0]].l2 if weights else 0.0


declare(Mistake(
    "penalty_on_biases", at="grad", rewrite=rewrite, scope="every", bits=2,
    applies=lambda exercise, where: bool(l2_beside(exercise, where)),
    says="the L2 penalty is applied to the biases too",
    wrong="dL/d{p} = ... + l2 * {p}",
    right="dL/d{p} = ...    (no penalty)",
    because="the penalty of this loss is a sum over the weights, not over the biases.",
    example=Example(where="every layer", layer={"l2": 0.1}),
))  # fmt: skip
