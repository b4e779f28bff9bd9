"""The activation itself stands where its derivative belongs.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Multiply by the output."""
    return place["h", place.number]


declare(Mistake(
    "value_for_slope", at="slope", rewrite=rewrite, applies=curved, scope="one or every",
    says="the activation's value stands where its derivative belongs",
    wrong="dL/dz{l} = dL/dh{l} * {f}(z{l})",
    right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
    because="the local derivative of h{l} = {f}(z{l}) is {f}'(z{l}), not {f}(z{l}).",
))  # fmt: skip
