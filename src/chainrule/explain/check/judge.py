"""The verdict on one entry: a gradient's number against a numeric derivative, in words.

An entry is called wrong only if its number lies outside of every error bar there is: that of the
numeric derivative, and what rounding may do to a right gradient. Knows two numbers and their
errors; knows nothing of where they come from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from chainrule.autodiff.sweep import Side, Slope
from chainrule.explain.check.estimate import Numeric
from chainrule.explain.document import Number, Span

Status = Literal["agrees", "wrong", "kink", "unclear"]

FEW = 3
"""Fewer digits of agreement are told as a part of a hundred."""
ROUGHLY = 0.05
"""A relative error bar above this tells nothing."""
MOST = 16
ROUNDINGS = 32.0
"""A right gradient may be off by so many units in the last place of its largest entry."""
BY_CONVENTION = "at a kink, by convention"
HOPELESS = {
    "none": ("no values beside it", "the function has no finite values beside x here"),
    "jump": ("jumps here", "the function jumps at this point, so it has no derivative"),
    "steep": ("no finite slope", "the slope grows without bound towards this point"),
}
"""What can be at a point so that no derivative is there, in few words and in more."""
FACTORS = (-1.0, 2.0, 0.5, -2.0, -0.5, 3.0, 4.0, 1 / 3, 0.25, 10.0, 0.1)


@dataclass(frozen=True)
class Allowance:
    """What rounding may do to a right gradient.

    Attributes
    ----------
    unit : float
        The rounding unit it was computed in.
    largest : float
        The largest entry of its array.
    more : float
        What is known beside that: noise of the function, spread of the gradient.
    """

    unit: float
    largest: float
    more: float = 0.0

    def of(self, *values: float) -> float:
        """Return how far a right number of about this size may be off."""
        size = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
        return ROUNDINGS * self.unit * max(size, self.largest) + self.more


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient, judged.

    Attributes
    ----------
    name : str
        ``W1[0,2]``.
    yours : float
        The gradient under check.
    numeric : float
        The derivative from values alone.
    error : float
        How far `numeric` may be off.
    status : {"agrees", "wrong", "kink", "unclear"}
        What it comes to.
    short : str
        The verdict in a few words.
    spans : tuple
        The verdict as a sentence, with its numbers.
    method : str
        ``complex step`` or ``central differences``.
    slope : Slope or None
        The sweep over steps, if one was made.
    step : int or None
        The step of the run, if it is a run's.
    """

    name: str
    yours: float
    numeric: float
    error: float
    status: Status
    short: str
    spans: tuple[Span, ...]
    method: str
    slope: Slope | None = None
    step: int | None = None

    @property
    def verdict(self) -> str:
        """The verdict as a sentence."""
        return "".join(s.text if isinstance(s, Number) else str(s) for s in self.spans)


def judge(name: str, yours: float, found: Numeric, allowance: Allowance) -> Entry:
    """Return the verdict on an entry."""
    entry = Entry(
        name, yours, found.value, found.error, "agrees", "", (), found.method, found.slope
    )
    if not math.isfinite(yours):
        told = f"yours is {yours}"
        return _ruled(entry, "wrong", told, f"wrong: {told}, the derivative is ", _n(found.value))
    if found.kind in HOPELESS:
        short, why = HOPELESS[found.kind]
        return _ruled(entry, "unclear", short, f"cannot tell: {why}")
    if found.kind in ("kink", "edge") and found.slope is not None:
        return _at_kink(entry, found.slope, allowance)
    return _smooth(entry, found, allowance)


def _smooth(entry: Entry, found: Numeric, allowance: Allowance) -> Entry:
    """Return the verdict where there is one derivative."""
    if math.isinf(found.error):
        return _ruled(entry, "unclear", "noise hides it",
                      "cannot tell: the function's values jitter as much as they move")  # fmt: skip
    apart = abs(entry.yours - found.value)
    rounding = allowance.of(found.value)
    bar = max(found.error, found.slope.error if found.slope is not None else 0.0)
    size = max(abs(entry.yours), abs(found.value))
    if apart > bar + rounding:
        for side in () if found.slope is None else found.slope.coarse:
            if abs(entry.yours - side.value) <= 2 * side.error + rounding:
                return _of_two_scales(entry, found.value, side)
        return _wrong(entry, found.value, bar + rounding)
    if size == 0 or (apart == 0 and found.error <= 1e-3 * size):
        return _agreeing(entry, MOST if size else 0)
    known = max(apart, min(found.error, bar)) / size
    count = min(MOST, int(-math.log10(known))) if known < 1 else 0
    if count >= FEW:
        return _agreeing(entry, count)
    if known <= ROUGHLY:
        words = f"agrees within {100 * known:.1g} %"
        return _ruled(entry, "agrees", words, f"{words}; rounding hides more")
    if max(bar, apart) <= max(1e-6, 64 * allowance.unit) * allowance.largest:
        told = "agrees: 0 beside the size of the others, within "
        return _ruled(entry, "agrees", "0 beside the others' size", told, _n(max(bar, apart)))
    return _ruled(entry, "unclear", "rounding hides it", *_hidden(entry, found, bar, rounding))


def _hidden(entry: Entry, found: Numeric, bar: float, rounding: float) -> tuple[Span, ...]:
    """Return why nothing can be told where there is a derivative."""
    if math.isinf(bar):
        return ("cannot tell: the complex step gives ", _n(found.value), ", yours is ",
                _n(entry.yours), "; differences are too rough to say more")  # fmt: skip
    if rounding > bar:
        return ("cannot tell: the derivative is ", _n(found.value), ", and rounding may move "
                "yours, ", _n(entry.yours), ", by ", Number(rounding, "short"))  # fmt: skip
    low, high = _n(found.value - bar), _n(found.value + bar)
    return ("cannot tell: rounding hides it; anything between ", low, " and ", high, " fits")


def _of_two_scales(entry: Entry, near: float, coarse: Side) -> Entry:
    return _ruled(
        entry, "unclear", "two slopes at two scales", "cannot tell: next to x the function's slope "
        "is ", _n(near), ", but larger steps give ", _n(coarse.value), ", as far as they tell; its "
        "values may be rounded on the way",
    )  # fmt: skip


def _agreeing(entry: Entry, count: int) -> Entry:
    if not count:
        return _ruled(entry, "agrees", "both are 0", "agrees: both are 0")
    words = f"agrees to {'all' if count == MOST else count} digits"
    return _ruled(entry, "agrees", words, words)


def _wrong(entry: Entry, value: float, allowed: float) -> Entry:
    """Return the verdict on a wrong entry: by which factor, if it is a plain one."""
    yours, words = entry.yours, relation(entry.yours, value, allowed)
    if words:
        return _ruled(entry, "wrong", f"wrong: {words} it",
                      "wrong: yours ", _n(yours), f" is {words} ", _n(value))  # fmt: skip
    if yours == 0:
        return _ruled(entry, "wrong", "wrong: 0", "wrong: yours is 0, it should be ", _n(value))
    size = max(abs(value), abs(yours))
    exact = abs(yours - value) / size
    return _ruled(
        entry, "wrong", "wrong", "wrong: yours ", _n(yours), ", the derivative is ", _n(value),
        ": off by ", _n(yours - value), ", a relative error of ", Number(exact, "short"),
    )  # fmt: skip


def relation(yours: float, value: float, allowed: float) -> str:
    """Return how one number is made of another, if it is a plain factor, else nothing.

    Examples
    --------
    >>> relation(0.5, 0.25, 1e-12), relation(-1.0, 1.0, 1e-12), relation(0.3, 0.25, 1e-12)
    ('twice', 'minus', '')
    """
    if value == 0 or allowed > 1e-2 * abs(value):
        return ""
    words = {-1.0: "minus", 2.0: "twice", 0.5: "half of", -2.0: "minus twice",
             -0.5: "minus half of", 1 / 3: "a third of", 0.25: "a quarter of",
             0.1: "a tenth of"}  # fmt: skip
    for factor in FACTORS:
        if abs(yours - factor * value) <= 2 * max(abs(factor), 1) * allowed:
            return words.get(factor, f"{factor:g} times")
    return ""


def _at_kink(entry: Entry, slope: Slope, allowance: Allowance) -> Entry:
    """Return the verdict where the slopes of the two sides differ, or one side has none."""
    sides = [side for side in (slope.left, slope.right) if side is not None]
    low = min(s.value - s.error for s in sides) - allowance.of(*(s.value for s in sides))
    high = max(s.value + s.error for s in sides) + allowance.of(*(s.value for s in sides))
    told = _sides(slope.left, slope.right)
    where = "at a kink" if slope.kind == "kink" else "at the edge of where the function has values"
    if low <= entry.yours <= high:
        return _ruled(entry, "kink", where, f"{where}: ", *told, "; yours is ", _n(entry.yours))
    return _ruled(entry, "wrong", f"wrong, {where}", f"wrong {where}: ", *told, "; yours, ",
                  _n(entry.yours), ", is neither, nor between them")  # fmt: skip


def by_convention(entry: Entry, convention: float | None, allowance: Allowance) -> Entry:
    """Return the verdict at a kink, if yours is what our conventions there give."""
    if convention is None or abs(entry.yours - convention) > allowance.of(convention):
        return entry
    slope = entry.slope
    told: tuple[Span, ...] = ("differences give ", _n(entry.numeric))
    if slope is not None and slope.left is not None and slope.right is not None:
        told = _sides(slope.left, slope.right)
    return _ruled(
        entry, "kink", BY_CONVENTION, "at a kink: ", *told, "; yours, ",
        _n(entry.yours), ", is what the conventions at kinks give",
    )  # fmt: skip


def _sides(left: Side | None, right: Side | None) -> tuple[Span, ...]:
    if left is None or right is None:
        side, name = (right, "right") if left is None else (left, "left")
        return (f"slope from the {name} ", _n(side.value if side else math.nan))
    return ("slope from the left ", _n(left.value), ", from the right ", _n(right.value))


def _n(value: float) -> Number:
    return Number(value, "answer")


def _ruled(entry: Entry, status: Status, short: str, *spans: Span) -> Entry:
    return replace(entry, status=status, short=short, spans=tuple(spans))
