"""What a review finds, as plain data: suspects, the rounding assumed, and how sure it is.

Knows the form of findings; finds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from chainrule.explain.review.arena import Rounding
from chainrule.explain.review.mistake import Where
from chainrule.types import Array

DOUBLE, SINGLE = Rounding(1.2e-16), Rounding(6e-8)
"""What computing in float64 and in float32 does to a value."""


class Suspect(NamedTuple):
    """One mistake at one place: from the catalogue, or a wrong constant."""

    name: str
    where: Where
    constant: str = ""


Explanation = frozenset[Suspect]
"""Mistakes that together give the numbers handed in."""

Status = Literal[
    "right", "mistake", "several", "too few digits", "slip", "scaled", "none", "not finite"
]


class Tier(NamedTuple):
    """How the numbers are taken to have been rounded; `stretch` is 2 where they were cut off."""

    name: str
    rounding: Rounding
    stretch: float = 1.0


class Entry(NamedTuple):
    """A single number of a hand-in: its parameter and its place."""

    name: str
    at: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Finding:
    """The outcome of a review before it is put into words.

    Attributes
    ----------
    status : Status
        What was found.
    tier : Tier
        The rounding under which it was found.
    explanations : tuple of Explanation
        All of the level that fits, the likeliest first.
    bits : float
        Evidence, in bits, beyond what the number of hypotheses tried takes away.
    departs : str or None
        The first thing handed in, counted from the loss, that is not right.
    entries : tuple of Entry
        The single numbers that are off, for a slip.
    factors : mapping of str to float
        What each block is multiplied by, where only its size is wrong.
    follows : tuple of str or None
        What follows rightly from the hand-in's own gradient at the first wrong layer.
    interval : tuple of two floats or None
        Where the factor may lie, if the digits cannot tell which constant it is.
    maybe_right : bool
        Whether the numbers may be right, computed with rounded intermediate values.
    resolution : float
        Bits by which the digits tell right from nothing done at all.
    tried : int
        Hypotheses that were tried.
    """

    status: Status
    tier: Tier
    explanations: tuple[Explanation, ...] = ()
    bits: float = 0.0
    departs: str | None = None
    entries: tuple[Entry, ...] = ()
    factors: Mapping[str, float] = field(default_factory=dict)
    follows: tuple[str, ...] | None = None
    interval: tuple[float, float] | None = None
    maybe_right: bool = False
    resolution: float = np.inf
    tried: int = 0


@dataclass(frozen=True, eq=False)
class Block:
    """One array of a hand-in, flattened, or some entries of one.

    Attributes
    ----------
    name : str
        The parameter, or ``L``.
    values, units : numpy.ndarray
        The numbers, and half a unit in each one's last place (0: not rounded).
    index : numpy.ndarray or None
        Which entries of the flattened parameter; None is all.
    """

    name: str
    values: Array
    units: Array
    index: Array | None = None

    def of(self, array: Array) -> Array:
        """Return the entries of a parameter-shaped array that were handed in."""
        flat = array.ravel()
        return flat if self.index is None else flat[self.index]

    def fits_in(self, array: Array) -> bool:
        """Tell whether a hypothesis has as many entries as the parameter."""
        return self.index is not None or array.size == self.values.size


@dataclass(frozen=True, eq=False)
class HandIn:
    """Numbers to be judged.

    Attributes
    ----------
    blocks : tuple of Block
        Counted from the loss.
    single : bool
        Whether every number is a float32.
    digits : int
        The most significant digits of any number.
    notes : tuple of str
        What was understood on reading them: transposed matrices, bias rows.
    """

    blocks: tuple[Block, ...]
    single: bool = False
    digits: int = 17
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(block.values.size for block in self.blocks)

    @property
    def finest(self) -> float:
        """The smallest unit of any number; 0 if none was rounded."""
        units = [float(b.units[b.units > 0].min()) for b in self.blocks if (b.units > 0).any()]
        return min(units, default=0.0)


def times(handin: HandIn, factor: float) -> HandIn:
    """Return a hand-in whose every number was multiplied by a factor."""
    blocks = tuple(
        replace(block, values=block.values * factor, units=block.units * abs(factor))
        for block in handin.blocks
    )
    return replace(handin, blocks=blocks)
