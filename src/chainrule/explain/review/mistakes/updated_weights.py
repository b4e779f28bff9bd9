"""The hidden gradients go through output weights that were already updated.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare


def rewrite(place: Place) -> int:
    """Send the gradient down through the new weights."""
    new = place["new", place.layer.weights]
    return place("second_transposed", place["gz", place.number], new)


declare(Mistake(
    "updated_weights", at="back", rewrite=rewrite, scope="one or every", reads=True, bits=1,
    applies=lambda exercise, where: exercise.specs[exercise.layer(where).weights].trainable,
    says="the hidden gradients used the already updated {which} weights",
    wrong="dL/dh{below} = dL/dz{l} {W}^T with the NEW {W}",
    right="dL/dh{below} = dL/dz{l} {W}^T with the {W} of the forward pass",
    because="all gradients belong to the weights with which the outputs were computed; update only "
    "when every gradient is known.",
))  # fmt: skip
