"""Figures: numbers, sizes, times and counts as people read them.

Knows numbers; knows nothing of where they come from.
"""

from __future__ import annotations


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with a few digits that count, ``-`` where there is none.

    Examples
    --------
    >>> number(0.0123456), number(None), number(float("nan")), number(12.0)
    ('0.01235', '-', '-', '12')
    """
    if value is None or value != value:
        return "-"
    return f"{value:.{digits}g}"


def beside(published: str, ours: float) -> str:
    """Return our number with a few digits more than a published one has.

    Examples
    --------
    >>> beside("0.3775", 0.37750000000000006), beside("0.291027924", 0.29102777369359933)
    ('0.3775', '0.291027773694')
    """
    mantissa = published.lower().partition("e")[0]
    digits = sum(c.isdecimal() for c in mantissa.lstrip("-0."))
    return f"{ours:.{min(max(digits, 6) + 3, 15)}g}"


def score(value: float | None) -> str:
    """Return a score with three decimals.

    Examples
    --------
    >>> score(0.98076), score(None), score(1.0)
    ('0.981', 'undefined', '1.000')
    """
    return "undefined" if value is None or value != value else f"{value:.3f}"


def count(how_many: int, what: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> count(1, "row"), count(12000, "row")
    ('1 row', '12,000 rows')
    """
    return f"{how_many:,} {what}{'' if how_many == 1 else 's'}"


def size(length: float) -> str:
    """Return a number of bytes.

    Examples
    --------
    >>> size(980), size(4_100_000), size(3.2e9)
    ('980 bytes', '4.1 MB', '3.2 GB')
    """
    for unit, bytes_in in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if length >= bytes_in:
            return f"{length / bytes_in:.3g} {unit}"
    return f"{length:.0f} bytes"


def duration(seconds: float) -> str:
    """Return a time.

    Examples
    --------
    >>> duration(0.31), duration(42.4), duration(200), duration(7500)
    ('0.3 s', '42 s', '3 min 20 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 10:
        return f"{seconds:.1f} s"
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
