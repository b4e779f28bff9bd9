"""The update: from the gradient to the new weight, every quantity of the optimizer's rule.

The rule is a graph like any other, so its formulas and numbers are read off it. Knows optimizers
by their graphs; knows no particular one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.executors import evaluate
from chainrule.explain.document import Block, Formula, Number, Sentence, Symbol
from chainrule.explain.formula import Written, formula, number, shown_number
from chainrule.explain.symbols import latex_of
from chainrule.explain.why.opened import Opened
from chainrule.graph import Node, toposort, variable
from chainrule.types import Array

NEARLY = 0.9
"""Share of a learning rate from which on an adaptive step counts as a full one."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """One quantity of an update: its name, formula, formula in numbers, value."""

    name: str
    rule: Written
    numbers: Written
    value: float


def update_blocks(opened: Opened, name: str, index: tuple[int, ...]) -> tuple[Block, ...]:
    """Return what an update did to one weight, as blocks; one line for plain descent."""
    moment = opened.moment
    full = f"{name}[{','.join(map(str, index))}]"
    if not moment.updates:
        after = "the state after the last update; no other one follows"
        return (Sentence(f"This is {after if opened.step else 'a run without updates'}."),)
    if name not in moment.updates:
        return (Sentence("The network keeps ", Symbol(full), " frozen: no update moves it."),)
    lines = quantities(opened, name, index)
    kind = type(opened.setup.optimizer).__name__
    about = f"The update by {kind}; g is the gradient"
    about += f", {_counted(opened)}:" if len(lines) > 2 else ":"
    formulas = Formula(tuple(pair for one in lines for pair in _written(one)))
    return (Sentence(about), formulas, *_in_words(opened, name, index, lines))


def _counted(opened: Opened) -> str:
    """Return what t is: in a branch, the steps of the run that it left count too."""
    if opened.clock == opened.step:
        return f"t = {opened.step} counts steps from 0"
    return f"t = {opened.clock} counts steps from 0, those before the branch too"


def _written(one: Quantity) -> tuple[tuple[str, str], ...]:
    """Return a quantity's rule, and under it the same in numbers."""
    value = shown_number(one.value)
    left, blank = one.name, " " * len(one.name)
    if not one.rule.text:
        return ((f"{left} = {value.text}", rf"{latex_of(left)} &= {value.latex}"),)
    first = (f"{left} = {one.rule.text}", rf"{latex_of(left)} &\leftarrow {one.rule.latex}")
    text = f"{blank} = {one.numbers.text} = {value.text}"
    return first, (text, rf"&= {one.numbers.latex} = {value.latex}")


def quantities(opened: Opened, name: str, index: tuple[int, ...]) -> list[Quantity]:
    """Return every named quantity of an update in order, the new weight last."""
    roles, values = _graph(opened, name)
    called = {node: role for role, node in roles.items()}
    found = []
    for node in toposort(*roles.values()):
        if node in called and node.inputs:
            found.append(_quantity(node, called, values, name, index))
    return sorted(found, key=lambda one: one.name == name)


def _quantity(
    node: Node,
    called: Mapping[Node, str],
    values: Mapping[Node, Array],
    name: str,
    index: tuple[int, ...],
) -> Quantity:
    def symbol(one: Node) -> Written | None:
        role = called.get(one)
        if role is None:
            return None
        short = _short(role, name, index)
        return Written(short, latex_of(short))

    def numbers(one: Node) -> Written | None:
        if one not in called:
            return None
        value = float(_at(values[one], index))
        return shown_number(value) if one.shape else number(value)

    short = _short(called[node], name, index)
    own = {n for n in called if called[n] == f"dL/d{name}"}
    if any(n not in own and called.get(n, "").startswith("dL/d") for n in _read(node, called)):
        rule = numeric = Written("", "")
    else:
        rule, numeric = formula(node, symbol), formula(node, numbers)
    return Quantity(short, rule, numeric, float(_at(values[node], index)))


def _read(node: Node, called: Mapping[Node, str]) -> list[Node]:
    """Return the named nodes that a quantity is computed from directly."""
    found: dict[Node, None] = {}
    stack = list(node.inputs)
    while stack:
        one = stack.pop()
        if one in called:
            found[one] = None
        else:
            stack.extend(one.inputs)
    return list(found)


def _graph(opened: Opened, name: str) -> tuple[dict[str, Node], dict[Node, Array]]:
    """Return the named nodes of the update of one parameter, and the values of all of them."""
    setup, moment = opened.setup, opened.moment
    specs = setup.network.specs
    trainable = [k for k in specs if specs[k].trainable]
    parameters = {k: variable(k, shape=specs[k].shape, dtype=setup.dtype) for k in trainable}
    upstream = {k: variable(f"dL/d{k}", shape=specs[k].shape, dtype=setup.dtype) for k in trainable}
    updates = setup.optimizer.updates(parameters, upstream)
    results = {k: updates.new[k] for k in updates.new if k == name or k.startswith(f"{name}.")}
    roles: dict[str, Node] = {f"{k} new" if k != name else name: v for k, v in results.items()}
    for node in toposort(*results.values()):
        if node.name is not None and all(node is not known for known in roles.values()):
            roles.setdefault(f"{node.name} before" if node.name == name else node.name, node)
    feed: dict[str, Any] = {**moment.parameters, **moment.slots, "step": float(opened.clock)}
    feed |= {f"dL/d{k}": moment.gradients[k] for k in trainable}
    known = {node.name for node in toposort(*results.values()) if not node.inputs}
    given = {k: v for k, v in feed.items() if k in known}
    found = evaluate(list(roles.values()), given)
    return roles, dict(zip(roles.values(), map(np.asarray, found), strict=True))


def _rate(opened: Opened) -> float:
    """Return the learning rate of the step."""
    updates = opened.setup.optimizer.updates({}, {})
    return float(evaluate(updates.names["learning_rate"], {"step": float(opened.clock)}))


def _at(value: Array, index: tuple[int, ...]) -> Any:
    """Return the number of an array that belongs to a weight; one number belongs to all."""
    return value.reshape(-1)[0] if value.size == 1 else value[index]


def _short(role: str, name: str, index: tuple[int, ...]) -> str:
    """Return what a quantity is called on the page: ``m``, ``v new``, ``rate``, ``g``."""
    full = f"{name}[{','.join(map(str, index))}]"
    if role in (name, f"{name} before"):
        return full
    if role == f"dL/d{name}":
        return "g"
    plain = {"learning_rate": "rate", "step": "t", f"{name}.clipped": "g_clipped"}
    return plain.get(role, role.removeprefix(f"{name}.").replace(" ", "_"))


def _in_words(
    opened: Opened, name: str, index: tuple[int, ...], lines: list[Quantity]
) -> list[Block]:
    """Say what dominates an adaptive step: how many learning rates it is, and why."""
    named = {one.name: one.value for one in lines}
    if "m_hat" not in named:
        return []
    moved, rate = float(opened.moment.updates[name][index]), _rate(opened)
    share = abs(moved) / rate if rate else 0.0
    if share >= NEARLY:
        why = ": v is almost m squared, as the gradient has hardly changed for a while."
    elif share < 1 - NEARLY:
        why = ": m is small beside the root of v, as the gradient keeps changing its sign or was "
        why += "much larger before."
    else:
        why = "."
    return [Sentence("The step is ", Number(share, "short"), " learning rates", why)]
