"""The weights of the rows are ignored.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explain.review.exercise import Exercise
from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Begin with every row counting the same."""
    direction = place.program.direction(place["error",])
    assert direction is not None, "applies asks for it"
    return place.program.weighed(direction, place["plain factors",])


def applies(exercise: Exercise, where: Any) -> bool:
    """Tell whether rows have weights that differ."""
    given = exercise.factors
    known = exercise.loss.name in SIMPLE
    return known and not np.allclose(given, exercise.plain_factors)


SIMPLE = ("half_squared_error", "squared_error", "binary_cross_entropy", "absolute_error")

declare(Mistake(
    "row_weights_ignored", at="start", rewrite=rewrite, applies=applies, scope="whole", bits=2,
    says="the weights of the rows are ignored",
    wrong="dL/dout[r] = dl/dout[r]",
    right="dL/dout[r] = w[r] * dl/dout[r]",
    because="the loss counts each row with its weight.",
    example=Example(where=0, weighted=True),
))  # fmt: skip
