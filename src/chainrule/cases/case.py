"""What every case has: a title, a source, and published numbers beside those computed when played.

Knows the form of cases; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

import numpy as np

from chainrule.errors import SpecError
from chainrule.explain import Explanation
from chainrule.run import Run
from chainrule.types import ArrayLike

AGREES, DIFFERS = "agrees", "differs"
EXACT = 1e-12


class Row(NamedTuple):
    """A published number beside ours.

    Attributes
    ----------
    what : str
        Which number.
    published : str
        As it is printed in the source.
    ours : float
        Computed when the case is played.
    relative : float
        The difference as a share of the published number; the difference itself if that is 0.
    verdict : str
        ``agrees``, ``differs``, or what is to be said of a published number that is wrong.
    """

    what: str
    published: str
    ours: float
    relative: float
    verdict: str


@dataclass(frozen=True)
class CaseResult:
    """A case as it was played.

    Attributes
    ----------
    name, title, source : str
        Which case; the source as author, title, year.
    transcript : tuple of str
        What the source's own program prints, as ours computes it; often empty.
    rows : tuple of Row
        Published numbers beside ours.
    notes : tuple of str
        What a reader should know about the numbers.
    next : tuple of str
        What to try.
    run : Run or None
        The run that was trained, if the case is one.
    opened : Explanation or None
        One weight of the run, opened.
    """

    name: str
    title: str
    source: str
    transcript: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    run: Run | None = None
    opened: Explanation | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as plain data, without the run; of the opened weight, its facts."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "run"}
        rows = [row._asdict() for row in self.rows]
        opened = None if self.opened is None else dict(self.opened.data)
        return {**found, "rows": rows, "opened": opened}

    @property
    def agrees(self) -> bool:
        """Whether no row says that ours differs."""
        return all(row.verdict != DIFFERS for row in self.rows)


class Played(NamedTuple):
    """What the function of a case returns; the registry adds name, title and source."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    next: tuple[str, ...]
    transcript: tuple[str, ...] = ()
    run: Run | None = None
    asked: tuple[str, int] | None = None
    """The weight to open, and the step."""


@dataclass(frozen=True)
class Case:
    """A registered case: what it is called, and the function that plays it."""

    title: str
    source: str
    function: Callable[[], Played]


_cases: dict[str, Case] = {}


def case(
    name: str, *, title: str, source: str
) -> Callable[[Callable[[], Played]], Callable[[], Played]]:
    """Register a function without arguments as the case of a name."""

    def remember(function: Callable[[], Played]) -> Callable[[], Played]:
        _cases[name] = Case(title, source, function)
        return function

    return remember


def names() -> list[str]:
    """Return the names of all cases.

    Examples
    --------
    >>> "mazur" in names()
    True
    """
    return sorted(_cases)


def titles() -> dict[str, str]:
    """Return the title of each case by name, without playing any.

    Examples
    --------
    >>> titles()["goodfellow"]
    'XOR solved by hand with ReLU'
    """
    return {name: _cases[name].title for name in names()}


def completed(run: Run) -> Run:
    """Return a run that went to its end; a case has nothing to show after Ctrl-C."""
    if run.stopped == "interrupted":
        raise KeyboardInterrupt
    return run


def play(name: str) -> CaseResult:
    """Compute a case and return its published numbers beside ours.

    Parameters
    ----------
    name : str
        One of `names`.

    Raises
    ------
    SpecError
        If there is no such case.

    Examples
    --------
    >>> [row.ours for row in play("goodfellow").rows[:4]]
    [0.0, 1.0, 1.0, 0.0]
    """
    if name not in _cases:
        near = get_close_matches(str(name), _cases, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names())}."
        raise SpecError(f"there is no textbook case {name!r}; {hint}")
    found = _cases[name]
    played = found.function()
    opened = played.run.why(*played.asked) if played.run and played.asked else None
    return CaseResult(
        name, found.title, found.source, played.transcript, played.rows, played.notes, played.next,
        played.run, opened,
    )  # fmt: skip


def compared(
    labels: Sequence[str], published: str, ours: ArrayLike, *, within: float | None = None
) -> tuple[Row, ...]:
    """Return a row for each published number.

    Parameters
    ----------
    labels : sequence of str
        What each number is.
    published : str
        The numbers as they are printed, with blanks between them.
    ours : array_like
        As many numbers, in the same order.
    within : float, optional
        The relative difference that still agrees; by default half a unit of the last printed digit.

    Examples
    --------
    >>> compared(["a third"], "0.3333", 1 / 3)[0].verdict
    'agrees'
    >>> compared(["a third"], "0.3334", 1 / 3)[0].verdict
    'differs'
    """
    texts, values = published.split(), np.ravel(np.asarray(ours, np.float64)).tolist()
    return tuple(
        compare(label, text, value, within)
        for label, text, value in zip(labels, texts, values, strict=True)
    )


def compare(what: str, published: str, ours: float, within: float | None) -> Row:
    """Return the row of one number."""
    number = float(published)
    size = abs(number) or 1.0
    relative = abs(ours - number) / size
    digit = int(Decimal(published).as_tuple().exponent)
    least = 0.5 * 10.0**digit / size if within is None else within
    return Row(what, published, ours, relative, AGREES if relative <= least + EXACT else DIFFERS)
