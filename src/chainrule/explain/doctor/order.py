"""The order of findings: causes before what follows from them, then by what they explain.

Knows findings; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.explain.doctor.finding import Finding


def ranked(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in order: causes before what follows, then by what they explain.

    The next one is always the highest of those that follow from none that is still to come.
    """
    left = list(found)
    order: list[Finding] = []
    while left:
        free = [one for one in left if not causes(one, left)] or left
        order.append(max(free, key=lambda one: (one.is_alarm, _score(one))))
        left.remove(order[-1])
    follows = [bool(causes(one, order[:place])) for place, one in enumerate(order)]
    return tuple(sorted(order, key=lambda one: (not one.is_alarm, follows[order.index(one)])))


def causes(one: Finding, found: Sequence[Finding]) -> list[str]:
    """Return the names of findings that explain this one and rank above it."""
    return [
        other.name
        for other in found
        if one.name in other.explains
        and other.is_alarm
        and not (other.name in one.explains and _score(one) > _score(other))
    ]


def _score(one: Finding) -> float:
    return one.certainty * one.weight
