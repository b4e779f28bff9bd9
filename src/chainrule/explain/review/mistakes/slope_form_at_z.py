"""The output form of the derivative, fed with the pre-activation.

Knows its place in the pass; knows no other mistake.
"""

from __future__ import annotations

from chainrule.explain.review.mistake import Mistake, Place, declare, uses


def rewrite(place: Place) -> int:
    """Put z where the formula wants the output."""
    return place("form", place["z", place.number], setting=place.layer.activation)


declare(Mistake(
    "slope_form_at_z", at="slope", rewrite=rewrite, applies=uses("sigmoid", "tanh"),
    scope="one or every", bits=1.5,
    says="the formula that wants the output h is fed with the pre-activation z",
    wrong="slope{l} = {form} with s = z{l}",
    right="slope{l} = {form} with s = h{l}",
    because="{form} is {f}' written in terms of the output s = h{l} = {f}(z{l}).",
))  # fmt: skip
