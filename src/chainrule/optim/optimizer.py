"""What every optimizer has: a learning rate, clipping, slots, a place in the registry.

The update is a graph like the layers', so that it can be explained by the same means.
Knows the form of optimizers; knows no particular one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar, TypeVar

import numpy as np

from chainrule.errors import SpecError, shown
from chainrule.graph import Node, apply, as_node, named, variable
from chainrule.ops.compare import clip, where
from chainrule.ops.composite import norm
from chainrule.ops.shape import concat, ravel
from chainrule.optim.schedules import Schedule, schedule_from

O = TypeVar("O", bound=type)  # noqa: E741

optimizers: dict[str, Any] = {}
"""Every optimizer class by its name."""


def optimizer(name: str) -> Any:
    """Register an optimizer class under a name."""

    def remember(cls: O) -> O:
        optimizers[name] = cls
        cls.kind = name  # type: ignore[attr-defined]
        cls.__repr__ = _spoken  # type: ignore[assignment]
        return cls

    return remember


def _spoken(self: Any) -> str:
    """Return the call that makes this optimizer: the rate, and what is not at its default."""
    settings = {f.name: getattr(self, f.name) for f in fields(self)}
    told = [
        f"{f.name}={settings[f.name]!r}"
        for f in fields(self)
        if f.name == "learning_rate" or settings[f.name] != f.default
    ]
    return f"{type(self).__name__}({', '.join(told)})"


@dataclass(frozen=True)
class Updates:
    """The update graph of all parameters.

    Attributes
    ----------
    new : mapping of str to Node
        New values by parameter (``W1``) and slot (``W1.m``).
    names : mapping of str to Node
        ``learning_rate``, and where clipping is asked for ``gradient_norm`` (before it) and the
        clipped gradients (``W1.clipped``).
    """

    new: Mapping[str, Node]
    names: Mapping[str, Node]


@dataclass(frozen=True)
class Optimizer(ABC):
    """Base of all optimizers.

    Parameters
    ----------
    learning_rate : float or Schedule
        The rate, or a function of the step.
    clip_value : float, optional
        Gradients are clipped to plus and minus this, entry by entry.
    clip_norm : float, optional
        Gradients are scaled down together so that their common norm is at most this; Pascanu,
        Mikolov and Bengio, ICML 2013, algorithm 1.
    """

    learning_rate: float | Schedule = 0.01
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)

    slots: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if not isinstance(self.learning_rate, Schedule):
            self.require("learning_rate", 0.0, math.inf)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                self.require(name, 0.0, math.inf, open_low=True)

    def require(self, name: str, low: float, high: float, *, open_low: bool = False) -> None:
        """Keep a setting as a plain number in [low, high), or refuse it."""
        value = getattr(self, name)
        numeric = isinstance(value, Real) and not isinstance(value, bool)
        if (
            not numeric
            or not math.isfinite(value)
            or not low <= value < high
            or (open_low and value == low)
        ):
            least = "above" if open_low else "at least"
            bound = f" and below {high:g}" if math.isfinite(high) else " and finite"
            raise SpecError(
                f"{name} of {type(self).__name__} is {shown(value)}; it must be {least} "
                f"{low:g}{bound}."
            )
        object.__setattr__(self, name, float(value))

    @abstractmethod
    def step(
        self, w: Node, g: Node, slots: Mapping[str, Node], rate: Node, t: Node
    ) -> tuple[Node, dict[str, Node]]:
        """Return the new value of a parameter and its new slots.

        Parameters
        ----------
        w, g : Node
            The parameter and the gradient of the loss by it.
        slots : mapping of str to Node
            Its memory, by slot name; zeros before step 0.
        rate : Node
            The learning rate now, in the dtype of `w`.
        t : Node
            The step's number, from 0, float64.
        """

    def updates(self, parameters: Mapping[str, Node], gradients: Mapping[str, Node]) -> Updates:
        """Return the update graph of parameters from their gradients."""
        t = variable("step", shape=(), dtype=np.float64)
        clipped, names = self._clipped(gradients)
        new: dict[str, Node] = {}
        rate64 = named(as_node(schedule_from(self.learning_rate)(t)), "learning_rate")
        names["learning_rate"] = rate64
        for name, w in parameters.items():
            slots = {
                slot: variable(f"{name}.{slot}", shape=w.shape, dtype=w.dtype)
                for slot in self.slots
            }
            value, memory = self.step(w, clipped[name], slots, in_dtype(rate64, w), t)
            new[name] = value
            new.update({f"{name}.{slot}": node for slot, node in memory.items()})
        return Updates(new, names)

    def _clipped(self, gradients: Mapping[str, Node]) -> tuple[dict[str, Node], dict[str, Node]]:
        """Return the gradients after clipping by value, then by norm, and the names for them."""
        found, names = dict(gradients), {}
        if self.clip_value is not None:
            limit = float(self.clip_value)
            found = {k: clip(g, -limit, limit) for k, g in found.items()}
        if self.clip_norm is not None and found:
            limit = float(self.clip_norm)
            size = names["gradient_norm"] = named(
                norm(concat([ravel(g) for g in found.values()])), "gradient_norm"
            )
            scale: Node = where(size > limit, limit / size, 1.0)
            found = {k: g * scale for k, g in found.items()}
        names.update({f"{k}.clipped": g for k, g in found.items() if g is not gradients[k]})
        return found, names

    def to_dict(self) -> dict[str, Any]:
        """Return the optimizer as plain data."""
        data: dict[str, Any] = {"name": self.kind}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.default is MISSING or value != f.default:
                data[f.name] = value.to_dict() if isinstance(value, Schedule) else value
        return data


def in_dtype(node: Node, like: Node) -> Node:
    """Return a float64 scalar in the dtype of `like`."""
    return node if node.dtype == like.dtype else apply("cast", node, dtype=like.dtype.name)


def find_optimizer(given: str | Mapping[str, Any] | Optimizer) -> Optimizer:
    """Return an optimizer from its name, its dict form or itself.

    Examples
    --------
    >>> find_optimizer({"name": "sgd", "learning_rate": 0.5})
    SGD(learning_rate=0.5)
    """
    if isinstance(given, Optimizer):
        return given
    settings: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {"name": given}
    name = settings.pop("name", None)
    if not isinstance(name, str) or name not in optimizers:
        raise SpecError(
            f"optimizer {shown(name)} is not known; there are {', '.join(sorted(optimizers))}."
        )
    cls = optimizers[name]
    known = [f.name for f in fields(cls)]
    unknown = [key for key in settings if key not in known]
    if unknown:
        raise SpecError(f"optimizer {shown(name)} has no setting {unknown[0]!r}; it has {known}.")
    if isinstance(settings.get("learning_rate"), Mapping):
        settings["learning_rate"] = schedule_from(settings["learning_rate"])
    found: Optimizer = cls(**settings)
    return found
