"""The update of a script: the optimizer's own graph, printed with its settings' names.

Knows optimizers by their form; knows no particular one.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from typing import Any

from chainrule.export.script.layout import STEP, WIDTH, dictionary, indented, remarked
from chainrule.export.script.naming import TAKEN
from chainrule.export.script.program import STYLE, Program
from chainrule.graph import Node, toposort, variable
from chainrule.graph.code import Assignments, Names, piece, seen
from chainrule.optim import Optimizer, Schedule, schedule_from

APART = ("clip_value", "clip_norm")
"""Settings that are no part of a rule."""


@dataclass(frozen=True)
class Rule:
    """An optimizer's rule as lines.

    Attributes
    ----------
    memory : tuple of str
        The lines that renew what it remembers, and what lies between.
    taken : tuple of str
        What is taken from the parameter: the terms of a sum.
    """

    memory: tuple[str, ...]
    taken: tuple[str, ...]


def settings(program: Program) -> dict[str, Any]:
    """Return the optimizer's settings by name, a schedule left out."""
    found = {}
    for f in fields(program.setup.optimizer):
        value = getattr(program.setup.optimizer, f.name)
        if value is not None and not isinstance(value, Schedule):
            found[f.name] = value
    return found


def clock(program: Program) -> str:
    """Return the optimizer's own count of steps as code."""
    ahead = program.setup.clock
    return f"(step + {ahead})" if ahead else "step"


def rule_of(program: Program, w: str, g: str, slots: dict[str, str], dimensions: int) -> Rule:
    """Return the rule for a parameter, its gradient and its memory, by the names they have."""
    optimizer = program.setup.optimizer
    double, leaves = _symbolic(optimizer)
    shape = (2,) * dimensions
    parameter, gradient = variable("w", shape=shape), variable("g", shape=shape)
    rate, t = variable("rate", shape=()), variable("t", shape=())
    memory = {slot: variable(slot, shape=shape) for slot in optimizer.slots}
    new, renewed = double.step(parameter, gradient, memory, rate, t)
    told = "rate" if isinstance(optimizer.learning_rate, Schedule) else "learning_rate"
    leaves |= {parameter: w, gradient: g, rate: told, t: clock(program)}
    leaves |= {leaf: slots[slot] for slot, leaf in memory.items()}
    write = Assignments(Names(leaves), [], STYLE, WIDTH - 2 * len(STEP), TAKEN)
    lines = [x for slot, node in renewed.items() for x in write.lines(slots[slot], node)]
    for node in toposort(new):
        if node.name and node.inputs and write.known.find(node) is None:
            lines += write.lines(node.name.rpartition(".")[2], node)
    return Rule(tuple(lines), _taken(seen(new), parameter, write))


def _symbolic(optimizer: Optimizer) -> tuple[Optimizer, dict[Node, str]]:
    """Return the optimizer with a leaf in place of each setting, and their names."""
    double, names = copy.copy(optimizer), dict[Node, str]()
    for f in fields(optimizer):
        if f.name not in (*APART, "learning_rate"):
            leaf = variable(f.name, shape=())
            object.__setattr__(double, f.name, leaf)
            names[leaf] = f.name
    return double, names


def _taken(new: Node, parameter: Node, write: Assignments) -> tuple[str, ...]:
    """Return what is taken from a parameter: w - a - b takes a and b."""
    parts: list[str] = []
    while new.op == "sub":
        parts.insert(0, piece(new.inputs[1], write.known, STYLE).text)
        new = seen(new.inputs[0])
    assert new is parameter, "a rule takes something from its parameter"
    return tuple(parts)


def update_lines(program: Program) -> list[str]:
    """Return the lines from the gradients to the new parameters."""
    if not program.trainable:
        return []
    optimizer, found = program.setup.optimizer, _rate_lines(program)
    clipped = optimizer.clip_value is not None or optimizer.clip_norm is not None
    if not optimizer.slots and not clipped and _same_for_biases(program):
        for name in program.trainable:
            w = program.called[name]
            found.append(f"{w} -= {' + '.join(rule_of(program, w, f'dL_d{w}', {}, 2).taken)}")
        return found
    gradients = {name: f"dL_d{program.called[name]}" for name in program.trainable}
    found += dictionary("gradients", gradients, depth=1)
    found += _clipping(optimizer)
    found.append("for name, g in gradients.items():")
    return found + indented(_each(program))


def _rate_lines(program: Program) -> list[str]:
    """Return the line of a learning rate that depends on the step."""
    rate = program.setup.optimizer.learning_rate
    if not isinstance(rate, Schedule):
        return []
    t = variable("t", shape=())
    node = schedule_from(rate)(t)
    write = Assignments(Names({t: clock(program)}), [node], STYLE, WIDTH - len(STEP), TAKEN)
    lines = write.lines("rate", node)
    lines[-1:] = remarked(lines[-1], f"{type(rate).__name__} schedule")
    return lines


def _clipping(optimizer: Optimizer) -> list[str]:
    """Return the lines that clip gradients: by value, then all together by their norm."""
    found: list[str] = []
    if optimizer.clip_value is not None:
        found += [
            "for name, g in gradients.items():",
            f"{STEP}gradients[name] = np.clip(g, -clip_value, clip_value)",
        ]
    if optimizer.clip_norm is not None:
        found += [
            "norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))",
            "if norm > clip_norm:  # the direction stays, the length is cut",
            f"{STEP}gradients = {{k: g * (clip_norm / norm) for k, g in gradients.items()}}",
        ]
    return found


def _each(program: Program) -> list[str]:
    """Return the lines of the update of one parameter."""
    slots = {slot: f"{slot}[name]" for slot in program.setup.optimizer.slots}
    matrix, vector = (rule_of(program, "parameters[name]", "g", slots, d) for d in (2, 1))
    assert matrix.memory == vector.memory, "biases remember what weights do"
    if matrix == vector and len(matrix.taken) == 1:
        return [*matrix.memory, f"parameters[name] -= {matrix.taken[0]}"]
    both = [x for x in matrix.taken if x in vector.taken]
    rest = [x for x in matrix.taken if x not in both]
    assert both == list(vector.taken), "weights are moved as biases are, and further"
    further = ["if parameters[name].ndim > 1:  # weights, but no biases"] if rest else []
    return [
        *matrix.memory,
        f"move = {both[0]}",
        *(f"move += {term}" for term in both[1:]),
        *further,
        *(f"{STEP}move += {term}" for term in rest),
        "parameters[name] -= move",
    ]


def _same_for_biases(program: Program) -> bool:
    return rule_of(program, "w", "g", {}, 2) == rule_of(program, "w", "g", {}, 1)


def needs_memory(program: Program) -> bool:
    """Tell whether the update goes through parameters by name."""
    return any(line.startswith("for name") for line in update_lines(program))
