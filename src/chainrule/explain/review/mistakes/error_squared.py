"""The squared error is sent back instead of its derivative.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def squared(place: Place) -> int:
    """Begin with the squared error."""
    return place("mul", place.here, place.here)


declare(Mistake(
    "error_squared", at="error", rewrite=squared, scope="whole",
    says="the squared error is sent back instead of its derivative",
    wrong="dL/dout = (out - y)^2",
    right="dL/dout = out - y    (times the factor of the loss)",
    because="the derivative of 1/2 e^2 is e.",
    example=Example(where=0),
))  # fmt: skip
