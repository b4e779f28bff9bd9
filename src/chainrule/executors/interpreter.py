"""The interpreter: NumPy, instruction by instruction. It is the definition of every result.

Knows plans and the NumPy values that primitives declare; knows no layers and no training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError
from chainrule.graph import LEAVES, Node, primitives
from chainrule.plan import Plan
from chainrule.types import Array, Shape

FREED_BYTES = 1 << 16
"""Values below this size are kept to the end of a run: freeing them costs more than it saves."""

BLOCK_ENTRIES = 1 << 16
"""Larger elementwise results are computed in blocks of rows of about this many entries, so that
what an operation needs besides its result stays small. No entry depends on its block."""

Pick = Callable[[list[Any]], Any]
"""Takes the inputs of an instruction from the list of all values."""

Step = tuple[Callable[..., Any], Pick, int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
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
        (function, which takes its inputs, number, freed numbers) of each instruction.
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
            for function, pick, number, frees in self.steps:
                values[number] = function(*pick(values))
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
            steps.append((_function(node), _pick(instruction.inputs), instruction.number, large))
    return Program(plan, tuple(leaves), tuple(start), tuple(steps))


def _pick(inputs: tuple[int, ...]) -> Pick:
    """Return the function that takes these places out of a list, as a sequence."""
    return itemgetter(*inputs) if len(inputs) > 1 else itemgetter(slice(inputs[0], inputs[0] + 1))


def _function(node: Node) -> Callable[..., Any]:
    """Return the function of a node's inputs, its attributes settled."""
    rule = primitives[node.op]
    value = partial(rule.value, **node.attrs) if node.attrs else rule.value
    is_ufunc = isinstance(rule.value, np.ufunc)
    if rule.kind != "elementwise" or is_ufunc or node.size <= BLOCK_ENTRIES or not node.ndim:
        return value
    return partial(_in_blocks, value, node.shape)


def _in_blocks(value: Callable[..., Any], shape: Shape, *inputs: Any) -> Array:
    """Return the value of an elementwise operation, computed some rows at a time."""
    out = np.empty(0)
    rows = max(1, BLOCK_ENTRIES // math.prod(shape[1:]))
    spread = [np.ndim(x) == len(shape) and np.shape(x)[0] == shape[0] for x in inputs]
    for start in range(0, shape[0], rows):
        part = slice(start, start + rows)
        found = value(*(x[part] if s else x for x, s in zip(inputs, spread, strict=True)))
        out = out if start else np.empty(shape, found.dtype)
        out[part] = found
    return out


def outputs(program: Program, values: list[Any], role: Mapping[str, Node]) -> dict[str, Array]:
    """Return the values of a role of the plan by name."""
    place = {i.node: i.number for i in program.plan.instructions}
    return {name: np.asarray(values[place[node]]) for name, node in role.items()}
