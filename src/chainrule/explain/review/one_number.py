"""Judging a single number: one entry, or the loss after the step.

One number fits many hypotheses by accident. A mistake is named only if, among the hypotheses that
predict something as far from right, an accident is unlikely. Knows hypotheses and one number.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.finding import Explanation, Finding, HandIn, Status, Suspect, Tier
from chainrule.explain.review.match import Match
from chainrule.explain.review.space import Space

UNLIKELY = 0.02
"""The chance of an accident below which a mistake is named."""

NEIGHBOURHOOD = 3.0
"""Hypotheses up to so many times as far from right as the number given are counted."""


def judge_number(space: Space, handin: HandIn, tiers: list[Tier]) -> Finding:
    """Return what a single number is."""
    matches = [Match(space, handin, tier) for tier in tiers]
    weak: Finding | None = None
    for match in matches:
        if match.first is None:
            return _right(match, weak)
        if match.tier.name in ("by hand", "cut off"):
            continue
        found = _explained(match)
        if found is not None and found.status != "too few digits":
            return found
        weak = weak or found
    return weak or Finding("none", tiers[0], departs=matches[0].first, tried=len(_all(space)))


def _right(match: Match, weak: Finding | None) -> Finding:
    """Return right; a number computed with rounded values may also be a mistake that fits."""
    if weak is not None and match.tier.name == "by hand":
        return Finding(
            "too few digits", weak.tier, weak.explanations, weak.bits, weak.departs,
            maybe_right=True, tried=weak.tried,
        )  # fmt: skip
    return Finding("right", match.tier, resolution=match.resolution)


def _all(space: Space) -> list[tuple[Suspect, Sites]]:
    return [*space.singles, *space.staying_singles]


def _explained(match: Match) -> Finding | None:
    """Return the single mistakes that predict the number."""
    space, (block,) = match.space, match.blocks
    given = float(block.values[0])
    right = float(match.value(space.right, block)[0])
    off, room = abs(given - right), float(match.room(space.right, block)[0])
    near, fitting = set(), []
    hypotheses = _all(space)
    for suspect, sites in hypotheses:
        predicted = match.value(sites, block)
        if predicted.size != 1 or not np.isfinite(predicted[0]):
            continue
        away = abs(float(predicted[0]) - right)
        if room < away <= NEIGHBOURHOOD * off:
            near.add(round(float(predicted[0]) / room))
        if match.fits_block(sites, block):
            fitting.append(suspect)
    if not fitting:
        return None
    accident = len(near) * 2 * room / (2 * NEIGHBOURHOOD * off)
    singles: list[Explanation] = [frozenset([suspect]) for suspect in fitting]
    ranked = tuple(sorted(singles, key=lambda e: (space.cost(e), sorted(map(str, e)))))
    status: Status = "mistake" if len(ranked) == 1 else "several"
    bits = float(-np.log2(max(accident, 1e-12)))
    if accident > UNLIKELY:
        status = "too few digits"
    return Finding(status, match.tier, ranked, bits, match.first, tried=len(hypotheses))
