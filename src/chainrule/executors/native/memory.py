"""The map of a program's memory: where its leaves, constants and results lie.

It is all that Python needs to feed a program and to read it, and it is kept with the machine code.
Knows places and layouts; knows no instruction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.executors.native.layout import Layout, layout_of
from chainrule.types import Shape

SLACK = 4096
"""Bytes after the end of memory that code may read, but makes nothing of."""


@dataclass(frozen=True)
class Spot:
    """Where a value lies, and how it is read.

    Attributes
    ----------
    region : {"state", "arena", "io", "plan"}
        "plan": it is a constant of the plan, and `start` the number of its instruction.
    start : int
        The byte where it begins.
    kind : {"f32", "f64"}
        What its entries are.
    held : tuple of int
        A shape that lies as it does.
    shape : tuple of int
        The shape that it is read as.
    """

    region: str
    start: int
    kind: str
    held: Shape
    shape: Shape

    @property
    def layout(self) -> Layout:
        """How it lies."""
        return layout_of(self.held, self.kind)


@dataclass(frozen=True)
class Call:
    """An operation that NumPy computes.

    Attributes
    ----------
    number : int
        Its instruction in the plan.
    inputs : list of Spot
        What it reads.
    flips : list of bool
        Whether an input lies with its last two axes exchanged.
    out : Spot
        Where its value goes.
    """

    number: int
    inputs: list[Spot]
    flips: list[bool]
    out: Spot


@dataclass(frozen=True)
class Map:
    """Where everything lies.

    Attributes
    ----------
    state_bytes, arena_bytes : int
        How much memory there is.
    state : list of str
        Names of the state, in order.
    leaves : dict of str to Spot
        What is given, by name.
    constants : dict of int to Spot
        Arrays that never change, by the number of their instruction.
    values : dict of int to Spot
        Results, by the number of their instruction.
    calls : list of Call
        What NumPy computes, in the order of the numbers that machine code asks for.
    is_threaded : bool
        Whether several threads may carry out a step together.
    """

    state_bytes: int
    arena_bytes: int
    state: list[str]
    leaves: dict[str, Spot]
    constants: dict[int, Spot]
    values: dict[int, Spot]
    calls: list[Call]
    is_threaded: bool = False


def to_plain(found: Map) -> dict[str, Any]:
    """Return a map as plain data, for JSON."""
    return {
        "bytes": [found.state_bytes, found.arena_bytes],
        "state": found.state,
        "threads": found.is_threaded,
        "leaves": {k: _plain(s) for k, s in found.leaves.items()},
        "constants": {str(k): _plain(s) for k, s in found.constants.items()},
        "values": {str(k): _plain(s) for k, s in found.values.items()},
        "calls": [
            [c.number, [_plain(s) for s in c.inputs], c.flips, _plain(c.out)] for c in found.calls
        ],
    }


def from_plain(data: dict[str, Any]) -> Map:
    """Return the map that `to_plain` made plain."""
    state_bytes, arena_bytes = data["bytes"]
    return Map(
        state_bytes=state_bytes,
        arena_bytes=arena_bytes,
        is_threaded=data["threads"],
        state=data["state"],
        leaves={k: _spot(s) for k, s in data["leaves"].items()},
        constants={int(k): _spot(s) for k, s in data["constants"].items()},
        values={int(k): _spot(s) for k, s in data["values"].items()},
        calls=[
            Call(number, [_spot(s) for s in inputs], flips, _spot(out))
            for number, inputs, flips, out in data["calls"]
        ],
    )


def _plain(spot: Spot) -> list[Any]:
    return [spot.region, spot.start, spot.kind, list(spot.held), list(spot.shape)]


def _spot(data: Sequence[Any]) -> Spot:
    region, start, kind, held, shape = data
    return Spot(region, start, kind, tuple(held), tuple(shape))
