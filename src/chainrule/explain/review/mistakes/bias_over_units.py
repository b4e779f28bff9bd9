"""The bias gradient is summed over rows and units.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare


def over_units(place: Place) -> int:
    """Sum over rows and units."""
    return place("sum_all", place["gz", place.number])


declare(Mistake(
    "bias_over_units", at="sum", rewrite=over_units, scope="one or every", stays=True, bits=2.5,
    applies=lambda exercise, where: exercise.layer(where).units > 1,
    says="the bias gradient is summed over rows and units: every bias gets the same number",
    wrong="dL/d{b} = sum over rows and units of dL/dz{l}",
    right="dL/d{b} = sum over rows of dL/dz{l}, a number for each unit",
    because="each unit has a bias of its own (axis=0 is missing in the sum).",
))  # fmt: skip
