"""The activation is forgotten in the forward pass.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, curved, declare


def rewrite(place: Place) -> int:
    """Hand the pre-activation on."""
    return place["z", place.number]


declare(Mistake(
    "activation_left_out", at="h", rewrite=rewrite, applies=curved, scope="one or every", bits=4,
    says="the activation is left out in the forward pass",
    wrong="h{l} = z{l}",
    right="h{l} = {f}(z{l})",
    because="the gradient belongs to the outputs that the network really gives.",
    example=Example(where=2),
))  # fmt: skip
