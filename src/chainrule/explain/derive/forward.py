"""What is given, and the forward pass: the first two parts of a derivation.

Knows the parts of a network and a notation; knows no derivative.
"""

from __future__ import annotations

from chainrule.explain.derive.lossline import descended, row_loss
from chainrule.explain.derive.maths import Maths, equation, put, said, sum_over
from chainrule.explain.derive.naming import formula
from chainrule.explain.derive.notation import Notation
from chainrule.explain.document import Block, Formula, Section, Sentence
from chainrule.graph.code import value_of
from chainrule.train.anatomy import Anatomy, Layer

Z = Maths("z", "z")


def given(parts: Anatomy, notation: Notation) -> Section:
    """Return what is known before anything is derived: network, rows, indices, loss."""
    blocks: list[Block] = [Sentence(_network(parts)), _indices(parts, notation), _signs(notation)]
    if _shared(parts):
        blocks.append(
            Sentence(f"{', '.join(_shared(parts))}: one parameter, used by several layers.")
        )
    blocks.append(Formula(tuple(loss_lines(parts, notation))))
    blocks += _remarks(parts)
    return Section("What is given", tuple(blocks))


def _all_parameters(parts: Anatomy) -> list[str]:
    found = [name for layer in parts.layers for name in (layer.weights, layer.bias)]
    return [name for name in found if name is not None]


def _shared(parts: Anatomy) -> list[str]:
    """Return the parameters that several layers use."""
    everyone = _all_parameters(parts)
    return [name for name in dict.fromkeys(everyone) if everyone.count(name) > 1]


def _units(count: int, word: str) -> str:
    return f"{count} {word}" + ("s" if count != 1 else "")


def _network(parts: Anatomy) -> str:
    """Return the network in a sentence."""
    first = _units(parts.layers[0].inputs, "input")
    rest = []
    for layer in parts.layers:
        kind = "linear" if layer.linear else layer.activation
        name = "output" if layer is parts.last else "unit"
        rest.append(f"{_units(layer.units, name)} ({kind})")
    weights = parts.setup.network.size
    return f"The network takes {first}, then {', then '.join(rest)}: {_units(weights, 'weight')}."


def _counted(letter: str, length: int) -> Maths:
    """Return the range of an index."""
    return Maths(f"{letter} = 0..{length - 1}", rf"{letter} = 0, \ldots, {length - 1}")


def _indices(parts: Anatomy, notation: Notation) -> Sentence:
    """Return the sentence on the rows and the letters."""
    first = parts.layers[0]
    if parts.count == "n":
        spans: list[str | Maths] = [Maths("r", "r"), " counts the n rows of a step"]
    else:
        spans = [_counted("r", parts.rows), f" counts the n = {parts.rows} rows of a step"]
    if first.inputs > 1:
        spans += ["; ", _counted(first.from_index, first.inputs), " the inputs"]
    for layer in parts.layers:
        whose = "output" if layer is parts.last else f"unit of layer {layer.number}"
        if layer.units == 1:
            spans += [f"; 0 is the one {whose}"]
        else:
            many = "outputs" if layer is parts.last else f"units of layer {layer.number}"
            spans += ["; ", _counted(layer.to_index, layer.units), f" the {many}"]
    spans.append(
        "." if parts.setup.full_batch else ". The last batch of an epoch may have fewer rows."
    )
    return said(*spans)


def _signs(notation: Notation) -> Sentence:
    """Return how products are written, and on which side the rows stand."""
    turned = "column here, and every product turns round" if notation.columns else "row of a matrix"
    spans: list[str | Maths] = [f"Each row of the table is a {turned}. "]
    if not notation.matrices:
        return said(*spans)
    a, b = Maths("A", "A"), Maths("B", "B")
    spans += [put("%s @ %s", r"%s \, %s", a, b), " is the product of two matrices, "]
    if not notation.entries:
        spans += [put("%s * %s", r"%s \odot %s", a, b), " their product entry by entry, "]
    spans += [put("%s^T", r"%s^{\top}", a), " is transposed, and ", Maths("1", r"\mathbf{1}")]
    return said(*spans, " is a column of n ones.")


def loss_lines(parts: Anatomy, notation: Notation) -> list[tuple[str, str]]:
    """Return what is descended: L of the rows' losses, and the loss of a row."""
    lines = equation(Maths("L", "L"), _with_penalties(parts, notation))
    lines += equation(Maths("l[r]", "l[r]"), row_loss(parts))
    return lines


def _with_penalties(parts: Anatomy, notation: Notation) -> Maths:
    """Return L with its penalties."""
    found = descended(parts)
    for name in dict.fromkeys(layer.weights for layer in parts.layers):
        l1, l2 = parts.penalty(name)
        layer = parts.users(name)[0]
        entry = notation.entry(name, layer.from_index, layer.to_index)
        if l2:
            square = f"({entry.latex})^2" if "^" in entry.latex else f"{entry.latex}^2"
            squared = Maths(f"{entry.text}^2", square)
            found = put(f"%s + {l2 / 2:g} sum %s", rf"%s + {l2 / 2:g} \sum %s", found, squared)
        if l1:
            found = put(f"%s + {l1:g} sum |%s|", rf"%s + {l1:g} \sum \left|%s\right|", found, entry)
    return found


def _remarks(parts: Anatomy) -> list[Block]:
    """Return what is easily confused: sum and mean, class numbers, the penalties."""
    loss = parts.setup.loss
    found: list[Block] = [Sentence("l[r] is the loss of row r. ", _reduction_words(parts))]
    if "threshold" in loss.options or loss.name == "huber":
        found.append(Sentence(f"t = {loss.options.get('threshold', 1.0):g}."))
    if parts.classes:
        found.append(
            Sentence("y holds class numbers; in formulas y[r,", parts.last.to_index,
                     "] is 1 for the row's class and 0 for the others.")
        )  # fmt: skip
    return found


def _reduction_words(parts: Anatomy) -> str:
    setup = parts.setup
    if setup.w is not None:
        divided = ", divided by their sum" if setup.reduction == "mean" else ""
        return f"Training descends L, the sum of them by the weights w[r] of the rows{divided}."
    if setup.reduction == "mean":
        return "Training descends L, their mean: every gradient below holds a factor 1/n."
    return "Training descends L, their sum: no gradient below is divided by n."


def forward(parts: Anatomy, notation: Notation) -> Section:
    """Return the forward pass, layer after layer."""
    lines: list[tuple[str, str]] = []
    for layer in parts.layers:
        lines += affine(layer, notation)
        if not layer.linear:
            lines += _activated(layer, notation)
    blocks: list[Block] = [Formula(tuple(lines)), *_definitions(parts)]
    return Section("Forward, in this order", tuple(blocks))


def affine(layer: Layer, notation: Notation) -> list[tuple[str, str]]:
    """Return the lines of a layer's weighted sum."""
    if notation.entries:
        return equation(
            notation.entry(layer.z, "r", layer.to_index), _sum_of_inputs(layer, notation)
        )
    before, weights = notation.value(layer.before), notation.value(layer.weights)
    if notation.columns:
        whole = put("%s @ %s", "%s %s", notation.turned(weights), before)
    else:
        whole = put("%s @ %s", "%s %s", before, weights)
    if layer.bias:
        whole = put("%s + %s", "%s + %s", whole, notation.value(layer.bias))
    return equation(notation.value(layer.z), whole)


def _sum_of_inputs(layer: Layer, notation: Notation) -> Maths:
    i, j = layer.from_index, layer.to_index
    before = notation.entry(layer.before, "r", i)
    found = put("%s * %s", r"%s \, %s", before, notation.entry(layer.weights, i, j))
    found = sum_over(i, found)
    if layer.bias:
        found = put("%s + %s", "%s + %s", found, notation.entry(layer.bias, j))
    return found


def _activated(layer: Layer, notation: Notation) -> list[tuple[str, str]]:
    """Return the line of a layer's activation."""
    if notation.entries and layer.acted is not None:
        index = ("r", layer.to_index)
        left, z = notation.entry(layer.out, *index), notation.entry(layer.z, *index)
    elif notation.entries:
        left, z = notation.entry(layer.out, "r"), notation.entry(layer.z, "r")
    else:
        left, z = notation.value(layer.out), notation.value(layer.z)
    return equation(left, notation.applied(layer.activation, z))


def _definitions(parts: Anatomy) -> list[Block]:
    """Return what each activation means, each once."""
    lines: list[tuple[str, str]] = []
    seen: set[str] = set()
    for layer in parts.layers:
        if layer.linear or layer.activation in seen:
            continue
        seen.add(layer.activation)
        lines += _definition(layer)
    return [Sentence("where"), Formula(tuple(lines))] if lines else []


def _definition(layer: Layer) -> list[tuple[str, str]]:
    applied = Notation().applied(layer.activation, Z)
    if layer.acted is None:
        return [
            ("softmax(z)_c = exp(z_c) / sum_m exp(z_m)",
             r"\mathrm{softmax}(z)_c &= \frac{e^{z_c}}{\sum_m e^{z_m}}")
        ]  # fmt: skip
    value = value_of(layer.acted)
    shown = formula(layer.acted if value is None else value, {layer.acted.inputs[0]: Z})
    return [] if shown.text == applied.text else equation(applied, shown)
