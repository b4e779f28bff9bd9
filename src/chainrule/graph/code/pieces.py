"""Graphs as NumPy: an expression that runs, and that a person would have typed.

What NumPy lacks is written in the operations of its textbook form, called by its own name, or as
``cr.ops``: a style decides. Knows the registry; knows no layer and no loss.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from chainrule.graph.code.book import value_of
from chainrule.graph.code.naming import Names, seen
from chainrule.graph.node import Node, apply
from chainrule.graph.numpy_protocol import functions
from chainrule.graph.primitive import primitives

CHOICE, SUM, QUOTIENT, PRODUCT, POWER, ATOM = range(6)
"""How tightly an expression holds together: what is looser than its place asks is bracketed."""

COMPARED = {
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
PLUS = {"add": "+", "sub": "-", "shift": "-"}
TIMES = frozenset({"mul", "chain"})
NEUTRAL = {"add": 0.0, "mul": 1.0, "chain": 1.0}


@dataclass(frozen=True)
class Style:
    """How code looks.

    Attributes
    ----------
    by_name : bool
        Whether what NumPy lacks is called by its own name where its declaration has its source in
        NumPy; else it is written in its textbook form.
    formatted : bool
        Whether powers of plain names stand as formatters of code have them: ``z**2``.
    """

    by_name: bool = False
    formatted: bool = False

    def calls(self, op: str) -> bool:
        """Whether an operation is called by its own name."""
        return self.by_name and bool(primitives[op].script)


TEXTBOOK = Style()
PLAIN = re.compile(r"-?[\d.]+(e[+-]?\d+)?|-?[^\W\d]\w*(\.[^\W\d]\w*)*")
"""What a formatter calls simple: no space stands around the sign of its power."""


@dataclass(frozen=True)
class Piece:
    """A written expression and how tightly it holds together."""

    text: str
    binding: int = ATOM

    def within(self, binding: int) -> str:
        """Return the text, in brackets where its place asks for a tighter one."""
        return self.text if self.binding >= binding else f"({self.text})"

    @property
    def is_minus(self) -> bool:
        """Whether it is one operand behind a minus."""
        return self.binding == SUM and self.text.startswith("-") and " " not in self.text

    def leading(self) -> str:
        """Return it as the first factor of a product, where a minus needs no brackets."""
        return self.text if self.is_minus else self.within(QUOTIENT)


def piece(node: Node, names: Names[str], style: Style = TEXTBOOK) -> Piece:
    """Return a node as an expression of what has a name.

    Examples
    --------
    >>> import chainrule as cr
    >>> x = cr.variable("x", 3.0)
    >>> piece(cr.tanh(x) * (1.0 - cr.sigmoid(x)), Names({x: "z"})).text
    'np.tanh(z) * (1 - 1 / (1 + np.exp(-z)))'
    """
    name = names.find(node)
    if name is not None:
        return Piece(name)
    node = seen(node)
    if node.op == "constant":
        return _constant(node)
    instead = instead_of(node, style)
    if instead is not None:
        return piece(instead, names, style)
    return _operation(node, [piece(x, names, style) for x in node.inputs], style)


def instead_of(node: Node, style: Style = TEXTBOOK) -> Node | None:
    """Return what is written in place of a node: a textbook's form, or without neutral operands."""
    if node.op == "div" and _is(node.inputs[1], 1.0):
        return node.inputs[0]
    if node.op in NEUTRAL:
        return _without_neutral(node)
    in_numpy = not node.inputs or node.op in _ufuncs()
    return None if in_numpy or style.calls(node.op) else value_of(node)


def _without_neutral(node: Node) -> Node | None:
    """Return what x + 0 and x * 1 equal, and x / y for x * (1 / y)."""
    first, second = node.inputs
    if _is(second, NEUTRAL[node.op]):
        return first
    if _is(first, NEUTRAL[node.op]):
        return second
    share = seen(second)
    if node.op in TIMES and share.op == "div" and _is(share.inputs[0], 1.0):
        return apply("div", first, share.inputs[1])
    return None


def _is(node: Node, value: float) -> bool:
    """Tell whether a node is this number, everywhere."""
    data = node.data
    return node.op == "constant" and data is not None and bool(data.size and np.all(data == value))


def _is_mask(node: Node) -> bool:
    """Tell whether a node is 1 where a condition holds and 0 elsewhere."""
    return node.op == "where" and _is(node.inputs[1], 1.0) and _is(node.inputs[2], 0.0)


def _constant(node: Node) -> Piece:
    """Return a number with all its digits, a range, or an array."""
    data = np.asarray(node.data)
    if data.size == 1:
        value = data.reshape(()).item()
        if value == math.pi:
            return Piece("np.pi")
        whole = isinstance(value, float) and value == int(value) and abs(value) < 1e6
        return Piece(repr(int(value) if whole else value), ATOM if value >= 0 else SUM)
    if data.dtype.kind == "i" and np.array_equal(data.ravel(), np.arange(data.size)):
        return Piece(f"np.arange({data.size})")
    return Piece(f"np.array({data.tolist()})")


def _operation(node: Node, inputs: list[Piece], style: Style) -> Piece:
    """Return signs between operands, else a function."""
    op = node.op
    if op in PLUS:
        return _plus(PLUS[op], *inputs)
    if op in TIMES:
        looks = min(PRODUCT, max(QUOTIENT, inputs[0].binding))
        return Piece(f"{inputs[0].leading()} * {inputs[1].within(PRODUCT)}", looks)
    if op == "div":
        return Piece(f"{inputs[0].leading()} / {inputs[1].within(POWER)}", QUOTIENT)
    if op == "neg":
        product = inputs[0].binding in (QUOTIENT, PRODUCT)
        return Piece(f"-{inputs[0].within(QUOTIENT)}", QUOTIENT if product else SUM)
    if op in ("square", "power"):
        return _power(inputs[0].within(ATOM), *([] if op == "square" else [inputs[1]]), style=style)
    if op in COMPARED:  # NumPy's & and | bind more tightly than comparisons
        a, b = (x.within(ATOM if op.startswith("logical") else SUM) for x in inputs)
        return Piece(f"{a} {COMPARED[op]} {b}", CHOICE)
    if op == "matmul":
        return Piece(f"{inputs[0].within(POWER)} @ {inputs[1].within(POWER)}", PRODUCT)
    return inputs[0] if _is_mask(node) else _called(node, inputs, style)


def _power(base: str, exponent: Piece = Piece("2"), *, style: Style) -> Piece:
    """Return a power; a formatter has no spaces in it if both sides are plain."""
    above = exponent.within(ATOM)
    plain = style.formatted and PLAIN.fullmatch(base) and PLAIN.fullmatch(above)
    return Piece(f"{base}**{above}" if plain else f"{base} ** {above}", POWER)


def _plus(sign: str, a: Piece, b: Piece) -> Piece:
    """Return a sum or difference; a minus in front of the second operand turns the sign."""
    if b.is_minus or (b.text.startswith("-") and b.binding in (QUOTIENT, PRODUCT)):
        return Piece(f"{a.within(SUM)} {'-' if sign == '+' else '+'} {b.text[1:]}", SUM)
    second = b.within(QUOTIENT if sign == "-" else SUM)
    return Piece(f"{a.within(SUM)} {sign} {second}", SUM)


def _called(node: Node, inputs: list[Piece], style: Style) -> Piece:
    """Return a function or method of NumPy, or one of ours."""
    arguments = ", ".join(x.text for x in inputs)
    if node.op in ("sum", "mean", "max", "min"):
        return Piece(f"{inputs[0].within(ATOM)}.{node.op}({_axes(node)})")
    if node.op == "reshape":
        column = node.shape == (*node.inputs[0].shape, 1)
        place = "[:, None]" if column else f".reshape({node.shape})"
        return Piece(inputs[0].within(ATOM) + place)
    if node.op in ("where", "clip"):
        return Piece(f"np.{node.op}({arguments})")
    if node.op in _ufuncs():
        return Piece(f"np.{_ufuncs()[node.op]}({arguments})")
    attrs = [f"{k}={v!r}" for k, v in node.attrs.items()]
    if style.calls(node.op):  # what its source takes unless told is not said
        attrs = [told for told in attrs if told not in primitives[node.op].script]
    told = node.op if style.calls(node.op) else f"cr.ops.{node.op}"
    return Piece(f"{told}({', '.join([arguments, *attrs])})")


@cache
def _ufuncs() -> dict[str, str]:
    """Return NumPy's name of each operation that stands for one of its functions."""
    found: dict[str, str] = {}
    for key, function in functions.items():
        if isinstance(key, np.ufunc):
            short = function.__name__
            same = getattr(np, short, None) is key
            found.setdefault(short, short if same else key.__name__)
    return found


def _axes(node: Node) -> str:
    """Return the arguments of a reduction."""
    axes = node.attrs["axes"]
    everything = len(axes) == node.inputs[0].ndim
    told = [] if everything else [f"axis={axes[0] if len(axes) == 1 else axes}"]
    return ", ".join([*told, *(["keepdims=True"] if node.attrs.get("keepdims") else [])])
