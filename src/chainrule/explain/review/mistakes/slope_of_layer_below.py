"""The derivative is taken from the layer before: an index off by one.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Use the slope of the layer below."""
    return place["slope", place.number - 1]


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether the two layers have as many units, so that it goes unnoticed."""
    if not curved(exercise, where) or where == 1 or not curved(exercise, where - 1):
        return False
    return exercise.layer(where).units == exercise.layer(where - 1).units


declare(Mistake(
    "slope_of_layer_below", at="slope", rewrite=rewrite, applies=applies, bits=4,
    says="the derivative is taken from the layer below (an index off by one)",
    wrong="dL/dz{l} = dL/dh{l} * {f_below}'(z{below})",
    right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
    because="the derivative of layer {l} is taken at its own pre-activation z{l}.",
    example=Example("3-4:sigmoid-4:sigmoid-1"),
))  # fmt: skip
