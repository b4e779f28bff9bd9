"""Judging: the decision rule that turns matches into one finding.

Finer assumptions about rounding come before coarser ones, right before wrong, one mistake before a
slip of the pen, a slip before two mistakes. Knows the rule; puts nothing into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from chainrule.explain.review.arena import Rounding
from chainrule.explain.review.explain import explanations
from chainrule.explain.review.finding import (
    DOUBLE,
    SINGLE,
    Explanation,
    Finding,
    HandIn,
    Status,
    Tier,
)
from chainrule.explain.review.locate import locate
from chainrule.explain.review.match import Match
from chainrule.explain.review.one_number import judge_number
from chainrule.explain.review.pairs import pairs
from chainrule.explain.review.rows import other_rows
from chainrule.explain.review.sharpness import unsure
from chainrule.explain.review.space import Space

ENOUGH_BITS = 7.0
"""Evidence below which a name could be an accident."""

BY_HAND = (4e-7, 6e-3)
"""Half units to which people round intermediate values: six to two decimals."""

MOST_SLIPS = 3


def judge(space: Space, handin: HandIn, *, deep: bool = True) -> Finding:
    """Return what a hand-in is.

    Parameters
    ----------
    space : Space
        The hypotheses.
    handin : HandIn
        The numbers.
    deep : bool
        Whether two mistakes at once are looked for.
    """
    with np.errstate(all="ignore"):
        if not all(np.isfinite(block.values).all() for block in handin.blocks):
            return _not_finite(handin)
        if handin.size == 1:
            return judge_number(space, handin, _tiers(space, handin))
        return _judge(space, handin, deep)


def _not_finite(handin: HandIn) -> Finding:
    first = next(b.name for b in handin.blocks if not np.isfinite(b.values).all())
    return Finding("not finite", Tier("exact", DOUBLE), departs=first)


def _tiers(space: Space, handin: HandIn) -> list[Tier]:
    """Return the assumptions about rounding to try, the finest first."""
    unit = handin.finest
    found = [Tier("rounded" if unit else "exact", DOUBLE)]
    if unit:
        found.append(Tier("cut off", DOUBLE, 2.0))
    if handin.single or handin.digits >= 7 or space.exercise.single:
        found.append(Tier("float32", SINGLE))
    if BY_HAND[0] <= unit <= BY_HAND[1]:
        found.append(Tier("by hand", Rounding(DOUBLE.relative, unit)))
    return found


def _judge(space: Space, handin: HandIn, deep: bool) -> Finding:
    matches = [Match(space, handin, tier) for tier in _tiers(space, handin)]
    weak: Finding | None = None
    for match in matches:
        if match.first is None:
            if weak is not None and match.tier.name in ("by hand", "cut off"):
                return replace(weak, maybe_right=True)
            return _right(match)
        if match.tier.name == "by hand":
            continue
        found = _singles(match)
        if found is not None and found.status != "too few digits":
            return found
        weak = weak or found
    if weak is not None:
        return weak
    finest = matches[0]
    slip = _slip(finest)
    if slip is not None:
        return slip
    return _other_rows(matches) or _beyond(matches, deep) or locate(finest)


def _right(match: Match) -> Finding:
    """Return right, unless only a coarse assumption and hardly a digit speak for it."""
    found = Finding("right", match.tier, resolution=match.resolution)
    if match.tier.name == "by hand" and match.resolution < ENOUGH_BITS:
        return replace(found, status="too few digits", maybe_right=True)
    return found


def _other_rows(matches: list[Match]) -> Finding | None:
    """Return a mistake in rows: targets in another order, or some rows only."""
    for match in matches:
        if match.tier.name in ("by hand", "cut off"):
            continue
        found = other_rows(match)
        if found is not None:
            suspects, cost = found
            status: Status = "mistake" if len(suspects) == 1 else "several"
            if match.evidence - cost < ENOUGH_BITS:
                status = "too few digits"
            named = tuple(frozenset([suspect]) for suspect in suspects)
            return Finding(status, match.tier, named, match.evidence - cost, match.first)
    return None


def _beyond(matches: list[Match], deep: bool) -> Finding | None:
    """Return what two mistakes explain, or one whose intermediate values were rounded by hand."""
    weak = None
    tiers = [match for match in matches if match.tier.name in ("exact", "rounded", "float32")]
    for match in tiers if deep else []:
        if match.tier.name == "float32" and not (
            match.handin.single or match.space.exercise.single
        ):
            continue
        found = _ranked(match, _of_two(match), 2)
        if found is not None and found.status != "too few digits":
            return found
        weak = weak or found
    for match in matches:
        if match.tier.name == "by hand":
            weak = weak or _singles(match)
    return weak


def _singles(match: Match) -> Finding | None:
    return _ranked(match, _of_one(match), 1)


def _of_one(match: Match) -> Iterator[Explanation | None]:
    """Return the explanations by one mistake; None for each hypothesis that was tried."""
    yield from explanations(match, frozenset(), match.space.right, 1)
    for suspect, sites in match.space.singles:
        yield None
        yield from explanations(match, frozenset([suspect]), sites, 0)


def _of_two(match: Match) -> Iterator[Explanation | None]:
    """Return the explanations by two mistakes; None for each hypothesis that was tried."""
    yield from explanations(match, frozenset(), match.space.right, 2)
    for suspect, sites in match.space.singles:
        yield None
        yield from explanations(match, frozenset([suspect]), sites, 1)
    for both, sites in pairs(match):
        yield None
        yield from explanations(match, both, sites, 0)


def _ranked(match: Match, found: Iterable[Explanation | None], level: int) -> Finding | None:
    """Return all explanations of a level, the likeliest first, and whether they may be believed."""
    kept: dict[Explanation, None] = {}
    tried = len(match.space.patterns) ** level
    for explanation in found:
        if explanation is None:
            tried += 1
        else:
            kept[explanation] = None
    if not kept:
        return None
    ranked = tuple(sorted(kept, key=lambda e: (match.space.cost(e), sorted(map(str, e)))))
    bits = match.evidence - float(np.log2(max(tried, 2)))
    outcome = Finding(
        "mistake" if len(ranked) == 1 else "several",
        match.tier, ranked, bits, match.first, tried=tried,
    )  # fmt: skip
    if bits < ENOUGH_BITS:
        return replace(outcome, status="too few digits")
    return unsure(match, outcome)


def _slip(match: Match) -> Finding | None:
    """Return a slip of the pen: a few single numbers are off, all others are right."""
    off, size = sum(int(mask.sum()) for mask in match.wrong.values()), match.handin.size
    if size < 4 or not 0 < off <= max(1, min(MOST_SLIPS, size // 20)):
        return None
    return Finding("slip", match.tier, departs=match.first, entries=match.entries())
