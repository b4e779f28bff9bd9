"""The weight gradient is made with z of the layer below instead of its output.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Mistake, Place, declare


def pre_activation(place: Place) -> int:
    """Use z of the layer below."""
    return place("first_transposed", place["z", place.number - 1], place["gz", place.number])


def curved_below(exercise: Exercise, where: Any) -> bool:
    """Tell whether the layer below has an activation."""
    return where > 1 and exercise.layer(where - 1).activation != "linear"


declare(Mistake(
    "z_for_input", at="data", rewrite=pre_activation, applies=curved_below,
    scope="one or every", stays=True, bits=2.5,
    says="the pre-activation of the layer below is used instead of its output",
    wrong="dL/d{W} = z{below}^T dL/dz{l}",
    right="dL/d{W} = h{below}^T dL/dz{l}",
    because="z{l} = h{below} {W} + {b}: what {W} is multiplied by is the output h{below}.",
))  # fmt: skip
