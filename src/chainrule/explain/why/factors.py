"""Factors: the chain from an entry towards the loss, link by link, each with name and numbers.

Knows hops and formulas; knows no page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule.explain.document import Symbol
from chainrule.explain.formula import (
    PRODUCT,
    SUM,
    TRANSPARENT,
    Written,
    formula,
    number,
    with_index,
)
from chainrule.explain.symbols import partial
from chainrule.explain.why.entry import Entry, Hop, hops
from chainrule.explain.why.opened import Opened
from chainrule.graph import Node, primitives
from chainrule.types import Array

Kind = Literal["upstream", "share", "loss", "slope", "other"]
FEW_PATHS = 2
"""Paths within one hop whose local derivative is written as a sum."""
LONGEST = 64
"""Hops that a chain has at most, so that a very deep narrow network stays one page."""


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor of a chain.

    Attributes
    ----------
    written : Written
        What it is: ``sigmoid'(z1[r,2])``.
    meaning : str
        The derivative it stands for: ``dh1/dz1``.
    values : numpy.ndarray
        Its numbers, (rows,) or ().
    kind : {"upstream", "share", "loss", "slope", "other"}
        A gradient from further up, a row's share of the loss, the loss's own derivative, an
        activation's, or a weight or input.
    node : Node
        The milestone at its lower end.
    place : str
        The entry there, by name: ``z1[r,2]``.
    """

    written: Written
    meaning: str
    values: Array
    kind: Kind
    node: Node
    place: str = ""

    @property
    def symbol(self) -> Symbol:
        """The factor as a cell or span."""
        return Symbol(self.written.text, self.written.latex, self.place)


@dataclass(frozen=True, eq=False)
class Chain:
    """One path from an entry to the loss, or to where it forks.

    Attributes
    ----------
    hops : tuple of Hop
        From the entry upwards.
    factors : tuple of Factor
        Loss first; those that are 1 whatever the numbers are left out.
    whole : bool
        Whether it reaches the loss; else its first factor is the gradient where it forks.
    """

    hops: tuple[Hop, ...]
    factors: tuple[Factor, ...]
    whole: bool

    @property
    def product(self) -> Array:
        """Upstream times local at the first hop: what this path adds to the gradient."""
        return self.hops[0].product

    @property
    def end(self) -> Entry:
        """The entry at its upper end."""
        return self.hops[-1].target


def chain(opened: Opened, first: Hop, row: str) -> Chain:
    """Return the chain that begins with a hop, as far as it is the only one.

    Parameters
    ----------
    opened : Opened
        The step.
    first : Hop
        The hop at the entry that is explained.
    row : str
        What the row is called: ``r``, or its number.
    """
    links = [first]
    while links[-1].target.node is not opened.tape.loss and len(links) < LONGEST:
        onward = hops(opened, links[-1].target)
        if len(onward) != 1:
            break
        links.append(onward[0])
    whole = links[-1].target.node is opened.tape.loss
    factors = [f for hop in reversed(links) if (f := local_factor(opened, hop, row)) is not None]
    if not whole:
        factors.insert(0, upstream_factor(opened, links[-1], row))
    return Chain(tuple(links), tuple(factors), whole)


def entry_name(opened: Opened, entry: Entry, row: str) -> Written:
    """Return what an entry is called: ``z1[r,2]``."""
    return _at(opened, entry.node, entry.index, row)


def _at(opened: Opened, node: Node, index: Sequence[int], row: str) -> Written:
    """Return the name of an entry; where a row has only one, the row alone names it."""
    of_rows = opened.is_of_rows(node)
    if of_rows and node.size == node.shape[0]:
        return with_index(opened.tape.name_of[node], row)
    parts = [row] if of_rows else []
    return with_index(opened.tape.name_of[node], ",".join([*parts, *map(str, index)]))


def upstream_factor(opened: Opened, hop: Hop, row: str) -> Factor:
    """Return the gradient of the loss by the upper end of a hop."""
    below = entry_name(opened, hop.target, row).text
    loss = opened.tape.name_of[opened.tape.loss]
    text = f"d{loss}/d{below}"
    return Factor(
        Written(text, partial(loss, below)), text, hop.upstream, "upstream", hop.target.node, below
    )


def local_factor(opened: Opened, hop: Hop, row: str) -> Factor | None:
    """Return the local derivative of a hop; None if it is 1 by the form of the graph."""
    names = opened.tape.name_of
    above, below = names[hop.target.node], names[hop.source.node]
    meaning = f"d{above}/d{below}"
    if hop.source.of_rows and not hop.target.of_rows:
        return _share(opened, hop, meaning, row)
    if below == "out" or above == "l":
        kind: Kind = "loss"
    else:
        kind = "slope" if _is_slope(opened, hop) else "other"
    written = _written(opened, hop, row)
    if written is None:
        return None
    place = entry_name(opened, hop.source, row).text
    return Factor(written, meaning, np.asarray(hop.local), kind, hop.source.node, place)


def _is_slope(opened: Opened, hop: Hop) -> bool:
    """Tell whether a hop is one elementwise function of one input: an activation."""
    node = hop.target.node
    rule = primitives[node.op]
    return (
        rule.kind == "elementwise" and len(node.inputs) == 1 and node.inputs[0] is hop.source.node
    )


def _share(opened: Opened, hop: Hop, meaning: str, row: str) -> Factor | None:
    """Return how a row's loss enters the whole loss: not at all in sums, 1/n in means."""
    setup, rows = opened.setup, len(opened.rows)
    local = np.asarray(hop.local)
    if setup.w is None and setup.reduction == "sum":
        return None
    if setup.w is None:
        written = Written(f"1/{rows}", rf"\frac{{1}}{{{rows}}}")
    elif setup.reduction == "sum":
        written = with_index("w", row)
    else:
        text = with_index("w", row)
        written = Written(f"{text.text} / sum(w)", rf"\frac{{{text.latex}}}{{\sum w}}", PRODUCT)
    place = entry_name(opened, hop.source, row).text
    return Factor(written, meaning, local, "share", hop.source.node, place)


def _written(opened: Opened, hop: Hop, row: str) -> Written | None:
    """Return the local derivative of a hop as a formula; None if it is 1."""
    declared = _declared_slope(opened, hop, row)
    if declared is not None:
        return declared
    paths = _paths(opened, hop.target.node, hop.source.node)
    above = entry_name(opened, hop.target, row).text
    below = entry_name(opened, hop.source, row).text
    found = [
        [part for node, place in path for part in _edge(opened, hop, node, place, row)]
        for path in paths
    ]
    if len(found) > FEW_PATHS or any(part is UNKNOWN for parts in found for part in parts):
        return Written(f"d{above}/d{below}", partial(above, below))
    if len(found) == 1:
        return _multiplied(found[0])
    written = [_multiplied(parts) or number(1.0) for parts in found]
    text = " + ".join(part.text for part in written)
    return Written(text, " + ".join(part.latex for part in written), SUM)


def _declared_slope(opened: Opened, hop: Hop, row: str) -> Written | None:
    """Return the slope that the loss declares for itself, if this hop is the loss of a row."""
    loss = opened.setup.loss
    if opened.tape.name_of[hop.target.node] != "l" or loss.slope is None:
        return None
    outputs = opened.setup.network.outputs
    text, latex = loss.slope_for(outputs=outputs)
    return _of_output(text, latex, row, hop.source.index if outputs > 1 else ())


def _of_output(text: str, latex: str, row: str, index: Sequence[int]) -> Written:
    """Return a declared slope with the indices of one output; none where there is one output."""
    if not index:
        return Written(text, latex.replace("_k", ""), SUM)
    at = ",".join([row, *map(str, index)])
    found = re.sub(r"\b(out|y)\b", rf"\g<1>[{at}]", text)
    return Written(found, latex.replace("_k", f"[{at}]"), SUM)


UNKNOWN = Written("?", "?")
"""Stands for an edge that has no short name."""

Part = Written | float
"""A factor of a local derivative: a formula, or a plain number."""

Path = list[tuple[Node, int]]


def _paths(opened: Opened, target: Node, source: Node) -> list[Path]:
    """Return the ways from a milestone down to one before it: nodes and which input is taken."""
    found: list[Path] = []
    stack: list[tuple[Node, Path]] = [(target, [])]
    while stack and len(found) <= FEW_PATHS:
        node, path = stack.pop()
        for place, x in enumerate(node.inputs):
            taken = [*path, (node, place)]
            if x is source:
                found.append(taken)
            elif x not in opened.tape.name_of:
                stack.append((x, taken))
    return found


def _edge(opened: Opened, hop: Hop, node: Node, place: int, row: str) -> list[Part]:
    """Return the local derivative of one operation by one of its inputs, as factors."""
    rule = primitives[node.op]
    if node.op in TRANSPARENT or node.op == "sum":
        return []
    if node.op == "mean":
        return [1.0 / (node.inputs[0].size // max(node.size, 1))]
    if node.op == "matmul":
        return [_other_operand(opened, hop, node, place, row)]
    if rule.kind != "elementwise" or rule.local is None:
        return [UNKNOWN]
    local = rule.local(node, *node.inputs, **node.attrs)[place]
    if isinstance(local, (int, float)):
        return [float(local)]

    def name(one: Node) -> Written | None:
        if one not in opened.tape.name_of:
            return None
        index = hop.source.index if one.ndim == hop.source.node.ndim else hop.target.index
        return _at(opened, one, _clamped(index, one, opened), row)

    inner = [name(x) or formula(x, name) for x in node.inputs]
    if node.op == "square":
        return [2.0, inner[0]]
    if len(node.inputs) == 1 and node.op not in ("neg", "exp"):
        return [Written(f"{node.op}'({inner[0].text})", _prime(node.op, inner[0].latex))]
    other = local if isinstance(local, Node) else None
    if other is not None and other.op == "constant" and other.data is not None and other.size == 1:
        return [float(other.data.reshape(-1)[0])]
    return [(name(local) or formula(local, name)).inside(PRODUCT)]


def _clamped(index: Sequence[int], node: Node, opened: Opened) -> tuple[int, ...]:
    """Return an index for a node that broadcasting may have stretched."""
    axes = node.shape[1:] if opened.is_of_rows(node) else node.shape
    kept = index[len(index) - len(axes) :] if axes else ()
    return tuple(0 if length == 1 else i for i, length in zip(kept, axes, strict=False))


def _prime(op: str, inner: str) -> str:
    """Return the LaTeX of a function's derivative at a point."""
    template = primitives[op].formula("@")
    if template.endswith("(@)"):
        return f"{template[:-3]}'({inner})"
    return rf"\mathrm{{{op}}}'({inner})"


def _other_operand(opened: Opened, hop: Hop, node: Node, place: int, row: str) -> Written:
    other = node.inputs[1 - place]
    if other not in opened.tape.name_of or other.ndim != 2 or node.ndim != 2:
        return UNKNOWN
    source, target = hop.source.index, hop.target.index
    if place == 0:
        return _at(opened, other, (source[-1], target[-1]), row)
    inner = source[-2]
    index = (inner,) if opened.is_of_rows(other) else (target[0], inner)
    return _at(opened, other, index, row)


def _multiplied(parts: list[Part]) -> Written | None:
    """Return a product; numbers in it are multiplied, and a factor of 1 is left out."""
    plain = math.prod(part for part in parts if isinstance(part, float))
    held = [part for part in parts if isinstance(part, Written)]
    if plain != 1:
        held.insert(0, number(plain))
    if len(held) <= 1:
        return held[0] if held else None
    inner = [part.inside(PRODUCT) for part in held]
    text = " * ".join(part.text for part in inner)
    return Written(text, r" \cdot ".join(part.latex for part in inner), PRODUCT)
