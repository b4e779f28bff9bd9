"""The frame of a step: the writer, and where in memory values are.

Knows places; knows no kernel.
"""

from __future__ import annotations

from chainrule.executors.native.items import Item
from chainrule.executors.native.place import SLACK, Places
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
    """

    def __init__(self, w: Writer, places: Places) -> None:
        self.w, self.places = w, places
        self.bases = {name: w.argument(name, "ptr") for name in ("state", "arena", "io")}
        self.totals: int | None = None

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

    def slots(self) -> int:
        """Return where the arena has room for what totals carry."""
        if self.totals is None:
            self.totals = self.places.reserve(SLACK)
        return self.totals
