"""The interpreter: NumPy, instruction by instruction. It is the definition of every result.

Knows plans and the NumPy values that primitives declare; knows no layers and no training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError
from chainrule.graph import LEAVES, Node, primitives
from chainrule.plan import Plan
from chainrule.types import Array

FREED_BYTES = 1 << 16
"""Values below this size are kept to the end of a run: freeing them costs more than it saves."""

Step = tuple[Callable[..., Any], tuple[int, ...], Mapping[str, Any], int, tuple[int, ...]]


@dataclass(frozen=True)
class Program:
    """A plan bound to NumPy functions, ready to be run many times.

    Attributes
    ----------
    plan : Plan
        What it carries out.
    leaves : tuple
        (name, number, shape) of each value to be supplied.
    start : tuple
        The values of constants, None elsewhere.
    steps : tuple
        (function, inputs, attributes, number, freed numbers) of each instruction.
    """

    plan: Plan
    leaves: tuple[tuple[str, int, tuple[int, ...]], ...]
    start: tuple[Array | None, ...]
    steps: tuple[Step, ...]

    def values(self, feed: Mapping[str, Any], *, keep: bool = False) -> list[Any]:
        """Return the value of every instruction; dead large ones are None unless `keep`.

        Parameters
        ----------
        feed : mapping of str to array
            The value of each leaf, by name.
        keep : bool
            Keep everything: a recording.

        Raises
        ------
        ValueRefused
            If a guard refuses a row.
        """
        values: list[Any] = list(self.start)
        for name, number, _ in self.leaves:
            values[number] = feed[name]
        with np.errstate(all="ignore"):
            for function, inputs, attrs, number, frees in self.steps:
                values[number] = function(*[values[i] for i in inputs], **attrs)
                if frees and not keep:
                    for dead in frees:
                        values[dead] = None
        return values

    def check(self, feed: Mapping[str, Any]) -> None:
        """Raise if a leaf is missing from `feed` or has another shape than the plan's."""
        for name, _, shape in self.leaves:
            if name not in feed:
                raise SpecError(f"the plan needs a value for {name!r}; {sorted(feed)} were given.")
            if np.shape(feed[name]) != shape:
                raise ShapeError(
                    f"{name!r} has shape {np.shape(feed[name])}; the plan was made for {shape}."
                )


def bind(plan: Plan) -> Program:
    """Return the plan bound to NumPy functions.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=())
    >>> float(bind(make_plan({"out": x * x})).values({"x": 3.0})[-1])
    9.0
    """
    leaves, steps, start = [], [], []
    for instruction in plan.instructions:
        node = instruction.node
        start.append(node.data if node.op == "constant" else None)
        if node.op in ("variable", "parameter"):
            assert node.name is not None, "variables and parameters have names"
            leaves.append((node.name, instruction.number, node.shape))
        elif node.op not in LEAVES:
            large = tuple(n for n in instruction.frees if plan.instructions[n].bytes > FREED_BYTES)
            value = primitives[node.op].value
            steps.append((value, instruction.inputs, node.attrs, instruction.number, large))
    return Program(plan, tuple(leaves), tuple(start), tuple(steps))


def outputs(program: Program, values: list[Any], role: Mapping[str, Node]) -> dict[str, Array]:
    """Return the values of a role of the plan by name."""
    place = {i.node: i.number for i in program.plan.instructions}
    return {name: np.asarray(values[place[node]]) for name, node in role.items()}
