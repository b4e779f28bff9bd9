"""Learning rates as functions of the step, inside the graph.

Knows operations; knows no optimizer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from numbers import Integral, Real
from typing import Any, ClassVar

from chainrule.errors import SpecError, shown
from chainrule.graph import Node, as_node, simplify
from chainrule.ops.arithmetic import power
from chainrule.ops.compare import floor, minimum
from chainrule.ops.transcendental import cos

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

    def __init_subclass__(cls, *, listed: bool = True) -> None:
        if listed:
            schedules[cls.__name__] = cls

    def __call__(self, t: Node) -> Node:
        """Return the rate at step node `t`."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            name = f"{f.name} of {type(self).__name__}"
            if not isinstance(value, Schedule):
                plain = steps_of(name, value) if f.name in COUNTS else rate_of(name, value)
                object.__setattr__(self, f.name, plain)

    def at(self, step: int) -> float:
        """Return the rate at a step as a number."""
        (folded,) = simplify([as_node(self(as_node(float(step))))])
        assert folded.data is not None, "a schedule of a constant step folds to a constant"
        return float(folded.data)

    def to_dict(self) -> dict[str, Any]:
        """Return the schedule as plain data."""
        settings = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {k: v.to_dict() if isinstance(v, Schedule) else v for k, v in settings.items()}
        return {"name": type(self).__name__, **plain}


COUNTS = ("every", "steps", "rows")
"""Settings of schedules that are numbers of steps."""


def rate_of(name: str, given: Any) -> float:
    """Return a finite number of at least 0, or refuse it by its name."""
    number = isinstance(given, Real) and not isinstance(given, bool)
    if not number or not math.isfinite(given) or given < 0:
        raise SpecError(f"{name} is {shown(given)}; it is a finite number of at least 0.")
    return float(given)


def steps_of(name: str, given: Any) -> int:
    """Return a number of steps, at least 1, or refuse it by its name."""
    if isinstance(given, bool) or not isinstance(given, Integral) or int(given) < 1:
        raise SpecError(f"{name} is {shown(given)}; it is a whole number of steps, at least 1.")
    return int(given)


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every step.

    Examples
    --------
    >>> Constant(0.1).at(1000)
    0.1
    """

    rate: float

    def __call__(self, t: Node) -> Node:
        """Return the rate."""
        return as_node(float(self.rate))


@dataclass(frozen=True)
class StepDecay(Schedule):
    """rate * factor ** floor(t / every).

    Examples
    --------
    >>> [StepDecay(0.5, every=10, factor=0.5).at(t) for t in (0, 9, 10, 25)]
    [0.5, 0.5, 0.25, 0.125]
    """

    rate: float
    every: int
    factor: float = 0.1

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        drops: Node = power(self.factor, floor(t / float(self.every)))
        return self.rate * drops


@dataclass(frozen=True)
class Exponential(Schedule):
    """rate * decay ** t.

    Examples
    --------
    >>> Exponential(1.0, decay=0.5).at(3)
    0.125
    """

    rate: float
    decay: float

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        left: Node = power(self.decay, t)
        return self.rate * left


@dataclass(frozen=True)
class Cosine(Schedule):
    """From rate to final along half a cosine in so many steps, then final.

    Loshchilov and Hutter, SGDR (ICLR 2017), eq. 5, without restarts.

    Examples
    --------
    >>> [round(Cosine(1.0, steps=10).at(t), 3) for t in (0, 5, 10, 99)]
    [1.0, 0.5, 0.0, 0.0]
    """

    rate: float
    steps: int
    final: float = 0.0

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        share: Node = minimum(t / float(self.steps), 1.0)
        bend: Node = cos(math.pi * share)
        return self.final + 0.5 * (self.rate - self.final) * (1.0 + bend)


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """rate / (rows * floor(t / every) + 1) ** power: scikit-learn's ``invscaling``.

    Parameters
    ----------
    rate : float
        Of the first epoch.
    every : int
        Steps of an epoch.
    rows : int
        Rows of an epoch; what is counted is the rows seen, as scikit-learn does.
    power : float
        Of that number.

    Examples
    --------
    >>> [round(InverseScaling(1.0, every=2, rows=15).at(t), 3) for t in (0, 1, 2, 4)]
    [1.0, 1.0, 0.25, 0.18]
    """

    rate: float
    every: int
    rows: int
    power: float = 0.5

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        seen: Node = float(self.rows) * floor(t / float(self.every)) + 1.0
        scale: Node = power(seen, -self.power)
        return self.rate * scale


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Rises evenly to another schedule's rate over the first steps: times min(1, (t + 1)/steps).

    Goyal et al., Accurate, Large Minibatch SGD (2017), section 2.2.

    Examples
    --------
    >>> [round(WarmUp(0.4, steps=4).at(t), 3) for t in (0, 1, 3, 99)]
    [0.1, 0.2, 0.4, 0.4]
    """

    schedule: Schedule | float
    steps: int

    def __call__(self, t: Node) -> Node:
        """Return the rate at step `t`."""
        share: Node = minimum((t + 1.0) / float(self.steps), 1.0)
        return share * schedule_from(self.schedule)(t)


def schedule_from(given: Schedule | float | Mapping[str, Any]) -> Schedule:
    """Return a schedule from itself, a number or its dict form."""
    if isinstance(given, Schedule):
        return given
    if not isinstance(given, Mapping):
        return Constant(rate_of("a learning rate", given))
    settings = dict(given)
    name = settings.pop("name", None)
    if not isinstance(name, str) or name not in schedules:
        raise SpecError(f"schedule {shown(name)} is not known; there are {', '.join(schedules)}.")
    if isinstance(settings.get("schedule"), Mapping):
        settings["schedule"] = schedule_from(settings["schedule"])
    known = {f.name: f.default for f in fields(schedules[name])}
    unknown = [key for key in settings if key not in known]
    if unknown:
        raise SpecError(f"schedule {name!r} has no setting {unknown[0]!r}; it has {list(known)}.")
    lacking = [k for k, default in known.items() if default is MISSING and k not in settings]
    if lacking:
        raise SpecError(f"schedule {shown(name)} was given without {lacking[0]!r}, which it needs.")
    return schedules[name](**settings)
