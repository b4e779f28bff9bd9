"""Values in the text that LLVM reads: names with a kind and a number of lanes, and operators.

Knows kinds; instructions are written by whoever made the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Union

LLVM_NAMES = {"f32": "float", "f64": "double"}
SIZES = {"f32": 4, "f64": 8, "i32": 4, "i64": 8, "ptr": 8, "i1": 1}

Number = Union["Value", float, int]


class Scribe(Protocol):
    """What a value asks of the writer."""

    def arithmetic(self, op: str, a: Value, b: Number) -> Value:
        """Write ``a op b``."""
        ...

    def compare(self, how: str, a: Value, b: Number) -> Value:
        """Write a comparison."""
        ...

    def constant(self, number: float, kind: str, lanes: int = 1) -> Value:
        """Return a constant."""
        ...

    def pure(self, text: str, kind: str, lanes: int = 1) -> Value:
        """Write an instruction that depends on its operands only."""
        ...


@dataclass(frozen=True, slots=True)
class Value:
    """A value in the text: arithmetic on it writes instructions.

    Attributes
    ----------
    writer : Writer
        Where instructions are written.
    text : str
        Its name, or the constant itself.
    kind : str
        "f32", "f64", "i1", "i32", "i64" or "ptr".
    lanes : int
        1, or the length of the vector.
    """

    writer: Scribe
    text: str
    kind: str
    lanes: int = 1

    def __add__(self, other: Number) -> Value:
        return self.writer.arithmetic("add", self, other)

    def __radd__(self, other: Number) -> Value:
        return self.writer.arithmetic("add", self.like(other), self)

    def __sub__(self, other: Number) -> Value:
        return self.writer.arithmetic("sub", self, other)

    def __rsub__(self, other: Number) -> Value:
        return self.writer.arithmetic("sub", self.like(other), self)

    def __mul__(self, other: Number) -> Value:
        return self.writer.arithmetic("mul", self, other)

    def __rmul__(self, other: Number) -> Value:
        return self.writer.arithmetic("mul", self.like(other), self)

    def __truediv__(self, other: Number) -> Value:
        return self.writer.arithmetic("div", self, other)

    def __rtruediv__(self, other: Number) -> Value:
        return self.writer.arithmetic("div", self.like(other), self)

    def __neg__(self) -> Value:
        return self.writer.pure(f"fneg {self.type} {self.text}", self.kind, self.lanes)

    def __and__(self, other: Number) -> Value:
        return self.writer.arithmetic("and", self, other)

    def __or__(self, other: Number) -> Value:
        return self.writer.arithmetic("or", self, other)

    def __xor__(self, other: Number) -> Value:
        return self.writer.arithmetic("xor", self, other)

    def __lshift__(self, other: Number) -> Value:
        return self.writer.arithmetic("shl", self, other)

    def __rshift__(self, other: Number) -> Value:
        """Shift right, keeping the sign."""
        return self.writer.arithmetic("ashr", self, other)

    def __invert__(self) -> Value:
        return self ^ (1 if self.kind == "i1" else -1)

    def __lt__(self, other: Number) -> Value:
        return self.writer.compare("lt", self, other)

    def __le__(self, other: Number) -> Value:
        return self.writer.compare("le", self, other)

    def __gt__(self, other: Number) -> Value:
        return self.writer.compare("gt", self, other)

    def __ge__(self, other: Number) -> Value:
        return self.writer.compare("ge", self, other)

    def same(self, other: Number) -> Value:
        """Compare for equality (``==`` is kept for Python's own use)."""
        return self.writer.compare("eq", self, other)

    def differs(self, other: Number) -> Value:
        """Compare for inequality: true for NaN."""
        return self.writer.compare("ne", self, other)

    @property
    def type(self) -> str:
        """The LLVM type."""
        return type_name(self.kind, self.lanes)

    @property
    def is_float(self) -> bool:
        """Whether it is a float."""
        return self.kind in LLVM_NAMES

    @property
    def is_literal(self) -> bool:
        """Whether it is a whole number written out."""
        return self.text.lstrip("-").isdigit()

    @property
    def is_never_zero(self) -> bool:
        """Whether it is a float written out, other than 0.0 and -0.0."""
        digits = self.text.rpartition("0x")[2].rstrip(")")
        return self.is_float and not self.text.startswith("%") and bool(digits.strip("80"))

    def like(self, number: Number) -> Value:
        """Return a number as a constant of this kind; a value stays as it is."""
        if isinstance(number, Value):
            return number
        return self.writer.constant(number, self.kind, self.lanes)


def type_name(kind: str, lanes: int = 1) -> str:
    """Return LLVM's name of a type.

    Examples
    --------
    >>> type_name("f32", 8), type_name("i64")
    ('<8 x float>', 'i64')
    """
    name = LLVM_NAMES.get(kind, kind)
    return name if lanes == 1 else f"<{lanes} x {name}>"
