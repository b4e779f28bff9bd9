"""A case: a finished run and everything that may be measured on it, each thing once.

Looks ask a case for numbers; a case does the least work for them and keeps the answer. Where rows
are many it works on a sample, and says so. Knows records and measurements; judges nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.data.batches import permutation
from chainrule.errors import ValueRefused
from chainrule.executors import Program, bind
from chainrule.executors.threads import one_thread
from chainrule.explain.doctor.opened import Layer, Opened, layers_of, open_state, program_for
from chainrule.explain.doctor.reference import Reference, is_related, refer
from chainrule.explain.doctor.trials import (
    MOST_ROWS,
    Trial,
    Trials,
    trial_steps,
    usual_rate,
)
from chainrule.graph import variable
from chainrule.nn import Network
from chainrule.plan import make_plan
from chainrule.train import Record, Setup, State, predict_rows, state_at
from chainrule.types import Array

REFERENCE_ROWS = 400
RELATED_ROWS = 5000
ALL_ROWS = 50_000
"""More rows than this are sampled where all rows are meant."""
DOWN_FROM_END = (0.3, 0.1, 0.01)
UP_FROM_END = (3.0, 10.0, 30.0, 1e2, 1e3, 1e4, 1e5)
UP_FROM_START = (3.0, 10.0)
DOWN_FROM_START = (0.3, 0.1, 0.03, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8)
LEAST = DOWN_FROM_START[-1]
USUAL_RATES = (1e-1, 1e-3, 1e-5)
"""Tried as well where the run's rate is so large that no such part of it is usual."""


@dataclass(frozen=True, eq=False)
class Case:
    """A run under examination.

    Attributes
    ----------
    record : Record
        The run, with its rows.
    """

    record: Record

    @property
    def setup(self) -> Setup:
        """What was trained."""
        return self.record.setup

    @property
    def diverged(self) -> bool:
        """Whether training ran away."""
        return self.record.stopped == "diverged"

    @property
    def adopted(self) -> bool:
        """Whether the network was trained elsewhere, so that there are no steps to look at."""
        return self.record.stopped == "adopted"

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers with weights."""
        return layers_of(self.setup.network)

    @property
    def hidden(self) -> tuple[Layer, ...]:
        """All layers but the last."""
        return self.layers[:-1]

    @cached_property
    def sample(self) -> Array:
        """Numbers of the rows that are opened: all, or so many of them; weight 0 left out."""
        rows = np.arange(self.setup.rows)
        if self.setup.w is not None:
            rows = rows[self.setup.w > 0]
        if len(rows) <= MOST_ROWS:
            return rows
        return np.sort(rows[permutation(len(rows), 0)[:MOST_ROWS]])

    @property
    def told_rows(self) -> str:
        """The rows that were opened, in words."""
        count, rows = len(self.sample), self.setup.rows
        return f"{rows:,} rows" if count == rows else f"{count:,} rows of a sample of {rows:,}"

    @cached_property
    def targets(self) -> Array:
        """Targets of all rows as numbers (rows, outputs): a class is a column of 0 and 1."""
        y = self.setup.y
        return y if y.ndim == 2 else np.eye(self.setup.network.outputs)[y]

    @property
    def last_step(self) -> int:
        """The step whose state the run gives: its last, or the best on validation."""
        return self.record.best_step

    @cached_property
    def last_state(self) -> State:
        """That state, with the optimizer's memory."""
        if self.diverged or self.last_step == self.record.steps:
            return self.record.final
        return state_at(self.record, self.last_step)

    @property
    def start_state(self) -> State:
        """The state before step 0."""
        return self.record.snapshots[0]

    @cached_property
    def start(self) -> Opened | None:
        """The state before step 0, opened on the sample; None if a value is refused."""
        return self._open(self.start_state)

    @cached_property
    def end(self) -> Opened | None:
        """The state that the run gives, opened on the sample; None if a value is refused."""
        return self._open(self.last_state)

    def over_all_rows(self) -> Iterator[Opened]:
        """Yield the last state opened on block after block of all rows; of very many, a sample.

        Blocks are as long as the sample; the last one reaches back into the one before it.
        """
        size, rows = len(self.sample), min(self.setup.rows, ALL_ROWS)
        if rows <= size:
            if self.end is not None:
                yield self.end
            return
        for start in (*range(0, rows - size, size), rows - size):
            x, y = (array[start : start + size] for array in (self.setup.x, self.setup.y))
            yield open_state(self.program, self.last_state, x, y)

    def _open(self, state: State) -> Opened | None:
        rows = self.sample
        try:
            return open_state(self.program, state, self.setup.x[rows], self.setup.y[rows])
        except ValueRefused:
            return None

    @cached_property
    def program(self) -> Program:
        """What opens a state on the sample."""
        return program_for(self.setup, len(self.sample))

    @cached_property
    def chance(self) -> float:
        """The mean loss of a row for the best constant answer, without looking at the inputs."""
        setup, rows = self.setup, self.sample
        constant = _best_constant(setup, self.targets[rows])
        out = np.broadcast_to(constant, (len(rows), len(constant))).astype(setup.dtype)
        y = setup.y[rows]
        nodes = [variable("out", shape=out.shape, dtype=out.dtype),
                 variable("y", shape=y.shape, dtype=y.dtype)]  # fmt: skip
        program = bind(make_plan({"l": setup.loss.of_rows(*nodes)}))
        values = program.values({"out": out, "y": y})
        place = {i.node: i.number for i in program.plan.instructions}
        return float(np.mean(values[place[program.plan.forward["l"]]]))

    @cached_property
    def explained(self) -> float:
        """The share of the targets' spread that the run's weights explain on training rows."""
        return self._share(self.record.best, self.setup.x, self.targets)

    @cached_property
    def explained_held_out(self) -> float | None:
        """The same on validation rows."""
        held = self.record.validation
        if held is None:
            return None
        y = held.y if held.y.ndim == 2 else np.eye(self.setup.network.outputs)[held.y]
        return self._share(self.record.best, held.x, y)

    def _share(self, state: State, x: Array, y: Array) -> float:
        setup = replace(self.setup, engine="interpreter", programs={}, compiled={})
        rows = slice(None, None, -(-len(x) // ALL_ROWS))
        y = np.asarray(y[rows], np.float64)
        try:
            out = np.asarray(predict_rows(setup, state, x[rows]), np.float64)
        except ValueRefused:
            return -np.inf
        centre = np.mean(self.targets, axis=0, dtype=np.float64)
        spread = float(np.sum((y - centre) ** 2))
        with np.errstate(all="ignore"):
            wrong = float(np.sum((y - out) ** 2))
        if not spread > 0 or not np.isfinite(wrong):
            return -np.inf if not np.isfinite(wrong) else 1.0
        return 1.0 - wrong / spread

    @cached_property
    def reference(self) -> Reference:
        """What the inputs can tell about the targets, by a yardstick that needs no training."""
        rows = self.sample
        if len(rows) > REFERENCE_ROWS:
            rows = rows[permutation(len(rows), 1)[:REFERENCE_ROWS]]
        with one_thread():
            return refer(self.setup.x[rows], self.targets[rows])

    @cached_property
    def is_related(self) -> bool:
        """Whether some column, square or product goes with the targets beyond luck."""
        rows = slice(None, None, -(-self.setup.rows // RELATED_ROWS))
        with one_thread():
            return is_related(self.setup.x[rows], self.targets[rows])

    @cached_property
    def shortfall(self) -> float:
        """How much less of the targets' spread the run explains than the inputs would allow."""
        if self.diverged:
            return max(self.reference.explained, 0.0) if self.reference.is_telling else 1.0
        if not self.reference.is_telling:
            return 1.0 - max(self.explained, 0.0)
        return max(self.reference.explained, 0.0) - max(self.explained, 0.0)

    @property
    def failed(self) -> bool:
        """Whether training came to much less than it could have."""
        return self.diverged or self.shortfall > SHORTFALL

    @cached_property
    def rate(self) -> float:
        """The learning rate; of a schedule its middle value."""
        return usual_rate(self.setup, self.record.steps)

    @cached_property
    def trials(self) -> Trials:
        """Carries out trials, judged by the sample."""
        steps = trial_steps(self.setup, self.record.planned)
        return Trials(self.setup, self.sample, self.rate, steps)

    @cached_property
    def final_objective(self) -> float:
        """The mean loss of a row in the state that the run gives, penalties included."""
        return self.trials.loss(self.last_state)

    @cached_property
    def level(self) -> float:
        """The loss at which the run's own rate holds it: of its end, and of a trial after it."""
        return 0.5 * (self.final_objective + self.own_from_end.loss)

    @property
    def own_from_end(self) -> Trial:
        """The trial from the end at the run's own rate."""
        return next(trial for trial in self.from_end if trial.factor == 1.0)

    @cached_property
    def from_end(self) -> tuple[Trial, ...]:
        """Some steps from the state that the run gives, with rates below and above its own."""
        if self.diverged:
            return ()
        final, steps = self.last_state, self.last_step
        own = self.trials.run(final, steps, 1.0)
        down = [self.trials.run(final, steps, factor) for factor in DOWN_FROM_END]
        return (own, *down, *self._up(final, steps, own.loss))

    @cached_property
    def from_start(self) -> tuple[Trial, ...]:
        """Some steps from the first state, with the run's rate and ever smaller ones."""
        own = self.trials.run(self.start_state, 0, 1.0)
        return (own, *self._down(own))

    @cached_property
    def up_from_start(self) -> tuple[Trial, ...]:
        """Some steps from the first state, with the run's rate and larger ones."""
        start = self.start_state
        return tuple(self.trials.run(start, 0, factor) for factor in (1.0, *UP_FROM_START))

    @property
    def end_loss(self) -> float:
        """The mean loss of a row after the last step, without penalties."""
        return self.end.loss if self.end is not None else math.inf

    @property
    def penalised(self) -> bool:
        """Whether the loss that is descended has penalties on weights."""
        return any(spec.l1 or spec.l2 for spec in self.setup.network.specs.values())

    @cached_property
    def loss_without_penalty(self) -> float:
        """The loss after a trial from the start without penalties; infinite if there are none."""
        network = self.setup.network
        if not self.penalised:
            return math.inf
        items: tuple[Any, ...] = network.layers
        layers = [replace(item, l1=0.0, l2=0.0) for item in items]
        free = replace(self.setup, network=Network(layers, network.inputs, network.frozen))
        trials = replace(self.trials, setup=free)
        return min(trials.run(self.start_state, 0, factor).loss for factor in (1.0, 10.0))

    @cached_property
    def all_rows_from_end(self) -> Trial:
        """The same at the run's own rate, each step over all rows of the sample."""
        return self.trials.run(self.last_state, self.last_step, 1.0, all_rows=True)

    def _up(self, state: State, step: int, own: float) -> Iterator[Trial]:
        """Yield trials with ever larger rates, up to one that does clearly worse."""
        best = own
        for factor in UP_FROM_END:
            new = self.trials.run(state, step, factor)
            yield new
            best = min(best, new.loss)
            past = best < own and new.loss > best + STIR * (own - best)
            if past or new.loss > own + WORSE * self.chance:
                return

    def _down(self, own: Trial) -> Iterator[Trial]:
        """Yield trials from the start with ever smaller rates, until two in turn lag behind.

        One alone can be bad luck: where rates are far too high, the loss is no smooth function
        of them.
        """
        first = self.trials.loss(self.start_state)
        usual = [rate / self.rate for rate in USUAL_RATES if rate < LEAST * self.rate]
        best, behind = own.loss, 0
        for factor in (*DOWN_FROM_START, *usual):
            new = self.trials.run(self.start_state, 0, factor)
            yield new
            best = min(best, new.loss)
            lags = best < first - STIR * self.chance and new.loss > best + STIR * (first - best)
            behind = behind + 1 if lags else 0
            if behind == 2:
                return


STIR = 0.1
"""A share of what there is to gain, or has been gained, that is worth a difference."""
WORSE = 0.3
"""In units of the loss of the best constant answer: longer steps than these only do worse."""

SHORTFALL = 0.15


def _best_constant(setup: Setup, targets: Array) -> Array:
    """Return the constant output, or logits, with about the least loss."""
    kind = setup.loss.targets
    mean = np.asarray(np.mean(targets, axis=0, dtype=np.float64))
    if kind == "class":
        return np.asarray(np.log(np.maximum(mean, 1e-12)))
    if kind == "binary":
        share = np.clip(mean, 1e-12, 1 - 1e-12)
        return np.asarray(np.log(share / (1 - share)))
    middle = setup.loss.name in ("absolute_error", "huber")
    return np.asarray(np.median(targets, axis=0) if middle else mean)
