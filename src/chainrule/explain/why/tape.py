"""A tape: every value of a forward pass, and the gradient of the loss by every one of them.

Knows graphs and the interpreter; knows no network and no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.autodiff.reverse import backward
from chainrule.executors import bind
from chainrule.graph import Node, leaves, substitute, toposort, variable
from chainrule.plan import make_plan
from chainrule.types import Array


@dataclass(frozen=True, eq=False)
class Tape:
    """A forward pass, opened.

    Attributes
    ----------
    loss : Node
        A scalar: what the gradients are of.
    names : mapping of str to Node
        The nodes that an explanation may speak of (*milestones*), leaves included.
    values : mapping of Node to numpy.ndarray
        The value of every node.
    upstream : mapping of Node to numpy.ndarray
        The gradient of the loss by every milestone between parameters and the loss.
    """

    loss: Node
    names: Mapping[str, Node]
    values: Mapping[Node, Array]
    upstream: Mapping[Node, Array]

    @cached_property
    def order(self) -> list[Node]:
        """All nodes of the loss and of the milestones, inputs first."""
        return toposort(self.loss, *self.names.values())

    @cached_property
    def name_of(self) -> dict[Node, str]:
        """What each milestone is called; the first of its names."""
        found: dict[Node, str] = {}
        for name, node in self.names.items():
            found.setdefault(node, name)
        return found

    @cached_property
    def consumers(self) -> dict[Node, list[Node]]:
        """For each milestone, those computed from it without another one in between."""
        found: dict[Node, list[Node]] = {node: [] for node in self.name_of}
        for node in self.order:
            if node in self.name_of:
                for source in boundary(node, self.name_of):
                    found[source].append(node)
        return found


def boundary(node: Node, milestones: Mapping[Node, str]) -> list[Node]:
    """Return the milestones from which a node is computed, without another one in between."""
    found: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = list(reversed(node.inputs))
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in milestones:
            found[one] = None
        else:
            stack.extend(reversed(one.inputs))
    return list(found)


def open_tape(
    loss: Node,
    names: Mapping[str, Node],
    feed: Mapping[str, Any],
    wrt: Sequence[Node] = (),
    known: Mapping[str, Array] | None = None,
) -> Tape:
    """Return the tape of a loss for the values of its leaves.

    Milestones whose value is given too are taken as given, so that what follows from them agrees
    with whoever computed them to the last digits, however much cancels afterwards.

    Parameters
    ----------
    loss : Node
        A scalar.
    names : mapping of str to Node
        Milestones by name; nodes that the loss does not need are values only.
    feed : mapping of str to array
        The value of each leaf by name, and of milestones that are known already.
    wrt : sequence of Node
        Variables whose gradients are wanted too; those of parameters always are.
    known : mapping of str to array, optional
        Gradients of the loss by milestones that are known already.
    """
    order = toposort(loss, *names.values())
    sources = [node for node in leaves(loss, op="parameter") if node.dtype.kind == "f"]
    sources += [node for node in leaves(loss, op="variable") if any(node is x for x in wrt)]
    upstream = backward(loss, sources)
    cut = {
        node: variable(f"given {name}", shape=node.shape, dtype=node.dtype)
        for name, node in names.items()
        if node.inputs and name in feed
    }
    given = {**feed, **{f"given {name}": feed[name] for name in names if name in feed}}
    values = _evaluated(order, order, cut, given)
    told = {names[name]: slope for name, slope in (known or {}).items()}
    milestones = set(names.values())
    wanted = {node: g for node, g in upstream.items() if node in milestones or not node.inputs}
    computed = {node: g for node, g in wanted.items() if node not in told}
    slopes = _evaluated(list(computed), list(computed.values()), cut, given)
    slopes.update((node, slope) for node, slope in told.items() if node in upstream)
    return Tape(loss, _with_leaves(names, order), values, slopes)


def _evaluated(
    keys: Sequence[Node], nodes: Sequence[Node], cut: Mapping[Node, Node], feed: Mapping[str, Any]
) -> dict[Node, Array]:
    """Return the values of nodes by keys; milestones that are given are not computed again."""
    results = substitute(nodes, cut)
    program = bind(make_plan({str(i): node for i, node in enumerate(results)}))
    program.check(feed)
    found = program.values(feed, keep=True)
    place = {i.node: i.number for i in program.plan.instructions}
    return {
        keys[int(i)]: np.broadcast_to(np.asarray(found[place[node]]), keys[int(i)].shape)
        for i, node in program.plan.forward.items()
    }


def _with_leaves(names: Mapping[str, Node], order: Sequence[Node]) -> dict[str, Node]:
    """Return the milestones and every named leaf."""
    found = dict(names)
    for node in order:
        if node.op in ("variable", "parameter") and node.name is not None:
            found.setdefault(node.name, node)
    return found
