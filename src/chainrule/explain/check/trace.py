"""The graph of the user's function, where it can be followed: it takes complex numbers.

A function of our operations refuses complex arrays; called with nodes it gives its graph, which the
interpreter evaluates for complex numbers. Knows graphs and the interpreter; judges nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.executors import Program, Recording, bind, record
from chainrule.executors.trees import map_arrays
from chainrule.explain.check.subject import Subject, Value, number_of
from chainrule.graph import Node, primitives, variable
from chainrule.plan import make_plan
from chainrule.types import Array

HARMLESS = ("power", "power_slope")
"""Operations that tell of a convention where the loss hardly ever has a kink."""


@dataclass(frozen=True, eq=False)
class Trace:
    """The graph of a function, ready to be evaluated.

    Attributes
    ----------
    program : Program
        The graph, bound.
    names : list of str
        The leaves, in the order of the argument's arrays.
    at_kink : bool
        Whether a convention decided about a slope at the point.
    """

    program: Program
    names: list[str]
    at_kink: bool

    def value(self, arrays: Sequence[Array]) -> Value:
        """Return the value for arrays, real or complex."""
        plan = self.program.plan
        found = self.program.values(dict(zip(self.names, arrays, strict=True)))
        return number_of(found[plan.number(plan.forward["out"])])


def traced(subject: Subject) -> Trace | None:
    """Return the function's graph; None if it has none."""
    names = [f"x{k}" for k in range(len(subject.leaves))]
    nodes = [variable(name, leaf.array) for name, leaf in zip(names, subject.leaves, strict=True)]
    ready = iter(nodes)
    try:
        out = subject.function(map_arrays(lambda _: next(ready), subject.form))
        if not isinstance(out, Node) or out.size != 1:
            return None
        program = bind(make_plan({"out": out}))
        found = record(program, dict(zip(names, subject.arrays, strict=True)))
    except Exception:
        return None
    return Trace(program, names, any(True for _ in kinks_of(found)))


def kinks_of(recording: Recording) -> Iterator[tuple[Node, int]]:
    """Yield each node of the forward graph whose convention at a kink was used, and how often."""
    for instruction in recording.plan.instructions:
        node = instruction.node
        rule = primitives.get(node.op)
        if instruction.phase != "forward" or rule is None or rule.at_kink is None:
            continue
        if node.op not in HARMLESS:
            inputs = [recording.of(x) for x in node.inputs]
            count = int(np.sum(rule.at_kink(*inputs, **node.attrs)))
            if count:
                yield node, count
