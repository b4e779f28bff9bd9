"""Learning rates as functions of the step, inside the graph.

Knows operations; knows no optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from chainrule.errors import SpecError
from chainrule.graph import Node, as_node

schedules: dict[str, type[Schedule]] = {}
"""Every schedule class by name."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate that depends on the step t = 0, 1, 2 ...; call it with a node or a number.

    Examples
    --------
    >>> import chainrule as cr
    >>> rate = cr.StepDecay(0.1, every=100, factor=0.5)
    >>> [round(rate.at(t), 6) for t in (0, 99, 100, 250)]
    [0.1, 0.1, 0.05, 0.025]
    """

    kind: ClassVar[str] = ""

    def __init_subclass__(cls, **settings: Any) -> None:
        schedules[cls.__name__] = cls

    def __call__(self, t: Node) -> Node:
        """Return the rate at step node `t`."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if number and not (math.isfinite(value) and value >= 0):
                raise SpecError(
                    f"{f.name} of {type(self).__name__} is {value!r}; it is a finite number of "
                    "at least 0."
                )
            if f.name in ("every", "steps") and (not isinstance(value, int) or value < 1):
                raise SpecError(
                    f"{f.name} of {type(self).__name__} is {value!r}; it is a number of steps, "
                    "at least 1."
                )

    def at(self, step: int) -> float:
        """Return the rate at a step as a number."""
        from chainrule.graph import simplify

        (folded,) = simplify([as_node(self(as_node(float(step))))])
        assert folded.data is not None, "a schedule of a constant step folds to a constant"
        return float(folded.data)

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as plain data."""
        inner = {k: v.to_dict() for k, v in vars(self).items() if isinstance(v, Schedule)}
        return {"name": type(self).__name__, **asdict(self), **inner}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every step."""

    rate: float

    def __call__(self, t: Node) -> Node:
        """Return the rate."""
        return as_node(float(self.rate))


@dataclass(frozen=True)
class StepDecay(Schedule):
    """rate * factor ** floor(t / every)."""

    rate: float
    every: int
    factor: float = 0.1

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        return self.rate * np.power(self.factor, np.floor(t / float(self.every)))


@dataclass(frozen=True)
class Exponential(Schedule):
    """rate * decay ** t."""

    rate: float
    decay: float

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        return self.rate * np.power(self.decay, t)


@dataclass(frozen=True)
class Cosine(Schedule):
    """From rate to final along half a cosine in so many steps, then final.

    Loshchilov and Hutter, SGDR (ICLR 2017), eq. 5, without restarts.
    """

    rate: float
    steps: int
    final: float = 0.0

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        share = np.minimum(t / float(self.steps), 1.0)
        return self.final + 0.5 * (self.rate - self.final) * (1.0 + np.cos(math.pi * share))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Rises evenly to another schedule's rate over the first steps: times min(1, (t + 1)/steps).

    Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.
    """

    schedule: Schedule | float
    steps: int

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        return np.minimum((t + 1.0) / float(self.steps), 1.0) * schedule_from(self.schedule)(t)


def schedule_from(given: Schedule | float | Mapping[str, Any]) -> Schedule:
    """Return a schedule from itself, a number or its dict form."""
    if isinstance(given, Schedule):
        return given
    if not isinstance(given, Mapping):
        return Constant(float(given))
    settings = dict(given)
    name = settings.pop("name", None)
    if name not in schedules:
        raise SpecError(f"schedule {name!r} is not known; there are {', '.join(schedules)}.")
    if isinstance(settings.get("schedule"), Mapping):
        settings["schedule"] = schedule_from(settings["schedule"])
    known = {f.name for f in fields(schedules[name])}
    unknown = sorted(set(settings) - known)
    if unknown:
        raise SpecError(f"schedule {name!r} has no setting {unknown[0]!r}; it has {sorted(known)}.")
    return schedules[name](**settings)
