"""The whole chain for one weight in one line: every factor from L to it.

Knows the parts of a network and a notation; knows no value.
"""

from __future__ import annotations

import re
from dataclasses import replace

from chainrule.errors import SpecError, shown
from chainrule.explain.derive.backward import at_loss, penalized
from chainrule.explain.derive.lossline import as_factor
from chainrule.explain.derive.maths import Maths, equation, product, sum_over, total
from chainrule.explain.derive.notation import Notation
from chainrule.explain.document import Formula, Section, Sentence
from chainrule.train.anatomy import Anatomy, Layer

ROOM, FACTORS = 98, 4
"""Columns of a line; factors on each line of a chain that needs more than one."""
ASKED = re.compile(r"(\w+)\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\]")


def one_line(parts: Anatomy, name: str, index: tuple[str, ...], notation: Notation) -> Maths:
    """Return dL/dname[index] with every factor, for a weight or a bias."""
    found = total(
        _summed(*_path(parts, layer, name, index, notation))
        for layer in reversed(parts.users(name))
    )
    return penalized(parts, name, found, notation.entry(name, *index))


def chain_lines(
    parts: Anatomy, name: str, index: tuple[str, ...], notation: Notation
) -> list[tuple[str, str]]:
    """Return dL/dname[index] as lines of at most so many factors."""
    left, users = notation.slope_entry(name, *index), parts.users(name)
    letters, factors = _path(parts, users[-1], name, index, notation)
    whole = equation(left, one_line(parts, name, index, notation))
    if len(users) > 1 or len(whole[0][0]) <= ROOM:
        return whole
    chunks = [product(factors[k : k + FACTORS]) for k in range(0, len(factors), FACTORS)]
    chunks[-1] = penalized(parts, name, chunks[-1], notation.entry(name, *index))
    indent = " " * len(left.text)
    lines = equation(left, _summed(letters, [chunks[0]]))
    return lines + [(f"{indent}   * {c.text}", rf"&\quad \cdot {c.latex}") for c in chunks[1:]]


def _summed(letters: list[str], factors: list[Maths]) -> Maths:
    """Return a product, summed over rows and over units."""
    found = product(factors)
    for letter in reversed(["r", *letters]):
        found = sum_over(letter, found)
    return found


def _path(
    parts: Anatomy, layer: Layer, name: str, index: tuple[str, ...], notation: Notation
) -> tuple[list[str], list[Maths]]:
    """Return what is summed over beside rows, and the factors from L to an entry of a layer."""
    ending = index[-1] if layer is parts.last else parts.last.to_index
    factors = _start(parts, notation, ending)
    letters = [later.to_index for later in parts.layers[layer.number :]]
    for later in reversed(parts.layers[layer.number :]):
        first = later.number == layer.number + 1
        to = index[-1] if first else later.from_index
        factors.append(notation.entry(later.weights, to, later.to_index))
        before = parts.layers[later.number - 2]
        if before.acted is not None:
            z = notation.entry(before.z, "r", to)
            factors.append(notation.applied(before.activation, z, primes=1))
    if name == layer.weights:
        factors.append(notation.entry(layer.before, "r", index[0]))
    return letters, factors


def _start(parts: Anatomy, notation: Notation, unit: str) -> list[Maths]:
    """Return the factors from L to one unit's pre-activation in the last layer."""
    last = parts.last
    if not parts.on_logits and not last.linear and last.acted is None:
        return [notation.slope_entry(last.z, "r", unit)]
    factors = [as_factor(at_loss(parts, notation, unit))]
    if last.acted is not None and not parts.on_logits:
        factors.append(
            notation.applied(last.activation, notation.entry(last.z, "r", unit), primes=1)
        )
    return factors


def chain_section(parts: Anatomy, notation: Notation, asked: list[str]) -> Section:
    """Return the chains of the asked entries, or of a weight of the first layer."""
    by_entry = replace(notation, entries=True)
    first = parts.layers[0]
    wanted = [parse(parts, one) for one in asked]
    if not wanted:
        wanted = [(first.weights, (first.from_index, first.to_index))]
    lines = []
    for name, index in wanted:
        lines += chain_lines(parts, name, index, by_entry)
    words = Sentence("Put together, from L on the left to the weight on the right:")
    return Section("The whole chain in one line", (words, Formula(tuple(lines))))


def parse(parts: Anatomy, asked: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the indices of an entry such as ``W1[0,2]``.

    Raises
    ------
    SpecError
        If the network has no such entry.
    """
    found = ASKED.fullmatch(asked.strip()) if isinstance(asked, str) else None
    specs = parts.setup.network.specs
    if found is None or found[1] not in specs:
        raise SpecError(
            f"the derivation of {shown(asked)} was asked for; entries are written like "
            f"{parts.layers[0].weights}[0,0], and there are {', '.join(specs)}."
        )
    index = tuple(str(int(k)) for k in found.groups()[1:] if k is not None)
    shape = specs[found[1]].shape
    if len(index) != len(shape) or any(
        int(k) >= length for k, length in zip(index, shape, strict=False)
    ):
        raise SpecError(f"{asked} was asked for; {found[1]} has shape {shape}, counted from 0.")
    return found[1], index
