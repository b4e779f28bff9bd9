"""Instructions of LLVM: arithmetic, lanes, whole numbers, memory. They know no operation of ours.

A value is a name in the text with its kind and number of lanes; ``a + b`` writes an instruction.
The same instruction on the same values is written once (as long as the first one is in scope).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from chainrule.executors.native.values import LLVM_NAMES, SIZES, Number, Value, type_name

_FLOAT = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_WHOLE = {"div": "udiv", "rem": "urem"}
_FOLDED = {
    "add": int.__add__,
    "sub": int.__sub__,
    "mul": int.__mul__,
    "div": int.__floordiv__,
    "rem": int.__mod__,
    "shl": int.__lshift__,
}
_IDENTITIES = {("add", "0"), ("sub", "0"), ("mul", "1"), ("div", "1")}
_ORDERED = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_SIGNED = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"}
_TRUTH = {"lt": "ult", "le": "ule", "gt": "ugt", "ge": "uge", "eq": "eq", "ne": "ne"}


@dataclass
class Module:
    """The text of a module: its declarations and routines, and the kernels that it calls.

    Attributes
    ----------
    declarations, routines : dict of str to str
        Text by name.
    kernels : dict of str to str
        Modules of their own, by the name of the function: no network changes them.
    names : dict of str to str
        Routines that were written, by their text.
    """

    declarations: dict[str, str] = field(default_factory=dict)
    kernels: dict[str, str] = field(default_factory=dict)
    routines: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Everything, as LLVM reads it."""
        return "\n".join([*self.declarations.values(), "", *self.routines.values()])


class Memory:
    """What is known to stand in memory: a value that was just written need not be read again.

    Only addresses a known number of bytes from a few roots are known, roots of separate memory.
    Any other write, a call or a new block, and nothing is known any more.
    """

    def __init__(self) -> None:
        self.places: dict[str, tuple[str, int]] = {}
        self.values: dict[tuple[str, int], Value] = {}

    def root(self, *names: str) -> None:
        """Let these pointers be roots."""
        self.places.update({name: (name, 0) for name in names})

    def further(self, base: str, name: str, offset: int) -> None:
        """Take note that a pointer is some bytes further than another."""
        if base in self.places:
            root, start = self.places[base]
            self.places[name] = (root, start + offset)

    def at(self, name: str, kind: str, lanes: int) -> Value | None:
        """Return the value that stands at a pointer, if it is known."""
        place = self.places.get(name)
        found = None if place is None else self.values.get(place)
        return found if found is not None and (found.kind, found.lanes) == (kind, lanes) else None

    def holds(self, name: str, x: Value) -> None:
        """Take note of a value that was read."""
        if name in self.places:
            self.values[self.places[name]] = x

    def written(self, name: str, x: Value) -> None:
        """Take note of a value that was written; what it lies over is known no more."""
        if name not in self.places:
            self.forget()
            return
        root, start = self.places[name]
        end = start + _bytes(x)
        self.values = {
            (r, at): y
            for (r, at), y in self.values.items()
            if r != root or at >= end or at + _bytes(y) <= start
        }
        self.values[root, start] = x

    def forget(self) -> None:
        """Know nothing any more."""
        self.values = {}


def _bytes(x: Value) -> int:
    return x.lanes * SIZES[x.kind]


class Instructions:
    """Writes the body of one function.

    Parameters
    ----------
    module : Module
        Where declarations and routines go.
    fused : bool
        Whether multiply-add may be rounded once.
    pause : str
        A call for a thread that waits, or nothing.
    """

    def __init__(
        self, module: Module | None = None, *, fused: bool = True, pause: str = ""
    ) -> None:
        self.module = module or Module()
        self.fused, self.pause = fused, pause
        self.lines: list[str | None] = []
        self.block = "entry"
        self.count = 0
        self.scopes: list[dict[str, str]] = [{}]

        self.memory = Memory()

    # Text and names

    def fresh(self, stem: str) -> str:
        """Return a name that was not used yet in this function."""
        self.count += 1
        return f"{stem}{self.count}"

    def do(self, text: str) -> None:
        """Write an instruction without a value."""
        if text.startswith("call"):
            self.memory.forget()
        self.lines.append(f"  {text}")

    def comment(self, text: str) -> None:
        """Write a comment."""
        self.lines.append(f"  ; {text}")

    def value(self, text: str, kind: str, lanes: int = 1) -> Value:
        """Write an instruction and return its value."""
        if text.startswith("call") and "@llvm." not in text:
            self.memory.forget()
        name = "%" + self.fresh("v")
        self.lines.append(f"  {name} = {text}")
        return Value(self, name, kind, lanes)

    def pure(self, text: str, kind: str, lanes: int = 1) -> Value:
        """Write an instruction that depends on its operands only, unless it was written before."""
        for scope in reversed(self.scopes):
            if text in scope:
                return Value(self, scope[text], kind, lanes)
        found = self.value(text, kind, lanes)
        self.scopes[-1][text] = found.text
        return found

    def label(self, name: str, *, goes_on: bool = False) -> None:
        """Begin a basic block; one that `goes_on` is reached from the block before it alone."""
        self.lines.append(f"{name}:")
        self.block = name
        if not goes_on:
            self.memory.forget()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Let values written inside be unknown afterwards."""
        self.scopes.append({})
        yield
        self.scopes.pop()

    def constant(self, number: float, kind: str, lanes: int = 1) -> Value:
        """Return a constant; floats are rounded to the kind."""
        if kind in LLVM_NAMES:
            rounded = float(np.float32(number)) if kind == "f32" else float(number)
            text = "0x" + struct.pack(">d", rounded).hex().upper()
        else:
            text = str(int(number)) if kind != "i1" else ("true" if number else "false")
        if lanes > 1:
            text = f"splat ({type_name(kind)} {text})"
        return Value(self, text, kind, lanes)

    def argument(self, name: str, kind: str, lanes: int = 1) -> Value:
        """Return an argument of the function."""
        return Value(self, f"%{name}", kind, lanes)

    # Arithmetic

    def arithmetic(self, op: str, a: Value, b: Number) -> Value:
        """Write ``a op b``."""
        b = a.like(b)
        assert (a.kind, a.lanes) == (b.kind, b.lanes), f"{op}: {a.type} meets {b.type}"
        if a.kind == "i64" and a.is_literal and b.is_literal and op in _FOLDED:
            return self.constant(_FOLDED[op](int(a.text), int(b.text)), "i64")
        if a.kind == "i64" and (op, b.text) in _IDENTITIES:
            return a
        name = (_FLOAT if a.is_float else _WHOLE).get(op, op)
        return self.pure(f"{name} {a.type} {a.text}, {b.text}", a.kind, a.lanes)

    def compare(self, how: str, a: Value, b: Number) -> Value:
        """Write a comparison: false where a float is NaN, but for "ne"."""
        b = a.like(b)
        assert (a.kind, a.lanes) == (b.kind, b.lanes), f"{how}: {a.type} meets {b.type}"
        whole = _TRUTH if a.kind == "i1" else _SIGNED
        name = f"fcmp {_ORDERED[how]}" if a.is_float else f"icmp {whole[how]}"
        return self.pure(f"{name} {a.type} {a.text}, {b.text}", "i1", a.lanes)

    def where(self, condition: Value, yes: Number, no: Number) -> Value:
        """Choose entry by entry."""
        like = yes if isinstance(yes, Value) else no
        assert isinstance(like, Value), "one of the two is a value"
        yes, no = like.like(yes), like.like(no)
        text = (
            f"select {condition.type} {condition.text}, {yes.type} {yes.text}, {no.type} {no.text}"
        )
        return self.pure(text, yes.kind, yes.lanes)

    def intrinsic(self, name: str, *inputs: Value) -> Value:
        """Call one of LLVM's own functions on equal types."""
        first = inputs[0]
        suffix = (f"v{first.lanes}" if first.lanes > 1 else "") + first.kind
        full = f"@llvm.{name}.{suffix}"
        types = ", ".join(x.type for x in inputs)
        self.module.declarations[full] = f"declare {first.type} {full}({types})"
        given = ", ".join(f"{x.type} {x.text}" for x in inputs)
        return self.pure(f"call {first.type} {full}({given})", first.kind, first.lanes)

    def fma(self, a: Number, b: Number, c: Number) -> Value:
        """Return ``a * b + c``, rounded once where the target can."""
        like = next(x for x in (a, b, c) if isinstance(x, Value))
        a, b, c = like.like(a), like.like(b), like.like(c)
        return self.intrinsic("fma", a, b, c) if self.fused else a * b + c

    def convert(self, x: Value, kind: str) -> Value:
        """Return a value as another kind of number; booleans become 0 and 1."""
        if x.kind == kind:
            return x
        to = type_name(kind, x.lanes)
        if x.kind == "i1":
            return self.where(x, self.constant(1, kind, x.lanes), 0)
        if x.is_float and kind in LLVM_NAMES:
            how = "fpext" if kind == "f64" else "fptrunc"
        elif x.is_float:
            how = "fptosi"
        else:
            how = "sitofp" if kind in LLVM_NAMES else ("sext" if kind == "i64" else "trunc")
        return self.pure(f"{how} {x.type} {x.text} to {to}", kind, x.lanes)

    def bits(self, x: Value, kind: str) -> Value:
        """Return the same bits as another kind."""
        return self.pure(f"bitcast {x.type} {x.text} to {type_name(kind, x.lanes)}", kind, x.lanes)

    # Lanes

    def spread(self, x: Value, lanes: int) -> Value:
        """Return a vector with the same number in every lane."""
        if lanes == x.lanes:
            return x
        if not x.text.startswith("%"):
            return Value(self, f"splat ({x.type} {x.text})", x.kind, lanes)
        to = type_name(x.kind, lanes)
        one = self.pure(f"insertelement {to} poison, {x.type} {x.text}, i32 0", x.kind, lanes)
        return self.shuffle(one, one, [0] * lanes)

    def shuffle(self, a: Value, b: Value, places: Sequence[int]) -> Value:
        """Return lanes of two vectors, numbered one after the other."""
        mask = ", ".join(f"i32 {p}" for p in places)
        text = f"shufflevector {a.type} {a.text}, {b.type} {b.text}, <{len(places)} x i32> <{mask}>"
        return self.pure(text, a.kind, len(places))

    def lane(self, x: Value, place: int) -> Value:
        """Return one lane of a vector."""
        if x.lanes == 1:
            return x
        return self.pure(f"extractelement {x.type} {x.text}, i32 {place}", x.kind)

    def part(self, x: Value, start: int, lanes: int) -> Value:
        """Return some lanes of a vector, one after the other."""
        if lanes == x.lanes:
            return x
        if lanes == 1:
            return self.lane(x, start)
        return self.shuffle(x, x, range(start, start + lanes))

    def lanes_below(self, count: int, lanes: int) -> Value:
        """Return which lanes come before a number, as true and false."""
        flags = ", ".join(f"i1 {'true' if j < count else 'false'}" for j in range(lanes))
        return Value(self, f"<{flags}>", "i1", lanes)

    def across(self, x: Value, combine: Callable[[Value, Value], Value]) -> Value:
        """Return all lanes combined: the lower half with the upper half, until one is left."""
        while x.lanes > 1:
            half = x.lanes // 2
            x = combine(self.part(x, 0, half), self.part(x, half, half))
        return x

    # Whole numbers

    def quotient(self, x: Value, by: Value | int) -> Value:
        """Return how often a number goes into another, both at least 0."""
        if isinstance(by, int) and by & (by - 1) == 0 and not x.is_literal:
            return self.pure(f"lshr i64 {x.text}, {by.bit_length() - 1}", "i64") if by > 1 else x
        return x.writer.arithmetic("div", x, by)

    def remainder(self, x: Value, by: int) -> Value:
        """Return what is left of that."""
        return x & (by - 1) if by > 1 else x.like(0)

    def smaller(self, x: Value, y: Value) -> Value:
        """Return the smaller of two whole numbers."""
        return self.where(x < y, x, y)

    def larger(self, x: Value, y: Value) -> Value:
        """Return the larger of two whole numbers."""
        return self.where(x > y, x, y)

    def shifted(self, x: Value, by: Value) -> Value:
        """Return a whole number without its lowest bits."""
        return self.pure(f"lshr i64 {x.text}, {by.text}", "i64")

    def trailing_zeros(self, x: Value) -> Value:
        """Return how many zeros a whole number above 0 ends in, in base 2."""
        return self._count_bits("cttz", x)

    def bit_length(self, x: Value) -> Value:
        """Return how many digits a whole number above 0 has in base 2."""
        return self.constant(64, "i64") - self._count_bits("ctlz", x)

    def ones(self, x: Value) -> Value:
        """Return how many ones a whole number has in base 2."""
        full = "@llvm.ctpop.i64"
        self.module.declarations[full] = f"declare i64 {full}(i64)"
        return self.pure(f"call i64 {full}(i64 {x.text})", "i64")

    def _count_bits(self, name: str, x: Value) -> Value:
        full = f"@llvm.{name}.i64"
        self.module.declarations[full] = f"declare i64 {full}(i64, i1)"
        return self.pure(f"call i64 {full}(i64 {x.text}, i1 true)", "i64")

    # Memory

    def reserve(self, count: int) -> Value:
        """Return bytes of the function's own, in whole lines of the cache."""
        return self.value(f"alloca [{count} x i8], align 64", "ptr")

    def at(self, base: Value, offset: int | Value) -> Value:
        """Return the address some bytes further."""
        if isinstance(offset, Value) and offset.is_literal:
            offset = int(offset.text)
        if isinstance(offset, int):
            if offset == 0:
                return base
            found = self.pure(f"getelementptr i8, ptr {base.text}, i64 {offset}", "ptr")
            self.memory.further(base.text, found.text, offset)
            return found
        return self.pure(f"getelementptr i8, ptr {base.text}, i64 {offset.text}", "ptr")

    def load(self, address: Value, kind: str, lanes: int = 1) -> Value:
        """Read from memory."""
        known = self.memory.at(address.text, kind, lanes)
        if known is not None:
            return known
        name = type_name(kind, lanes)
        x = self.value(f"load {name}, ptr {address.text}, align {SIZES[kind]}", kind, lanes)
        self.memory.holds(address.text, x)
        return x

    def store(self, x: Value, address: Value) -> None:
        """Write to memory."""
        self.do(f"store {x.type} {x.text}, ptr {address.text}, align {SIZES[x.kind]}")
        self.memory.written(address.text, x)

    @property
    def body(self) -> str:
        """The lines written so far."""
        return "\n".join(line for line in self.lines if line is not None)
