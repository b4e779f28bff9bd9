"""The page of a weight in one row: the chain read backwards, link by link.

Knows chains and ledgers; knows nothing of sums over rows.
"""

from __future__ import annotations

from chainrule.errors import SpecError
from chainrule.explain.asking import spelled
from chainrule.explain.document import Block, Document, Number, Sentence, Steps, Symbol
from chainrule.explain.why.astray import astray
from chainrule.explain.why.entry import Entry, hops
from chainrule.explain.why.factors import Chain, chain, entry_name
from chainrule.explain.why.ledger import at_row, fork, ledger
from chainrule.explain.why.opened import Opened
from chainrule.explain.why.question import Question
from chainrule.explain.why.words import kinks


def row_page(opened: Opened, asked: Question, row: int, most: int) -> Document:
    """Return what one row says about a weight.

    Parameters
    ----------
    opened : Opened
        The step.
    asked : Question
        The weight.
    row : int
        The row, by the user's number.
    most : int
        How many terms are shown where there are many.
    """
    place = opened.place(row)
    if place is None:
        some = ", ".join(map(str, opened.rows[:5].tolist()))
        raise SpecError(
            f"row {row} was asked for; the batch of step {opened.step} has "
            f"{len(opened.rows)} rows: {some}{' ...' if len(opened.rows) > 5 else ''}."
        )
    entry = Entry(asked.node, asked.index, False)
    chains = [
        one for hop in hops(opened, entry) if (one := chain(opened, hop, str(row))).product.ndim
    ]
    total = sum(at_row(one.product, place) for one in chains)
    gradient = float(opened.moment.gradients[asked.name][asked.index])
    words = f" wants a {'smaller' if total > 0 else 'larger'} "
    head = Sentence(
        f"row {row} adds ", Number(total, "answer", sign=True), " to ", Symbol(f"dL/d{asked.text}"),
        " = ", Number(gradient, "answer"), f" at step {opened.step}", role="answer",
    )  # fmt: skip
    blocks: list[Block] = [head, *astray(opened)]
    for one in chains:
        blocks.append(ledger(opened, one, place, asked.text))
        blocks += [] if one.whole else fork(opened, one.end, place, most)
        blocks += kinks(opened, one, place)
    if total:
        blocks.append(Sentence(f"In words: row {row}{words}", Symbol(asked.text), "."))
    else:
        blocks.append(Sentence(f"In words: row {row} has nothing to say about this weight."))
    blocks.append(_next(opened, asked, chains, row))
    data = {
        "question": asked.text, "step": opened.step, "row": row, "product": total,
        "gradient": gradient,
    }  # fmt: skip
    title = f"Why dL/d{asked.text} at step {opened.step}, row {row}"
    return Document("why", title, tuple(blocks), data)


def _next(opened: Opened, asked: Question, chains: list[Chain], row: int) -> Steps:
    meets = [entry_name(opened, one.end, str(row)).text for one in chains if not one.whole]
    entries = [
        (spelled(opened.called, "why", name, step=opened.step), "where the paths meet")
        for name in meets
    ]
    entries.append((spelled(opened.called, "why", asked.text, step=opened.step), "all rows"))
    return Steps("Next", tuple(entries))
