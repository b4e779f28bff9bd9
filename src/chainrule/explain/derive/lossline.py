r"""The loss of a row and its slope, in the letters of this network.

A loss tells its formulas for output k; here k gets the letter that counts the last layer's units,
or goes where there is one unit. Knows losses and notations; knows no layer before the last.
"""

from __future__ import annotations

import re

from chainrule.autodiff import gradients
from chainrule.explain.derive.maths import Maths, bracketed, put
from chainrule.explain.derive.naming import formula
from chainrule.explain.derive.notation import Notation
from chainrule.graph import simplify, variable
from chainrule.train.anatomy import Anatomy

SINGLE = ((r"(?<!\\)(sum|mean)_k ", ""), (r"\\mathrm\{mean\}_k(\\,)? ?", ""), (r"\\sum_k ?", ""))
"""What is left out where there is one output."""


def lettered(told: str, letter: str) -> str:
    """Return a formula for output k with another letter for k; "0": there is one output.

    Examples
    --------
    >>> lettered("1/2 sum_k (out - y)^2", "0"), lettered("-sum_k y_k", "m")
    ('1/2 (out - y)^2', '-sum_m y_m')
    """
    if letter == "0":
        for pattern, instead in SINGLE:
            told = re.sub(pattern, instead, told)
        return re.sub(r"_k\b", "", told)
    return re.sub(r"_k\b", f"_{letter}", told).replace("= k]", f"= {letter}]")


def row_loss(parts: Anatomy) -> Maths:
    """Return the formula of one row's loss."""
    loss, letter = parts.setup.loss, parts.last.to_index
    text, latex = loss.formula, loss.latex
    if loss.logits_of is not None:  # here it is a formula of out, not of the stable form's z
        for shape in (rf", p = {loss.logits_of}(z)", r",\ p = \sigma(z)"):
            text, latex = text.replace(shape, ""), latex.replace(shape, "")
        text = re.sub(rf"{loss.logits_of}\(z\)|\bp\b", "out", text)
        latex = re.sub(r"\\mathrm\{softmax\}\(z\)|\bp(?=_k)", r"\\mathrm{out}", latex)
    text = text.replace(", t = 1 unless given", "")
    return Maths(lettered(text, letter), lettered(latex, letter))


def slope_steps(parts: Anatomy) -> tuple[tuple[str, str], ...]:
    """Return the lines of algebra that lead from the loss of a row to its slope."""
    loss, letter = parts.setup.loss, parts.last.to_index
    return tuple((lettered(t, letter), lettered(x, letter)) for t, x in loss.slope_steps)


def row_slope(parts: Anatomy, out: Maths, y: Maths) -> Maths:
    """Return the slope of a row's loss by its output, for entries or for whole matrices."""
    loss, units = parts.setup.loss, parts.last.units
    if loss.slope is None:
        return _from_graph(parts, out, y)
    text, latex = loss.slope_for(units)
    latex = latex.replace(r"\mathrm{out}_k", r"\mathrm{out}").replace("y_k", "y")
    places = {"out": out.text, "y": y.text}
    text = re.sub(r"\b(out|y)\b", lambda m: places[m[0]], text)
    latex = re.sub(r"(?<![a-z\\])y(?![a-z])", lambda _: y.latex, latex)
    return Maths(text, latex.replace(r"\mathrm{out}", out.latex))


def _from_graph(parts: Anatomy, out: Maths, y: Maths) -> Maths:
    """Return the slope that reverse mode makes of a loss that does not tell one."""
    names = parts.objective.names
    dtype = names["out"].dtype
    place = variable("out", shape=names["out"].shape, dtype=dtype)
    target = variable("y", shape=names["y"].shape, dtype=names["y"].dtype)
    found = gradients(parts.setup.loss.of_rows(place, target).sum(), place)
    (simpler,) = simplify([found])
    return formula(simpler, {place: out, target: y})


def reduction(parts: Anatomy, notation: Notation) -> Maths | None:
    """Return dL/dl of a row: what its loss weighs in L; None where it is 1."""
    setup = parts.setup
    w = notation.entry("w", "r") if notation.entries else notation.value("w")
    if setup.reduction == "sum":
        return None if setup.w is None else w
    if setup.w is None:
        return Maths("1/n", r"\tfrac{1}{n}")
    return put("%s / sum(w)", r"\frac{%s}{\sum w}", w)


def descended(parts: Anatomy) -> Maths:
    """Return L as a sum or mean over rows, penalties included."""
    row = Maths("l[r]", "l[r]")
    setup = parts.setup
    if setup.w is not None:
        row = put("w[r] * %s", r"w[r] \cdot %s", row)
    found = put("sum_r %s", r"\sum_{r} %s", row)
    if setup.reduction == "mean" and setup.w is None:
        found = put("1/n %s", r"\frac{1}{n} %s", found)
    elif setup.reduction == "mean":
        found = put("%s / sum_r w[r]", r"\frac{%s}{\sum_{r} w[r]}", found)
    return found


def as_factor(piece: Maths) -> Maths:
    """Return a piece as a factor of a product: sums in brackets."""
    bare = re.sub(r"\([^()]*\)|\[[^\]]*\]", "", piece.text)
    if not re.search(r" [-+] |^-", bare):
        return piece
    return bracketed(piece)
