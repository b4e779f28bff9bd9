"""The page of a value: what it is made of, and the gradient of the loss by it.

Knows segments, chains and sums; knows no particular layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff import gradients
from chainrule.executors import evaluate
from chainrule.explain.asking import spelled
from chainrule.explain.document import (
    Block,
    Cell,
    Document,
    Formula,
    Number,
    Section,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.entries import told
from chainrule.explain.formula import Written, formula, shown_number, with_index
from chainrule.explain.why.astray import astray
from chainrule.explain.why.entry import Entry, hops
from chainrule.explain.why.factors import chain, entry_name
from chainrule.explain.why.fold import Term, fold, summed, table_of
from chainrule.explain.why.ledger import at_row, fork, general, ledger, loudest
from chainrule.explain.why.opened import Opened
from chainrule.explain.why.question import Question
from chainrule.explain.why.segments import Segment
from chainrule.explain.why.softmax import shares
from chainrule.explain.why.words import kinks
from chainrule.graph import Node, constant, primitives, toposort
from chainrule.types import Array

FEW_INPUTS = 12
"""Inputs of a value that are listed where it has no short formula."""


def value_page(opened: Opened, asked: Question, most: int) -> Document:
    """Return the page of one entry of a value: ``z1[3,2]``, ``out[3]``, ``l[3]``, ``L``.

    Parameters
    ----------
    opened : Opened
        The step.
    asked : Question
        Which entry.
    most : int
        How many terms are shown where there are many.
    """
    value = float(opened.tape.values[asked.node][asked.index])
    head = Sentence(
        Symbol(asked.text), " = ", Number(value, "answer"), f" at step {opened.step}", role="answer"
    )
    blocks: list[Block] = [head, *_which(opened, asked), *astray(opened)]
    blocks += _made_of(opened, asked, most)
    if asked.name == "out" and opened.setup.network.inputs > 0:
        blocks += _inputs(opened, asked, most)
    backward, gradient = _gradient(opened, asked, most)
    blocks += backward
    blocks += _next(opened, asked)
    data = {
        "question": asked.text, "step": opened.step, "row": asked.row, "value": value,
        "gradient": gradient,
    }  # fmt: skip
    return Document("why", f"Why {asked.text} at step {opened.step}", tuple(blocks), data)


def _which(opened: Opened, asked: Question) -> list[Block]:
    """Say what the column of an entry is called, if it has a name."""
    names = told(asked.index, opened.axes.get(asked.name, ()))
    kind = "input" if asked.name == "x" else "class"
    return [Sentence(Symbol(asked.text), f" belongs to {kind} {name}.") for name in names]


def _made_of(opened: Opened, asked: Question, most: int) -> list[Block]:
    """Say what a value is computed from."""
    node = asked.node
    if not node.inputs:
        words = {"x": "an input", "y": "a target", "w": "the weight of a row"}
        return [Sentence(Symbol(asked.text), f" is {words.get(asked.name, 'given')}: it is data.")]
    part = opened.segments[node]
    if any(n.op == "matmul" for n in _inner(part)):
        return _sum_of_products(opened, asked, part, most)
    if asked.name == "l":
        return [_loss_of_row(opened, asked)]
    if asked.node is opened.tape.loss:
        return _loss(opened, most)
    if all(primitives[n.op].kind == "elementwise" for n in _inner(part)):
        return [_in_numbers(opened, asked)]
    op = asked.node.op if asked.name != "out" else opened.setup.network.last_activation
    if op == "softmax" and len(part.inputs) == 1 and opened.is_of_rows(asked.node):
        return shares(opened, asked, next(iter(part.inputs)))
    return _listed(opened, asked, part)


def _inner(part: Segment) -> list[Node]:
    return [n for n in toposort(part.out) if n.inputs]


def _sum_of_products(opened: Opened, asked: Question, part: Segment, most: int) -> list[Block]:
    """Return a pre-activation as the sum over its inputs, and what is added to it."""
    moving = [n for n in part.inputs if opened.is_of_rows(n)]
    fixed = [n for n in part.inputs if not opened.is_of_rows(n) and n.ndim == 1]
    if len(moving) != 1:
        return _listed(opened, asked, part)
    source = moving[0]
    weight = _weights(opened, part, source, asked.index)
    values = opened.tape.values[source][asked.index[0]]
    row = str(asked.row)
    terms = []
    for i in range(len(values)):
        name = entry_name(opened, Entry(source, (i,), True), row)
        if source is opened.tape.names.get("x") and opened.features:
            label: Cell = opened.features[i]
        else:
            label = Symbol(name.text)
        product = float(values[i]) * float(weight[i])
        zero = f"{general(name.text)} = 0" if values[i] == 0 else "weight 0"
        terms.append(
            Term(label, (Number(float(values[i])), Number(float(weight[i]))), product, zero)
        )
    for node in fixed:
        bias = float(opened.tape.values[node][asked.index[-1]])
        label = Symbol(f"{opened.tape.name_of[node]}[{asked.index[-1]}]")
        terms.append(Term(label, (1, Number(bias)), bias, "bias 0"))
    folded = fold(terms, most)
    what = "input" if source is opened.tape.names.get("x") else "unit"
    table = table_of((what, "value", "weight"), folded, what, total="sum")
    return [Sentence("It is the sum of what comes in, each times its weight:"), table]


def _weights(opened: Opened, part: Segment, source: Node, index: tuple[int, ...]) -> Array:
    """Return the slope of one entry of a segment by each input of its row."""
    direction = np.zeros(part.out.shape, part.out.dtype)
    direction[index] = 1
    axes = tuple(range(part.out.ndim))
    total = (part.out * constant(direction, part.out.dtype)).sum(axes)
    slope = gradients(total, part.inputs[source])
    feed = {str(v.name): opened.tape.values[n] for n, v in part.inputs.items()}
    found: Array = np.asarray(evaluate(slope, feed))[index[0]]
    return found


def _in_numbers(opened: Opened, asked: Question) -> Formula:
    """Return an elementwise value as a formula, with names and with numbers."""
    node, value = asked.node, float(opened.tape.values[asked.node][asked.index])

    def index(one: Node) -> tuple[int, ...]:
        lengths = one.shape
        kept = asked.index[len(asked.index) - len(lengths) :] if lengths else ()
        return tuple(0 if n == 1 else i for i, n in zip(kept, lengths, strict=True))

    def names(one: Node) -> Written | None:
        if one not in opened.tape.name_of:
            return None
        shown_index = list(map(str, index(one)))
        if opened.is_of_rows(one):
            shown_index[0] = str(asked.row)
        return with_index(opened.tape.name_of[one], ",".join(shown_index))

    def numbers(one: Node) -> Written | None:
        if one not in opened.tape.name_of:
            return None
        return shown_number(float(opened.tape.values[one][index(one)]))

    rule, told = formula(node, names), formula(node, numbers)
    left = Symbol(asked.text)
    made = shown_number(value)
    blank = " " * len(left.text)
    return Formula(
        (
            (f"{left.text} = {rule.text}", rf"{left.tex} &= {rule.latex}"),
            (f"{blank} = {told.text} = {made.text}", rf"&= {told.latex} = {made.latex}"),
        )
    )


def _loss_of_row(opened: Opened, asked: Question) -> Table:
    """Return the loss of a row beside its outputs and targets."""
    loss, place = opened.setup.loss, asked.index[0]
    out = np.atleast_1d(opened.moment.values["out"][place])
    y = opened.moment.values["y"][place]
    targets = np.eye(len(out))[int(y)] if np.ndim(y) == 0 and len(out) > 1 else np.atleast_1d(y)
    classes: Sequence[Cell] = opened.classes or range(len(out))
    rows = tuple(
        (name, Number(float(a)), Number(float(b)))
        for name, a, b in zip(classes, out, targets, strict=True)
    )
    return Table(("output", "out", "y"), rows, f"{asked.text} = {loss.formula}")


def _loss(opened: Opened, most: int) -> list[Block]:
    """Return the whole loss as the sum of what its rows add, and the penalty."""
    each = opened.tape.names["l"]
    share = opened.tape.upstream[each]
    losses = opened.tape.values[each]
    terms = [
        Term(int(row), (Number(float(a)), Number(float(b), "short")), float(a) * float(b), "loss 0")
        for row, a, b in zip(opened.rows, losses, share, strict=True)
    ]
    if "penalty" in opened.tape.names:
        penalty = float(opened.tape.values[opened.tape.names["penalty"]])
        terms.append(Term("penalty", ("", ""), penalty, "penalty 0"))
    table = table_of(
        ("row", Symbol("l[r]"), Symbol("dL/dl[r]")), fold(terms, most), "row", total="L"
    )
    return [Sentence("It is what the rows add up to:"), table]


def _listed(opened: Opened, asked: Question, part: Segment) -> list[Block]:
    """Return what a value without a short formula is computed from, in its row."""
    blocks: list[Block] = []
    for node in part.inputs:
        values = opened.tape.values[node]
        of_row = values[asked.index[0]] if opened.is_of_rows(node) and asked.index else values
        flat = np.atleast_1d(of_row).reshape(-1)
        name = opened.tape.name_of[node]
        order = np.argsort(-np.abs(flat), kind="stable")[:FEW_INPUTS]
        rows = tuple((int(k), Number(float(flat[k]))) for k in sorted(order.tolist()))
        op = asked.node.op if asked.name != "out" else opened.setup.network.last_activation
        caption = f"{asked.name} is {op} of {name}; its entries in this row"
        if len(flat) > FEW_INPUTS:
            caption += f", the {FEW_INPUTS} largest of {len(flat)}"
        blocks.append(Table(("entry", Symbol(name)), rows, caption))
    return blocks


def _inputs(opened: Opened, asked: Question, most: int) -> list[Block]:
    """Say which inputs made an output: its slope by each, times the input."""
    x, out = opened.tape.names["x"], opened.tape.names["out"]
    place = asked.index[0]
    direction = np.zeros(out.shape, out.dtype)
    direction[asked.index] = 1
    slope = gradients((out * constant(direction, out.dtype)).sum(tuple(range(out.ndim))), x)
    feed: dict[str, Any] = {**opened.moment.parameters, "x": opened.moment.values["x"]}
    slopes = np.asarray(evaluate(slope, feed))[place]
    values = opened.tape.values[x][place]
    terms = []
    for i in range(len(values)):
        label: Cell = opened.features[i] if opened.features else Symbol(f"x[{asked.row},{i}]")
        cells = (Number(float(values[i])), Number(float(slopes[i]), sign=True))
        zero = "input 0" if values[i] == 0 else "slope 0"
        terms.append(Term(label, cells, float(values[i]) * float(slopes[i]), zero))
    folded = fold(terms, most)
    table = table_of(("input", "value", Symbol(f"d{asked.text}/dx")), folded, "input")
    note = Sentence(
        "The slope tells what a small change of an input would do here. Slope times value is exact "
        "only where the network is linear; do not read it as a share of the output.",
        role="note",
    )
    return [Section("Which inputs it leans on", (table, note))]


def _gradient(opened: Opened, asked: Question, most: int) -> tuple[list[Block], float | None]:
    """Return the gradient of the loss by a value, and where it comes from."""
    if asked.node not in opened.tape.upstream:
        if asked.node.dtype.kind != "f" or not asked.node.inputs:
            return [], None
        words = "The loss is computed from the logits before it, so it has no gradient of its own."
        return [Sentence(words, role="note")], None
    gradient = float(opened.tape.upstream[asked.node][asked.index])
    name = f"dL/d{asked.text}"
    head = Sentence(Symbol(name), " = ", Number(gradient, "answer", sign=True), ".")
    if asked.node is opened.tape.loss:
        return [], gradient
    of_rows = opened.is_of_rows(asked.node)
    entry = Entry(asked.node, asked.index[1:] if of_rows else asked.index, of_rows)
    place = asked.index[0] if of_rows else 0
    onward = hops(opened, entry)
    blocks: list[Block] = [head]
    if len(onward) == 1:
        one = chain(opened, onward[0], str(asked.row))
        blocks.append(ledger(opened, one, place, asked.text))
        blocks += [] if one.whole else fork(opened, one.end, place, most)
        blocks += kinks(opened, one, place)
        products = [at_row(one.product, place)]
    else:
        blocks += fork(opened, entry, place, most)
        products = [at_row(hop.product, place) for hop in onward]
    size = summed(map(abs, products))  # what cancels may leave a float32 gradient few digits
    apart = abs(summed(products) - gradient)
    assert not apart > 1e-3 * size, f"the chain of {asked.text} misses {gradient} by {apart}"
    return [Section(f"The gradient by {asked.text}", tuple(blocks))], gradient


def _next(opened: Opened, asked: Question) -> list[Block]:
    if not opened.is_of_rows(asked.node) or asked.node not in opened.tape.upstream:
        return []
    above = loudest(opened, Entry(asked.node, asked.index[1:], True), asked.index[0])
    if above is None or not above.of_rows:
        return []
    name = entry_name(opened, above, str(asked.row)).text
    command = spelled(opened.called, "why", name, step=opened.step)
    return [Steps("Next", ((command, "one link up"),))]
