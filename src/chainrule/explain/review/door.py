"""The door of reviews: a run, a step and what somebody handed in; out comes a verdict.

Knows which kind of numbers may have been meant; judges by `judge`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from chainrule.errors import SpecError, shown
from chainrule.explain.review.exercise import Exercise, exercise_of
from chainrule.explain.review.finding import Finding, HandIn, times
from chainrule.explain.review.function import call_function
from chainrule.explain.review.handin import names_loss, read, read_loss
from chainrule.explain.review.judge import ENOUGH_BITS, judge
from chainrule.explain.review.page import verdict_of
from chainrule.explain.review.program import Kind
from chainrule.explain.review.space import Space
from chainrule.explain.review.verdict import Verdict
from chainrule.train import Record

Asked = Literal["auto", "gradients", "updates", "parameters", "loss"]

NEAR_WEIGHTS = 0.5
"""Numbers nearer to the old weights than this share of their size are new weights."""

EVERYTHING_TRAINED = (
    "this is what comes out if {names} are trained too; in this run they are frozen"
)


def other_losses(exercise: Exercise) -> Iterator[tuple[float, str]]:
    """Return what people print instead of the loss: its factor, and what it is."""
    n, k = exercise.rows, exercise.outputs
    if any(exercise.penalized(name) for name in exercise.order):
        return
    summed = bool((exercise.plain_factors == 1).all())
    if n > 1:
        told = "mean over the rows; the loss of this run is their sum"
        turned = "sum over the rows; the loss of this run is their mean"
        yield (1 / n if summed else n), f"this is the {told if summed else turned}"
    if exercise.loss.name == "half_squared_error" and (n if summed else 1) * k != 2:
        yield (2 / (n * k) if summed else 2 / k), PRINTED_LOSS


PRINTED_LOSS = (
    "this is the mean squared error, which is often printed; what this run descends is half the "
    "squared error"
)


@dataclass(frozen=True, eq=False)
class Reviewer:
    """The exercise of one step, and the hypotheses about it made so far.

    Attributes
    ----------
    exercise : Exercise
        What is worked out.
    """

    exercise: Exercise

    def space(self, kind: Kind, *, all_trained: bool = False) -> Space:
        """Return the hypotheses about a kind of numbers."""
        exercise = self.exercise.with_everything_trained() if all_trained else self.exercise
        return Space(exercise, kind)

    def verdict(
        self, given: Any, kind: Asked = "auto", decimals: int | None = None, run: str | None = None
    ) -> Verdict:
        """Return the verdict on something handed in."""
        self._check(kind, decimals)
        if kind == "loss" or (kind == "auto" and names_loss(given)):
            handin = read_loss(given, decimals)
            return self._told(self.space("loss"), handin, run)
        handin = read(self.exercise, given, decimals)
        if kind == "auto" or (kind == "gradients" and self.exercise.clips):
            both: list[Kind] = ["gradients", "clipped"]
            return self._guessed(handin, self._kinds(handin) if kind == "auto" else both, run)
        return self._told(self.space(kind), handin, run)

    def _check(self, kind: Any, decimals: Any) -> None:
        if kind not in get_args(Asked):
            raise SpecError(
                f"kind is {shown(kind)}; it is one of {', '.join(map(repr, get_args(Asked)))}."
            )
        whole = isinstance(decimals, (int, np.integer)) and not isinstance(decimals, bool)
        if decimals is not None and not (whole and 0 <= decimals <= 17):
            raise SpecError(f"decimals is {shown(decimals)}; it is a whole number from 0 to 17.")

    def _told(self, space: Space, handin: HandIn, run: str | None) -> Verdict:
        """Return the verdict on numbers of a known kind; conventions are tried before a mistake."""
        found = judge(space, handin, deep=False)
        if found.status != "right":
            other = self._by_convention(space, handin)
            if other is not None:
                return verdict_of(other[0], handin, other[1], notes=(other[2],), run=run)
            if found.status in ("none", "scaled"):
                found = judge(space, handin)
        return verdict_of(space, handin, found, run=run)

    def _by_convention(self, space: Space, handin: HandIn) -> tuple[Space, Finding, str] | None:
        """Return a right finding under another convention: clipped, all trained, another mean."""
        tried: list[tuple[Space, str]] = []
        for factor, note in other_losses(self.exercise) if space.kind == "loss" else ():
            found = judge(space, times(handin, 1 / factor), deep=False)
            if found.status == "right" and found.resolution >= ENOUGH_BITS:
                return space, found, note
        if space.kind == "gradients" and self.exercise.clips:
            tried.append((self.space("clipped"), "these are the gradients after clipping"))
        elif space.kind != "gradients" and self.exercise.frozen:
            names = ", ".join(reversed(self.exercise.frozen))
            note = EVERYTHING_TRAINED.format(names=names)
            tried.append((self.space(space.kind, all_trained=True), note))
        for other, note in tried:
            found = judge(other, handin, deep=False)
            sure = found.tier.name != "by hand" and found.resolution >= ENOUGH_BITS
            if found.status == "right" and sure:
                return other, found, note
        return None

    def _guessed(self, handin: HandIn, kinds: list[Kind], run: str | None) -> Verdict:
        """Return the verdict on numbers that may be of several kinds, the likeliest first."""
        spaces = [self.space(kind) for kind in kinds]
        shallow = [judge(space, handin, deep=False) for space in spaces]
        for number, (space, found) in enumerate(zip(spaces, shallow, strict=True)):
            if found.status == "right" and (not number or found.resolution >= ENOUGH_BITS):
                return verdict_of(space, handin, found, run=run)
        for space in spaces:
            other = self._by_convention(space, handin)
            if other is not None:
                return verdict_of(other[0], handin, other[1], notes=(other[2],), run=run)
        for status in (("mistake", "several", "slip"), ("too few digits", "not finite")):
            for space, found in zip(spaces, shallow, strict=True):
                if found.status in status:
                    return verdict_of(space, handin, found, run=run)
        return verdict_of(spaces[0], handin, judge(spaces[0], handin), run=run)

    def _kinds(self, handin: HandIn) -> list[Kind]:
        """Return the kinds that the sizes of numbers allow, the likeliest first."""
        sizes = {kind: self._distance(kind, handin) for kind in ("weights", "gradients", "updates")}
        if sizes["weights"] < NEAR_WEIGHTS:
            return ["parameters", "gradients"]
        clipped: list[Kind] = ["clipped"] if self.exercise.clips else []
        if sizes["updates"] < sizes["gradients"]:
            return ["gradients", "updates", *clipped]
        return ["gradients", *clipped, "updates"]

    def _distance(self, against: str, handin: HandIn) -> float:
        """Return how far a hand-in is from old weights, or in size from gradients or updates."""
        kind: Kind = "updates" if against == "updates" else "gradients"
        space = self.space(kind)
        given, known = [], []
        for block in handin.blocks:
            array = space.value(space.right, block.name)
            if against == "weights":
                array = self.exercise.parameters[block.name]
            given.append(block.values)
            known.append(block.of(array))
        a, b = np.concatenate(given), np.concatenate(known)
        if against == "weights":
            size = float(np.linalg.norm(b))
            return float(np.linalg.norm(a - b)) / size if size else np.inf
        ratio = max(float(np.linalg.norm(a)), 1e-300) / max(float(np.linalg.norm(b)), 1e-300)
        return abs(float(np.log(ratio)))


def review(
    found: Record,
    given: Any,
    *,
    step: int = 0,
    kind: Asked = "auto",
    decimals: int | None = None,
    run: str | None = None,
    features: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Verdict:
    """Return the verdict on a backward pass that somebody worked out by hand.

    Parameters
    ----------
    found : Record
        The run.
    given : mapping or number
        By parameter (``W1``) or entry (``W1[0,2]``): arrays, nested lists or text, whose trailing
        zeros tell how many decimals were meant. A number is the loss after the step.
    step : int
        Which step of the run.
    kind : {"auto", "gradients", "updates", "parameters", "loss"}
        What was handed in; seen from the numbers unless said.
    decimals : int, optional
        To how many decimals the numbers were rounded; seen from the numbers unless said.
    run : str, optional
        The run's folder, for the commands that are proposed.
    features, classes : sequence of str, optional
        What the inputs and the outputs are called.
    """
    exercise = exercise_of(found, step, features=features, classes=classes)
    return Reviewer(exercise).verdict(given, kind, decimals, run)


def review_function(
    found: Record, function: str, *, step: int = 0, kind: Asked = "auto", run: str | None = None
) -> Verdict:
    """Return the verdict on what a function of somebody's own file hands in."""
    exercise = exercise_of(found, step)
    return Reviewer(exercise).verdict(call_function(function, exercise), kind, run=run)
