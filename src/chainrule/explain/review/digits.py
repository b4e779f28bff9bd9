"""Digits: how precisely numbers were handed in, seen from the numbers themselves.

Knows decimal texts; knows nothing of gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np

from chainrule.types import Array

UNROUNDED = 14
"""So many significant digits are nobody's choice: the number was not rounded."""

ENOUGH_NUMBERS = 4
"""With so many non-zero numbers a block shows its own decimals; (0.5, 1.0, 0) is no rounding."""


NOISE_FREE = 14
"""Digits, counted from the largest number of an array, that sums of rounded numbers leave clean."""


class Digits(NamedTuple):
    """Decimals and significant digits of a number; 0 and 0 for zero and for what is not finite."""

    decimals: int
    significant: int


def digits_of(text: str, *, keep_zeros: bool = False) -> Digits:
    """Return the digits of a number's text; trailing zeros count if somebody wrote them.

    Examples
    --------
    >>> digits_of("0.0120"), digits_of("0.0120", keep_zeros=True)
    (Digits(decimals=3, significant=2), Digits(decimals=4, significant=3))
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Digits(0, 0)
    if not number.is_finite() or (number == 0 and not keep_zeros):
        return Digits(0, 0)
    parts = number.as_tuple() if keep_zeros else number.normalize().as_tuple()
    assert isinstance(parts.exponent, int), "finite numbers have an exponent"
    return Digits(max(0, -parts.exponent), 0 if number == 0 else len(parts.digits))


def digits_of_array(numbers: Array) -> list[Digits]:
    """Return the digits of numbers that came as floats.

    A sum of rounded numbers, such as 0.1 + 0.2, counts as rounded too.

    Examples
    --------
    >>> digits_of_array(np.array([0.1 + 0.2, 0.25]))
    [Digits(decimals=1, significant=1), Digits(decimals=2, significant=2)]
    """
    if numbers.dtype == np.float64:
        finite = np.abs(numbers[np.isfinite(numbers)])
        largest = float(finite.max(initial=0.0))
        place = NOISE_FREE - (int(np.ceil(np.log10(largest))) if largest else 0)
        numbers = np.round(numbers, min(place, 300))
    return [digits_of(str(x)) for x in numbers]


def units(
    values: Mapping[str, Array], digits: Mapping[str, list[Digits]], decimals: int | None
) -> dict[str, Array]:
    """Return half a unit in the last place of each number; 0 where numbers look unrounded.

    The unit is that of the most decimals or of the most significant digits seen, whichever is
    coarser: in its block if that has enough numbers, else in the whole hand-in.
    """
    if decimals is not None:
        return {name: np.full(v.shape, 0.5 * 10.0**-decimals) for name, v in values.items()}
    whole = _most([d for each in digits.values() for d in each])
    found = {}
    for name, numbers in values.items():
        shown = [d for d in digits[name] if d.significant]
        most = _most(digits[name]) if len(shown) >= ENOUGH_NUMBERS else whole
        found[name] = _units(numbers, most)
    return found


def _most(digits: list[Digits]) -> Digits:
    return Digits(
        max((d.decimals for d in digits), default=0),
        max((d.significant for d in digits), default=0),
    )


def _units(numbers: Array, most: Digits) -> Array:
    if most.significant >= UNROUNDED or most.decimals == 0:  # nobody rounds gradients to wholes
        return np.zeros(numbers.shape)
    place = 0.5 * 10.0**-most.decimals
    with np.errstate(all="ignore"):
        size = np.floor(np.log10(np.maximum(np.abs(numbers), 1e-300)))
    by_size = 0.5 * 10.0 ** (size - most.significant + 1)
    return np.where(numbers == 0, place, np.maximum(place, by_size))
