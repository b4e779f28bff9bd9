"""Astray: the first value, and the first slope, of a step that is not a finite number.

Knows tapes; knows no page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from chainrule.explain.document import Block, Sentence, Span, Symbol
from chainrule.explain.formula import Written, formula, with_index
from chainrule.explain.symbols import latex_of
from chainrule.explain.why.opened import Ground, Opened
from chainrule.graph import Node
from chainrule.types import Array

SHORT = 40
"""Characters up to which the operation that went astray is written out."""


def astray(ground: Ground) -> list[Block]:
    """Warn of numbers on the way that are not finite; nothing to say where all are.

    Parameters
    ----------
    ground : Ground
        The opened step or function.
    """
    tape, found = ground.tape, list[Block]()
    order = [node for node in tape.order if node in tape.name_of]
    value = _first(order, tape.values)
    if value is not None:
        found.append(_of_value(ground, value))
    slope = _first(reversed(order), tape.upstream)
    if slope is not None:
        top, below = tape.name_of[tape.loss], _place(ground, slope, tape.upstream[slope])
        name, told = Symbol(f"d{top}/d{below}"), _told(tape.upstream[slope])
        later = "" if value is not None else " No slope that is computed from it can be trusted."
        found.append(Sentence(name, " is ", told, ".", later, role="warning"))
    return found


def _first(order: Iterable[Node], numbers: Mapping[Node, Array]) -> Node | None:
    """Return the first node in an order whose numbers are not all finite."""
    for node in order:
        array = numbers.get(node)
        if array is not None and array.dtype.kind == "f" and not np.isfinite(array).all():
            return node
    return None


def _of_value(ground: Ground, node: Node) -> Sentence:
    value = ground.tape.values[node]
    spans: list[Span] = [Symbol(_place(ground, node, value))]
    rule = _rule(ground, node)
    spans += [" = ", rule] if rule is not None else []
    spans += [" is ", _told(value)]
    single = [one for one in node.inputs if one.op != "constant"]
    if rule is not None and all(n.size == 1 and n in ground.tape.name_of for n in single):
        for k, one in enumerate(single):
            joint = " at " if k == 0 else ", "
            given = float(ground.tape.values[one].reshape(-1)[0])
            spans += [joint, Symbol(ground.tape.name_of[one]), f" = {given:g}"]
    words = (
        ". What is computed from it is no better; slopes on this page are those of the formulas, "
        "also where the function itself has no value."
    )
    return Sentence(*spans, words, role="warning")


def _rule(ground: Ground, node: Node) -> Symbol | None:
    """Return the operation in terms of what it is computed from, if it is short."""

    def name(one: Node) -> Written | None:
        known = ground.tape.name_of.get(one)
        return None if known is None else Written(known, latex_of(known))

    if not node.inputs:
        return None
    rule = formula(node, name)
    return Symbol(rule.text, rule.latex) if len(rule.text) <= SHORT else None


def _place(ground: Ground, node: Node, numbers: Array) -> str:
    """Return the first entry that is not finite by name, rows by the user's numbers."""
    name = ground.tape.name_of[node]
    if not node.shape:
        return name
    index = [int(i) for i in np.argwhere(~np.isfinite(numbers))[0]]
    if isinstance(ground, Opened) and ground.is_of_rows(node):
        index[0] = int(ground.rows[index[0]])
    return with_index(name, ",".join(map(str, index))).text


def _told(numbers: Array) -> str:
    """Return what is there instead of a number, and in how many places."""
    bad = numbers[~np.isfinite(numbers)]
    more = f", and {bad.size - 1:,} more of its {numbers.size:,} are not finite"
    return f"{bad[0]:g}" + (more if bad.size > 1 else "")
