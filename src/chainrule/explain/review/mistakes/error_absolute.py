"""The size of the error is sent back, without its sign.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def absolute(place: Place) -> int:
    """Begin with the size of the error."""
    return place("abs", place.here)


declare(Mistake(
    "error_absolute", at="error", rewrite=absolute, scope="whole", bits=4,
    says="the size of the error is sent back: its sign is lost",
    wrong="dL/dout = |out - y|",
    right="dL/dout = out - y    (times the factor of the loss)",
    because="an output that is too low must be told to rise, one that is too high to fall.",
    example=Example(where=0),
))  # fmt: skip
