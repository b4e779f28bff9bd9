"""The backward pass: from L to the output, then layer after layer to W1.

Every derivative is upstream times local. Knows the parts of a network and a notation; knows no
optimizer and no value.
"""

from __future__ import annotations

from chainrule.explain.derive.lossline import as_factor, lettered, reduction, row_slope, slope_steps
from chainrule.explain.derive.maths import Maths, equation, product, put, said, sum_over, total
from chainrule.explain.derive.naming import formula
from chainrule.explain.derive.notation import Notation
from chainrule.explain.document import Block, Formula, Section, Sentence
from chainrule.graph import primitives
from chainrule.graph.code import slope_of
from chainrule.train.anatomy import Anatomy, Layer

Lines = list[tuple[str, str]]


def entrywise(a: Maths, b: Maths) -> Maths:
    """Return the product of two matrices entry by entry."""
    return put("%s * %s", r"%s \odot %s", a, b)


def at_loss(parts: Anatomy, notation: Notation, unit: str = "") -> Maths:
    """Return the derivative of L where the loss takes the network: by out, or by logits."""
    last = parts.last
    if notation.entries:
        index = ("r", unit or last.to_index)
        out, y = notation.entry("out", *index), notation.entry("y", *index)
    else:
        out, y = notation.value("out"), notation.value("y")
    slope, weight = row_slope(parts, out, y), reduction(parts, notation)
    return slope if weight is None else put("%s * %s", r"%s \, %s", weight, as_factor(slope))


def from_loss(parts: Anatomy, notation: Notation) -> Section:
    """Return the part from L to what the loss takes."""
    loss, last = parts.setup.loss, parts.last
    blocks: list[Block] = []
    if parts.on_logits:
        blocks.append(
            Sentence(
                f"{loss.name} and {last.activation} belong together: what the chain rule leaves of "
                "both is short. For one row:"
            )
        )
    elif loss.slope is not None:
        blocks.append(Sentence("For one row:"))
    if loss.slope_steps:
        blocks.append(Formula(slope_steps(parts)))
    elif loss.slope is not None:
        by = Maths("dl/dout", r"\frac{\partial l}{\partial \mathrm{out}}")
        plain = row_slope(parts, Maths("out", r"\mathrm{out}"), Maths("y", "y"))
        blocks.append(Formula(tuple(equation(by, plain))))
    if loss.slope_why:
        blocks.append(Sentence(lettered(loss.slope_why, last.to_index)))
    if loss.slope is None:
        blocks.append(Sentence("Reverse mode on the loss's own operations gives its slope."))
    blocks.append(_weighing(parts))
    blocks.append(Formula(tuple(equation(_taken(parts, notation), at_loss(parts, notation)))))
    to = notation.value(last.z if parts.on_logits else "out").text
    return Section(f"From L to {to}", tuple(blocks))


def _taken(parts: Anatomy, notation: Notation) -> Maths:
    name = parts.last.z if parts.on_logits else "out"
    return _slope(notation, name, parts.last.to_index)


def _slope(notation: Notation, name: str, index: str) -> Maths:
    """Return dL/dname, of an entry or of all."""
    if notation.entries:
        return notation.slope_entry(name, "r", index)
    return notation.slope(name)


def _weighing(parts: Anatomy) -> Sentence:
    """Return what the reduction does to a row's slope, in words."""
    setup = parts.setup
    left = Maths("dL/dl[r]", r"\frac{\partial L}{\partial l[r]}")
    weight = reduction(parts, Notation()) or Maths("1", "1")
    found = put("%s = %s", "%s = %s", left, weight)
    if setup.w is not None:
        return said("Row r weighs w[r] in L, so ", found, ".")
    word = "sum" if setup.reduction == "sum" else "mean"
    return said(f"L is the {word} of the l[r], so ", found, ".")


def layer_section(parts: Anatomy, layer: Layer, notation: Notation) -> Section:
    """Return the part of one layer: through its activation, to its parameters, to its inputs."""
    blocks: list[Block] = []
    if not layer.linear and not (layer is parts.last and parts.on_logits):
        blocks += _through(layer, notation)
    blocks += _to_parameters(parts, layer, notation)
    if layer.number > 1:
        blocks += _to_inputs(layer, notation)
    names = [layer.z if layer is parts.last and parts.on_logits else layer.out, layer.weights]
    names += [layer.bias] if layer.bias else []
    start, *ends = (notation.value(name).text for name in names)
    return Section(f"Layer {layer.number}: from {start} to {' and '.join(ends)}", tuple(blocks))


def _through(layer: Layer, notation: Notation) -> list[Block]:
    """Return the link through an activation."""
    if layer.acted is None:
        return _through_softmax(layer, notation)
    j = layer.to_index
    upstream, found = _slope(notation, layer.out, j), _slope(notation, layer.z, j)
    z = notation.entry(layer.z, "r", j) if notation.entries else notation.value(layer.z)
    local = notation.applied(layer.activation, z, primes=1)
    times = product if notation.entries else _all_entries
    blocks: list[Block] = [
        Sentence(f"Through {layer.activation}, which acts on each entry alone: upstream x local."),
        Formula((*equation(found, times([upstream, local])), *_local(layer, notation, local))),
    ]
    kinks = primitives[layer.activation].kinks
    if kinks:
        blocks.append(Sentence(f"By convention {'; '.join(kinks)}.", role="note"))
    return blocks


def _all_entries(factors: list[Maths]) -> Maths:
    return entrywise(*factors)


def _local(layer: Layer, notation: Notation, left: Maths) -> Lines:
    """Return the line that says what the activation's derivative is."""
    assert layer.acted is not None, "an activation that acts entry by entry"
    if notation.entries:
        z = notation.entry(layer.z, "r", layer.to_index)
        out = notation.entry(layer.out, "r", layer.to_index)
    else:
        z, out = notation.value(layer.z), notation.value(layer.out)
    shown = formula(slope_of(layer.acted), {layer.acted: out, layer.acted.inputs[0]: z})
    if not notation.entries:
        shown = Maths(shown.text, shown.latex.replace(r"\cdot", r"\odot"))
    return equation(left, shown)


def _through_softmax(layer: Layer, notation: Notation) -> list[Block]:
    """Return the link through a softmax that the loss does not contain."""
    k = layer.to_index
    words = Sentence(
        "Through softmax: each z of a row moves every output of that row, "
        f"dout_c/dz_{k} = out_c ([c = {k}] - out_{k}), so the upstream gradients are summed over c."
    )
    if notation.entries:
        out, up = notation.entry("out", "r", k), notation.slope_entry("out", "r", k)
        each = put("%s * %s", r"%s \cdot %s", notation.slope_entry("out", "r", "c"),
                   notation.entry("out", "r", "c"))  # fmt: skip
        right = put("%s * (%s - sum_c %s)", r"%s \cdot \left(%s - \sum_c %s\right)", out, up, each)
    else:
        out, up = notation.value("out"), notation.slope("out")
        right = put("%s * (%s - s)", r"%s \odot (%s - s)", out, up)
        words = Sentence(
            *words.spans, " s holds for each row the sum of dL/dOut * Out over its outputs."
        )
    return [words, Formula(tuple(equation(_slope(notation, layer.z, k), right)))]


def _to_parameters(parts: Anatomy, layer: Layer, notation: Notation) -> list[Block]:
    """Return the gradients of weights and bias."""
    lines = _weights_lines(parts, layer, notation) + _bias_lines(layer, notation)
    words = _why_weights(layer, notation) if notation.entries else _shapes_words(notation)
    blocks: list[Block] = [words, Formula(tuple(lines))]
    if notation.entries and notation.matrices:
        blocks += [
            Sentence("For all rows at once:"),
            Formula(tuple(_matrix_lines(parts, layer, notation))),
        ]
    return [*blocks, *_asides(parts, layer)]


def _why_weights(layer: Layer, notation: Notation) -> Sentence:
    i, j = layer.from_index, layer.to_index
    z, weight = notation.entry(layer.z, "r", j), notation.entry(layer.weights, i, j)
    before = notation.entry(layer.before, "r", i)
    local = put("%s = %s", "%s = %s", notation.partial(z, weight), before)
    spans: list[str | Maths] = [weight, " is multiplied by ", before, " and goes into ", z, " only"]
    spans += [", so ", local, ". Every row uses the same weight: sum over rows."]
    if layer.bias:
        bias = notation.entry(layer.bias, j)
        spans += [" ", bias, " is added as it is: its local derivative is 1."]
    return said(*spans)


def _shapes_words(notation: Notation) -> Sentence:
    """Return how a matrix product sums over rows."""
    side = "right" if notation.columns else "left"
    return Sentence(
        f"The product with the transposed matrix on the {side} sums over the rows of the batch."
    )


def penalized(parts: Anatomy, name: str, gradient: Maths, weight: Maths) -> Maths:
    """Return a gradient with what the penalties of its parameter add."""
    l1, l2 = parts.penalty(name)
    terms = [gradient]
    if l2:
        terms.append(put(f"{l2:g} * %s", rf"{l2:g} \, %s", weight))
    if l1:
        terms.append(put(f"{l1:g} * sign(%s)", rf"{l1:g} \, \mathrm{{sign}}(%s)", weight))
    return total(terms)


def _weights_lines(parts: Anatomy, layer: Layer, notation: Notation) -> Lines:
    if not notation.entries:
        return _matrix_lines(parts, layer, notation)[:1]
    i, j = layer.from_index, layer.to_index
    each = product([notation.slope_entry(layer.z, "r", j), notation.entry(layer.before, "r", i)])
    right = sum_over("r", each)
    weight = notation.entry(layer.weights, i, j)
    right = penalized(parts, layer.weights, right, weight) if _adds(parts, layer) else right
    return equation(notation.slope_entry(layer.weights, i, j), right)


def _adds(parts: Anatomy, layer: Layer) -> bool:
    """Tell whether a layer is the first of those that share its weights, counted from L."""
    return parts.users(layer.weights)[-1] is layer


def _bias_lines(layer: Layer, notation: Notation) -> Lines:
    if layer.bias is None:
        return []
    if not notation.entries:
        return _matrix_bias(layer, notation)
    j = layer.to_index
    right = sum_over("r", notation.slope_entry(layer.z, "r", j))
    return equation(notation.slope_entry(layer.bias, j), right)


def _matrix_lines(parts: Anatomy, layer: Layer, notation: Notation) -> Lines:
    """Return the gradients of weights and bias for all rows at once."""
    before, slope = notation.value(layer.before), notation.slope(layer.z)
    if notation.columns:
        right = put("%s @ %s", r"%s \, %s", before, notation.turned(slope))
    else:
        right = put("%s @ %s", r"%s \, %s", notation.turned(before), slope)
    if _adds(parts, layer):
        right = penalized(parts, layer.weights, right, notation.value(layer.weights))
    return equation(notation.slope(layer.weights), right) + _matrix_bias(layer, notation)


def _matrix_bias(layer: Layer, notation: Notation) -> Lines:
    if layer.bias is None:
        return []
    ones, slope = Maths("1", r"\mathbf{1}"), notation.slope(layer.z)
    if notation.columns:
        right = put("%s @ %s", r"%s \, %s", slope, ones)
    else:
        right = put("%s^T @ %s", r"%s^{\top} \, %s", ones, slope)
    return equation(notation.slope(layer.bias), right)


def _asides(parts: Anatomy, layer: Layer) -> list[Block]:
    """Return what is special about a layer's parameters: shared, frozen, penalized."""
    found: list[Block] = []
    l1, l2 = parts.penalty(layer.weights)
    if (l1 or l2) and _adds(parts, layer):
        which = " and ".join([*(["L2"] if l2 else []), *(["L1"] if l1 else [])])
        found.append(
            Sentence(
                f"The last term is the slope of the penalty ({which}); it is not divided by rows."
            )
        )
    for name in (layer.weights, layer.bias):
        if name is None:
            continue
        users = parts.users(name)
        if len(users) > 1:
            found.append(
                Sentence(
                    f"{name} is used by layers {', '.join(str(u.number) for u in users)}: this is "
                    f"the part of layer {layer.number}, and the parts are added.",
                    role="note",
                )
            )
        if not parts.trainable(name):
            found.append(Sentence(f"{name} is frozen: no update uses its gradient.", role="note"))
    return found


def _to_inputs(layer: Layer, notation: Notation) -> list[Block]:
    """Return the gradient of what goes into a layer."""
    if notation.entries:
        i, j = layer.from_index, layer.to_index
        before, z = notation.entry(layer.before, "r", i), notation.entry(layer.z, "r", j)
        weight = notation.entry(layer.weights, i, j)
        spans: list[str | Maths] = [before, " goes into "]
        spans += (
            [z, " alone, multiplied by "] if j == "0" else ["every ", z, " of its row, each time "]
        )
        spans += [weight, "."] if j == "0" else ["multiplied by ", weight, f": sum over {j}."]
        blocks: list[Block] = [said(*spans), Formula(tuple(_inputs_lines(layer, notation)))]
        return blocks
    return [
        Sentence("And on to the layer before:"),
        Formula(tuple(_inputs_matrix(layer, notation))),
    ]


def _inputs_lines(layer: Layer, notation: Notation) -> Lines:
    i, j = layer.from_index, layer.to_index
    right = product([notation.slope_entry(layer.z, "r", j), notation.entry(layer.weights, i, j)])
    right = sum_over(j, right)
    lines = equation(notation.slope_entry(layer.before, "r", i), right)
    return lines + (_inputs_matrix(layer, notation) if notation.matrices else [])


def _inputs_matrix(layer: Layer, notation: Notation) -> Lines:
    slope, weights = notation.slope(layer.z), notation.value(layer.weights)
    if notation.columns:
        right = put("%s @ %s", r"%s \, %s", weights, slope)
    else:
        right = put("%s @ %s", r"%s \, %s", slope, notation.turned(weights))
    return equation(notation.slope(layer.before), right)
