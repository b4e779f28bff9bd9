"""Segments: the part of a graph between one milestone and those it is computed from.

Answers how a milestone moves when an entry of an earlier one does: in numbers (a tangent through
the segment) and in structure (which entries can move at all). Knows tapes; knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from chainrule.autodiff import directional_derivative
from chainrule.executors import evaluate
from chainrule.explain.why.tape import Tape, boundary
from chainrule.graph import Node, constant, primitives, substitute, variable
from chainrule.types import Array

PROBED = (1.0, 2.0)
"""Between these, no two numbers equal, no local derivative is 0: with such values in place of the
real ones, an entry that does not move cannot move."""


@dataclass(frozen=True, eq=False)
class Segment:
    """A milestone as a function of the milestones before it.

    Attributes
    ----------
    target : Node
        The milestone.
    out : Node
        The same, with variables in place of the milestones before it.
    inputs : mapping of Node to Node
        Each milestone before it, and its variable.
    """

    target: Node
    out: Node
    inputs: Mapping[Node, Node]


def segment(tape: Tape, target: Node) -> Segment:
    """Return the segment that ends in a milestone."""
    before = boundary(target, tape.name_of)
    inputs = {
        node: variable(f"v{i}", shape=node.shape, dtype=node.dtype) for i, node in enumerate(before)
    }
    (out,) = substitute([target], inputs)
    return Segment(target, out, inputs)


def tangent(tape: Tape, part: Segment, source: Node, direction: Array) -> Array:
    """Return how the end of a segment moves when a milestone before it moves in a direction."""
    moved = directional_derivative(part.out, part.inputs[source], constant(direction, source.dtype))
    feed = {str(v.name): tape.values[node] for node, v in part.inputs.items()}
    return np.asarray(evaluate(moved, feed))


def may_move(part: Segment, source: Node, direction: Array) -> Array:
    """Return which entries at the end of a segment can move at all, whatever the values are."""
    moved = directional_derivative(part.out, part.inputs[source], constant(direction, source.dtype))
    rng = np.random.default_rng(0)
    feed = {
        str(v.name): rng.uniform(*PROBED, v.shape).astype(v.dtype)
        if v.dtype.kind == "f"
        else np.zeros(v.shape, v.dtype)
        for v in part.inputs.values()
    }
    with np.errstate(all="ignore"):
        found: Array = np.asarray(evaluate(moved, feed)) != 0
    return found


def row_by_row(tape: Tape, sources: Mapping[Node, bool]) -> dict[Node, bool]:
    """Tell for each node that depends on rows whether it does so row by row along its first axis.

    Parameters
    ----------
    tape : Tape
        The graph.
    sources : mapping of Node to bool
        The leaves whose first axis is that of the rows: True.
    """
    found = dict(sources)
    for node in tape.order:
        if node not in found and any(x in found for x in node.inputs):
            found[node] = _keeps_rows(node, found)
    return found


def _keeps_rows(node: Node, known: Mapping[Node, bool]) -> bool:
    moving = [x for x in node.inputs if x in known]
    if not all(known[x] for x in moving) or not node.shape:
        return False
    rows = moving[0].shape[0]
    if node.shape[0] != rows:
        return False
    if primitives[node.op].kind == "elementwise" or node.op in ("where", "guard", "cast"):
        return all(x.ndim == node.ndim for x in moving)
    if node.op == "matmul":
        return node.inputs[1] not in known and node.ndim == node.inputs[0].ndim
    if "axes" in node.attrs and node.op != "transpose":
        return 0 not in node.attrs["axes"]
    if node.op == "transpose":
        return bool(node.attrs["axes"][0] == 0)
    return node.op in ("reshape", "expand") and moving[0].ndim > 0
