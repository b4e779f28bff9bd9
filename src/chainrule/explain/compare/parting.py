"""Where two runs part: the first loss that differs, and by replay the first weight.

Knows records and how to replay them; words nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from chainrule.explain.compare.settings import same
from chainrule.train import Moment, Record, State, moment_at, state_at
from chainrule.types import Array

Cause = Literal["start", "rows", "values", "gradients", "updates"]
"""What is the first to differ: starting values, the rows seen, a value forward, a gradient, or only
the update made of equal gradients."""

OF_UPDATES = ("learning_rate", "gradient_norm")
"""Named values of a step that belong to its update."""


@dataclass(frozen=True)
class Apart:
    """How far one parameter is from the other run's.

    Attributes
    ----------
    name : str
        The parameter.
    index : tuple of int
        The entry with the largest difference.
    left, right : float
        Its two values.
    count, size : int
        How many entries differ, and how many there are.
    """

    name: str
    index: tuple[int, ...]
    left: float
    right: float
    count: int
    size: int

    @property
    def layer(self) -> str:
        """`` (layer 1)`` for W1 and b1; nothing for parameters with names of their own."""
        number = self.name.lstrip("Wb")
        return f" (layer {number})" if number.isdecimal() and self.name != number else ""

    @property
    def entry(self) -> str:
        """The entry's name, such as ``W1[0,2]``."""
        return f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name


@dataclass(frozen=True)
class Parting:
    """The first state in which weights differ.

    Attributes
    ----------
    step : int
        The state before this update differs; the one before the update before it does not.
    parameters : tuple of Apart
        Those that differ, in the order of the layers.
    cause : str
        What differed first: starting values, rows, a value forward, a gradient, or the update.
    name : str
        Which value or gradient, or which value of the update, if it was one with a name.
    """

    step: int
    parameters: tuple[Apart, ...]
    cause: Cause
    name: str = ""


def first_loss(left: Record, right: Record) -> int | None:
    """Return the first step whose losses differ; None if all that both have are the same."""
    count = min(left.steps, right.steps)
    one, other = left.history["loss"][:count], right.history["loss"][:count]
    apart = np.flatnonzero(~same(one, other))
    return int(apart[0]) if len(apart) else None


def is_comparable(left: Record, right: Record) -> bool:
    """Tell whether both runs have parameters of the same names and shapes."""
    one, other = (
        {name: spec.shape for name, spec in record.setup.network.specs.items()}
        for record in (left, right)
    )
    return one == other


def parameters_apart(left: State, right: State, names: list[str]) -> tuple[Apart, ...]:
    """Return the parameters that differ, each with its largest difference."""
    found = []
    for name in names:
        a, b = left[name], right[name]
        equal = same(a, b)
        if not equal.all():
            found.append(_apart(name, a, b, int((~equal).sum())))
    return tuple(found)


def _apart(name: str, a: Array, b: Array, count: int) -> Apart:
    with np.errstate(all="ignore"):
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
    gap = np.where(same(a, b), 0.0, np.where(np.isnan(gap), np.inf, gap))
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(gap)), gap.shape))
    return Apart(name, index, float(a[index]), float(b[index]), count, a.size)


def first_weights(left: Record, right: Record) -> Parting | None:
    """Return the first state in which weights differ, found by halving; None if there is none.

    Both runs need their rows, for replay, and parameters of the same names and shapes.
    """
    names = list(left.setup.network.specs)

    @lru_cache(maxsize=4)
    def apart(step: int) -> tuple[Apart, ...]:
        return parameters_apart(state_at(left, step), state_at(right, step), names)

    loss, last = first_loss(left, right), min(left.steps, right.steps)
    high = last if loss is None else min(loss + 1, last)
    if not apart(high):
        if loss is None or high == last or not apart(last):
            return None
        high = last
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if apart(middle) else (middle, high)
    if high == 0:
        return Parting(0, apart(0), "start")
    cause, name = _cause(moment_at(left, high - 1), moment_at(right, high - 1))
    return Parting(high, apart(high), cause, name)


def _cause(left: Moment, right: Moment) -> tuple[Cause, str]:
    """Return what differs first within the step that parted the weights."""
    if not np.array_equal(left.rows, right.rows):
        return "rows", ""
    value = _first(*(_forward(moment) for moment in (left, right)))
    if value:
        return "values", value
    gradient = _first(
        dict(reversed(list(left.gradients.items()))), dict(reversed(list(right.gradients.items())))
    )
    return ("gradients", gradient) if gradient else ("updates", _first(left.values, right.values))


def _forward(moment: Moment) -> dict[str, Array]:
    """Return the values of the forward pass: those up to the loss, none of the update's."""
    names = moment.values
    return {k: v for k, v in names.items() if k not in OF_UPDATES and not k.endswith(".clipped")}


def _first(left: Mapping[str, Array], right: Mapping[str, Array]) -> str:
    """Return the first common name whose arrays differ, or nothing."""
    for name, a in left.items():
        b = right.get(name)
        if b is not None and (np.shape(a) != np.shape(b) or not same(a, b).all()):
            return name
    return ""
