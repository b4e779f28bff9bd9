"""Surveyed columns: what is known of a column when none of its cells was kept.

Knows facts; learns none.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.data.columns import Column
from chainrule.data.stream.facts import Moments, Values, WordCounts


@dataclass(frozen=True, eq=False)
class Surveyed(Column):
    """A column of which only facts were kept.

    Attributes
    ----------
    count : int
        How many cells it has.
    moments : Moments or None
        Of the training rows, of a column of numbers.
    counted : WordCounts or None
        The words of any other column.
    seen : Values or None
        The different numbers, of a target.
    gap : str
        Where the first gap in a training row is; "" if there is none.
    is_range : bool
        Whether it holds each whole number of a range once.
    fraction : str
        Of a target: the first number with a fraction, and where it is.
    """

    count: int = 0
    moments: Moments | None = None
    counted: WordCounts | None = None
    seen: Values | None = None
    gap: str = ""
    is_range: bool = False
    fraction: str = ""

    @property
    def rows(self) -> int:
        """How many cells the column has."""
        return self.count
