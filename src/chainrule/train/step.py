"""One step: run the plan on a batch, take the new state.

Knows setups and programs; knows nothing of epochs, files or people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chainrule.executors import Program
from chainrule.train.setup import Setup, State
from chainrule.types import Array


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step gave: the loss before the update, its penalty part, what the update made."""

    loss: float
    penalty: float
    new: dict[str, Array]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A program for batches of so many rows, and where its results are found."""

    program: Program
    loss: int
    penalty: int | None
    updates: tuple[tuple[str, int], ...]


def runner(setup: Setup) -> Callable[[int, State], StepResult]:
    """Return the function that carries out one step."""
    known: dict[int, _Prepared] = {}

    def run(step: int, state: State) -> StepResult:
        feed = setup.feed(step, state)
        rows = len(feed["x"])
        if rows not in known:
            known[rows] = _prepared(setup, rows)
        ready = known[rows]
        values = ready.program.values(feed)
        new = {name: values[number] for name, number in ready.updates}
        part = 0.0 if ready.penalty is None else float(values[ready.penalty])
        return StepResult(float(values[ready.loss]), part, new)

    return run


def _prepared(setup: Setup, rows: int) -> _Prepared:
    program = setup.program(rows, "train")
    plan = program.plan
    number = {i.node: i.number for i in plan.instructions}
    penalty = plan.forward.get("penalty")
    return _Prepared(
        program,
        number[plan.forward["L"]],
        None if penalty is None else number[penalty],
        tuple((name, number[node]) for name, node in plan.updates.items()),
    )
