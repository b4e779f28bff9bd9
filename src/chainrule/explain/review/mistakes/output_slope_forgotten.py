"""(p - y) / (p (1 - p)) is used as it stands: the sigmoid's derivative is forgotten.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, last_of


def rewrite(place: Place) -> int:
    """Return the gradient by the probability."""
    form = place("form", place["h", place.number], setting="sigmoid")
    return place("div", place.here, form)


declare(Mistake(
    "output_slope_forgotten", at="gz", rewrite=rewrite,
    applies=last_of("binary_cross_entropy"), bits=2,
    says="the derivative of the output's sigmoid is forgotten",
    wrong="dL/dz{l} = (out - y) / (out (1 - out))",
    right="dL/dz{l} = out - y    (times 1/n for a mean)",
    because="(out - y) / (out (1 - out)) is the gradient by out; the sigmoid's derivative "
    "out (1 - out) cancels the lower part.",
    example=Example("3-4:tanh-2:sigmoid", loss="binary_cross_entropy"),
))  # fmt: skip
