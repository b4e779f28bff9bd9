"""Sums as tables: the terms that matter most, the rest as lines with their count and their sum.

Whatever is folded, the lines add up to the total. Knows numbers and cells; knows no chain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from chainrule.explain.document import Cell, Number, Row, Table

FEW = 8
"""Sums of up to so many terms are shown whole, in their own order."""
CAPTION = "Computed with all digits, shown with six decimals; a share is that of the sum of sizes."


@dataclass(frozen=True)
class Term:
    """One term of a sum.

    Attributes
    ----------
    label : cell
        Which one.
    cells : tuple of cells
        Its factors.
    product : float
        What it adds.
    zero : str
        Why it is zero, if it is.
    """

    label: Cell
    cells: tuple[Cell, ...]
    product: float
    zero: str = ""


@dataclass(frozen=True)
class Rest:
    """Folded terms: how many, what they are, their sum, and the sum of their sizes."""

    count: int
    what: str
    total: float = 0.0
    size: float = 0.0


@dataclass(frozen=True)
class Folded:
    """A sum after folding.

    Attributes
    ----------
    shown : tuple of Term
        The terms that are shown.
    rest : tuple of Rest
        Lines for the others.
    total : float
        The sum of all, correctly rounded.
    size : float
        The sum of the sizes of all.
    """

    shown: tuple[Term, ...]
    rest: tuple[Rest, ...]
    total: float
    size: float


def fold(terms: Sequence[Term], most: int) -> Folded:
    """Return the largest terms, and the others as lines with count and sum.

    Parameters
    ----------
    terms : sequence of Term
        All of them.
    most : int
        How many are shown where there are many.

    Examples
    --------
    >>> terms = [Term(k, (), float(k), "" if k else "k = 0") for k in range(20)]
    >>> found = fold(terms, 2)
    >>> [term.label for term in found.shown], [(one.count, one.total) for one in found.rest]
    ([19, 18], [(17, 153.0), (1, 0.0)])
    """
    total = summed(term.product for term in terms)
    size = summed(abs(term.product) for term in terms)
    if len(terms) <= max(FEW, most):
        return Folded(tuple(terms), (), total, size)
    ranked = sorted(terms, key=lambda term: -abs(term.product))
    live = [term for term in ranked if term.product != 0]
    shown, smaller = live[:most], live[most:]
    rest = []
    if smaller:
        part = summed(term.product for term in smaller)
        sizes = summed(abs(term.product) for term in smaller)
        rest.append(Rest(len(smaller), "the smaller ones", part, sizes))
    causes: dict[str, int] = {}
    for term in terms:
        if term.product == 0:
            causes[term.zero] = causes.get(term.zero, 0) + 1
    rest += [Rest(n, cause) for cause, n in sorted(causes.items(), key=lambda item: -item[1])]
    return Folded(tuple(shown), tuple(rest), total, size)


def summed(terms: Iterable[float]) -> float:
    """Return a sum, correctly rounded; where numbers are too large or none, what floats make of it.

    Examples
    --------
    >>> summed([0.1] * 10), summed([float("inf"), float("-inf")]), summed([1e308, 1e308])
    (1.0, nan, inf)
    """
    found = list(terms)
    try:
        return math.fsum(found)
    except (ValueError, OverflowError):  # infinities of both signs, or past the largest number
        total = 0.0
        for term in found:
            total += float(term)
        return total


def table_of(
    head: Row,
    folded: Folded,
    what: str,
    remark: Callable[[Term], str] | None = None,
    total: str = "sum",
) -> Table:
    """Return a folded sum as a table: label, factors, product, share of the sizes, remark.

    Parameters
    ----------
    head : tuple of cells
        Heads of label and factors.
    folded : Folded
        The sum.
    what : str
        What a term is: ``row``, ``unit``.
    remark : callable, optional
        Words for a term that is not zero.
    total : str
        What the last line is called.
    """
    width = len(head) - 1
    rows: list[Row] = []
    for term in folded.shown:
        words = term.zero if term.product == 0 else (remark(term) if remark else "")
        rows.append((term.label, *term.cells, signed(term.product), _share(term, folded), words))
    for rest in folded.rest:
        label = f"{rest.count:,} {what}{'' if rest.count == 1 else 's'}"
        share = _percent(rest.size, folded.size) if rest.size else ""
        blank: tuple[Cell, ...] = ("",) * width
        rows.append((label, *blank, signed(rest.total), share, rest.what))
    last: Row = (total, *([""] * width), signed(folded.total), "", "")
    return Table((*head, "product", "share", ""), tuple(rows), CAPTION, last)


def signed(value: float) -> Number:
    """Return a number whose sign is the message."""
    return Number(value, sign=True)


def _share(term: Term, folded: Folded) -> str:
    return "" if term.product == 0 else _percent(abs(term.product), folded.size)


def _percent(part: float, whole: float) -> str:
    if not whole or not math.isfinite(whole):
        return ""
    return f"{100 * part / whole:.0f} %" if part / whole >= 0.005 else "< 1 %"
