"""Divergence: telling that a training runs away, and which tensor of which layer did it first.

Knows setups, states and how a step is recorded; knows nothing of epochs, files or people.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ValueRefused
from chainrule.executors import Recording, record
from chainrule.train.setup import Setup, State
from chainrule.types import Array

GROWTH = 1e6
"""A loss above this many times its start (or 1, if that is more) has diverged."""

NOTABLE = 10.0
"""A tensor that grew less than this is not blamed for the growth of the loss."""


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


def loss_trouble(
    setup: Setup, step: int, state: State, loss: float, start: float, first: State
) -> Trouble | None:
    """Return what is wrong with the loss of a step, and which tensor made it so.

    Parameters
    ----------
    setup : Setup
        What is trained.
    step : int
        The step.
    state : State
        The state before its update.
    loss, start : float
        The loss of this step, and of step 0.
    first : State
        The state before step 0.
    """
    if not math.isfinite(loss):
        return first_bad(setup, step, state) or Trouble(step, "L", f"the loss is {loss}")
    if loss <= GROWTH * max(abs(start), 1.0):
        return None
    fact = f"the loss has grown from {start:.6g} to {loss:.6g}"
    blamed = _most_grown(opened(setup, 0, first), opened(setup, step, state))
    if blamed is None:
        return Trouble(step, "L", fact)
    name, before, now = blamed
    return Trouble(step, name, f"{fact}, and {name} from {before:.3g} to {now:.3g}")


def state_trouble(setup: Setup, step: int, old: State, new: State) -> Trouble | None:
    """Return which parameter or slot a step's update would ruin: not finite, or too large.

    A parameter is too large if its square would overflow. The dot product is a quick first look.
    """
    for name, value in new.items():
        if not math.isfinite(np.vdot(value, value)):
            worst = float(np.max(np.abs(value)))
            if not worst < _allowed(setup, name):
                return Trouble(step + 1, name, _ruin(setup, step, old, name, worst))
    return None


def _allowed(setup: Setup, name: str) -> float:
    """Return how large the entries of a parameter or slot may be."""
    is_slot = name not in setup.network.specs
    return math.inf if is_slot else math.sqrt(float(np.finfo(setup.dtype).max))


def _ruin(setup: Setup, step: int, old: State, name: str, worst: float) -> str:
    """Return what an update made of a parameter or slot, and how large its gradient was."""
    found = opened(setup, step, old)
    node = found.plan.gradients[name.partition(".")[0]]
    bad = _not_finite(found.of(node))
    size = bad or f"at most {np.max(np.abs(found.of(node))):.3g}"
    return f"{name} has reached {worst:.3g}; its gradient in step {step} was {size}"


def opened(setup: Setup, step: int, state: State) -> Recording:
    """Return every value of a step; where a row is refused, those that do not need it."""
    feed = setup.feed(step, state)
    rows = feed["x"].shape[0]
    try:
        return record(setup.program(rows, "record"), feed)
    except ValueRefused:
        return record(setup.program(rows, "unguarded"), feed)


def first_bad(setup: Setup, step: int, state: State) -> Trouble | None:
    """Return the first named tensor of a step's forward pass that is not finite."""
    for name, value in _named(opened(setup, step, state)):
        bad = _not_finite(value)
        if bad is not None:
            subject = "the loss of a row, l," if name == "l" else name
            return Trouble(step, name, f"{subject} is {bad}")
    return None


def _named(found: Recording) -> Iterable[tuple[str, Array]]:
    """Yield the named floats of a recording up to the loss, in the plan's order."""
    for instruction in found.plan.instructions:
        name, value = instruction.node.name, found.values[instruction.number]
        named = name and name != "step" and "." not in name and value.dtype.kind == "f"
        if named and name and instruction.phase in ("input", "forward"):
            yield name, value


def _not_finite(value: Array) -> str | None:
    """Return the first entry that is not finite, and its place."""
    bad = np.argwhere(~np.isfinite(value))
    if not bad.size:
        return None
    at = tuple(int(i) for i in bad[0])
    return f"{value[at]} at {list(at)}" if at else f"{value[at]}"


def _most_grown(before: Recording, now: Recording) -> tuple[str, float, float] | None:
    """Return the parameter that grew most, else another tensor, and its largest entries."""
    start = {name: _largest(value) for name, value in _named(before)}
    rows = [(k, start[k], _largest(v)) for k, v in _named(now) if k in start and k not in "lL"]
    weights = [row for row in rows if now.plan.gradients.get(row[0]) is not None]
    for some in (weights, rows):
        top = max(some, key=lambda row: row[2] / max(row[1], 1.0), default=None)
        if top is not None and top[2] > NOTABLE * max(top[1], 1.0):
            return top
    return None


def _largest(value: Array) -> float:
    return float(np.max(np.abs(value), initial=0.0))


def divergence_message(setup: Setup, trouble: Trouble) -> str:
    """Return the sentence on a divergence and what to try."""
    rate: Any = setup.optimizer.learning_rate
    rates = f"{rate:g}" if isinstance(rate, float) else type(rate).__name__
    return (
        f"training diverged at step {trouble.step}: {layer_of(trouble.tensor, setup)}"
        f"{trouble.fact} ({type(setup.optimizer).__name__}, learning rate {rates}).\n"
        "  Try a smaller learning rate, clip_norm=1.0, or inputs scaled to mean 0 and spread 1."
    )


def layer_of(tensor: str, setup: Setup) -> str:
    """Return ``layer 2: `` for a tensor that belongs to layer 2.

    Examples
    --------
    >>> layer_of("W2.m", None), layer_of("L", None)
    ('layer 2: ', '')
    """
    found = re.fullmatch(r"[Wbzh](\d+)(\..*)?", tensor)
    if found:
        return f"layer {found[1]}: "
    if tensor == "out":
        return f"layer {sum(item.has_weights for item in setup.network.layers)}: "
    return ""
