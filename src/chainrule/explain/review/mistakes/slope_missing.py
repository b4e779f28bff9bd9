"""The derivative of the activation is left out.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Send the gradient by h on as if it were the gradient by z."""
    return place["gh", place.number]


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether there is a derivative to forget."""
    is_softmax = exercise.layer(where).activation == "softmax" and not exercise.fused
    return curved(exercise, where) or is_softmax


declare(Mistake(
    "slope_missing", at="gz", rewrite=rewrite, applies=applies, scope="one or every", bits=1,
    says="the derivative of the activation is missing",
    wrong="dL/dz{l} = dL/dh{l}",
    right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
    because="h{l} = {f}(z{l}), so the way from h{l} back to z{l} passes the factor {f}'(z{l}).",
))  # fmt: skip
