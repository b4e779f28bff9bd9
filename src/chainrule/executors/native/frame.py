"""The frame of a step: the writer, and where in memory values are.

Knows places; knows no kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.executors.native.items import Item
from chainrule.executors.native.meeting import MOST_THREADS, write_meeting
from chainrule.executors.native.place import Places
from chainrule.executors.native.signals import IO
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer


class Frame:
    """What every kernel of a step is written with.

    Parameters
    ----------
    w : Writer
        Where instructions go.
    places : Places
        Where values lie; kernels reserve room in it for what they need for a moment.
    is_threaded : bool
        Whether several threads carry out the step together, each its share of every kernel.
    """

    def __init__(self, w: Writer, places: Places, *, is_threaded: bool = False) -> None:
        self.w, self.places, self.is_threaded = w, places, is_threaded
        self.bases = {name: w.argument(name, "ptr") for name in ("state", "arena", "io")}
        w.memory.root(*(f"%{name}" for name in self.bases))
        if is_threaded:
            self.thread = w.load(w.at(self.bases["io"], 8 * IO.THREAD), "i64")
            self.threads = w.load(w.at(self.bases["io"], 8 * IO.THREADS), "i64")

    def address(self, item: Item) -> Value:
        """Return where an item lies."""
        region, start = self.places.at[item]
        return self.w.at(self.bases[region], start)

    def single(self, item: Item) -> Value:
        """Return the value of an item of one entry."""
        if item.is_number:
            assert item.data is not None, "constants have values"
            return self.w.constant(float(item.data.item()), item.kind)
        return self.w.load(self.address(item), item.kind)

    def room(self, count: int) -> Value:
        """Return where so many bytes of the arena are free, for this kernel alone."""
        return self.w.at(self.bases["arena"], self.places.reserve(count))

    def own_room(self, count: int) -> Value:
        """Return where so many bytes are free for this kernel and this thread."""
        if not self.is_threaded:
            return self.room(count)
        apart = -(-count // 64) * 64
        return self.w.at(self.room(apart * MOST_THREADS), self.thread * apart)

    # Threads

    def share(self, total: int) -> tuple[Value, Value]:
        """Return (the first of a thread's share, how many it has) of a number of equal things."""
        w = self.w
        if not self.is_threaded:
            return w.constant(0, "i64"), w.constant(total, "i64")
        first = (self.thread * total) / self.threads
        return first, ((self.thread + 1) * total) / self.threads - first

    def leader(self, body: Callable[[], Any]) -> None:
        """Write what one thread does for all."""
        if self.is_threaded:
            self.w.unless(self.thread.differs(0), body)
        else:
            body()

    def meet(self) -> None:
        """Let every thread wait until all have come here."""
        if self.is_threaded:
            name = self.w.routine("meet", [("io", "ptr", 1)], write_meeting)
            self.w.call(name, self.bases["io"])
