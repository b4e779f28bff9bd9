"""Paths: the way from the loss to an entry in one line, and how many ways there are.

Knows chains and opened steps; knows no page.
"""

from __future__ import annotations

import math

from chainrule.explain.why.entry import Entry, hops
from chainrule.explain.why.factors import Chain
from chainrule.explain.why.opened import Opened
from chainrule.graph import Node

MANY = 32
"""Links that are followed when paths are counted."""


def path_text(opened: Opened, one: Chain, asked: str) -> str:
    """Return the path as text: ``L <- out <- z2 <- h1[:,2] <- z1[:,2] <- W1[0,2]``."""
    parts = [asked]
    for hop in one.hops:
        parts.append(_passed(opened, hop.target))
    if not one.whole:
        parts += _beyond(opened, one.end.node)
    return " <- ".join(reversed(parts))


def _passed(opened: Opened, entry: Entry) -> str:
    name = opened.tape.name_of[entry.node]
    axes = entry.node.shape[1:] if entry.of_rows else entry.node.shape
    if all(length == 1 for length in axes):
        return name
    index = ",".join([":"] * entry.of_rows + [str(i) for i in entry.index])
    return f"{name}[{index}]"


def _beyond(opened: Opened, node: Node) -> list[str]:
    """Return the milestones from where the chain forks on, in order."""
    found: list[str] = []
    while node is not opened.tape.loss and len(found) < MANY:
        onward = [n for n in opened.tape.consumers[node] if n in opened.tape.upstream]
        if not onward:
            break
        node = onward[0]
        found.append(opened.tape.name_of[node])
    return found


def count_paths(opened: Opened, one: Chain) -> tuple[int, str]:
    """Return how many paths a chain stands for, and that in words."""
    factors: list[tuple[int, str]] = []
    rows = len(opened.rows)
    if rows > 1:
        factors.append((rows, "rows"))
    entry = one.end
    for _ in range(MANY):
        if entry.node is opened.tape.loss:
            break
        onward = hops(opened, entry)
        if not onward:
            break
        if len(onward) > 1:
            last = onward[0].target.node
            above = [n for n in opened.tape.consumers[last] if n in opened.tape.upstream]
            outputs = all(n is opened.tape.names.get("l") for n in above)
            factors.append((len(onward), "outputs" if outputs else "units"))
        entry = onward[0].target
    count = math.prod(number for number, _ in factors)
    if len(factors) <= 1:
        return count, "one path in each row" if rows > 1 else "one path"
    words = " x ".join(f"{number:,} {what}" for number, what in factors)
    return count, f"{words} = {count:,} paths"
