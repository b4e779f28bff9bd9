"""Places: where every value lies in memory, and which values may lie in the same place.

Two pieces of memory: the *state* (parameters and slots), which all programs of a training share,
and the *arena* of one program: what it is fed, constants, then everything that is stored for a
while. A new parameter is written where the old one was, if nothing reads the old one any more.
Knows kernels and what they read and write; knows no instruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chainrule.executors.native.fuse import Group, Kernel, Single, Strips, relation
from chainrule.executors.native.items import Item
from chainrule.executors.native.layout import LINE_BYTES


@dataclass(eq=False)
class Places:
    """Where values lie.

    Attributes
    ----------
    at : dict of Item to (str, int)
        "state", "arena" or "io", and the byte where the value begins.
    state_bytes, arena_bytes : int
        How much memory there is.
    commits : list of (Item, Item)
        (new value, state): what is copied at the end of a step.
    stored : frozenset of Item
        Every item that lies in memory.
    spare : dict of Item to int
        Room in the arena for states that become the new value of another one.
    """

    at: dict[Item, tuple[Literal["state", "arena", "io"], int]] = field(default_factory=dict)
    state_bytes: int = 0
    arena_bytes: int = 0
    commits: list[tuple[Item, Item]] = field(default_factory=list)
    stored: frozenset[Item] = frozenset()
    spare: dict[Item, int] = field(default_factory=dict)

    def reserve(self, count: int) -> int:
        """Take bytes of the arena for good."""
        start = self.arena_bytes
        self.arena_bytes += -(-count // LINE_BYTES) * LINE_BYTES
        return start


def place(
    kernels: Sequence[Kernel],
    leaves: Sequence[Item],
    state: Sequence[Item],
    updates: Mapping[Item, Item],
    results: frozenset[Item],
) -> Places:
    """Return where every value lies.

    Parameters
    ----------
    kernels : sequence of Group or Single
        In order.
    leaves : sequence of Item
        What is given.
    state : sequence of Item
        The leaves that are state, in the order in which they lie.
    updates : mapping of Item to Item
        State to its new value.
    results : frozenset of Item
        Values that must be there at the end.
    """
    found = Places(stored=_stored(kernels, results | set(updates.values())))
    for item in state:
        found.at[item] = ("state", found.state_bytes)
        found.state_bytes += _room(item)
    _settle_updates(kernels, updates, found)
    for item in leaves:
        if item not in found.at and not item.is_number:
            found.at[item] = ("arena", found.reserve(item.layout.bytes))
    _arena(kernels, found, results | {new for new, _ in found.commits})
    return found


def _room(item: Item) -> int:
    return -(-item.layout.bytes // LINE_BYTES) * LINE_BYTES


def _stored(kernels: Sequence[Kernel], results: set[Item] | frozenset[Item]) -> frozenset[Item]:
    """Return the items that are read by another kernel, or wanted."""
    home = {item: kernel for kernel in kernels for item in kernel.items}
    stored = {item for item in results if not item.is_leaf}
    for kernel in kernels:
        if isinstance(kernel, Single):
            stored.update(kernel.items)
        for item in kernel.items:
            stored.update(x.item for x in item.inputs if home.get(x.item) is not kernel)
            if item.attrs.get("over") in ("rows", "all"):
                stored.add(item)
    return frozenset(item for item in stored if not item.is_leaf)


def _settle_updates(kernels: Sequence[Kernel], updates: Mapping[Item, Item], found: Places) -> None:
    """Let new values be written over old ones where that is safe; else they are copied later."""
    position = {item: n for n, kernel in enumerate(kernels) for item in kernel.items}
    taken = {new for new in updates.values() if new in found.at}  # one state becomes another
    for item in taken:
        found.spare[item] = found.reserve(_room(item))
    for old, new in updates.items():
        if new is old:
            continue
        free = new in position and new not in taken and old not in taken
        if free and _is_safe(kernels, position[new], old, new):
            found.at[new] = found.at[old]
            taken.add(new)
        else:
            found.commits.append((new, old))


def _is_safe(kernels: Sequence[Kernel], position: int, old: Item, new: Item) -> bool:
    """Tell whether nothing reads the old value after, or beside, the writing of the new one."""
    kernel = kernels[position]
    kernel = kernel.group if isinstance(kernel, Strips) else kernel
    if not isinstance(kernel, Group) or new.layout != old.layout or new.layout != kernel.space:
        return False
    if new.attrs.get("over"):
        return False
    after = kernel.items[kernel.items.index(new) + 1 :]
    if any(x.item is old for item in after for x in item.inputs):
        return False
    for item in kernel.items:
        for x in item.inputs:
            if x.item is old and (
                item.attrs.get("over") or relation(x.shape, item.shape) != "full"
            ):
                return False
    level = kernels[position].level
    others = [k for n, k in enumerate(kernels) if n > position or k.level == level]
    later = [item for k in others if k is not kernels[position] for item in k.items]
    return all(x.item is not old for item in later for x in item.inputs)


def _arena(kernels: Sequence[Kernel], found: Places, kept: frozenset[Item] | set[Item]) -> None:
    """Give stored values a place; one that nothing reads any more is free for the next."""
    last: dict[Item, int] = {}
    for n, kernel in enumerate(kernels):
        for item in kernel.items:
            last[item] = max(last.get(item, n), n)
            last.update({x.item: n for x in item.inputs})
    free: list[tuple[int, int]] = []
    dead: list[tuple[int, int]] = []
    for n, kernel in enumerate(kernels):
        if n and kernel.level != kernels[n - 1].level:  # within a level the order is free
            free, dead = free + dead, []
        for item in kernel.items:
            if item in found.stored and item not in found.at:
                found.at[item] = ("arena", _take(free, _room(item), found))
        done = [i for i, at in last.items() if at == n and i in found.stored and i not in kept]
        for item in done:
            region, start = found.at[item]
            if region == "arena":
                dead.append((_room(item), start))


def _take(free: list[tuple[int, int]], size: int, found: Places) -> int:
    """Return a free place that is large enough, the smallest one, or a new one."""
    fitting = [part for part in free if part[0] >= size]
    if not fitting:
        return found.reserve(size)
    best = min(fitting)
    free.remove(best)
    if best[0] > size:
        free.append((best[0] - size, best[1] + size))
    return best[1]
