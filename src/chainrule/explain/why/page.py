"""Which page answers a question: that of a weight, of a weight in one row, or of a value.

Knows kinds of questions; knows no layout.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chainrule.errors import SpecError
from chainrule.executors.threads import one_thread
from chainrule.explain.document import Document, Sentence, Steps
from chainrule.explain.explanation import Explanation
from chainrule.explain.why.gradient import weight_page
from chainrule.explain.why.opened import Opened, open_step
from chainrule.explain.why.question import Question, parse
from chainrule.explain.why.row import row_page
from chainrule.explain.why.value import value_page
from chainrule.train import Moment, Record

OF_INPUTS = re.compile(r"\s*(d?L/d\s*)?x\b")
"""Questions about inputs: only they need the gradient by all inputs, which costs a product."""
MOST = 5
"""Terms that are shown where there are many."""


def why(
    record: Record,
    moment: Moment,
    asked: str,
    *,
    row: int | None = None,
    terms: int = MOST,
    features: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    called: str | None = None,
    note: str = "",
) -> Explanation:
    """Return the explanation of one number of a step.

    Parameters
    ----------
    record, moment : Record, Moment
        The run and the opened step.
    asked : str
        Which number: ``W1[0,2]``, ``z1[3,0]``, ``out[3,Adelie]``, ``L``.
    row : int, optional
        One row of the batch, by the user's number.
    terms : int
        How many terms of long sums are shown.
    features, classes : sequence of str, optional
        What the inputs and the outputs are called.
    called : str, optional
        The run's folder, if further questions are to be commands; else they are Python.
    note : str
        What the reader should know of the numbers, if anything.
    """
    if isinstance(terms, bool) or not isinstance(terms, int) or terms < 1:
        raise SpecError(f"terms is {terms!r}; it is a whole number of at least 1.")
    with one_thread():
        inputs = isinstance(asked, str) and bool(OF_INPUTS.match(asked))
        opened = open_step(record, moment, features, called, classes=classes, inputs=inputs)
        question = parse(opened, asked)
        page = _page(opened, question, row, terms)
    return Explanation(_noted(page, [*filter(None, [note]), *_of_branch(record, moment)]))


def _noted(page: Document, notes: Sequence[str]) -> Document:
    """Return a page with notes before its next questions."""
    last = len(page.blocks) - isinstance(page.blocks[-1], Steps)
    told = [Sentence(note, role="note") for note in notes]
    return replace(page, blocks=(*page.blocks[:last], *told, *page.blocks[last:]))


def _of_branch(record: Record, moment: Moment) -> list[str]:
    """Return where the step of a branch stands in the run that it left."""
    if record.origin is None:
        return []
    epochs = record.history["epoch"]
    epoch = int(epochs[moment.step]) + 1 if moment.step < len(epochs) else None
    counted = record.origin.counted(moment.step, epoch)
    return [f"{counted[0].upper()}{counted[1:]} ({record.origin.run})."]


def _page(opened: Opened, asked: Question, row: int | None, terms: int) -> Document:
    is_parameter = asked.name in opened.moment.parameters
    if row is not None and not is_parameter:
        raise SpecError(
            f"row {row} was asked for beside {asked.text}, which names its own row; leave one out."
        )
    if not is_parameter:
        return value_page(opened, asked, terms)
    if row is None:
        return weight_page(opened, asked, terms)
    return row_page(opened, asked, row, terms)
