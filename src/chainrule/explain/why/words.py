"""Words about a chain: who pulls, who pushes, which factor lets nothing through, which kink.

Knows chains and their numbers; knows no layout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.explain.document import Block, Code, Number, Sentence, Span, Symbol
from chainrule.explain.why.factors import Chain, Factor
from chainrule.explain.why.fold import Folded, summed
from chainrule.explain.why.opened import Opened
from chainrule.graph import primitives

KILLS = 0.01
"""A slope whose root mean square is below this lets under a hundredth of the gradient through."""
FEW_ROWS = 6


def pull(product: float) -> str:
    """Return what a term does to the weight under gradient descent."""
    return "pulls down" if product > 0 else "pushes up"


def balance(opened: Opened, chain: Chain, weight: str) -> list[Block]:
    """Say how the rows are divided, and which one decides."""
    products = chain.product
    live = np.flatnonzero(products)
    if products.ndim == 0 or not len(live):
        return [_silent(chain, weight)]
    up, down = int((products < 0).sum()), int((products > 0).sum())
    strongest = int(np.argmax(np.abs(products)))
    total = summed(products)
    first = _sides(up, down, weight)
    row = int(opened.rows[strongest])
    spans: list[Span] = [*first]
    if len(live) > 1:
        wins = np.sign(products[strongest]) == np.sign(total)
        spans += [f" Row {row} speaks loudest" + (", and wins." if wins else ", and is outvoted.")]
    spans += _reading(opened, chain, strongest)
    zeros = len(products) - len(live)
    if zeros:
        spans.append(f" {_rows(zeros)} {'says' if zeros == 1 else 'say'} nothing.")
    return [Sentence("In words: ", *spans)]


def outweighed(gradient: float, sums: Sequence[Folded], weight: str) -> list[Block]:
    """Say so where a penalty turns the sign of what the rows want."""
    rows = summed(one.total for one in sums)
    if np.sign(rows) * np.sign(gradient) >= 0:
        return []
    side = "smaller" if gradient > 0 else "larger"
    return [
        Sentence("But the penalty outweighs the rows: ", Symbol(weight), f" becomes {side}."),
    ]


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _sides(up: int, down: int, weight: str) -> list[Span]:
    if up and down:
        verb = "wants" if up == 1 else "want"
        one = "a smaller one"
        return [
            f"the rows disagree: {_rows(up)} {verb} a larger ",
            Symbol(weight),
            f", {down:,} {one}.",
        ]
    count, side = (up, "larger") if up else (down, "smaller")
    whole = "the row that has" if count == 1 else f"all {_rows(count)} that have"
    verb = "wants" if count == 1 else "want"
    return [f"{whole} a say {verb} a {side} ", Symbol(weight), "."]


def _silent(chain: Chain, weight: str) -> Sentence:
    return Sentence("In words: no row has anything to say about ", Symbol(weight), " at this step.")


def _reading(opened: Opened, chain: Chain, place: int) -> list[Span]:
    """Read the chain of the loudest row aloud, where it is one path to one output."""
    slots = {factor.kind: factor for factor in chain.factors}
    loss = slots.get("loss")
    names = opened.tape.names
    if not chain.whole or loss is None or "out" not in names:
        return []
    out = opened.tape.values[names["out"]][place].reshape(-1)
    error = float(loss.values[place])
    if len(out) != 1 or not error:
        return []
    high = error > 0
    effect = math.prod(float(np.sign(f.values[place])) for f in chain.factors if f is not loss)
    direction = "raises" if effect > 0 else "lowers"
    grows = "shrinks" if high == (effect > 0) else "grows"
    return [
        " There the output ",
        Number(float(out[0])),
        f" is too {'high' if high else 'low'}; "
        f"a larger weight {direction} it, so the weight {grows}.",
    ]


def weak_factors(chain: Chain) -> list[Block]:
    """Point out activations that let almost nothing through."""
    found: list[Block] = []
    for factor in chain.factors:
        if factor.kind != "slope" or not np.size(factor.values):
            continue
        size = float(np.sqrt(np.mean(np.square(factor.values, dtype=np.float64))))
        if 0 < size < KILLS:
            found.append(
                Sentence(
                    factor.symbol,
                    " is about ",
                    Number(size, "short"),
                    ": it lets less than a hundredth of the gradient by. The unit is saturated.",
                    role="warning",
                )
            )
    return found


def kinks(opened: Opened, chain: Chain, place: int | None = None) -> list[Block]:
    """Say which conventions were used where a function has no derivative: in one row, or in all."""
    found: list[Block] = []
    for hop in chain.hops:
        node = hop.target.node
        rule = primitives.get(node.op)
        if rule is None or rule.at_kink is None or rule.kind != "elementwise":
            continue
        inputs = [opened.tape.values[x] for x in node.inputs]
        at = np.broadcast_to(rule.at_kink(*inputs, **node.attrs), node.shape)
        rows = np.atleast_1d(hop.target.pick(at))
        places = np.flatnonzero(rows)
        if place is not None:
            places = places[places == place]
        if len(places):
            some = ", ".join(map(str, opened.rows[places[:FEW_ROWS]].tolist()))
            more = f" and {len(places) - FEW_ROWS} more" if len(places) > FEW_ROWS else ""
            words = "; ".join(rule.kinks)
            found.append(
                Sentence(f"{words}, by convention (used in row {some}{more}).", role="note")
            )
    return found


def zero_cause(factors: tuple[Factor, ...], place: int) -> str:
    """Return why a term is zero: the first factor from below that is."""
    for factor in reversed(factors):
        value = factor.values[place] if np.ndim(factor.values) else factor.values
        if value == 0:
            return f"{factor.written.text} = 0"
    return "too small to be held"


def loss_note(opened: Opened) -> list[Block]:
    """Say what L is, and keep it apart from the mean squared error that is often printed."""
    setup, moment = opened.setup, opened.moment
    weighted = "" if setup.w is None else "weighted "
    each = f"the {weighted}{setup.reduction} over rows of "
    penalty = " plus the penalty" if "penalty" in opened.tape.names else ""
    note: list[Span] = [
        "L is ",
        each,
        Code(setup.loss.formula),
        penalty,
        ": ",
        Number(moment.loss, "answer"),
        ".",
    ]
    if setup.loss.name == "half_squared_error" and setup.w is None and not penalty:
        out, y = moment.values["out"], moment.values["y"]
        squares = float(np.mean(np.square(out - y, dtype=np.float64)))
        count = out.size if setup.reduction == "sum" else out.shape[1]
        note += [
            " The mean squared error, which is often printed, is ", Number(squares, "answer"),
            "; its gradient would be ", Number(2 / count, "short"), f" times this one (2/{count}).",
        ]  # fmt: skip
    return [Sentence(*note, role="note")]
