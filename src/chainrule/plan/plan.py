"""The plan of one training step: forward, backward and update as one ordered list.

Knows nodes, phases and roles; touches no array values and knows no executor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from chainrule.graph import LEAVES, Node, primitives, simplify, toposort

Phase = Literal["input", "forward", "backward", "update"]


@dataclass(frozen=True, eq=False)
class Instruction:
    """One line of a plan.

    Attributes
    ----------
    number : int
        Its place in the plan, from 0.
    node : Node
        What is computed (or, for a leaf, supplied).
    phase : {"input", "forward", "backward", "update"}
        The part of the step that needs it first.
    inputs : tuple of int
        The numbers of the instructions whose values it reads.
    frees : tuple of int
        The numbers whose values nothing reads after this one.
    """

    number: int
    node: Node
    phase: Phase
    inputs: tuple[int, ...]
    frees: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Bytes of the value."""
        return self.node.size * self.node.dtype.itemsize

    @property
    def flops(self) -> int:
        """Floating-point operations, as the primitive counts them; 0 for leaves."""
        if self.node.op in LEAVES:
            return 0
        shapes = [x.shape for x in self.node.inputs]
        rule = primitives[self.node.op].flops
        if rule is not None:
            return rule(self.node.shape, *shapes, **self.node.attrs)
        return max(math.prod(shape) for shape in (self.node.shape, *shapes))


@dataclass(frozen=True, eq=False)
class Plan:
    """An ordered list of instructions and the roles of its results.

    Attributes
    ----------
    instructions : tuple of Instruction
        In an order in which they can be carried out.
    forward, gradients, updates : mapping of str to Node
        Results by role: ``L``, ``out``, ``z1`` ...; gradients and new values by parameter or
        optimizer slot (``W1``, ``W1.m``).
    summation : str
        The order in which sums and products are added; bits are promised for this order, by the
        executor that uses it, on one machine.
    """

    instructions: tuple[Instruction, ...]
    forward: Mapping[str, Node]
    gradients: Mapping[str, Node]
    updates: Mapping[str, Node]
    summation: str = (
        "numpy: sums in pairs along memory, in groups of 512 across it; products by NumPy's BLAS "
        "on one thread"
    )

    def number(self, node: Node) -> int:
        """Return the place of a node in the plan."""
        return next(i.number for i in self.instructions if i.node is node)

    @property
    def results(self) -> dict[Node, None]:
        """Every node that has a role, in order."""
        roles = (self.forward, self.gradients, self.updates)
        return dict.fromkeys(node for role in roles for node in role.values())

    @property
    def flops(self) -> int:
        """Floating-point operations of one step."""
        return sum(i.flops for i in self.instructions)

    @property
    def peak_bytes(self) -> int:
        """Largest sum of the bytes of values that live at once, leaves left out."""
        alive = peak = 0
        size = {i.number: i.bytes for i in self.instructions if i.node.op not in LEAVES}
        for instruction in self.instructions:
            alive += size.get(instruction.number, 0)
            peak = max(peak, alive)
            alive -= sum(size.get(n, 0) for n in instruction.frees)
        return peak


def make_plan(
    forward: Mapping[str, Node],
    gradients: Mapping[str, Node] | None = None,
    updates: Mapping[str, Node] | None = None,
) -> Plan:
    """Return the plan that computes the given results, simplified, in a fixed order.

    Parameters
    ----------
    forward, gradients, updates : mapping of str to Node
        Results by role.

    Returns
    -------
    Plan

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", shape=())
    >>> [i.node.op for i in make_plan({"out": x * x + 0}).instructions]
    ['variable', 'mul']
    """
    groups = [dict(group or {}) for group in (forward, gradients, updates)]
    flat = iter(simplify([node for group in groups for node in group.values()]))
    first, second, third = ({name: next(flat) for name in group} for group in groups)
    instructions = _instructions(*(list(group.values()) for group in (first, second, third)))
    return Plan(instructions, first, second, third)


def _instructions(
    forward: list[Node], gradients: list[Node], updates: list[Node]
) -> tuple[Instruction, ...]:
    order = toposort(*forward, *gradients, *updates)
    numbers = {node: i for i, node in enumerate(order)}
    phases = _phases(forward, gradients, order)
    frees = _frees(order, numbers, {*forward, *gradients, *updates})
    return tuple(
        Instruction(i, node, phases[i], tuple(numbers[x] for x in node.inputs), frees[i])
        for i, node in enumerate(order)
    )


def _phases(forward: list[Node], gradients: list[Node], order: list[Node]) -> list[Phase]:
    first, second = set(toposort(*forward)), set(toposort(*gradients))

    def phase(node: Node) -> Phase:
        if node.op in LEAVES:
            return "input"
        if node in first:
            return "forward"
        return "backward" if node in second else "update"

    return [phase(node) for node in order]


def _frees(
    order: list[Node], numbers: Mapping[Node, int], kept: Iterable[Node]
) -> list[tuple[int, ...]]:
    """Return, for each place, the values that are read there for the last time."""
    last: dict[Node, int] = {}
    for i, node in enumerate(order):
        last[node] = i
        last.update(dict.fromkeys(node.inputs, i))
    held = set(kept)
    frees: list[list[int]] = [[] for _ in order]
    for node, place in last.items():
        if node not in held and node.op not in LEAVES:
            frees[place].append(numbers[node])
    return [tuple(sorted(numbers_)) for numbers_ in frees]
