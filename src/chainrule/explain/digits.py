"""Digits: how a number is written, in one place for every view.

Knows numbers; knows no view. The rules are those of a page that a person reads: six decimals in
tables, eight in answers, scientific below 1e-4 and from 1e6 on, whole numbers without decimals, and
never a digit that another view would show differently.
"""

from __future__ import annotations

import math
from typing import Literal

Style = Literal["table", "answer", "short"]

DECIMALS = {"table": 6, "answer": 8}
SIGNIFICANT = 4
"""Digits of the short style."""
WHOLE = 1e4
"""Whole numbers below this are written without decimals: they are exact, and say so."""
SMALL, LARGE = 1e-4, 1e6
"""Outside of these, numbers are written in scientific notation."""


def digits(value: float, style: Style = "table", *, sign: bool = False) -> str:
    """Return a number as every view writes it.

    Parameters
    ----------
    value : float
        Any; infinities and NaN are written as ``inf``, ``-inf``, ``nan``.
    style : {"table", "answer", "short"}
        Six decimals, eight decimals, or four significant digits.
    sign : bool
        Whether a plus sign is written.

    Examples
    --------
    >>> digits(0.1), digits(-0.01014696123, "answer"), digits(3.2e-7), digits(0.25, "short")
    ('0.100000', '-0.01014696', '3.200000e-07', '0.25')
    >>> digits(2.0, sign=True), digits(-0.0)
    ('+2', '0')
    """
    number = float(value)
    if not math.isfinite(number):
        return f"+{number}" if sign and number > 0 else str(number)
    plus = "+" if sign and number > 0 else ""
    if number == int(number) and abs(number) < WHOLE:
        return f"{plus}{int(number)}"
    if style == "short":
        return f"{plus}{number:.{SIGNIFICANT}g}"
    decimals = DECIMALS[style]
    if SMALL <= abs(number) < LARGE:
        return f"{plus}{number:.{decimals}f}"
    return f"{plus}{number:.{decimals}e}"


def latex_of_digits(text: str) -> str:
    r"""Return digits as LaTeX: a power of ten where they are in scientific notation.

    Examples
    --------
    >>> latex_of_digits("3.200000e-07"), latex_of_digits("-inf"), latex_of_digits("0.5")
    ('3.200000 \\cdot 10^{-7}', '-\\infty', '0.5')
    """
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
