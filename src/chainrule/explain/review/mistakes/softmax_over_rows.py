"""Softmax is taken over the rows of the batch instead of over the classes.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Turn, take softmax, turn back."""
    turned = place("transpose", place["z", place.number])
    return place("transpose", place("act", turned, setting="softmax"))


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether the layer ends in softmax."""
    return exercise.layer(where).activation == "softmax" and exercise.rows > 1


declare(Mistake(
    "softmax_over_rows", at="h", rewrite=rewrite, applies=applies,
    says="softmax is taken over the rows of the batch, not over the classes",
    wrong="p = exp(z{l}) / sum over rows of exp(z{l})",
    right="p = exp(z{l}) / sum over classes of exp(z{l})",
    because="the probabilities of one row add up to 1 (axis=1, not axis=0).",
    example=Example("3-4:tanh-3:softmax", loss="cross_entropy"),
))  # fmt: skip
