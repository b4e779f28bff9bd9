"""Futures: a suggestion carried out on a branch, and the run's own way beside it.

Knows branches and the neutral document; judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.errors import DivergenceError
from chainrule.explain.curves import Curve, draw
from chainrule.explain.doctor.finding import Finding, Remedy, spelled
from chainrule.explain.document import Block, Cell, Code, Figure, Number, Section, Sentence, Table
from chainrule.train import Record, predict_rows
from chainrule.train.branch import plan_branch, run_branch
from chainrule.train.metrics import Score, classes_of, score, true_classes
from chainrule.types import Array

POINTS = 6
"""Places of the run that the table shows."""


@dataclass(frozen=True, eq=False)
class Futures:
    """Both ways from one step on.

    Attributes
    ----------
    remedy : Remedy
        What was tried.
    own, tried : Record
        The run, or what it would have gone on to do, and the branch.
    start : int
        The step of the run at which they part; `own` is counted from 0 if it is a branch itself.
    """

    remedy: Remedy
    own: Record
    tried: Record
    start: int

    @property
    def losses(self) -> tuple[Array, Array]:
        """The loss of each step from where they part, without penalties: own, tried."""
        skipped = self.start if self.own.origin is None else 0
        own, tried = (
            record.history["loss"] - record.history["penalty"] for record in (self.own, self.tried)
        )
        return own[skipped:], tried


def first_to_try(found: Sequence[Finding]) -> Remedy | None:
    """Return the first suggestion that a branch can carry out; alarms stand before notes."""
    return next((one for f in found for one in f.remedies if one.changes), None)


def carry_out(record: Record, remedy: Remedy) -> Futures:
    """Return both futures of a run from the step of a remedy on."""
    tried = _trained(record, remedy.step, dict(remedy.changes))
    own = record
    if remedy.step + tried.planned > record.planned:
        own = _trained(record, remedy.step, {"steps": tried.planned})
    return Futures(remedy, own, tried, remedy.step)


def _trained(record: Record, step: int, changes: dict[str, object]) -> Record:
    """Return a branch's record, up to where it diverged if it does."""
    try:
        return run_branch(plan_branch(record, step, changes))
    except DivergenceError as error:
        found: Record = error.run
        return found


def tell(futures: Futures, called: str | None = None) -> Section:
    """Return both futures as a section: what was tried, how it ended, a table and a picture."""
    own, tried = (smooth(losses) for losses in futures.losses)
    blocks: list[Block] = [
        Sentence("Tried: ", Code(spelled(futures.remedy, called)), f" ({futures.remedy.why})."),
        _verdict(futures, own, tried),
        Table(("step", "loss as it was", "loss of the branch"), _rows(futures.start, own, tried)),
    ]
    blocks += [*_scores(futures), *_classes(futures)]
    curves = [
        Curve("as it was", own.tolist()),
        Curve("the branch", tried.tolist(), "second"),
    ]
    drawn = draw(curves, f"steps from step {futures.start} on")
    if drawn and len(own) > 1 and len(tried) > 1:
        words = f"The loss of both from step {futures.start} on; the numbers are in the table."
        blocks.append(Figure(drawn, words))
    return Section("Both futures", tuple(blocks))


def _verdict(futures: Futures, own: Array, tried: Array) -> Sentence:
    """Return how both ended: losses of training, and of validation rows if there are any."""
    spans = [*_ending("As it was", futures.own, own), " ",
             *_ending("On the branch", futures.tried, tried)]  # fmt: skip
    ends = [_held_out(record) for record in (futures.own, futures.tried)]
    if None not in ends:
        spans += [" On validation rows: ", Number(ends[0] or 0.0), " and ",
                  Number(ends[1] or 0.0), "."]  # fmt: skip
    return Sentence(*spans, _worse(futures, own, tried))


def _worse(futures: Futures, own: Array, tried: Array) -> str:
    """Say so where the suggestion did not help."""
    ran_away = futures.tried.stopped == "diverged"
    if futures.own.stopped == "diverged" or not len(own):
        return ""
    if ran_away or not len(tried) or not float(tried[-1]) < float(own[-1]):
        return " The suggestion did not help here: keep the run as it was."
    return ""


def _held_out(record: Record) -> float | None:
    """Return the validation loss of the weights that the record gives to the user."""
    losses = record.history["validation_loss"]
    seen = np.flatnonzero(~np.isnan(losses))
    if not seen.size:
        return None
    used = record.best_step - 1
    return float(losses[used] if used in seen else losses[seen[-1]])


def _ending(who: str, record: Record, losses: Array) -> list[str | Number]:
    if record.stopped == "diverged":
        return [f"{who}, training ran away after {record.steps} steps."]
    if not len(losses):
        return [f"{who}, no step was left to do."]
    return [f"{who}, the loss ended at ", Number(losses[-1]), f" after {len(losses)} steps."]


def _scores(futures: Futures) -> list[Block]:
    """Return how good both are on their training rows, by what the task is judged by."""
    own, tried = (score_of(record) for record in (futures.own, futures.tried))
    if own is None or tried is None or own.value is None or tried.value is None:
        return []
    return [
        Sentence(
            f"On training rows, {own.name} is ", Number(own.value), " as it was and ",
            Number(tried.value), " on the branch.",
        )
    ]  # fmt: skip


def score_of(record: Record) -> Score | None:
    """Return the score of a record's weights on its training rows; None if training ran away."""
    setup = record.setup
    if record.stopped == "diverged":
        return None
    with np.errstate(all="ignore"):
        return score(setup.loss, setup.y, predict_rows(setup, record.best, setup.x))


def _classes(futures: Futures) -> list[Block]:
    """Return the share of each class that is told as such, where the targets are classes."""
    shares = [told_as_such(record) for record in (futures.own, futures.tried)]
    if shares[0] is None or shares[1] is None:
        return []
    rows = tuple(
        (k, Number(one, "short"), Number(other, "short"))
        for k, (one, other) in enumerate(zip(*shares, strict=True))
    )
    header = ("class", "told as such", "on the branch")
    return [Table(header, rows[:MOST_CLASSES], "share of its training rows")]


def told_as_such(record: Record) -> Array | None:
    """Return for each class the share of its training rows that are answered with it.

    None if the targets are no classes, or training ran away. NaN for a class without rows.
    """
    setup = record.setup
    y = setup.y
    classes = max(2, setup.network.outputs)
    plain = y.ndim == 1 or (y.shape[1] == 1 and bool(np.isin(y, (0.0, 1.0)).all()))
    if record.stopped == "diverged" or setup.loss.targets == "real" or not plain:
        return None
    truth = true_classes(y)
    answers = classes_of(predict_rows(setup, record.best, setup.x))
    counts = np.bincount(truth, minlength=classes)
    right = np.bincount(truth[truth == answers], minlength=classes)
    with np.errstate(invalid="ignore"):
        return np.asarray(right / counts)


MOST_CLASSES = 12


def smooth(losses: Array) -> Array:
    """Return the running mean of losses over a fiftieth of their number.

    Examples
    --------
    >>> smooth(np.arange(4.0)).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    width = max(1, len(losses) // 50)
    if width == 1:
        return losses
    total = np.cumsum(np.concatenate([np.zeros(1), losses]))
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((total[ends] - total[starts]) / (ends - starts))


def _rows(start: int, own: Array, tried: Array) -> tuple[tuple[Cell, ...], ...]:
    length = max(len(own), len(tried))
    places = sorted({int(k) for k in np.linspace(0, max(length - 1, 0), POINTS)})
    return tuple(
        (start + k, *(Number(one[k]) if k < len(one) else "ended" for one in (own, tried)))
        for k in places
    )
