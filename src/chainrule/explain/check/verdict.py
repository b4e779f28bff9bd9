"""What a check comes to: every entry with its verdict, and what is told beside them.

Knows entries and the document made of them; computes no derivative.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chainrule.autodiff.sweep import Slope
from chainrule.errors import SpecError, shown
from chainrule.explain.check.figure import draw_sweeps
from chainrule.explain.check.judge import Entry, Status
from chainrule.explain.explanation import Explanation

Sweeps = Callable[[Entry], tuple[Slope, float]]
"""Makes the sweep of an entry anew: with the derivative that its errors are measured from."""

PLOTTED = 6
"""Entries that a plot shows unless it is told which."""


@dataclass(frozen=True)
class Findings:
    """What was found out about a gradient, before it is put into words.

    Attributes
    ----------
    title : str
        Of what the gradient is.
    entries : tuple of Entry
        Those that were looked at.
    total : int
        How many there are.
    along : tuple of Entry
        Directions through all entries at once.
    notes : tuple of str
        What is worth knowing about the function.
    calls : str
        How the derivative was found, in a sentence.
    """

    title: str
    entries: tuple[Entry, ...]
    total: int
    along: tuple[Entry, ...]
    notes: tuple[str, ...]
    calls: str

    def of(self, status: Status) -> tuple[Entry, ...]:
        """Return the entries with this status, directions left out."""
        return tuple(entry for entry in self.entries if entry.status == status)

    @property
    def wrong(self) -> tuple[Entry, ...]:
        """What is wrong: entries, or a direction if no entry was pinned down."""
        return self.of("wrong") or tuple(one for one in self.along if one.status == "wrong")

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong and at least half of the entries could be told."""
        return not self.wrong and 2 * len(self.of("unclear")) <= len(self.entries)


@dataclass(frozen=True, eq=False, repr=False)
class Check(Explanation):
    """A gradient check: print it, or ask for its parts.

    ``bool(check)`` is `passed`, so that ``assert cr.check(f, gradient, x)`` is a test.

    Attributes
    ----------
    findings : Findings
        Everything that was found out.

    Examples
    --------
    >>> import chainrule as cr
    >>> found = cr.check(lambda x: x**3, lambda x: 3 * x**2, 2.0)
    >>> found.passed, found.entries[0].verdict
    (True, 'agrees to all digits')
    """

    findings: Findings
    sweeps: Sweeps

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong, and at least half of the entries looked at could be told."""
        return self.findings.passed

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that were looked at, each with `name`, `yours`, `numeric`, `verdict`."""
        return self.findings.entries

    @property
    def wrong(self) -> tuple[Entry, ...]:
        """The entries that are wrong."""
        return self.findings.wrong

    @property
    def unclear(self) -> tuple[Entry, ...]:
        """The entries of which nothing can be told."""
        return self.findings.of("unclear")

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth knowing about the function, in sentences."""
        return self.findings.notes

    def __bool__(self) -> bool:
        return self.passed

    def plot(self, path: str | os.PathLike[str], entries: Sequence[str] | None = None) -> None:
        """Draw the error of the difference quotient against h into a file.

        Parameters
        ----------
        path : path
            The file: .png, .pdf or .svg. Needs matplotlib (``pip install 'chainrule[plot]'``).
        entries : sequence of str, optional
            Names of entries that were looked at; by default the worst few.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        SpecError
            If an entry was not looked at.
        """
        chosen = self._chosen(entries)
        draw_sweeps(path, [(one.name, *self.sweeps(one)) for one in chosen])

    def _chosen(self, names: Sequence[str] | None) -> list[Entry]:
        if names is None:
            return by_concern(self.entries)[:PLOTTED]
        known = {entry.name: entry for entry in self.entries}
        for name in [names] if isinstance(names, str) else names:
            if name not in known:
                raise SpecError(
                    f"a plot of {shown(name)} was asked for; this check looked at "
                    f"{', '.join(list(known)[:8])}{' ...' if len(known) > 8 else ''}."
                )
        return [known[name] for name in ([names] if isinstance(names, str) else names)]


def by_concern(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries, wrong ones first, then unclear ones, then kinks, then what agrees.

    Large ones stand before small ones; where all is well, every array has its turn.
    """
    order: dict[str, int] = {"wrong": 0, "unclear": 1, "kink": 2, "agrees": 3}
    large = sorted(entries, key=lambda one: (order[one.status], -abs(one.numeric)))
    turns: dict[tuple[str, str], int] = {}
    keys: dict[int, int] = {}
    for one in large:
        array = (one.status, one.name.partition("[")[0])
        keys[id(one)] = turns[array] = turns.get(array, -1) + 1
    return sorted(large, key=lambda one: (order[one.status], keys[id(one)]))
