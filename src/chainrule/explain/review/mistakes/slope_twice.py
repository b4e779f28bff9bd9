"""The derivative of the activation is applied twice.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Multiply by the slope once more."""
    return place("mul", place.here, place["slope", place.number])


declare(Mistake(
    "slope_twice", at="gz", rewrite=rewrite, applies=curved, scope="one or every",
    says="the derivative of the activation is applied twice",
    wrong="dL/dz{l} = dL/dh{l} * {f}'(z{l}) * {f}'(z{l})",
    right="dL/dz{l} = dL/dh{l} * {f}'(z{l})",
    because="the signal passes the activation of layer {l} once: its derivative stands there once.",
))  # fmt: skip
