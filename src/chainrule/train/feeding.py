"""Feeding: the numbers of the rows that machine code sees next, and the rows themselves.

Knows setups, orders and the loop in machine code; computes nothing. Rows in memory are told by
their numbers. Rows on disk come window by window: while machine code works on one, a thread
reads the next. What is left of a window after its last whole batch goes before the next one.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule.data.arrays import is_stored
from chainrule.train.native import row_numbers
from chainrule.train.setup import Setup
from chainrule.types import Array

if TYPE_CHECKING:
    from concurrent.futures import Future

    from chainrule.data.stream.order import Window, WindowOrder
    from chainrule.data.stream.rows import Held
    from chainrule.executors.native.loop import NativeLoop


class Feeder(Protocol):
    """Tells which rows the next steps see, and has them where machine code looks."""

    def rows(self, step: int, count: int) -> tuple[int, Array]:
        """Return how many steps can be done now, at most `count`, and the numbers of their rows."""
        ...


def feeder(setup: Setup, loop: NativeLoop) -> Feeder:
    """Return who feeds a training in machine code."""
    if setup.windows is not None and is_stored(setup.x):
        return Windows(setup, setup.windows, loop)
    return Whole(setup)


class Whole:
    """Feeds rows that are all in memory."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def rows(self, step: int, count: int) -> tuple[int, Array]:
        """Return the numbers of the rows of all these steps."""
        return count, row_numbers(self.setup, step, count)


@dataclass(eq=False)
class _Buffer:
    """Memory for the rest of a window and the whole of the next one.

    Attributes
    ----------
    x, y : numpy.ndarray
        The rows; those of the window begin at `room`.
    room : int
        Rows before them.
    blocks : tuple of int
        What is there now.
    """

    x: Array
    y: Array
    room: int
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Segment:
    """The steps that end in a window.

    Attributes
    ----------
    window : Window
        Which.
    base : int
        The place in the epoch's order of the first of `numbers`.
    numbers : numpy.ndarray
        Where the rows of the steps lie in the buffer.
    buffer : _Buffer
        Which one.
    """

    window: Window
    base: int
    numbers: Array
    buffer: _Buffer = field(repr=False)


class Windows:
    """Feeds rows that are on disk.

    Parameters
    ----------
    setup : Setup
        Whose rows.
    order : WindowOrder
        Which rows come when.
    loop : NativeLoop
        Is told where the rows are.
    """

    def __init__(self, setup: Setup, order: WindowOrder, loop: NativeLoop) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.setup, self.order, self.loop = setup, order, loop
        stored: Any = setup.x
        self.held: Held = stored.held
        self.batch, self.per_epoch = setup.batch_rows, setup.steps_per_epoch
        self.segment: _Segment | None = None
        self.coming: tuple[Window, Future[_Buffer]] | None = None
        self.spare = self._new_buffer()
        self.reader = ThreadPoolExecutor(1, thread_name_prefix="chainrule-rows")

    def _new_buffer(self) -> _Buffer:
        gc.collect()  # machine code and its threads refer to each other, and to earlier windows
        form = self.held.store.form
        rows = self.batch - 1 + self.order.most_rows
        return _Buffer(form.empty("x", rows), form.empty("y", rows), self.batch - 1)

    def rows(self, step: int, count: int) -> tuple[int, Array]:
        """Return the steps whose rows are in memory now, or are read for that, and the numbers."""
        epoch, index = divmod(self.setup.first + step, self.per_epoch)
        last = min((index + 1) * self.batch, self.order.count) - 1
        window = self.order.at(epoch, last)
        if self.segment is None or self.segment.window != window:
            self._enter(window)
        assert self.segment is not None, "a segment was entered"
        ends = window.stop == self.order.count
        behind = self.per_epoch if ends else window.stop // self.batch
        count = min(count, behind - index)
        start = index * self.batch - self.segment.base
        stop = min((index + count) * self.batch, self.order.count) - self.segment.base
        return count, self.segment.numbers[start:stop]

    def _enter(self, window: Window) -> None:
        """Make a window the one that machine code looks at, and send for the next."""
        old = self.segment
        buffer = self._filled(window)
        base = window.start // self.batch * self.batch
        carried = window.start - base
        if carried:
            self._carry(old, buffer, window, base)
        order = buffer.room + self.order.inside(window)
        numbers = np.concatenate([np.arange(buffer.room - carried, buffer.room), order])
        self.segment = _Segment(window, base, np.ascontiguousarray(numbers, np.int64), buffer)
        self.loop.point({"X": buffer.x, "Y": buffer.y})
        if old is not None and old.buffer is not buffer:
            self.spare = old.buffer
        self._send_for(self.order.after(window))

    def _filled(self, window: Window) -> _Buffer:
        """Return a buffer that holds a window's rows."""
        coming, self.coming = self.coming, None
        if coming is not None:
            buffer = coming[1].result()
            if coming[0].blocks == window.blocks:
                return buffer
            self.spare = buffer
        if self.segment is not None and self.segment.window.blocks == window.blocks:
            return self.segment.buffer
        return self._read(window, self.spare)

    def _send_for(self, window: Window) -> None:
        """Let the next window be read while this one is worked on."""
        assert self.segment is not None, "there is a window to work on"
        if window.blocks == self.segment.window.blocks:
            return
        if self.spare is self.segment.buffer:
            self.spare = self._new_buffer()
        self.coming = (window, self.reader.submit(self._read, window, self.spare))

    def _read(self, window: Window, buffer: _Buffer) -> _Buffer:
        """Read a window's blocks one behind the other, and draw its order."""
        held, place = self.held, buffer.room
        buffer.blocks = ()
        for block in window.blocks:
            stop = place + self.order.sizes[block]
            both = (buffer.x[place:stop], buffer.y[place:stop])
            held.store.read(held.part, block, ("x", "y"), both)
            place = stop
        buffer.blocks = window.blocks
        self.order.inside(window)
        return buffer

    def _carry(self, old: _Segment | None, buffer: _Buffer, window: Window, base: int) -> None:
        """Put the rows of a batch that began before a window before its rows."""
        room, count = buffer.room, window.start - base
        place = slice(room - count, room)
        follows = old is not None and old.window.epoch == window.epoch
        if follows and old is not None and old.window.stop == window.start and old.base <= base:
            rows = old.numbers[base - old.base :]
            buffer.x[place], buffer.y[place] = old.buffer.x[rows], old.buffer.y[rows]
            return
        numbers = self.order.rows(window.epoch, base, window.start)
        buffer.x[place], buffer.y[place] = self.setup.x[numbers], self.setup.y[numbers]
