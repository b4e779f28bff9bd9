"""Matching: whether a hypothesis predicts what was handed in, as far as its digits tell.

The room that an entry is given is half a unit in its last place, plus the hypothesis's own
rounding, carried through its own graph. Knows hand-ins and hypotheses; ranks nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from chainrule.explain.review.arena import Sites
from chainrule.explain.review.finding import DOUBLE, Block, Entry, HandIn, Tier
from chainrule.explain.review.space import Space
from chainrule.types import Array

SIGMAS = 6.0
"""Standard deviations of rounding that are forgiven; the largest seen in 300 networks was 3.2."""

LARGE, FEW_ROWS = 4096, 4
"""Blocks of more entries are looked at by their first rows before all of them are computed."""

MOST_BITS = 40.0
"""Evidence that one entry can give at most."""


class Parts(NamedTuple):
    """What is handed in for a block: base + factor * data + factor * penalty, as vectors."""

    base: Array
    data: Array
    penalty: Array | None


class Match:
    """A hand-in beside the hypotheses, under one assumption about its rounding.

    Attributes
    ----------
    space, handin, tier
        The hypotheses, the numbers, and the rounding assumed.
    """

    def __init__(self, space: Space, handin: HandIn, tier: Tier) -> None:
        self.space, self.handin, self.tier = space, handin, tier
        self._told: dict[tuple[str, int], bool] = {}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What was handed in, counted from the loss."""
        return self.handin.blocks

    def value(self, sites: Sites, block: Block) -> Array:
        """Return what a hypothesis predicts for a block; empty if it has another shape."""
        array = self.space.value(sites, block.name)
        return block.of(array) if block.fits_in(array) else np.empty(0)

    def room(
        self, sites: Sites, block: Block, factor: float = 1.0, node: int | None = None
    ) -> Array:
        """Return how far each entry may be off."""
        out = sites["out", block.name] if node is None else node
        own = block.of(self.space.program.arena.deviation(out, self.tier.rounding))
        size = 1e-11 * np.abs(block.values).max(initial=0.0) + 1e-15
        unit = self.tier.stretch * block.units
        return np.asarray(unit + SIGMAS * max(1.0, abs(factor)) * own + size)

    def fits_block(self, sites: Sites, block: Block) -> bool:
        """Tell whether a hypothesis gives every entry of a block; asked once of each expression."""
        key = block.name, sites["out", block.name]
        if key not in self._told:
            self._told[key] = self._fits_block(sites, block)
        return self._told[key]

    def _fits_block(self, sites: Sites, block: Block) -> bool:
        if (
            block.index is None
            and block.values.size > LARGE
            and self._begins_otherwise(sites, block)
        ):
            return False
        found = self.value(sites, block)
        if found.shape != block.values.shape or not self._is_near(found, block):
            return False
        return bool((np.abs(block.values - found) <= self.room(sites, block)).all())

    def _begins_otherwise(self, sites: Sites, block: Block) -> bool:
        """Tell whether the first rows of a large block already deny a hypothesis."""
        shape = self.space.value(self.space.right, block.name).shape
        some = self.space.program.arena.first_rows(sites["out", block.name], FEW_ROWS)
        if some.shape[1] != shape[1]:
            return True
        begun = Block(block.name, block.values[: some.size], block.units[: some.size])
        return not self._is_near(some.ravel(), begun)

    def _is_near(self, found: Array, block: Block) -> bool:
        """Tell cheaply whether it is worth computing error bars."""
        rounding = self.tier.rounding
        share = 1e-6 if rounding == DOUBLE else 1e-3
        room = 20 * (block.units + rounding.absolute) + share * np.abs(block.values).max() + 1e-9
        return bool((np.abs(block.values - found) <= room).all())

    def fits(self, sites: Sites) -> bool:
        """Tell whether a hypothesis gives every number.

        What is known already is asked first, from the loss on, as it costs nothing; then the most
        telling block.
        """
        arena, first = self.space.program.arena, self.first
        for block in self.blocks:
            if not arena.is_known(sites["out", block.name]):
                break
            if not self.fits_block(sites, block):
                return False
        order = sorted(self.blocks, key=lambda block: block.name != first)
        return all(self.fits_block(sites, block) for block in order)

    @cached_property
    def wrong(self) -> dict[str, Array]:
        """The entries of each block that are not right, as a mask."""
        found = {}
        for block in self.blocks:
            right = self.value(self.space.right, block)
            found[block.name] = ~(
                np.abs(block.values - right) <= self.room(self.space.right, block)
            )
        return found

    @cached_property
    def first(self) -> str | None:
        """The first block, counted from the loss, that is not right."""
        return next((name for name, wrong in self.wrong.items() if wrong.any()), None)

    @cached_property
    def evidence(self) -> float:
        """Bits against these numbers being right: how surprising each entry's distance is.

        Zeros alone say nothing: nobody knows to how many decimals they were rounded.
        """
        bits = 0.0
        if not any(block.values.any() or block.units.any() for block in self.blocks):
            return bits
        for block in self.blocks:
            right = self.value(self.space.right, block)
            room = 2 * self.room(self.space.right, block)
            far = np.maximum(1.0, np.abs(block.values - right) / room)
            bits += float(np.minimum(MOST_BITS, np.log2(far)).sum())
        return bits

    @cached_property
    def resolution(self) -> float:
        """Bits by which the digits tell right from nothing done: no gradient, no step."""
        bits, known = 0.0, True
        for block in self.blocks:
            right = self.value(self.space.right, block)
            idle = block.of(self.space.program.arena.value(self.space.right["idle", block.name]))
            room = 2 * self.room(self.space.right, block)
            far = np.maximum(1.0, np.abs(right - idle) / room)
            bits += float(np.minimum(MOST_BITS, np.log2(far)).sum())
            known = known and bool((right == idle).all())
        return np.inf if known else bits

    def entries(self) -> tuple[Entry, ...]:
        """Return the single numbers that are not right."""
        found = []
        for block in self.blocks:
            shape = self.space.value(self.space.right, block.name).shape
            places = np.arange(int(np.prod(shape))) if block.index is None else block.index
            for flat in places[self.wrong[block.name]]:
                index = tuple(int(i) for i in np.unravel_index(int(flat), shape))
                found.append(Entry(block.name, index))
        return tuple(found)

    def parts(self, sites: Sites, block: Block, node: int | None = None) -> Parts:
        """Return a hypothesis for a block as what a wrong constant would act on."""
        space, name = self.space, block.name
        arena = space.program.arena
        out = arena.value(sites["out", name] if node is None else node)
        if not space.program.is_linear:
            moved = space.kind == "parameters"
            base = arena.value(sites["parameter", name]) if moved else 0.0 * out
            return Parts(block.of(base), block.of(out - base), None)
        gain, penalty = space.gain(name), None
        if space.kind == "gradients":
            base = 0.0 * out
        else:
            base = out - gain * arena.value(sites["grad", name])
        moved_part = out - base
        if space.exercise.penalized(name):
            penalty = gain * arena.value(sites["penalty", name])
            if penalty.shape == moved_part.shape:
                moved_part = moved_part - penalty
                return Parts(block.of(base), block.of(moved_part), block.of(penalty))
        return Parts(block.of(base), block.of(moved_part), None)
