"""Which entries are looked at: all of a few, a seeded sample of many.

Every array has its share, small ones (biases) are taken whole first. Knows sizes; knows no values.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from chainrule.errors import SpecError, shown


def shares(sizes: Sequence[int], count: int) -> list[int]:
    """Return how many entries of each array are looked at, at most `count` together.

    Each array that is not empty has at least one; what small arrays leave goes to larger ones.

    Examples
    --------
    >>> shares([6, 2, 1000], 20), shares([3, 2], 100)
    ([6, 2, 12], [3, 2])
    """
    left, found = count, [0] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda k: sizes[k])
    for place, k in enumerate(order):
        fair = -(-left // (len(order) - place)) if left > 0 else 0
        found[k] = min(sizes[k], max(fair, 1))
        left -= found[k]
    return found


def shares_of_steps(sizes: Sequence[int], steps: int, count: int) -> list[list[int]]:
    """Return the same for several steps of a run, at most `count` in all; a list for each step.

    What cannot be divided evenly goes to another step for each array.

    Examples
    --------
    >>> shares_of_steps([6, 2, 1000], 3, 20)
    [[3, 2, 2], [2, 2, 3], [2, 2, 2]]
    >>> shares_of_steps([6, 2], 3, 1)
    [[1, 0], [0, 0], [0, 1]]
    """
    whole = shares([size * steps for size in sizes], count)
    return [
        [n // steps + ((step + k) % steps < n % steps) for k, n in enumerate(whole)]
        for step in range(steps)
    ]


def sample(
    sizes: Sequence[int], counts: Sequence[int], rng: np.random.Generator
) -> list[tuple[int, list[int]]]:
    """Return for each array its number and the places, in order, that are looked at."""
    found = []
    for k, (size, share) in enumerate(zip(sizes, counts, strict=True)):
        places = np.arange(size) if share == size else np.sort(rng.choice(size, share, False))
        found.append((k, [int(i) for i in places]))
    return found


def checked_count(entries: Any, default: int) -> int:
    """Return how many entries are asked for.

    Raises
    ------
    SpecError
        If that is no whole number of at least 1.
    """
    if entries is None:
        return default
    if isinstance(entries, bool) or not isinstance(entries, Integral) or entries < 1:
        raise SpecError(
            f"entries is {shown(entries)}; it is how many entries are looked at, at least 1."
        )
    return int(entries)
