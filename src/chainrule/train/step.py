"""One step: run the plan on a batch, take the new state, watch for divergence.

Knows setups and programs; knows nothing of epochs, files or people.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.executors import Program, record
from chainrule.train.setup import Setup, State
from chainrule.types import Array

GROWTH = 1e6
"""A loss above this many times its start (or 1, if that is more) has diverged."""


@dataclass(frozen=True)
class StepResult:
    """What a step gave: the loss before the update, its penalty part, the state after."""

    loss: float
    penalty: float
    state: dict[str, Array]


def runner(setup: Setup) -> Callable[[int, State], StepResult]:
    """Return the function that carries out one step."""
    places: dict[int, tuple[Program, int, int | None, list[tuple[str, int]]]] = {}

    def prepared(rows: int) -> tuple[Program, int, int | None, list[tuple[str, int]]]:
        if rows not in places:
            program = setup.program(rows, "train")
            plan = program.plan
            number = {i.node: i.number for i in plan.instructions}
            penalty = plan.forward.get("penalty")
            places[rows] = (
                program,
                number[plan.forward["L"]],
                None if penalty is None else number[penalty],
                [(name, number[node]) for name, node in plan.updates.items()],
            )
        return places[rows]

    def run(step: int, state: State) -> StepResult:
        feed = setup.feed(step, state)
        program, loss, penalty, updates = prepared(feed["x"].shape[0])
        values = program.values(feed)
        new = dict(state)
        for name, number in updates:
            new[name] = values[number]
        part = 0.0 if penalty is None else float(values[penalty])
        return StepResult(float(values[loss]), part, new)

    return run


@dataclass(frozen=True)
class Trouble:
    """What went wrong in a step.

    Attributes
    ----------
    step : int
        The step in whose state it was seen.
    tensor : str
        The first tensor that is wrong.
    fact : str
        What is wrong with it, in words.
    """

    step: int
    tensor: str
    fact: str


def weight_limit(setup: Setup) -> float:
    """Return the size from which a weight's square overflows."""
    return math.sqrt(float(np.finfo(setup.dtype).max))


def loss_trouble(
    setup: Setup, step: int, state: State, loss: float, start: float
) -> Trouble | None:
    """Return what is wrong with the loss of a step, and with the first tensor that made it so."""
    if math.isfinite(loss) and loss <= GROWTH * max(abs(start), 1.0):
        return None
    if math.isfinite(loss):
        fact = f"the loss has grown from {start:.6g} to {loss:.6g}"
        return Trouble(step, "L", fact)
    return first_bad(setup, step, state) or Trouble(step, "L", f"the loss is {loss}")


def first_bad(setup: Setup, step: int, state: State) -> Trouble | None:
    """Return the first named tensor of a step's forward pass that is not finite."""
    feed = setup.feed(step, state)
    found = record(setup.program(feed["x"].shape[0], "record"), feed)
    for instruction in found.plan.instructions:
        node = instruction.node
        value = found.values[instruction.number]
        if not node.name or instruction.phase == "update" or value.dtype.kind != "f":
            continue
        bad = np.argwhere(~np.isfinite(value))
        if bad.size:
            at = tuple(int(i) for i in bad[0])
            place = f" at {list(at)}" if at else ""
            return Trouble(step, node.name, f"{node.name} is {value[at]}{place}")
    return None


def state_trouble(step: int, state: State, names: list[str], limit: float) -> Trouble | None:
    """Return which new parameter or slot is no longer a number that can be squared."""
    for name in names:
        value = state[name]
        if value.size and not np.abs(value).max() < limit:
            worst = float(np.max(np.abs(value)))
            return Trouble(step, name, f"{name} has reached {worst:.3g}")
    return None
