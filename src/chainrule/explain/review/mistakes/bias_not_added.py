"""The bias is forgotten in the forward pass.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Multiply by the weights and leave it at that."""
    return place("product", place["h", place.number - 1], place.weights())


declare(Mistake(
    "bias_not_added", at="z", rewrite=rewrite, scope="one or every",
    applies=lambda exercise, where: exercise.layer(where).bias is not None,
    says="the bias is not added in the forward pass",
    wrong="z{l} = h{below} {W}",
    right="z{l} = h{below} {W} + {b}",
    because="the gradient belongs to the outputs that the network really gives, biases included.",
    example=Example(where=1),
))  # fmt: skip
