"""Steppers: who does the steps. One at a time in NumPy, or many at a time in machine code.

Both leave the same: the state, the loss of each step, snapshots, and trouble in the step in which
it arose. Knows setups and engines; knows nothing of epochs, callbacks or people.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from chainrule.errors import ValueRefused
from chainrule.train.feeding import feeder
from chainrule.train.native import native_loop
from chainrule.train.setup import Setup, State
from chainrule.train.snapshots import Snapshots
from chainrule.train.step import StepResult, runner
from chainrule.train.trouble import GROWTH, Trouble, first_bad, loss_trouble, state_trouble
from chainrule.types import Array

SPELL_SECONDS = 0.03
"""Machine code runs about so long before Python looks up: for Ctrl-C, progress and callbacks."""

MOST_NUMBERS = 1 << 17
"""Row numbers that are drawn for a spell at most."""


@dataclass(frozen=True, eq=False)
class Advanced:
    """What a stepper did.

    Attributes
    ----------
    losses, penalties : numpy.ndarray
        Of the steps that were taken.
    trouble : Trouble or None
        Why the next one must not be taken.
    """

    losses: Array
    penalties: Array
    trouble: Trouble | None = None


class Stepper(Protocol):
    """Does steps and holds the state."""

    @property
    def state(self) -> dict[str, Array]:
        """The state after the steps that were taken."""
        ...

    def advance(self, step: int, most: int) -> Advanced:
        """Take at least one step, at most so many."""
        ...


def stepper(
    setup: Setup, initial: State, snapshots: Snapshots, steps: int, start: float = math.nan
) -> Stepper:
    """Return who does the steps of a training; `start` is the loss of step 0, if it was done."""
    if setup.engine == "native":
        return Native(setup, initial, snapshots, steps, start)
    return Interpreted(setup, initial, snapshots, start)


class Interpreted:
    """Does one step at a time, in NumPy.

    Parameters
    ----------
    setup : Setup
        What is trained.
    initial : State
        Before step 0.
    snapshots : Snapshots
        Is offered every state.
    start : float
        The loss of step 0; NaN if it is still to be done.
    """

    def __init__(
        self, setup: Setup, initial: State, snapshots: Snapshots, start: float = math.nan
    ) -> None:
        self.setup, self.snapshots = setup, snapshots
        self._state = dict(initial)
        self.do = runner(setup)
        self.start = start

    @property
    def state(self) -> dict[str, Array]:
        """The state after the steps that were taken."""
        return self._state

    def advance(self, step: int, most: int) -> Advanced:
        """Take one step."""
        self.snapshots.offer(step, self._state)
        found = one_step(self.setup, self.do, step, self._state, self.start, self.snapshots)
        if isinstance(found, Trouble):
            return Advanced(np.empty(0), np.empty(0), found)
        self.start = found.loss if step == 0 else self.start
        self._state = {**self._state, **found.new}
        return Advanced(np.array([found.loss]), np.array([found.penalty]))


def one_step(
    setup: Setup, do: object, step: int, state: State, start: float, snapshots: Snapshots
) -> StepResult | Trouble:
    """Return what a step gives, or why it must not be taken."""
    assert callable(do), "a runner does steps"
    try:
        result: StepResult = do(step, state)
    except ValueRefused as error:
        fact = str(error).partition("\n")[0]
        return first_bad(setup, step, state) or Trouble(step, "L", fact)
    first = snapshots.states[0]
    start = result.loss if step == 0 else start
    trouble = loss_trouble(setup, step, state, result.loss, start, first)
    return trouble or state_trouble(setup, step, state, result.new) or result


PROBE_EVERY = 24
"""Of so many spells one is done by another number of threads, to see whether that is faster now."""


@dataclass
class Pace:
    """How many threads and steps the next spell of machine code has, from the times of others.

    No bit depends on the number of threads, so the faster one is taken, and looked for again from
    time to time: other programs come and go.

    Attributes
    ----------
    options : tuple of int
        Numbers of threads to choose from.
    seconds : float
        How long a spell should be.
    per_step : dict of int to float
        Seconds of a step, by threads, when it was last tried.

    Examples
    --------
    >>> pace = Pace(options=(1, 2))
    >>> pace.see(1, 8, 0.008)
    >>> pace.see(2, 8, 0.005)
    >>> pace.next()[0]
    2
    """

    options: tuple[int, ...] = (1,)
    seconds: float = SPELL_SECONDS
    per_step: dict[int, float] = field(default_factory=dict)
    last: int = 1
    spells: int = 0

    def next(self) -> tuple[int, int]:
        """Return (threads, steps) of the next spell."""
        self.spells += 1
        unknown = [n for n in self.options if n not in self.per_step]
        if unknown:
            return unknown[0], self.last
        best = min(self.options, key=lambda n: self.per_step[n])
        if len(self.options) > 1 and self.spells % PROBE_EVERY == 0:
            other = self.options[(self.options.index(best) + 1) % len(self.options)]
            return other, max(1, self._fitting(other) // 8)
        return best, min(8 * self.last, self._fitting(best))

    def _fitting(self, threads: int) -> int:
        return max(1, int(self.seconds / max(self.per_step[threads], 1e-9)))

    def see(self, threads: int, steps: int, seconds: float) -> None:
        """Take note of a spell."""
        self.per_step[threads] = seconds / max(steps, 1)
        self.last = steps


def cores() -> int:
    """Return how many cores this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Native:
    """Does many steps at a time, in machine code.

    Parameters
    ----------
    setup : Setup
        What is trained.
    initial : State
        Before step 0.
    snapshots : Snapshots
        Is given the states that are due.
    steps : int
        Steps that are planned.
    start : float
        The loss of step 0; NaN if it is still to be done.
    """

    def __init__(
        self, setup: Setup, initial: State, snapshots: Snapshots, steps: int,
        start: float = math.nan,
    ) -> None:  # fmt: skip
        self.setup, self.snapshots = setup, snapshots
        self._state: dict[str, Array] | None = None
        self.loop = native_loop(setup, initial)
        self.feeder = feeder(setup, self.loop)
        together = min(self.loop.threads, cores())
        self.pace = Pace((1, together) if together > 1 else (1,))
        self._take_start(start)
        snapshots.expect(steps, sum(array.nbytes for array in initial.values()))

    @property
    def state(self) -> dict[str, Array]:
        """The state after the steps that were taken."""
        if self._state is None:
            self._state = self.loop.state()
        return self._state

    def advance(self, step: int, most: int) -> Advanced:
        """Take as many steps as fit into a spell."""
        numbers = max(1, MOST_NUMBERS // self.setup.batch_rows)
        threads, fitting = (1, 1) if step == 0 else self.pace.next()
        count, rows = self.feeder.rows(step, min(most, fitting, numbers))
        began = time.perf_counter()
        self._state = None
        done = self.loop.advance(step, count, rows, self.snapshots.every, threads)
        if step:
            self.pace.see(threads, count, time.perf_counter() - began)
        for k, state in done.copies.items():
            self.snapshots.offer(k, state)
        if step == 0 and len(done.losses):
            self._take_start(float(done.losses[0]))
        trouble = self._ruined(step, step + done.done)
        at = trouble.step - 1 - step if trouble else done.done
        if trouble is None and done.stop:
            trouble = self._stopped(step + done.done, float(done.losses[-1]))
        return Advanced(done.losses[:at], done.penalties[:at], trouble)

    def _take_start(self, loss: float) -> None:
        self.start = loss
        if not math.isnan(loss):
            self.loop.limit(GROWTH * max(abs(loss), 1.0))

    def _stopped(self, step: int, loss: float) -> Trouble:
        """Return why machine code did not take a step: the interpreter tells it in words."""
        start = self.start
        if math.isnan(start):
            start = loss
        found = loss_trouble(self.setup, step, self.state, loss, start, self.snapshots.states[0])
        if found is not None:
            return found
        again = one_step(self.setup, runner(self.setup), step, self.state, start, self.snapshots)
        if isinstance(again, Trouble):
            return again
        return Trouble(step, "L", "a row is refused, or the loss is not a number")

    def _ruined(self, start: int, stop: int) -> Trouble | None:
        """Return which update between two steps ruined a tensor, if one did.

        One look at all numbers together tells that there is none. Else the steps are done again
        one by one, from the last state that was put aside before them.
        """
        with np.errstate(all="ignore"):
            numbers = self.loop.main.state.view(self.setup.dtype)
            if math.isfinite(float(np.vdot(numbers, numbers))):
                return None
        if stop == start or not self._is_ruined(self.state):
            return None
        first = max(k for k in self.snapshots.states if k <= start)
        self.loop.put(self.snapshots.states[first])
        old: Mapping[str, Array] = self.snapshots.states[first]
        for k in range(first, stop):
            self.loop.advance(k, *self.feeder.rows(k, 1), 0)
            new = self.loop.state()
            found = state_trouble(self.setup, k, old, new)
            if found is not None:
                self._state = dict(old)
                return found
            old = new
        self._state = dict(old)
        return None

    def _is_ruined(self, state: State) -> bool:
        limit = float(np.finfo(self.setup.dtype).max) ** 0.5
        names = self.setup.network.specs
        return any(
            not float(np.max(np.abs(array), initial=0.0)) < (limit if name in names else math.inf)
            for name, array in state.items()
        )
