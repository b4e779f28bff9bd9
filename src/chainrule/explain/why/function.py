"""Why a function has its slope: every operation between an input and the result, with numbers.

For any function of nodes, not only networks: each operation is a milestone with a letter of its
own. Knows graphs and their tapes; knows no network.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError, shown
from chainrule.explain.document import (
    Block,
    Cell,
    Document,
    Formula,
    Number,
    Row,
    Sentence,
    Symbol,
    Table,
)
from chainrule.explain.explanation import Explanation
from chainrule.explain.formula import Written, formula, with_index
from chainrule.explain.symbols import latex_of
from chainrule.explain.why.astray import astray
from chainrule.explain.why.entry import Entry, Hop, hops
from chainrule.explain.why.fold import Term, fold, table_of
from chainrule.explain.why.opened import Ground
from chainrule.explain.why.tape import Tape, open_tape
from chainrule.graph import Node, depends_on, primitives, toposort, variable
from chainrule.types import Array

SHORT = 72
"""Characters up to which a formula is written out whole."""
LETTERS = "abcdeghijkmnopqrsuvwz"
"""Names for operations that have none; without f, l, t, x, y, which people use themselves."""


def why_function(f: Any, x: Any, index: Any, most: int) -> Explanation:
    """Return the chain rule behind a derivative; what `cr.why` does."""
    node, source = _made(f, x)
    if not isinstance(node, Node) or node.shape != ():
        found = f"shape {node.shape}" if isinstance(node, Node) else f"a {type(node).__name__}"
        raise ShapeError(
            f"why was asked of {found}; a gradient is that of one number.\n"
            "  Sum it (np.sum) or take one entry, and ask again."
        )
    tape = open_tape(node, _named(node), _values(node), [source])
    if source not in tape.upstream:
        raise SpecError(f"f does not depend on {source.name}; its derivative is 0.")
    return Explanation(_page(Ground(tape), node, source, index, most))


def _made(f: Any, x: Any) -> tuple[Any, Node]:
    """Return the node of a function and the leaf to differentiate by."""
    if callable(f) and not isinstance(f, Node):
        names = list(inspect.signature(f).parameters)
        source = x if isinstance(x, Node) else variable(names[0] if names else "x", x)
        return f(source), source
    if isinstance(x, str):
        known = _leaves(f)
        if x not in known:
            raise SpecError(f"f has no input {x!r}; it has {', '.join(known) or 'none'}.")
        return f, known[x]
    if not isinstance(x, Node):
        raise SpecError(
            f"why was asked for a derivative by {shown(x)}; give a variable of f, or its name."
        )
    return f, x


def _leaves(f: Any) -> dict[str, Node]:
    order = toposort(f) if isinstance(f, Node) else []
    return {str(n.name): n for n in order if n.op in ("variable", "parameter")}


def _values(f: Node) -> dict[str, Array]:
    found = {}
    for name, node in _leaves(f).items():
        if node.data is None:
            raise SpecError(
                f"{name!r} was made without a value; why needs numbers.\n"
                f"  Make it with one: cr.variable({name!r}, 3.0)."
            )
        found[name] = node.data
    return found


def _named(f: Node) -> dict[str, Node]:
    """Return every node that is computed or given, by its own name or a letter; f is ``f``."""
    taken = {str(node.name) for node in toposort(f) if node.name}
    letters = _letters(taken | {"f"})
    names: dict[str, Node] = {}
    for node in toposort(f):
        if node is f:
            names[node.name or "f"] = node
        elif node.op != "constant":
            name = node.name if node.name and node.name not in names else next(letters)
            names[name] = node
    return names


def _letters(taken: set[str]) -> Iterator[str]:
    for round_ in count():
        for letter in LETTERS:
            name = letter + (str(round_) if round_ else "")
            if name not in taken:
                yield name


def _page(ground: Ground, f: Node, x: Node, index: Any, most: int) -> Document:
    tape = ground.tape
    entry, chosen = _entry(tape, x, index)
    gradient = float(tape.upstream[x][entry.index])
    name, below = tape.name_of[f], _entry_name(tape, entry).text
    left = Symbol(f"d{name}/d{below}")
    blocks: list[Block] = [Sentence(left, " = ", Number(gradient, "answer"), role="answer")]
    if chosen:
        blocks.append(Sentence(f"Of {x.size:,} entries, this one has the largest gradient."))
    blocks += astray(ground)
    blocks += [*_written_out(tape, f), _steps(ground, f, x, most)]
    onward = hops(ground, entry)
    blocks += [_uses(below, onward), _sum(ground, name, onward, most)]
    blocks += _kinks(tape, f, x)
    total = float(sum(float(hop.product) for hop in onward))
    data = {
        "question": left.text, "value": float(tape.values[f]), "gradient": gradient, "sum": total,
        "terms": [_fact(ground, hop) for hop in onward],
    }  # fmt: skip
    return Document("why", f"Why {left.text}", tuple(blocks), data)


def _entry(tape: Tape, x: Node, index: Any) -> tuple[Entry, bool]:
    """Return the entry that is asked for, and whether it was chosen for its size."""
    if index is None:
        largest = int(np.argmax(np.abs(tape.upstream[x]))) if x.size else 0
        place = tuple(int(i) for i in np.unravel_index(largest, x.shape)) if x.shape else ()
        return Entry(x, place, False), x.size > 1
    asked = (index,) if isinstance(index, int) else tuple(index)
    fits = len(asked) == x.ndim and all(
        isinstance(i, int) and -n <= i < n for i, n in zip(asked, x.shape, strict=True)
    )
    if not fits:
        raise SpecError(f"{x.name} has shape {x.shape}; there is no entry {list(asked)}.")
    return Entry(x, tuple(i % n for i, n in zip(asked, x.shape, strict=True)), False), False


def _entry_name(tape: Tape, entry: Entry) -> Written:
    return with_index(tape.name_of[entry.node], ",".join(map(str, entry.index)))


def _leaf_name(node: Node) -> Written | None:
    named = node.name is not None and not node.inputs
    return Written(str(node.name), latex_of(str(node.name))) if named else None


def _written_out(tape: Tape, f: Node) -> list[Block]:
    """Return the whole formula, if it is short enough to be read."""
    whole = formula(f, _leaf_name)
    value = Number(float(tape.values[f]), "answer").text
    name = tape.name_of[f]
    if len(whole.text) > SHORT:
        return []
    text = f"{name} = {whole.text} = {value}"
    return [Formula(((text, rf"{latex_of(name)} &= {whole.latex} = {value}"),))]


def _steps(ground: Ground, f: Node, x: Node, most: int) -> Table:
    """Return every operation with its value and the gradient of f by it."""
    tape, name = ground.tape, ground.tape.name_of[f]
    order = [n for n in tape.order if n in tape.name_of]
    on_the_way = depends_on(order, [x])
    kept = [n for n in order if n in on_the_way or not n.inputs or len(order) <= most]
    shown_nodes = kept if len(kept) <= most else [*kept[: most // 2], *kept[-(most - most // 2) :]]
    rows: list[Row] = []
    for node in shown_nodes:
        upstream = tape.upstream.get(node)
        cells = [_cell(tape.values[node]), "" if upstream is None else _cell(upstream, sign=True)]
        rows.append((Symbol(tape.name_of[node]), _rule(tape, node), *cells))
    caption = "Every operation: forwards from top to bottom, backwards from bottom to top"
    if len(shown_nodes) < len(order):
        caption += f" ({len(order) - len(shown_nodes)} of {len(order)} left out)"
    return Table(("", "", "value", Symbol(f"d{name}/d")), tuple(rows), caption)


def _cell(value: Array, *, sign: bool = False) -> Cell:
    return Number(float(value), sign=sign) if value.shape == () else f"shape {value.shape}"


def _rule(tape: Tape, node: Node) -> Cell:
    """Return an operation in terms of the letters before it."""

    def name(one: Node) -> Written | None:
        known = tape.name_of.get(one)
        return None if known is None else Written(known, latex_of(known))

    if not node.inputs:
        return "given"
    rule = formula(node, name)
    return Symbol(rule.text, rule.latex)


def _uses(below: str, onward: list[Hop]) -> Sentence:
    times = len(onward)
    if times == 1:
        return Sentence(Symbol(below), " is used once; its gradient is upstream times local:")
    return Sentence(
        Symbol(below), f" is used in {times} places; its gradient is the sum of upstream times "
        "local over them:",
    )  # fmt: skip


def _sum(ground: Ground, name: str, onward: list[Hop], most: int) -> Table:
    terms = []
    for hop in onward:
        cells = (
            Number(float(hop.upstream), sign=True),
            _local(ground, hop),
            Number(float(hop.local)),
        )
        label = _entry_name(ground.tape, hop.target)
        zero = "upstream 0" if float(hop.upstream) == 0 else "local 0"
        terms.append(Term(Symbol(label.text, label.latex), cells, float(hop.product), zero))
    head: Row = ("used in", Symbol(f"d{name}/d"), "local derivative", "its value")
    return table_of(head, fold(terms, most), "place")


def _local(ground: Ground, hop: Hop) -> Cell:
    """Return the local derivative of one operation in symbols, where it has a short form."""
    node, tape = hop.target.node, ground.tape
    rule = primitives[node.op]
    places = [i for i, one in enumerate(node.inputs) if one is hop.source.node]

    def name(one: Node) -> Written | None:
        known = tape.name_of.get(one)
        return None if known is None else Written(known, latex_of(known))

    if rule.local is None or len(places) != 1:
        return ""
    local = rule.local(node, *node.inputs, **node.attrs)[places[0]]
    if not isinstance(local, Node):
        return "" if local is None else f"{float(local):g}"
    written = name(local) or formula(local, name)
    return Symbol(written.text, written.latex) if len(written.text) <= SHORT // 2 else ""


def _kinks(tape: Tape, f: Node, x: Node) -> list[Block]:
    """Say which conventions were used where an operation has no derivative."""
    found: list[Block] = []
    on_the_way = depends_on(tape.order, [x])
    for node in tape.order:
        rule = primitives.get(node.op)
        if node not in on_the_way or rule is None or rule.at_kink is None:
            continue
        if np.any(rule.at_kink(*(tape.values[one] for one in node.inputs), **node.attrs)):
            words = "; ".join(rule.kinks)
            found.append(
                Sentence(
                    f"{words}, by convention (used in ",
                    Symbol(tape.name_of[node]),
                    ").",
                    role="note",
                )
            )
    return found


def _fact(ground: Ground, hop: Hop) -> dict[str, Any]:
    return {
        "used in": _entry_name(ground.tape, hop.target).text,
        "upstream": float(hop.upstream),
        "local": float(hop.local),
        "product": float(hop.product),
    }
