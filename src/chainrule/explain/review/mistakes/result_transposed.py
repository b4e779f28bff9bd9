"""The weight gradient is transposed: its operands are swapped.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, square


def rewrite(place: Place) -> int:
    """Transpose the result."""
    return place("transpose", place.here)


declare(Mistake(
    "result_transposed", at="data", rewrite=rewrite, applies=square, scope="one or every",
    stays=True, bits=2,
    says="the weight gradient is transposed (the operands of the product are swapped)",
    wrong="dL/d{W} = dL/dz{l}^T h{below}",
    right="dL/d{W} = h{below}^T dL/dz{l}",
    because="{W} has shape (inputs, units), and so has its gradient; in a course where a row is a "
    "neuron hand in the transpose.",
    example=Example("3-4:sigmoid-4:tanh-2"),
))  # fmt: skip
