"""A recording: every value of one run of a plan.

Knows plans; knows nothing of how the values came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import SpecError
from chainrule.executors.interpreter import Program
from chainrule.graph import Node
from chainrule.plan import Plan
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Recording:
    """Every value of one run of a plan, by node and by name.

    Attributes
    ----------
    plan : Plan
        The plan that was run.
    values : tuple of numpy.ndarray
        The value of each instruction.
    executor : str
        Who computed them.
    """

    plan: Plan
    values: tuple[Array, ...]
    executor: str = "interpreter"

    @cached_property
    def place(self) -> dict[Node, int]:
        """Node to its number in the plan."""
        return {i.node: i.number for i in self.plan.instructions}

    def of(self, node: Node) -> Array:
        """Return the value of a node of the plan."""
        return self.values[self.place[node]]

    def __getitem__(self, name: str) -> Array:
        """Return the value of a named forward result or of a named leaf."""
        if name in self.plan.forward:
            return self.of(self.plan.forward[name])
        for instruction in self.plan.instructions:
            if instruction.node.name == name:
                return self.values[instruction.number]
        known = sorted({*self.plan.forward, *(i.node.name or "" for i in self.plan.instructions)})
        raise SpecError(f"nothing is called {name!r}; there are {', '.join(filter(None, known))}.")


def record(program: Program, feed: Mapping[str, Any]) -> Recording:
    """Run a program and keep every value.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.executors import bind
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=())
    >>> recording = record(bind(make_plan({"out": x * x})), {"x": 3.0})
    >>> float(recording["out"])
    9.0
    """
    program.check(feed)
    values = program.values(feed, keep=True)
    return Recording(program.plan, tuple(np.asarray(v) for v in values))
