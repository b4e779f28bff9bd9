"""Lowering: from a plan to kernels, places and text, each step with something to look at.

    plan -> items -> kernels (fused) -> places -> text

Knows the order of these steps; each is a module of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.executors.native.batch import Source
from chainrule.executors.native.fuse import Kernel, Single, fuse
from chainrule.executors.native.groups import instructions_of
from chainrule.executors.native.items import Item, Items, Operand, items_of
from chainrule.executors.native.memory import SLACK, Call, Map, Spot
from chainrule.executors.native.place import place
from chainrule.executors.native.signals import IO
from chainrule.executors.native.step import Job, describe, write_step
from chainrule.executors.native.strips import in_strips
from chainrule.executors.native.target import Target
from chainrule.graph import Node
from chainrule.plan import Plan

TINY_FLOPS = 20_000
"""A step of at most so much work has its small walks written out instead of called."""

CHEAP_LINES = 6
"""An operation of at most so many instructions is computed again rather than stored."""


@dataclass(eq=False)
class Lowered:
    """A plan as kernels with places, and its text.

    Attributes
    ----------
    plan : Plan
        What is carried out.
    items : Items
        The plan as machine code sees it.
    job : Job
        Kernels and places.
    text : str
        The module for LLVM.
    kernels : dict of str to str
        Modules of routines that it calls and that no network changes.
    state : list of str
        Names of the state, in the order in which it lies.
    kept : list of Node
        Nodes whose values are there after a step.
    """

    plan: Plan
    items: Items
    job: Job
    text: str
    kernels: dict[str, str]
    state: list[str]
    kept: list[Node]

    def operand(self, node: Node) -> Operand:
        """Return where the value of a node is found."""
        return self.items.of[node]


def lower(
    plan: Plan,
    *,
    state: Sequence[str] = (),
    gathers: Mapping[str, str] | None = None,
    rows: int = 1,
    keep: Sequence[Node] = (),
    target: Target,
    threads: bool = False,
) -> Lowered:
    """Return a plan lowered to text.

    Parameters
    ----------
    plan : Plan
        What to carry out.
    state : sequence of str
        Names of the leaves that a step changes, if it updates them in place.
    gathers : mapping of str to str
        Leaves whose rows are picked from arrays, and the kind of the array: ``{"x": "f32"}``.
    rows : int
        Rows that are picked.
    keep : sequence of Node
        Nodes whose values must be there after a step.
    target : Target
        The machine that it is for.
    threads : bool
        Whether several threads may carry out a step together.
    """
    items = items_of(plan)
    named = {item.name: item for item in items if item.is_leaf and item.name}
    held = [_leaf(named, plan, name, items) for name in state]
    updates = {
        named[name]: items.of[node].item for name, node in plan.updates.items() if name in state
    }
    kept = kept_nodes(plan, state, keep)
    wanted = {items.of[node].item for node in kept}
    checks = [item.inputs[0].item for item in items if item.op == "check"]
    results = frozenset(i for i in (*wanted, *checks) if not i.is_leaf)
    kernels = in_strips(fuse(items, is_cheap), results, set(updates) if state else set())
    leaves = [item for item in items if item.is_leaf]
    places = place(kernels, leaves, held, updates, results)
    if state and "step" in named:
        places.at[named["step"]] = ("io", 8 * IO.STEP)
    job = Job(
        kernels=kernels,
        places=places,
        gathers={
            name.upper(): (named[name], Source(kind, named[name].layout))
            for name, kind in (gathers or {}).items() if name in named
        },
        rows=rows,
        checks=checks,
        loss=_role(plan, items, "L"),
        penalty=_role(plan, items, "penalty"),
        is_training=bool(state),
        is_tiny=plan.flops <= TINY_FLOPS,
        is_threaded=threads and bool(state) and not _calls_numpy(kernels),
    )  # fmt: skip
    text, kernels_text = write_step(job, fused=target.fused, pause=target.pause)
    places.arena_bytes += SLACK
    places.state_bytes += SLACK
    return Lowered(plan, items, job, text, kernels_text, list(state), kept)


def _leaf(named: dict[str, Item], plan: Plan, name: str, items: Items) -> Item:
    """Return the leaf of that name; one that the plan does not read still has its place."""
    if name not in named:
        node = plan.updates[name]
        item = Item(0, "parameter", [], node.shape, items.of[node].item.kind, name=name)
        items.all.insert(0, item)
        named[name] = item
    return named[name]


def kept_nodes(plan: Plan, state: Sequence[str], keep: Sequence[Node]) -> list[Node]:
    """Return the nodes whose values are there after a step: all results, or what training needs."""
    roles = list(plan.forward.values()) if state else list(plan.results)
    return list(dict.fromkeys([*roles, *keep]))


def _calls_numpy(kernels: Sequence[Kernel]) -> bool:
    return any(isinstance(kernel, Single) and kernel.what == "numpy" for kernel in kernels)


def _role(plan: Plan, items: Items, name: str) -> Operand | None:
    node = plan.forward.get(name)
    return None if node is None or node.size != 1 else items.of[node]


def is_cheap(item: Item) -> bool:
    """Tell whether computing an item again costs less than storing and reading it."""
    return bool(item.attrs.get("over")) or instructions_of(item) <= CHEAP_LINES


def left_to_numpy(lowered: Lowered) -> list[str]:
    """Return the operations that NumPy always computes."""
    singles = [kernel for kernel in lowered.job.kernels if isinstance(kernel, Single)]
    return sorted({kernel.items[0].op for kernel in singles if kernel.what == "numpy"})


def kernel_listing(lowered: Lowered) -> str:
    """Return the kernels of a plan, a line each."""
    return "\n".join(f"{kernel.level:>3}  {describe(kernel)}" for kernel in lowered.job.kernels)


def map_of(lowered: Lowered) -> Map:
    """Return the map of a lowered plan."""
    places, items = lowered.job.places, lowered.items
    numbers = {i.node: i.number for i in lowered.plan.instructions}

    def spot(operand: Operand) -> Spot:
        item = operand.item
        if item.is_number:
            assert item.node is not None, "constants are nodes of the plan"
            return Spot("plan", numbers[item.node], item.kind, (), operand.shape)
        region, start = places.at[item]
        return Spot(region, start, item.kind, item.shape, operand.shape)

    def own(item: Item) -> Spot:
        return spot(Operand(item, item.shape))

    given = [i for i in items if i.is_leaf and not i.is_number and i in places.at]
    return Map(
        state_bytes=places.state_bytes,
        arena_bytes=places.arena_bytes,
        state=lowered.state,
        leaves={i.name: own(i) for i in given if i.op != "constant"},
        constants={
            numbers[i.node]: own(i) for i in given if i.node is not None and i.op == "constant"
        },
        values={numbers[node]: spot(items.of[node]) for node in lowered.kept},
        calls=[
            Call(
                numbers[i.node], [spot(x) for x in i.inputs],
                list(i.attrs.get("flips", [False] * len(i.inputs))), own(i),
            )
            for i in lowered.job.numpy if i.node is not None
        ],
        is_threaded=lowered.job.is_threaded,
    )  # fmt: skip
