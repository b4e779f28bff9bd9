"""s(1-s) is multiplied in although it cancels against the cross-entropy.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Multiply out - y by the output's s (1 - s)."""
    form = place("form", place["h", place.number], setting="sigmoid")
    return place("mul", place.here, form)


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether the last slope cancels."""
    return where == exercise.depth and exercise.fused


declare(Mistake(
    "slope_kept", at="gz", rewrite=rewrite, applies=applies, bits=1,
    says="out (1 - out) is multiplied in although it cancels against the cross-entropy",
    wrong="dL/dz{l} = (out - y) * out * (1 - out)",
    right="dL/dz{l} = out - y    (times 1/n for a mean)",
    because="the derivative of the logarithm has out (1 - out) below the line; the two cancel. "
    "With it, the gradient is that of a squared error.",
    example=Example("3-4:tanh-2:sigmoid", loss="binary_cross_entropy"),
))  # fmt: skip
