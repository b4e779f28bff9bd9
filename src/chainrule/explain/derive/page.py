"""The page of a derivation: its parts in order, what it comes to, and the facts for machines.

Knows the parts; the mathematics is made in the files beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.explain.asking import spelled
from chainrule.explain.derive.backward import from_loss, layer_section
from chainrule.explain.derive.chain import chain_section, one_line, parse
from chainrule.explain.derive.forward import forward, given
from chainrule.explain.derive.listing import listing
from chainrule.explain.derive.maths import Maths, put
from chainrule.explain.derive.notation import Notation, find_notation
from chainrule.explain.derive.update import update_section
from chainrule.explain.document import (
    Block,
    Document,
    Listing,
    Section,
    Sentence,
    Steps,
    Symbol,
    Table,
)
from chainrule.explain.explanation import Explanation
from chainrule.graph.code import has_book_slope
from chainrule.train import Record
from chainrule.train.anatomy import Anatomy, take_apart


def derive(
    record: Record,
    notation: str = "course",
    entries: Sequence[str] | None = None,
    *,
    called: str | None = None,
) -> Explanation:
    """Return the derivation of a run's gradients, from L back to W1.

    Parameters
    ----------
    record : Record
        The training.
    notation : {"course", "matrix", "matrix-columns", "delta"}
        Entries and sums over rows; whole matrices, rows of the table as rows or as columns; or the
        errors of textbooks.
    entries : sequence of str, optional
        Entries whose whole chain is written out, such as ``["W1[0,2]"]``.
    called : str, optional
        The run's folder, if further questions are to be commands; else they are Python.

    Raises
    ------
    SpecError
        If there is no such notation or entry.
    """
    parts = take_apart(record.setup)
    way = find_notation(notation, tuple((x.z, x.out, x.number) for x in parts.layers))
    asked = [entries] if isinstance(entries, str) else list(entries or ())
    blocks: list[Block] = [_answer(parts, way), *_reading(parts, way)]
    blocks += [given(parts, way), forward(parts, way), from_loss(parts, way)]
    blocks += [layer_section(parts, layer, way) for layer in reversed(parts.layers)]
    blocks += [chain_section(parts, way, asked), update_section(parts), _shapes(parts, way)]
    blocks += [_code(parts), _next(parts, called)]
    title = f"The derivation for {record.setup.network.outline}"
    return Explanation(Document("derive", title, tuple(blocks), _facts(parts, notation, asked)))


def _answer(parts: Anatomy, notation: Notation) -> Sentence:
    first = parts.layers[0]
    if notation.entries:
        i, j = first.from_index, first.to_index
        left = notation.slope_entry(first.weights, i, j)
        each = put("%s * %s", r"%s \cdot %s", notation.slope_entry(first.z, "r", j),
                   notation.entry("x", "r", i))  # fmt: skip
        right = put("sum_r %s", r"\textstyle\sum_{r} %s", each)
    else:
        left, right = notation.slope(first.weights), _whole(first.before, first.z, notation)
    equals = Maths(f"{left.text} = {right.text}", f"{left.latex} = {right.latex}")
    return Sentence(equals.symbol, ", and here is why.", role="answer")


def _whole(before: str, z: str, notation: Notation) -> Maths:
    x, slope = notation.value(before), notation.slope(z)
    if notation.columns:
        return put("%s @ %s", r"%s \, %s", x, notation.turned(slope))
    return put("%s @ %s", r"%s \, %s", notation.turned(x), slope)


def _reading(parts: Anatomy, notation: Notation) -> list[Block]:
    """Return how to read the notation."""
    if notation.name == "course":
        return []
    if notation.name != "delta":
        weights = notation.value(parts.last.weights)
        return [
            Sentence(
                "Capitals are matrices that hold all rows of a step; ",
                notation.slope(parts.last.weights).symbol,
                " has the shape of ",
                weights.symbol,
                " and holds the derivative of L by each of its entries.",
            )
        ]
    last = parts.last.number
    return [
        Sentence(
            "This page says delta, as textbooks do, for what is called the upstream gradient of a "
            f"pre-activation elsewhere here: delta{last} is dL/dz{last}. Books that draw a row of "
            "weights for each unit write W transposed; here W has a row for each input."
        ),
        Table(
            ("textbook", "here", "what it is"),
            tuple(_mapping(parts, notation)),
            caption="The textbook's names and ours",
        ),
    ]


def _mapping(parts: Anatomy, notation: Notation) -> list[tuple[Symbol, Symbol, str]]:
    ours = Notation()
    rows = []
    for layer in parts.layers:
        if not layer.linear:
            rows.append(
                (notation.value(layer.z).symbol, ours.value(layer.z).symbol,
                 f"pre-activation of layer {layer.number}")
            )  # fmt: skip
        rows += [
            (notation.value(layer.out).symbol, ours.value(layer.out).symbol,
             f"what comes out of layer {layer.number}"),
            (notation.slope(layer.z).symbol, ours.slope(layer.z).symbol,
             f"error of layer {layer.number}"),
        ]  # fmt: skip
    return rows


def _shapes(parts: Anatomy, notation: Notation) -> Section:
    """Return the shapes of everything, and those that meet in each product."""
    n, rows = parts.count, list[tuple[Symbol, str, str]]()

    def shape(*lengths: int | str) -> str:
        found = lengths[::-1] if notation.columns and len(lengths) == 2 else lengths
        return f"({', '.join(map(str, found))}{',' * (len(found) == 1)})"

    rows.append((notation.value("x").symbol, shape(n, parts.layers[0].inputs), "rows, inputs"))
    for layer in parts.layers:
        weights = f"({layer.inputs}, {layer.units})"
        rows.append((notation.value(layer.weights).symbol, weights, "inputs, units"))
        if layer.bias:
            rows.append((notation.value(layer.bias).symbol, f"({layer.units},)", "units"))
        for name in dict.fromkeys((layer.z, layer.out)):
            rows.append((notation.value(name).symbol, shape(n, layer.units), "rows, units"))
        rows.append((notation.slope(layer.z).symbol, shape(n, layer.units), "rows, units"))
    if notation.columns:
        rows = [
            (a, b, c.replace("rows, ", "") + ", rows" if "rows" in c else c) for a, b, c in rows
        ]
    table = Table(("", "shape", "axes"), tuple(rows))
    last = parts.last
    before, g = notation.value(last.before), notation.slope(last.z)
    inner = f"({last.inputs}, {n}) @ ({n}, {last.units}) is ({last.inputs}, {last.units})"
    words = Sentence(
        "A gradient has the shape of what it is taken by. The product for ",
        notation.slope(last.weights).symbol,
        f" fits: {inner}, of ",
        before.symbol,
        " and ",
        g.symbol,
        "; the rows meet in the middle and are summed over.",
    )
    return Section("Shapes", (table, words))


def _code(parts: Anatomy) -> Section:
    words = "All of it in NumPy; at any step of this run it gives its gradients to rounding."
    if parts.classes:
        words += " y holds class numbers."
    if any(layer.acted is not None and has_book_slope(layer.acted) for layer in parts.layers):
        words += " Where a unit is saturated, the textbook's slope has fewer digits than the run's."
    return Section("The same in NumPy", (Sentence(words), Listing(listing(parts), "python")))


def _next(parts: Anatomy, called: str | None) -> Steps:
    weights = parts.layers[0].weights
    numbers = spelled(called, "why", f"{weights}[0,0]", step=0)
    return Steps(
        "Next",
        (
            (numbers, "the same chain with its numbers"),
            (spelled(called, "check"), "every gradient against differences of L"),
        ),
    )


def _facts(parts: Anatomy, notation: str, asked: list[str]) -> dict[str, Any]:
    """Return the derivation as plain data."""
    ours = Notation()
    chains: dict[str, Maths] = {}
    for name in parts.setup.network.specs:
        layer = parts.users(name)[0]
        index = (layer.from_index, layer.to_index)
        chains[name] = one_line(parts, name, index if name == layer.weights else index[1:], ours)
    for one in asked:
        chains[one] = one_line(parts, *parse(parts, one), ours)
    return {
        "network": parts.setup.network.outline,
        "notation": notation,
        "loss": parts.setup.loss.to_dict(),
        "reduction": parts.setup.reduction,
        "rows": parts.rows,
        "gradients": {k: {"text": m.text, "latex": m.latex} for k, m in chains.items()},
        "code": listing(parts),
    }
