"""How much memory a run of a program takes, said before it is run.

Knows programs and which operations give views of their inputs; carries out nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from chainrule.executors.interpreter import BLOCK_ENTRIES, Program
from chainrule.graph import LEAVES, primitives

BLOCK_ARRAYS = 2
"""Arrays of the size of a block that an operation holds besides its result, as a rule."""


def peak_bytes(program: Program) -> int:
    """Return the bytes of the values that live at once when a program is run, leaves left out.

    A value that only shows the entries of another one (a transpose) takes none, but keeps that
    other one alive.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.executors import bind
    >>> from chainrule.plan import make_plan
    >>> x = cr.variable("x", shape=(1000, 100))
    >>> peak_bytes(bind(make_plan({"out": np.exp(np.exp(np.exp(x)))}))) // 800_000
    2
    """
    instructions = program.plan.instructions
    frees = {number: freed for _, _, number, freed in program.steps}
    home: dict[int, int] = {}
    holders: dict[int, int] = {}
    alive = peak = 0
    for i in instructions:
        shown = [home[n] for n in i.inputs[:1] if gives_view(i.node.op)]
        home[i.number] = place = shown[0] if shown else i.number
        holders[place] = holders.get(place, 0) + 1
        if not shown:
            alive += _size(program, place)
        peak = max(peak, alive + _scratch(program, i.number))
        for number in frees.get(i.number, ()):
            holders[home[number]] -= 1
            if not holders[home[number]]:
                alive -= _size(program, home[number])
    return peak


def _size(program: Program, number: int) -> int:
    instruction = program.plan.instructions[number]
    return 0 if instruction.node.op in LEAVES else instruction.bytes


def _scratch(program: Program, number: int) -> int:
    """Return what an elementwise operation needs besides its result: a few blocks."""
    node = program.plan.instructions[number].node
    if node.op in LEAVES or primitives[node.op].kind != "elementwise":
        return 0
    if isinstance(primitives[node.op].value, np.ufunc):
        return 0
    return BLOCK_ARRAYS * min(node.size, BLOCK_ENTRIES) * 8


@cache
def gives_view(op: str) -> bool:
    """Tell whether an operation's value shows the entries of its first input.

    Examples
    --------
    >>> gives_view("transpose"), gives_view("exp")
    (True, False)
    """
    if op in LEAVES:
        return False
    example = primitives[op].examples[0]
    inputs = [np.asarray(x) for x in example.inputs]
    with np.errstate(all="ignore"):
        out = primitives[op].value(*inputs, **example.attrs)
    return bool(np.may_share_memory(out, inputs[0]))
