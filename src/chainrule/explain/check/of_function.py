"""The check of a gradient of any function of arrays.

Brings the parts together: the function, the gradient, the sample, the numeric derivatives, the
verdicts. Knows the order of these; knows no arithmetic of its own but sums along directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.autodiff.sweep import Slope
from chainrule.data.batches import checked_seed
from chainrule.explain.check.estimate import Estimator, estimator_of
from chainrule.explain.check.hand_in import HandIn, handed_in
from chainrule.explain.check.judge import BY_CONVENTION, Allowance, Entry, by_convention, judge
from chainrule.explain.check.page import page
from chainrule.explain.check.sampling import checked_count, sample, shares
from chainrule.explain.check.subject import random_direction, subject_of
from chainrule.explain.check.verdict import Check, Findings
from chainrule.types import Array

ENTRIES = 100
"""Entries that are looked at unless it is said otherwise."""
ALL_AT_ONCE = "all entries at once"
PARTS = 60
"""Parts of a direction that are looked at, at most, in search of a wrong entry."""


def check_function(
    f: Callable[[Any], Any], gradient: Any, x: Any, entries: int | None, seed: int
) -> Check:
    """Return the check of a gradient; see `chainrule.check`, its door."""
    rng = np.random.default_rng(checked_seed(seed))
    subject = subject_of(f, x)
    count = checked_count(entries, ENTRIES)
    if not subject.size:
        return _checked(Findings("f", (), 0, (), (), ""), None)
    given = handed_in(gradient, subject, rng)
    examined = Examined(estimator_of(subject, rng), given)
    judged = examined.sampled(shares(examined.sizes, count), rng)
    along, more = examined.directions(judged, rng)
    found = Findings(
        getattr(f, "__name__", "f").replace("<lambda>", "f"),
        (*judged, *more),
        subject.size,
        along,
        (*given.notes, *_notes(examined.estimator)),
        _method(judged),
    )
    return _checked(found, examined)


def _checked(found: Findings, examined: Examined | None) -> Check:
    def sweeps(entry: Entry) -> tuple[Slope, float]:
        assert examined is not None, "a check without entries shows none"
        return examined.sweep(entry)

    return Check(page(found, sweeps), found, sweeps)


@dataclass(frozen=True, eq=False)
class Examined:
    """A function with its estimator and the gradient handed in.

    Attributes
    ----------
    estimator : Estimator
        Gives numeric derivatives.
    given : HandIn
        The gradient.
    """

    estimator: Estimator
    given: HandIn

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where each named entry is: its array and its place there."""
        leaves = self.estimator.subject.leaves
        return {
            leaf.entry(i): (k, i) for k, leaf in enumerate(leaves) for i in range(leaf.array.size)
        }

    def one(self, leaf: int, index: int, *, sweep: bool = False) -> Entry:
        """Return the verdict on one entry; a doubtful one gets the whole sweep."""
        name = self.estimator.subject.leaves[leaf].entry(index)
        yours = float(self.given.arrays[leaf].reshape(-1)[index])
        found = self.estimator.entry(leaf, index, sweep=sweep)
        entry = judge(name, yours, found, self._allowance(leaf, index))
        if entry.status != "agrees" and found.slope is None:
            return self.one(leaf, index, sweep=True)
        if entry.status == "wrong" and self.given.measure is not None:
            entry = judge(name, yours, found, self._allowance(leaf, index, measured=True))
        if entry.status == "wrong" and self.estimator.kinks:
            direction = self.estimator.unit_direction(leaf, index)
            convention = self.estimator.by_convention(direction)
            return by_convention(entry, convention, self._allowance(leaf, index, measured=True))
        return entry

    @property
    def sizes(self) -> list[int]:
        """How many entries each array has."""
        return [leaf.array.size for leaf in self.estimator.subject.leaves]

    def sampled(self, counts: Sequence[int], rng: np.random.Generator) -> tuple[Entry, ...]:
        """Return the verdicts on a sample of the entries: so many of each array."""
        drawn = sample(self.sizes, counts, rng)
        return tuple(self.one(k, i) for k, places in drawn for i in places)

    def _allowance(self, leaf: int, index: int, *, measured: bool = False) -> Allowance:
        """Return what rounding may do to an entry; measured on the gradient in case of doubt."""
        array = self.given.arrays[leaf]
        here = self.estimator.subject.leaves[leaf]
        size = max(abs(float(here.array.reshape(-1)[index])), here.typical)
        unit = self.given.units[leaf]
        noise = max(self.estimator.noise, unit * abs(self.estimator.center))
        spread = float(self.given.spread[leaf].reshape(-1)[index]) if measured else 0.0
        finite = np.abs(array[np.isfinite(array)])
        largest = float(finite.max()) if finite.size else 0.0
        return Allowance(unit, largest, 4 * spread + 4 * noise / size + self.given.rounded)

    def directions(
        self, judged: Sequence[Entry], rng: np.random.Generator
    ) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Return the verdict along a direction, and what was found by it that the sample missed."""
        if not all(np.isfinite(a).all() for a in self.given.arrays):
            return (), ()
        direction = random_direction(self.estimator.subject, rng)
        whole = self._along(direction)
        if whole.status == "agrees" or whole.short == BY_CONVENTION:
            return (whole,), ()
        complete = len(judged) == self.estimator.subject.size
        if complete or any(one.status == "wrong" for one in judged):
            return (whole,), ()
        found = self._searched(direction)
        return (whole,), () if found is None else (found,)

    def _along(self, direction: Sequence[Array]) -> Entry:
        pairs = list(zip(self.given.arrays, direction, strict=True))
        yours = float(sum(np.sum(g * d) for g, d in pairs))
        size = float(sum(np.sum(np.abs(g * d)) for g, d in pairs))
        length = float(sum(np.sum(np.abs(d)) for d in direction))
        unit = max(self.given.units)
        noise = max(self.estimator.noise, unit * abs(self.estimator.center))
        allowance = Allowance(unit, size, 4 * noise + self.given.rounded * length)
        found = self.estimator.along(direction)
        entry = judge(ALL_AT_ONCE, yours, found, allowance)
        if entry.status != "agrees" and found.slope is None:
            found = self.estimator.along(direction, sweep=True)
            entry = judge(ALL_AT_ONCE, yours, found, allowance)
        if entry.status == "wrong":
            spread = zip(self.given.spread, direction, strict=True)
            more = 4 * float(sum(np.sum(s * np.abs(d)) for s, d in spread))
            allowance = replace(allowance, more=allowance.more + more)
            entry = judge(ALL_AT_ONCE, yours, found, allowance)
        if entry.status != "agrees" and self.estimator.kinks:
            entry = by_convention(entry, self.estimator.by_convention(direction), allowance)
        if entry.status == "wrong" and found.kind != "smooth":
            return replace(entry, status="kink")  # slopes at kinks do not add up over entries
        return entry

    def _searched(self, direction: Sequence[Array]) -> Entry | None:
        """Return a wrong entry, found by halving the direction where it does not agree.

        A part that is wrong is halved at once; one at a kink, where slopes do not add up, later.
        """
        flat = np.concatenate([d.reshape(-1) for d in direction])
        ends = np.cumsum([d.size for d in direction])
        parts = [(0, len(flat))]
        for _ in range(PARTS):
            if not parts:
                break
            low, high = parts.pop(0)
            only = np.zeros(len(flat))
            only[low:high] = flat[low:high]
            split = [
                a.reshape(d.shape)
                for a, d in zip(np.split(only, ends[:-1]), direction, strict=True)
            ]
            found = self._along(split)
            if found.status == "agrees" or found.short == BY_CONVENTION:
                continue
            if high - low > 1:
                middle = (low + high) // 2
                halves = [(low, middle), (middle, high)]
                parts = [*halves, *parts] if found.status == "wrong" else [*parts, *halves]
                continue
            leaf = int(np.searchsorted(ends, low, side="right"))
            entry = self.one(leaf, low - (int(ends[leaf - 1]) if leaf else 0))
            if entry.status == "wrong":
                return entry
        return None

    def sweep(self, entry: Entry) -> tuple[Slope, float]:
        """Return the sweep of an entry, and the derivative that its errors are measured from."""
        found = self.estimator.entry(*self.places[entry.name], sweep=True)
        assert found.slope is not None, "a sweep was asked for"
        return found.slope, found.value


def _notes(found: Estimator) -> tuple[str, ...]:
    """Return what is worth knowing about the function, in sentences."""
    notes = []
    if found.mutates:
        notes.append(
            "The function writes into its argument. Each call here got an argument of its own; "
            "elsewhere, copy x first (x = x.copy())."
        )
    if found.spread:
        notes.append(
            f"The function is random: calls at the same x differ by up to {found.spread:.2g}, and "
            "error bars are as wide. Fix its seed, or switch the random part off, to be told more."
        )
    elif found.quantum:
        notes.append(
            f"The function moves in jumps of about {found.quantum:.1g}: its value is rounded to "
            "few digits on the way. Error bars are as wide as that makes them."
        )
    elif found.rough:
        notes.append(
            f"The function is rough: its values are off by about {found.noise:.1g}, far more than "
            "the last digit; error bars are as wide as that makes them."
        )
    if found.unit > 1e-10:
        notes.append(
            "The function computes in few digits (its results are not float64); the gradient is "
            "judged by what they allow."
        )
    return tuple(notes)


def _method(entries: Sequence[Entry]) -> str:
    """Return how the derivatives were found, in a sentence; at a kink there are two of them."""
    entries = [one for one in entries if one.status != "kink"]
    if not entries:
        return "At a kink there is no derivative; the slopes from both sides are differences."
    steps = sum(one.method == "complex step" for one in entries)
    if steps == len(entries):
        return (
            "Each derivative is that of the complex step (right to the last digits), and central "
            "differences agree with it."
        )
    if not steps:
        return (
            "Each derivative is that of central differences over a sweep of steps h; the error bar "
            "holds truncation and the function's measured noise."
        )
    return (
        f"{steps} derivatives are those of the complex step, the other {len(entries) - steps} of "
        "central differences over a sweep of steps h."
    )
