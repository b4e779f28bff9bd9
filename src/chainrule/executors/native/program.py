"""A program: a plan as machine code with its memory, fed from Python and read by it.

Knows maps of memory, code and NumPy arrays; knows no training.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, SpecError, ValueRefused
from chainrule.executors.native.code import Code, code_of
from chainrule.executors.native.layout import aligned_bytes
from chainrule.executors.native.memory import Map, Spot
from chainrule.executors.native.signals import IO, Stop
from chainrule.executors.native.target import Target, host
from chainrule.graph import Node, primitives
from chainrule.plan import Plan
from chainrule.types import Array

POINTER = ctypes.c_void_p


class NativeProgram:
    """A plan as machine code.

    Parameters
    ----------
    plan : Plan
        What is carried out.
    map_ : Map
        Where everything lies.
    code : Code
        Its machine code.
    """

    def __init__(self, plan: Plan, map_: Map, code: Code) -> None:
        self.plan, self.map, self.code = plan, map_, code
        self.arena = aligned_bytes(map_.arena_bytes)
        self.state = aligned_bytes(map_.state_bytes)
        self.io = aligned_bytes(8 * len(IO))
        self.function = code.function("step", ctypes.c_int32, *[POINTER] * 4)
        self.failure: BaseException | None = None
        self.number = {i.node: i.number for i in plan.instructions}
        self._callback = _calling(self) if map_.calls else None
        if self._callback is not None:
            address = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
            self.io.view(np.int64)[IO.CALLBACK] = address
        self.io.view(np.float64)[IO.LIMIT] = np.finfo(np.float64).max
        for number, spot in map_.constants.items():
            self.write(spot, plan.instructions[number].node.data)

    def memory(self, spot: Spot) -> Array:
        """Return the bytes from where a value begins."""
        found = {"state": self.state, "arena": self.arena, "io": self.io}[spot.region]
        return found[spot.start :]

    def write(self, spot: Spot, array: Any) -> None:
        """Put a value into memory."""
        spot.layout.write(self.memory(spot), np.asarray(array))

    def read(self, spot: Spot, dtype: Any = None) -> Array:
        """Return a value as an array of its own."""
        if spot.region == "plan":
            found = np.full(spot.shape, self.plan.instructions[spot.start].node.data)
        else:
            found = spot.layout.read(self.memory(spot), spot.shape)
        with np.errstate(all="ignore"):
            return found if dtype is None else found.astype(dtype, copy=False)

    def state_arrays(self, memory: Array | None = None) -> dict[str, Array]:
        """Return the state by name, from its own memory or a copy of that."""
        return state_arrays(self.map, self.state if memory is None else memory)

    def of(self, node: Node) -> Array:
        """Return the value of a node that was kept."""
        return self.read(self.map.values[self.number[node]], node.dtype)

    def feed(self, values: Mapping[str, Any]) -> None:
        """Put the values of leaves into memory."""
        for name, spot in self.map.leaves.items():
            if values.get(name) is not None and spot.region != "io":
                self.write(spot, values[name])

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise if a leaf is missing or has another shape than the plan's."""
        for name, spot in self.map.leaves.items():
            if values.get(name) is None:
                raise SpecError(
                    f"the plan needs a value for {name!r}; {sorted(values)} were given."
                )
            if np.shape(values[name]) != spot.shape:
                raise ShapeError(
                    f"{name!r} has shape {np.shape(values[name])}; the plan was made for "
                    f"{spot.shape}."
                )

    def step(self, rows: Array | None = None) -> Stop:
        """Carry out one step."""
        address = 0 if rows is None else rows.ctypes.data
        memory = (self.state.ctypes.data, self.arena.ctypes.data, address, self.io.ctypes.data)
        answer = Stop(self.function(*memory))
        if answer == Stop.FAILED and self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return answer

    def values(self, feed: Mapping[str, Any], nodes: Sequence[Node]) -> list[Array]:
        """Return the values of nodes that were kept, for given leaves.

        Raises
        ------
        ValueRefused
            If a row is refused; the interpreter says which.
        """
        self.check(feed)
        self.feed(feed)
        if self.step() == Stop.REFUSED:
            raise ValueRefused("a row is refused")
        return [self.of(node) for node in nodes]

    def compute(self, number: int) -> int:
        """Compute an operation with NumPy, asked for by machine code."""
        try:
            call = self.map.calls[number]
            node = self.plan.instructions[call.number].node
            given = zip(call.inputs, call.flips, node.inputs, strict=True)
            inputs = [
                self.read(spot, x.dtype).swapaxes(-1, -2) if flip else self.read(spot, x.dtype)
                for spot, flip, x in given
            ]
            with np.errstate(all="ignore"):
                value = primitives[node.op].value(*inputs, **node.attrs)
            self.write(call.out, value)
        except BaseException as error:  # it must not pass through machine code
            self.failure = error
            return 1
        return 0


def state_arrays(map_: Map, memory: Array) -> dict[str, Array]:
    """Return the state that lies in some memory, by name."""
    spots = [(name, map_.leaves[name]) for name in map_.state]
    return {name: s.layout.read(memory[s.start :], s.shape) for name, s in spots}


def _calling(program: NativeProgram) -> Any:
    """Return the function that machine code calls; it does not keep the program alive."""
    owner = weakref.ref(program)

    def call(number: int) -> int:
        alive = owner()
        assert alive is not None, "a running program is alive"
        return alive.compute(number)

    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(call)


def native_program(
    plan: Plan,
    *,
    target: Target | None = None,
    state: Sequence[str] = (),
    gathers: Mapping[str, str] | None = None,
    rows: int = 1,
    keep: Sequence[Node] = (),
) -> NativeProgram:
    """Return a plan as machine code, from the cache if it is there.

    Parameters
    ----------
    plan : Plan
        What to carry out.
    target : Target, optional
        This machine by default.
    state, gathers, rows, keep
        As for `lower`.
    """
    map_, code = code_of(plan, target or host(), state, gathers or {}, rows, keep)
    return NativeProgram(plan, map_, code)
