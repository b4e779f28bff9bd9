r"""The update in the letters of its paper, and with this run's settings.

The rule is the optimizer's own graph, built with a letter for each setting. Knows optimizers by
their form; knows no particular one.
"""

from __future__ import annotations

import copy
from dataclasses import fields

import numpy as np

from chainrule.explain.derive.maths import Maths, equation, put
from chainrule.explain.derive.naming import formula
from chainrule.explain.document import Block, Formula, Number, Section, Sentence, Symbol, Table
from chainrule.explain.symbols import upright
from chainrule.graph import Node, toposort, variable
from chainrule.optim import Optimizer, Schedule, schedule_from
from chainrule.train.anatomy import Anatomy

LETTERS = {
    "learning_rate": ("rate", r"\eta"), "momentum": ("mu", r"\mu"), "decay": ("rho", r"\rho"),
    "beta1": ("beta1", r"\beta_1"), "beta2": ("beta2", r"\beta_2"),
    "epsilon": ("epsilon", r"\epsilon"), "weight_decay": ("lambda", r"\lambda"),
}  # fmt: skip
"""The letters of the papers; another setting is called by its name."""
COMMON = ("learning_rate", "clip_value", "clip_norm")


def letter(name: str) -> Maths:
    """Return the letter of a setting."""
    text, latex = LETTERS.get(name, (name, upright(name)))
    return Maths(text, latex)


def update_section(parts: Anatomy) -> Section:
    """Return the update of every parameter."""
    optimizer = parts.setup.optimizer
    blocks: list[Block] = [*_clipping(optimizer), Sentence(*_opening(optimizer))]
    blocks.append(Formula(tuple(rule_lines(optimizer, dimensions=2))))
    if rule_lines(optimizer, dimensions=1) != rule_lines(optimizer, dimensions=2):
        blocks.append(Sentence("For biases it is"))
        blocks.append(Formula(tuple(rule_lines(optimizer, dimensions=1)[-1:])))
    blocks += _schedule(optimizer)
    rows = _settings(optimizer)
    blocks.append(Table(("letter", "setting", "here"), tuple(rows), caption="Settings of this run"))
    frozen = [name for name in parts.setup.network.specs if not parts.trainable(name)]
    if frozen:
        blocks.append(Sentence(f"Frozen, so never updated: {', '.join(frozen)}.", role="note"))
    return Section("The update", tuple(blocks))


def _opening(optimizer: Optimizer) -> list[str]:
    name = type(optimizer).__name__
    told = f"{name}, for every weight w with gradient g = dL/dw"
    if optimizer.slots:
        told += (
            f", and {' and '.join(optimizer.slots)} remembered from the step before (0 at first)"
        )
    if "m" in optimizer.slots:
        told += "; t counts the steps from 0"
    return [told + ":"]


def _symbolic(optimizer: Optimizer) -> tuple[Optimizer, dict[Node, Maths]]:
    """Return the optimizer with a leaf in place of each setting, and their letters."""
    double, letters = copy.copy(optimizer), dict[Node, Maths]()
    for f in fields(optimizer):
        if f.name not in COMMON:
            leaf = variable(f.name, shape=(), dtype=np.float64)
            object.__setattr__(double, f.name, leaf)
            letters[leaf] = letter(f.name)
    return double, letters


def rule_lines(optimizer: Optimizer, dimensions: int) -> list[tuple[str, str]]:
    """Return the lines of an optimizer's rule, slots first.

    Examples
    --------
    >>> from chainrule.optim import Momentum
    >>> for text, _ in rule_lines(Momentum(), dimensions=2):
    ...     print(text)
    v = mu * v + g
    w = w - rate * v
    """
    double, names = _symbolic(optimizer)
    shape = (2,) * dimensions
    w, g = variable("w", shape=shape), variable("g", shape=shape)
    rate, t = variable("rate", shape=()), variable("t", shape=())
    slots = {slot: variable(slot, shape=shape) for slot in optimizer.slots}
    new, memory = double.step(w, g, slots, rate, t)
    names |= {rate: letter("learning_rate"), t: Maths("t", "t")}
    names |= {leaf: Maths(name, upright(name)) for name, leaf in slots.items()}
    names |= {w: Maths("w", "w"), g: Maths("g", "g")}
    lines = []
    for slot, node in memory.items():
        lines += _assigned(Maths(slot, upright(slot)), formula(node, names))
    names |= {node: Maths(slot, upright(slot)) for slot, node in memory.items()}
    between = [node for node in toposort(new) if node.name and node.inputs and node not in names]
    for node in between:
        told = node.name.rpartition(".")[2] if node.name else ""
        hat = Maths(
            told, rf"\hat{{{told.removesuffix('_hat')}}}" if "_hat" in told else upright(told)
        )
        lines += _assigned(hat, formula(node, names))
        names[node] = hat
    return lines + _assigned(Maths("w", "w"), formula(new, names))


def _assigned(left: Maths, right: Maths) -> list[tuple[str, str]]:
    return [(f"{left.text} = {right.text}", rf"{left.latex} &\leftarrow {right.latex}")]


def _clipping(optimizer: Optimizer) -> list[Block]:
    """Return what clipping does to the gradient before the rule sees it."""
    found: list[Block] = []
    g = Maths("g", "g")
    if optimizer.clip_value is not None:
        c = optimizer.clip_value
        found.append(
            Sentence("First every entry of every gradient is cut off at plus and minus a limit:")
        )
        right = put(f"clip(%s, -{c:g}, {c:g})", rf"\mathrm{{clip}}(%s,\, -{c:g},\, {c:g})", g)
        found.append(Formula(tuple(_assigned(g, right))))
    if optimizer.clip_norm is not None:
        c = optimizer.clip_norm
        found.append(
            Sentence(
                "If the norm of all gradients together is above the limit, all are scaled down by "
                "one factor, so that their direction stays:"
            )
        )
        right = put(
            f"%s * min(1, {c:g} / |all g|)",
            rf"%s \cdot \min(1,\ {c:g} / \lVert g \rVert)",
            g,
        )
        found.append(Formula(tuple(_assigned(g, right))))
    return found


def _schedule(optimizer: Optimizer) -> list[Block]:
    """Return the learning rate as a function of the step, if it is one."""
    if not isinstance(optimizer.learning_rate, Schedule):
        return []
    t = variable("t", shape=())
    shown = formula(schedule_from(optimizer.learning_rate)(t), {t: Maths("t", "t")})
    lines = equation(letter("learning_rate"), shown)
    return [Sentence("The rate depends on the step t, counted from 0:"), Formula(tuple(lines))]


def _settings(optimizer: Optimizer) -> list[tuple[Symbol | str, str, Number | str]]:
    rows: list[tuple[Symbol | str, str, Number | str]] = []
    for f in fields(optimizer):
        value = getattr(optimizer, f.name)
        if value is None:
            continue
        shown = Number(value, "short") if isinstance(value, float) else repr(value)
        symbol = "" if f.name.startswith("clip_") else letter(f.name).symbol
        rows.append((symbol, f.name.replace("_", " "), shown))
    return rows
