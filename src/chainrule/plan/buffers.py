"""Buffers: which values of a plan may share memory.

Knows sizes and lifetimes; knows nothing of values.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.graph import LEAVES
from chainrule.plan.plan import Plan


@dataclass(frozen=True)
class Buffers:
    """A home for every computed value.

    Attributes
    ----------
    place : dict of int to int
        Instruction number to buffer number; leaves have none.
    sizes : tuple of int
        Bytes of each buffer.
    """

    place: dict[int, int]
    sizes: tuple[int, ...]

    @property
    def bytes(self) -> int:
        """Bytes of all buffers together."""
        return sum(self.sizes)


def assign_buffers(plan: Plan) -> Buffers:
    """Return buffers reused once their value is dead: the smallest free one that is large enough.

    A buffer is free for the instructions *after* the last reader of its value, so no
    instruction reads what it overwrites.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=(4,))
    >>> out = cr.exp(cr.exp(cr.exp(cr.exp(x))))
    >>> assign_buffers(make_plan({"out": out})).sizes
    (32, 32)
    """
    place: dict[int, int] = {}
    sizes: list[int] = []
    free: list[int] = []
    for instruction in plan.instructions:
        if instruction.node.op in LEAVES:
            continue
        fitting = [b for b in free if sizes[b] >= instruction.bytes]
        if fitting:
            buffer = min(fitting, key=lambda b: sizes[b])
            free.remove(buffer)
        elif free:
            buffer = max(free, key=lambda b: sizes[b])
            free.remove(buffer)
            sizes[buffer] = instruction.bytes
        else:
            buffer = len(sizes)
            sizes.append(instruction.bytes)
        place[instruction.number] = buffer
        free += [place[n] for n in instruction.frees]
    return Buffers(place, tuple(sizes))
