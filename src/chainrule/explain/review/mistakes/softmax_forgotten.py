"""-y/p is used as it stands: softmax is forgotten.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, last_of


def by_probabilities(place: Place) -> int:
    """Return -y/p: the gradient of the cross-entropy by the probabilities."""
    ratio = place("div", place["targets",], place["h", place.number])
    return place.weighed(place("scale", ratio, setting=-1.0))


declare(Mistake(
    "softmax_forgotten", at="gz", rewrite=by_probabilities, applies=last_of("cross_entropy"),
    bits=2,
    says="the derivative of softmax is forgotten",
    wrong="dL/dz{l} = -y / p",
    right="dL/dz{l} = p - y    (times 1/n for a mean)",
    because="-y / p is the gradient by the probabilities; from them to the logits the way goes "
    "through softmax.",
    example=Example("3-4:tanh-3:softmax", loss="cross_entropy"),
))  # fmt: skip
