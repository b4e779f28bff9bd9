"""Only the diagonal of softmax's derivative is used.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Example, Mistake, Place, declare, last_of


def by_probabilities(place: Place) -> int:
    """Return -y/p: the gradient of the cross-entropy by the probabilities."""
    ratio = place("div", place["targets",], place["h", place.number])
    return place.weighed(place("scale", ratio, setting=-1.0))


def diagonal(place: Place) -> int:
    """Return -y/p * p(1-p)."""
    form = place("form", place["h", place.number], setting="sigmoid")
    return place("mul", by_probabilities(place), form)


declare(Mistake(
    "softmax_diagonal", at="gz", rewrite=diagonal, applies=last_of("cross_entropy"), bits=2,
    says="only the diagonal p (1 - p) of the softmax derivative is used",
    wrong="dL/dz{l} = -y / p * p (1 - p)",
    right="dL/dz{l} = p - y    (times 1/n for a mean)",
    because="each probability depends on every logit: dp_i/dz_j = p_i ([i = j] - p_j).",
    example=Example("3-4:tanh-3:softmax", loss="cross_entropy"),
))  # fmt: skip
