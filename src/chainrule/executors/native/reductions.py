"""Reductions in machine code: what is carried along, how parts are joined, what comes out.

Sums of float32 are added up in float64; means of float64, and its long sums, in two numbers: the
sum, and what rounding took from it. So the mean of a constant is that constant, and the error of a
sum does not grow with its length. The order is fixed: lane by lane along memory, then the lanes in
halves. Knows values; knows no layout and no memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.executors.native.maths import Maths
from chainrule.executors.native.values import Value
from chainrule.executors.native.writer import Writer

LONG = 1024
"""Sums of more float64 numbers than this carry what rounding took from them: an addition more for
each costs little where numbers come from memory, and equal ones would all be rounded one way."""


@dataclass(frozen=True)
class Reduction:
    """How numbers of one kind become one.

    Attributes
    ----------
    op : {"sum", "mean", "max", "min"}
        What is found.
    kind : {"f32", "f64"}
        Of the numbers and the result.
    count : int
        How many numbers there are.
    """

    op: str
    kind: str
    count: int

    @property
    def carried(self) -> tuple[str, ...]:
        """The kinds of the numbers that are carried along."""
        if self.op in ("max", "min"):
            return (self.kind,)
        in_two = self.kind == "f64" and (self.op == "mean" or self.count > LONG)
        return ("f64", "f64") if in_two else ("f64",)

    @property
    def identity(self) -> float:
        """What changes nothing."""
        return {"max": float("-inf"), "min": float("inf")}.get(self.op, 0.0)

    @property
    def scale(self) -> float:
        """A power of two by which numbers are divided so that their sum cannot overflow."""
        return 2.0 ** -(self.count - 1).bit_length()

    def start(self, w: Writer, lanes: int) -> list[Value]:
        """Return what is carried before the first number."""
        return [w.constant(self.identity, kind, lanes) for kind in self.carried]

    def add(self, w: Writer, held: list[Value], x: Value) -> list[Value]:
        """Return what is carried after one more number in each lane."""
        if self.op in ("max", "min"):
            return self.join(w, held, [x])
        x = w.convert(x, "f64")
        if len(held) == 1:
            return [held[0] + x]
        return self.join(w, held, [x * self.scale if self.op == "mean" else x, x.like(0.0)])

    def join(self, w: Writer, a: list[Value], b: list[Value]) -> list[Value]:
        """Return two partial results as one."""
        if self.op == "max":
            return [Maths(w).maximum(a[0], b[0])]
        if self.op == "min":
            return [Maths(w).minimum(a[0], b[0])]
        if len(a) == 1:
            return [a[0] + b[0]]
        total = a[0] + b[0]
        back = total - a[0]
        error = (a[0] - (total - back)) + (b[0] - back)
        return [total, (a[1] + b[1]) + error]

    def across(self, w: Writer, held: list[Value]) -> list[Value]:
        """Return what the lanes hold together: the lower half joined with the upper, and so on."""
        while held[0].lanes > 1:
            half = held[0].lanes // 2
            low = [w.part(x, 0, half) for x in held]
            high = [w.part(x, half, half) for x in held]
            held = self.join(w, low, high)
        return held

    def finish(self, w: Writer, held: list[Value]) -> Value:
        """Return the result of what was carried."""
        if self.op in ("max", "min"):
            return held[0]
        if self.op == "sum":
            return w.convert(held[0] if len(held) == 1 else self._whole(w, held), self.kind)
        if len(held) == 1:
            return w.convert(held[0] / float(self.count), self.kind)
        count = self.count * self.scale
        first = held[0] / count
        rest = w.fma(-first, first.like(count), held[0]) + held[1]
        return w.where(rest.same(rest), first + rest / count, first)

    def _whole(self, w: Writer, held: list[Value]) -> Value:
        """Return a sum and what it lost; the sum alone where that is no number (an overflow)."""
        total = held[0] + held[1]
        return w.where(total.same(total), total, held[0])
