"""The page of a share: softmax with all its shares, one of which is asked for.

Knows values of a step; knows nothing of gradients.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.explain.document import Block, Formula, Number, Row, Sentence, Symbol, Table
from chainrule.explain.formula import shown_number
from chainrule.explain.why.opened import Opened
from chainrule.explain.why.question import Question
from chainrule.graph import Node

MOST = 12
"""Shares that are listed one by one; of more, the largest, and the one that is asked for."""


def shares(opened: Opened, asked: Question, source: Node) -> list[Block]:
    """Return a share as its exponential over the sum of all, and all of them as a table.

    Parameters
    ----------
    opened : Opened
        The step.
    asked : Question
        Which share of which row.
    source : Node
        What softmax is taken of.
    """
    place, k = asked.index[0], asked.index[-1]
    z = opened.tape.values[source][place].astype(np.float64)
    found = opened.tape.values[asked.node][place]
    top = float(z.max())
    powers = [math.exp(float(a) - top) for a in z]
    above = opened.tape.name_of[source]
    names: Sequence[object] = range(len(z))
    if opened.classes and asked.name == "out":
        names = opened.classes
    shift = f"{above} - {shown_number(top).text}"
    head: Row = ("entry", Symbol(above), f"exp({shift})", "share")
    rows = _rows(names, z.tolist(), powers, found.tolist(), k)
    last: Row = ("sum", "", Number(math.fsum(powers)), Number(math.fsum(found.tolist())))
    caption = f"{asked.name} is softmax of {above}: every entry's exponential, over their sum"
    why = f"The largest {above} is taken off first, which changes no share and keeps exp small."
    return [
        _formula(asked, above, powers, k, float(found[k])),
        Table(head, rows, caption, last),
        Sentence(why, role="note"),
    ]


def _formula(asked: Question, above: str, powers: Sequence[float], k: int, value: float) -> Formula:
    left, row = Symbol(asked.text), asked.row
    one, total, made = (shown_number(x) for x in (powers[k], math.fsum(powers), value))
    blank = " " * len(left.text)
    name = Symbol(above).tex
    rule = rf"\frac{{e^{{{name}[{row},{k}]}}}}{{\sum_j e^{{{name}[{row},j]}}}}"
    return Formula(
        (
            (
                f"{left.text} = exp({above}[{row},{k}]) / sum_j exp({above}[{row},j])",
                f"{left.tex} &= {rule}",
            ),
            (
                f"{blank} = {one.text} / {total.text} = {made.text}",
                rf"&= \frac{{{one.latex}}}{{{total.latex}}} = {made.latex}",
            ),
        )
    )


def _rows(
    names: Sequence[object],
    z: Sequence[float],
    powers: Sequence[float],
    found: Sequence[float],
    asked: int,
) -> tuple[Row, ...]:
    """Return the shares in their order; of many the largest, and the rest as one line."""
    order = sorted(range(len(z)), key=lambda j: (j != asked, -powers[j]))
    kept = sorted(order if len(z) <= MOST else order[:MOST])
    rows: list[Row] = [
        (str(names[j]), Number(z[j]), Number(powers[j]), Number(float(found[j]))) for j in kept
    ]
    rest = order[len(kept) :]
    if rest:
        sums = [math.fsum(part[j] for j in rest) for part in (powers, found)]
        rows.append((f"{len(rest):,} smaller ones", "", Number(sums[0]), Number(sums[1])))
    return tuple(rows)
