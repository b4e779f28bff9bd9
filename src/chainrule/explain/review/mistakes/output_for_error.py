"""The output is sent back instead of the error.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def output(place: Place) -> int:
    """Begin with the output."""
    return place["h", place.exercise.depth]


declare(Mistake(
    "output_for_error", at="error", rewrite=output, scope="whole", bits=4,
    says="the output is sent back instead of the error",
    wrong="dL/dout = out",
    right="dL/dout = out - y    (times the factor of the loss)",
    because="the loss falls where the output comes nearer to its target.",
    example=Example(where=0),
))  # fmt: skip
