"""Sharpness: whether a wrong constant may be named, or its neighbours would fit too.

With few digits 1/15 passes for 1/16. A constant is named only if the factors that the numbers
allow span less than one per cent. Knows findings; finds no mistakes itself.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.review.constants import ZERO
from chainrule.explain.review.finding import Explanation, Finding, Suspect
from chainrule.explain.review.match import Match
from chainrule.explain.review.space import Space

NARROW = 0.01
"""The widest span of possible factors, relative to the constant, in which it is named."""


def unsure(match: Match, found: Finding) -> Finding:
    """Return the finding as it is, or with the interval of factors if that is too wide."""
    intervals = [_widest(match, explanation) for explanation in found.explanations]
    if not intervals or any(interval is None for interval in intervals):
        return found
    low = min(interval[0] for interval in intervals if interval)
    high = max(interval[1] for interval in intervals if interval)
    return replace(found, status="too few digits", interval=(low, high))


def _widest(match: Match, explanation: Explanation) -> tuple[float, float] | None:
    """Return the interval of the least certain constant; None if all are narrow."""
    for suspect in explanation:
        if suspect.constant:
            interval = _interval(match, explanation, suspect)
            value = constant_value(match.space, suspect)
            if interval and interval[1] - interval[0] > NARROW * (abs(value) or 1.0):
                return interval
    return None


def _interval(
    match: Match, explanation: Explanation, suspect: Suspect
) -> tuple[float, float] | None:
    """Return the factors that every entry allows, all else as explained."""
    space, low, high = match.space, -np.inf, np.inf
    others = space.after(explanation - {suspect})
    value = constant_value(space, suspect)
    there = space.after(explanation)
    for block in match.blocks:
        with_it = match.value(there, block)
        without = match.value(others, block)
        if with_it.shape != without.shape or with_it.shape != block.values.shape:
            continue
        per_unit = (with_it - without) / (value - 1.0)
        some = np.abs(per_unit) > 1e-12 * np.abs(with_it).max(initial=0.0)
        if not some.any():
            continue
        room = match.room(there, block)[some] / np.abs(per_unit[some])
        middle = value + (block.values - with_it)[some] / per_unit[some]
        low, high = max(low, (middle - room).max()), min(high, (middle + room).min())
    return (float(low), float(high)) if low <= high and np.isfinite(high - low) else None


def constant_value(space: Space, suspect: Suspect) -> float:
    """Return the value of a wrong constant."""
    return 0.0 if suspect.constant == ZERO else space.table[suspect.constant]
