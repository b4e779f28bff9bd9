"""The weight gradient is made with the layer's own output instead of its input.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, square


def own_output(place: Place) -> int:
    """Use the layer's own output."""
    return place("first_transposed", place["h", place.number], place["gz", place.number])


declare(Mistake(
    "own_output_for_input", at="data", rewrite=own_output, applies=square, stays=True, bits=4,
    says="the layer's own output is used instead of its input",
    wrong="dL/d{W} = h{l}^T dL/dz{l}",
    right="dL/d{W} = h{below}^T dL/dz{l}",
    because="z{l} = h{below} {W} + {b}: what {W} is multiplied by is the input of the layer.",
    example=Example("3-4:sigmoid-4:tanh-2"),
))  # fmt: skip
