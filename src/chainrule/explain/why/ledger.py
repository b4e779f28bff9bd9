"""The ledger: one row read backwards, link by link, upstream times local.

Knows chains; what they hold in one row it writes down in order.
"""

from __future__ import annotations

import numpy as np

from chainrule.explain.document import Block, Cell, Number, Row, Section, Sentence, Symbol, Table
from chainrule.explain.why.entry import Entry, Hop, hops
from chainrule.explain.why.factors import Chain, entry_name, local_factor, upstream_factor
from chainrule.explain.why.fold import Term, fold, signed, table_of
from chainrule.explain.why.opened import Opened


def at_row(values: np.ndarray, place: int) -> float:
    """Return a chain's number for one row."""
    return float(values[place] if np.ndim(values) else values)


def ledger(opened: Opened, one: Chain, place: int, asked: str) -> Block:
    """Return a chain in one row as a table: each link, its local derivative, the gradient so far.

    Parameters
    ----------
    opened : Opened
        The step.
    one : Chain
        The chain.
    place : int
        The row's place in the batch.
    asked : str
        What the entry at the lower end is called.
    """
    row = str(int(opened.rows[place]))
    loss = opened.tape.name_of[opened.tape.loss]
    start = at_row(one.hops[-1].upstream, place)
    rows: list[Row] = [(_gradient(loss, _above(opened, one, row)), "", "", signed(start))]
    for hop in reversed(one.hops):
        factor = local_factor(opened, hop, row)
        if factor is None and hop is not one.hops[0]:
            continue
        below = asked if hop is one.hops[0] else entry_name(opened, hop.source, row).text
        local = at_row(np.asarray(hop.local), place)
        told: Cell = factor.symbol if factor is not None else 1
        together = at_row(hop.product, place)
        rows.append((_gradient(loss, below), told, Number(local), signed(together)))
    head: Row = ("gradient", "local derivative", "its value", "upstream x local")
    return Table(head, tuple(rows), f"Row {row}, read backwards; each line multiplies the last one")


def _above(opened: Opened, one: Chain, row: str) -> str:
    return entry_name(opened, one.end, row).text


def _gradient(loss: str, below: str) -> Symbol:
    return Symbol(f"d{loss}/d{below}", node=below)


def loudest(opened: Opened, entry: Entry, place: int) -> Entry | None:
    """Return the entry through which most of the gradient of a row comes; None at the loss."""
    onward = hops(opened, entry)
    if not onward:
        return None
    return max(onward, key=lambda hop: abs(at_row(hop.product, place))).target


def fork(opened: Opened, entry: Entry, place: int, most: int) -> list[Block]:
    """Return where a gradient comes from that several paths bring: their sum as a table.

    Parameters
    ----------
    opened : Opened
        The step.
    entry : Entry
        Where the paths meet.
    place : int
        The row's place in the batch.
    most : int
        How many paths are shown where there are many.
    """
    onward = hops(opened, entry)
    if len(onward) < 2:
        return []
    row = str(int(opened.rows[place]))
    below = entry_name(opened, entry, row).text
    terms = [_term(opened, hop, row, place) for hop in onward]
    folded = fold(terms, most)
    what = "output" if _is_output(opened, onward[0]) else "unit"
    names = [upstream_factor(opened, onward[0], row), local_factor(opened, onward[0], row)]
    above = general(names[0].written.text) if names[0] else "upstream"
    local = general(names[1].written.text) if names[1] else "local"
    table = table_of((what, Symbol(above), Symbol(local)), folded, what)
    loss = opened.tape.name_of[opened.tape.loss]
    sentence = Sentence(
        Symbol(f"d{loss}/d{below}"), " is the sum over everything that is computed from ",
        Symbol(below), " next: upstream times local.",
    )  # fmt: skip
    return [Section(f"Where dL/d{below} comes from", (sentence, table))]


def _is_output(opened: Opened, hop: Hop) -> bool:
    return hop.target.node is opened.tape.names.get("out")


def general(text: str) -> str:
    """Return a name whose last index stands for any: ``W2[12,0]`` is ``W2[12,j]``."""
    head, bracket, index = text.rpartition("[")
    if not bracket or not index.endswith("]"):
        return text
    *first, _ = index[:-1].split(",")
    return f"{head}[{','.join([*first, 'j'])}]"


def _term(opened: Opened, hop: Hop, row: str, place: int) -> Term:
    upstream, local = at_row(hop.upstream, place), at_row(np.asarray(hop.local), place)
    name = entry_name(opened, hop.target, row).text
    product = upstream * local
    factor = local_factor(opened, hop, row)
    zero = ""
    if product == 0:
        zero = f"{general(f'dL/d{name}')} = 0" if upstream == 0 else "too small to be held"
        if local == 0 and factor is not None:
            zero = f"{general(factor.written.text)} = 0"
    cells = Number(upstream, sign=True), Number(local)
    return Term(Symbol(name, node=name), cells, product, zero)
