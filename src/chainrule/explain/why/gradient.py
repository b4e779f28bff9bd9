"""The page of a weight: its gradient row by row, the sum, the update, and what it means.

Knows chains, sums and updates; what they say it puts in order.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.explain.asking import spelled
from chainrule.explain.document import (
    Block,
    Document,
    Formula,
    Number,
    Row,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.entries import told
from chainrule.explain.symbols import escaped
from chainrule.explain.why.astray import astray
from chainrule.explain.why.entry import Entry, hops
from chainrule.explain.why.factors import Chain, Factor, chain, entry_name
from chainrule.explain.why.fold import Folded, Term, fold, signed, summed, table_of
from chainrule.explain.why.opened import Opened
from chainrule.explain.why.paths import count_paths, path_text
from chainrule.explain.why.question import Question
from chainrule.explain.why.update import quantities, update_blocks
from chainrule.explain.why.words import (
    balance,
    kinks,
    loss_note,
    outweighed,
    pull,
    weak_factors,
    zero_cause,
)

ROW = "r"


def weight_page(opened: Opened, asked: Question, most: int) -> Document:
    """Return the page of one entry of a parameter.

    Parameters
    ----------
    opened : Opened
        The step.
    asked : Question
        Which entry.
    most : int
        How many terms are shown where there are many.
    """
    entry = Entry(asked.node, asked.index, False)
    chains = [chain(opened, hop, ROW) for hop in hops(opened, entry)]
    of_rows = [one for one in chains if one.product.ndim]
    others = [one for one in chains if not one.product.ndim]
    sums = [_folded(opened, one, most) for one in of_rows]
    gradient = float(opened.moment.gradients[asked.name][asked.index])
    blocks: list[Block] = [*_answer(opened, asked, gradient, of_rows), *astray(opened)]
    for one, folded in zip(of_rows, sums, strict=True):
        blocks += [_formula(asked, one), _table(opened, asked, one, folded)]
    blocks += _extra(asked, sums, others)
    blocks += update_blocks(opened, asked.name, asked.index)
    for one in of_rows:
        blocks += [*balance(opened, one, asked.text), *weak_factors(one), *kinks(opened, one)]
    blocks += outweighed(gradient, sums, asked.text) if others else []
    blocks += [*loss_note(opened), _next(opened, asked, of_rows, sums)]
    data = _data(opened, asked, gradient, chains, sums)
    title = f"Why dL/d{asked.text} at step {opened.step}"
    return Document("why", title, tuple(blocks), data)


def _answer(opened: Opened, asked: Question, gradient: float, chains: list[Chain]) -> list[Block]:
    rows = len(opened.rows)
    value = float(opened.moment.parameters[asked.name][asked.index])
    head = Sentence(
        Symbol(f"dL/d{asked.text}"), " = ", Number(gradient, "answer"),
        f" at step {opened.step}, {rows:,} row{'' if rows == 1 else 's'}", role="answer",
    )  # fmt: skip
    what = Sentence(
        Symbol(asked.text), f": {_place(opened, asked, chains)}, now ", Number(value, "answer"), "."
    )
    paths = []
    for one in chains:
        count, words = count_paths(opened, one)
        paths.append(
            Sentence(Symbol(path_text(opened, one, asked.text)), f"\n{words}" if count else "")
        )
    return [head, what, *paths]


def _place(opened: Opened, asked: Question, chains: list[Chain]) -> str:
    """Return where a weight sits: ``input 0 -> unit 2 of layer 1``."""
    if not chains:
        return "a parameter that the loss does not depend on"
    layers = opened.setup.network.layers
    name = opened.tape.name_of[chains[0].hops[0].target.node]
    layer = int(name[1:]) if name[1:].isdigit() else sum(x.has_weights for x in layers)
    source, unit = asked.index[0], asked.index[-1]
    axes = opened.axes.get(asked.name, ())
    classes = told(asked.index[-1:], axes[-1:])
    named = f" ({classes[0]})" if classes else ""
    if len(asked.index) == 1:
        return f"the bias of unit {unit} of layer {layer}{named}"
    if layer == 1:
        names = opened.features
        before = f"input {source}" + (f" ({names[source]})" if names else "")
    else:
        before = f"unit {source} of layer {layer - 1}"
    return f"{before} -> unit {unit} of layer {layer}{named}"


def _formula(asked: Question, one: Chain) -> Formula:
    """Return the chain in symbols, with the derivative that each factor is under it."""
    columns = [
        (f.written.inside(1).text, "" if f.kind == "upstream" else f.meaning) for f in one.factors
    ]
    widths = [max(map(len, column)) for column in columns]
    upper = " * ".join(text.ljust(w) for (text, _), w in zip(columns, widths, strict=True))
    lower = "   ".join(text.ljust(w) for (_, text), w in zip(columns, widths, strict=True))
    left = f"dL/d{asked.text} = sum over rows {ROW} of"
    text = f"{left}\n    {upper}".rstrip() + (f"\n    {lower}".rstrip() if lower.strip() else "")
    latex = r" \cdot ".join(map(_underbraced, one.factors)) or "1"
    whole = rf"{Symbol(f'dL/d{asked.text}').tex} &= \sum_{{{ROW}}} {latex}"
    return Formula(((text, whole),), name=asked.text)


def _underbraced(factor: Factor) -> str:
    inner = factor.written.inside(1).latex
    if factor.kind == "upstream":
        return inner
    return rf"\underbrace{{{inner}}}_{{{Symbol(factor.meaning).tex}}}"


def _folded(opened: Opened, one: Chain, most: int) -> Folded:
    rows = opened.rows.tolist()
    columns = [np.broadcast_to(f.values, one.product.shape).tolist() for f in one.factors]
    terms = []
    for place, product in enumerate(one.product.tolist()):
        zero = zero_cause(one.factors, place) if product == 0 else ""
        cells = tuple(
            Number(column[place], sign=factor.kind in ("loss", "upstream"))
            for factor, column in zip(one.factors, columns, strict=True)
        )
        terms.append(Term(rows[place], cells, product, zero))
    return fold(terms, most)


def _table(opened: Opened, asked: Question, one: Chain, folded: Folded) -> Table:
    head: Row = ("row", *(_head(opened, asked, factor) for factor in one.factors))
    return table_of(head, folded, "row", lambda term: pull(term.product))


def _head(opened: Opened, asked: Question, factor: Factor) -> Symbol:
    """Return the head of a factor's column, linked to the formula; of an input its own name."""
    names = opened.features
    found = re.fullmatch(rf"x\[{ROW}(?:,(\d+))?\]", factor.written.text)
    symbol = replace(factor.symbol, line=asked.text)
    if not names or not found:
        return symbol
    name = names[int(found[1] or 0)]
    return replace(symbol, text=name, latex=rf"\text{{{escaped(name)}}}")


def _extra(asked: Question, sums: list[Folded], others: list[Chain]) -> list[Block]:
    """Return the terms beside the rows (penalties), and the total where there are several."""
    if not others and len(sums) == 1:
        return []
    rows: list[Row] = [("the rows", signed(one.total)) for one in sums]
    for one in others:
        text = " * ".join(f.written.inside(1).text for f in one.factors) or "1"
        latex = r" \cdot ".join(f.written.inside(1).latex for f in one.factors) or "1"
        rows.append((Symbol(text, latex), signed(float(one.product))))
    total = summed([*(one.total for one in sums), *(float(one.product) for one in others)])
    caption = "The rows, and the penalty on the weight itself" if others else "All uses of it"
    head = ("part", Symbol(f"dL/d{asked.text}"))
    return [Table(head, tuple(rows), caption, ("sum", signed(total)))]


def _next(opened: Opened, asked: Question, chains: list[Chain], sums: list[Folded]) -> Steps:
    run, step = opened.called, opened.step
    entries: list[tuple[str, str]] = []
    if chains:
        one, place = chains[0], int(np.argmax(np.abs(chains[0].product)))
        row = int(opened.rows[place])
        above = entry_name(opened, one.hops[0].target, str(row)).text
        if not one.whole:
            above = entry_name(opened, one.end, str(row)).text
        nearer = spelled(run, "why", above, step=step)
        entries.append((nearer, "one link nearer the loss, in one row"))
        alone = spelled(run, "why", asked.text, step=step, row=row)
        entries.append((alone, "this weight, one row"))
    if any(folded.rest for folded in sums):
        every = spelled(run, "why", asked.text, step=step, terms=len(opened.rows))
        entries.append((every, "every row, nothing folded"))
    entries.append((spelled(run, "derive"), "the whole derivation"))
    return Steps("Next", tuple(entries))


def _data(
    opened: Opened,
    asked: Question,
    gradient: float,
    chains: list[Chain],
    sums: list[Folded],
) -> dict[str, Any]:
    """Return the page's facts for machines; every row, folded or not."""
    parts = [
        {
            "factors": [
                {
                    "name": f.written.text,
                    "derivative": f.meaning,
                    "values": np.atleast_1d(f.values).tolist(),
                }
                for f in one.factors
            ],
            "products": np.atleast_1d(one.product).tolist(),
            "sum": summed(np.atleast_1d(one.product).tolist()),
            "size": summed(np.abs(np.atleast_1d(one.product)).tolist()),
        }
        for one in chains
    ]
    moved = opened.moment.updates.get(asked.name)
    update = None
    if moved is not None:
        update = {
            "value": float(moved[asked.index]),
            "quantities": {
                one.name: one.value for one in quantities(opened, asked.name, asked.index)
            },
        }
    return {
        "question": asked.text,
        "step": opened.step,
        "rows": opened.rows.tolist(),
        "value": float(opened.moment.parameters[asked.name][asked.index]),
        "gradient": gradient,
        "sum": summed(part["sum"] for part in parts),
        "size": summed(part["size"] for part in parts),
        "parts": parts,
        "update": update,
    }
