"""The derivative is taken at the output: the activation is applied twice.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Evaluate the derivative at h instead of z."""
    return place("slope", place["h", place.number], setting=place.layer.activation)


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether h differs from z there in a way that its derivative can show."""
    return curved(exercise, where) and exercise.layer(where).activation != "relu"


declare(Mistake(
    "slope_at_output", at="slope", rewrite=rewrite, applies=applies, scope="one or every",
    bits=1.5,
    says="the derivative is taken at the output h instead of the pre-activation z",
    wrong="dL/dz{l} = dL/dh{l} * {f}'(h{l})",
    right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
    because="a function that takes z was given h = {f}(z): the activation is applied twice.",
))  # fmt: skip
