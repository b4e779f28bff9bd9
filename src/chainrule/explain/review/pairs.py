"""Pairs of mistakes that must both be written into the pass, pruned from the loss downwards.

The first block that departs must be explained by one of the two alone, or both must touch it.
Mistakes that read the gradients are joined with everything, for no block stands alone under them.
Knows hypotheses and one hand-in; ranks nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import NamedTuple

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.finding import Suspect
from chainrule.explain.review.match import Match
from chainrule.explain.review.mistakes import catalogue
from chainrule.explain.review.space import Space, reads


class Single(NamedTuple):
    """A single mistake with its pass; `written` tells those that need a pass of their own."""

    suspect: Suspect
    sites: Sites
    written: bool


def pairs(match: Match) -> Iterator[tuple[frozenset[Suspect], Sites]]:
    """Return every pair worth trying, with its pass; some in both orders."""
    space, first = match.space, match.first
    if first is None:
        return
    place = space.program.names.index(first)
    found = [Single(suspect, sites, True) for suspect, sites in space.singles]
    found += [Single(suspect, sites, False) for suspect, sites in space.staying_singles]
    touching: list[Single] = []
    later: list[Single] = []
    for single in found:
        if space.departs(single.suspect, single.sites) >= place:
            touches = single.sites["out", first] != space.right["out", first]
            (touching if touches else later).append(single)
    block = next(b for b in match.blocks if b.name == first)
    matching = [single for single in touching if match.fits_block(single.sites, block)]
    readers = [single for single in found if reads(single.suspect)]
    done: set[frozenset[Suspect]] = set()
    chosen = (product(matching, later), combinations(touching, 2), product(readers, found))
    for a, b in (pair for group in chosen for pair in group):
        key = frozenset([a.suspect, b.suspect])
        if key not in done and _go_together(a, b):
            done.add(key)
            yield from _joined(space, a, b)


def _go_together(a: Single, b: Single) -> bool:
    if a.suspect.name == b.suspect.name and not a.suspect.constant:
        return False
    if a.suspect[:2] == b.suspect[:2] or _is_swallowed(a.suspect, b.suspect):
        return False
    return (a.written and b.written) or reads(a.suspect) or reads(b.suspect)


def _is_swallowed(a: Suspect, b: Suspect) -> bool:
    """Tell whether a constant would vanish: clipping to a norm gives it no trace of its own."""
    clips = any(suspect.name.startswith("clipping_to") for suspect in (a, b))
    return clips and bool(a.constant or b.constant)


def _joined(space: Space, a: Single, b: Single) -> Iterator[tuple[frozenset[Suspect], Sites]]:
    """Return two mistakes as one pass: what reads the gradients is made last."""
    both = frozenset([a.suspect, b.suspect])
    if reads(a.suspect):
        a, b = b, a
    yield both, space.struck(a.sites, b.suspect)
    order_matters = reads(a.suspect) or b.suspect.name == "one_step_late"
    if order_matters or _meet(a.suspect, b.suspect):
        yield both, space.struck(b.sites, a.suspect)


def _meet(a: Suspect, b: Suspect) -> bool:
    """Tell whether two mistakes are made in one place, where their order matters."""
    places = [catalogue[s.name].at if s.name in catalogue else s.name for s in (a, b)]
    return places[0] == places[1] and a.where == b.where
