"""Trials: a few steps from a state with another rate, to see what the loss would do.

They are branches that nobody keeps: the same batches, the same optimizer and its memory, but
another learning rate, or all rows at once. Knows setups and steps; judges nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ValueRefused
from chainrule.executors import Program, bind, outputs
from chainrule.executors.threads import one_thread
from chainrule.graph import Node, variable
from chainrule.optim import Schedule
from chainrule.plan import make_plan
from chainrule.train import Setup, State
from chainrule.train.native import INSTRUCTION_FLOPS
from chainrule.train.step import runner
from chainrule.types import Array

WORK = 1e9
"""Operations of one trial at most, about a third of a second; the number of steps follows."""
ENTRY_FLOPS = 10
"""An entry of an array costs NumPy as much as so many operations inside a product: 3 ns."""
MOST_STEPS, FEWEST_STEPS = 200, 12
MOST_ROWS = 1024
"""Rows of a step over all rows, and rows that a trial is judged on."""


RATE = "learning_rate"
"""What the update graph calls it."""


@dataclass(frozen=True)
class Given(Schedule, listed=False):
    """A learning rate that is supplied with the state, so that one program serves all rates."""

    def __call__(self, t: Node) -> Node:
        """Return the rate as a leaf."""
        return variable(RATE, shape=())


@dataclass(frozen=True)
class Trial:
    """What some steps with another rate came to.

    Attributes
    ----------
    rate : float
        The learning rate.
    factor : float
        It is so many times the run's own.
    steps : int
        Steps that were done.
    loss : float
        The mean loss of a row afterwards, penalties included; infinite if it ran away.
    all_rows : bool
        Whether each step saw all rows.
    """

    rate: float
    factor: float
    steps: int
    loss: float
    all_rows: bool = False


def usual_rate(setup: Setup, steps: int) -> float:
    """Return the run's learning rate, of a schedule its middle value over the run."""
    rate = setup.optimizer.learning_rate
    if isinstance(rate, float | int):
        return float(rate)
    at = np.unique(np.linspace(0, max(steps - 1, 0), 33).astype(int))
    return float(np.median([rate.at(setup.clock + int(k)) for k in at]))


def trial_steps(setup: Setup, steps: int) -> int:
    """Return how many steps a trial has: as the work allows, and no more than the run had."""
    plan = setup.program(min(setup.batch_rows, MOST_ROWS), "train").plan
    entries = sum(instruction.node.size for instruction in plan.instructions)
    work = len(plan.instructions) * INSTRUCTION_FLOPS + plan.flops + entries * ENTRY_FLOPS
    return max(min(int(WORK / work), MOST_STEPS, max(steps, FEWEST_STEPS)), FEWEST_STEPS)


@dataclass(frozen=True, eq=False)
class Trials:
    """Carries out trials of one run, and judges each by the loss of some rows.

    Attributes
    ----------
    setup : Setup
        What was trained.
    rows : numpy.ndarray
        Numbers of the rows that are judged, and used where all rows are meant.
    rate : float
        The run's own rate.
    steps : int
        Steps of each trial.
    """

    setup: Setup
    rows: Array
    rate: float
    steps: int

    def run(self, state: State, step: int, factor: float, *, all_rows: bool = False) -> Trial:
        """Return what so many steps from a state come to, for a multiple of the run's rate.

        Parameters
        ----------
        state : State
            The state before step `step`.
        step : int
            Which batches come next.
        factor : float
            The rate is so many times the run's own.
        all_rows : bool
            Use the judged rows in every step, in place of the batches.
        """
        setup = self._all_rows if all_rows else self._batches
        first, clock = self.setup.first + step, self.setup.clock + step
        moved = replace(setup, first=first, clock=clock)
        loss = self._loss_after(moved, state, factor * self.rate)
        return Trial(factor * self.rate, factor, self.steps, loss, all_rows)

    @cached_property
    def _batches(self) -> Setup:
        """The run's own batches; of a run over very many rows at once, some of them."""
        setup = replace(
            self.setup,
            optimizer=replace(self.setup.optimizer, learning_rate=Given()),
            engine="interpreter",
            programs={},
            compiled={},
        )
        if setup.full_batch and setup.rows > MOST_ROWS:
            return _of_rows(setup, np.arange(setup.rows)[:: -(-setup.rows // MOST_ROWS)])
        return setup

    @cached_property
    def _all_rows(self) -> Setup:
        return _of_rows(replace(self._batches, x=self.setup.x, y=self.setup.y), self.rows)

    def _loss_after(self, setup: Setup, state: State, rate: float) -> float:
        do = runner(setup)
        sizes = self.setup.batch_rows / setup.batch_rows if setup.reduction == "sum" else 1.0
        state = {**state, RATE: np.asarray(rate * sizes)}
        first = math.nan
        with one_thread(), np.errstate(all="ignore"):
            for k in range(self.steps):
                try:
                    done = do(k, state)
                except ValueRefused:
                    return math.inf
                first = done.loss if k == 0 else first
                if not math.isfinite(done.loss) or done.loss > RAN_AWAY * max(abs(first), 1.0):
                    return math.inf
                state = {**state, **done.new}
            return self.loss(state)

    @cached_property
    def _program(self) -> Program:
        """What computes the loss of the judged rows."""
        objective = replace(self.setup, reduction="mean").objective(len(self.rows))
        names = objective.names
        return bind(make_plan({name: names[name] for name in ("L", "penalty") if name in names}))

    def loss(self, state: State) -> float:
        """Return the mean loss of a row with its share of the penalties; infinite if no number."""
        setup, rows = self.setup, self.rows
        feed: dict[str, Any] = {**state, "x": setup.x[rows], "y": setup.y[rows]}
        feed["w"] = None if setup.w is None else setup.w[rows]
        try:
            values = self._program.values(feed)
        except ValueRefused:
            return math.inf
        found = outputs(self._program, values, self._program.plan.forward)
        loss = float(found["L"])
        if setup.reduction == "sum" and "penalty" in found:
            loss += float(found["penalty"]) * (1 / setup.batch_rows - 1)
        return loss if math.isfinite(loss) else math.inf


RAN_AWAY = 1e3
"""Times the first loss of a trial, or 1."""


def _of_rows(setup: Setup, rows: Array) -> Setup:
    """Return the setup over these rows, all in every step."""
    w = None if setup.w is None else setup.w[rows]
    return replace(setup, x=setup.x[rows], y=setup.y[rows], w=w, batch_size=None, programs={})
