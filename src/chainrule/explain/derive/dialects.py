"""Dialects: how an operation looks as it is typed, in LaTeX and in NumPy.

Signs between operands are a table for each; everything else is written as a function of its name,
or as its declaration says. Knows the registry; knows no layer and no loss.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

from chainrule.explain.derive.maths import in_brackets
from chainrule.graph import Node, apply, primitives
from chainrule.graph.numpy_protocol import functions

CHOICE, SUM, QUOTIENT, PRODUCT, POWER, ATOM = range(6)
"""How tightly a formula holds together: what is looser than its place asks goes into brackets."""

COMPARED = {
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=", "logical_and": "&", "logical_or": "|",
}  # fmt: skip
SHORT = {"maximum": "max", "minimum": "min"}
PLUS = {"add": "+", "sub": "-", "shift": "-"}
TIMES = frozenset({"mul", "chain"})


@dataclass(frozen=True)
class Piece:
    """A written formula and how tightly it holds together."""

    text: str
    binding: int

    def within(self, binding: int) -> str:
        """Return the text, in brackets where its place asks for a tighter one."""
        return self.text if self.binding >= binding else in_brackets(self.text)

    @property
    def is_minus(self) -> bool:
        """Whether it is one operand behind a minus."""
        return self.binding == SUM and self.text.startswith("-") and " " not in self.text

    def leading(self) -> str:
        """Return it as the first factor of a product, where a minus needs no brackets."""
        return self.text if self.is_minus else self.within(QUOTIENT)


class Dialect(Protocol):
    """What a way of writing formulas has to say."""

    def name(self, name: str) -> Piece:
        """Return a name."""

    def constant(self, node: Node) -> Piece:
        """Return a constant."""

    def operation(self, node: Node, inputs: list[Piece]) -> Piece:
        """Return an operation on written inputs."""

    def instead(self, node: Node) -> Node | None:
        """Return a node to be written in place of this one, if there is one."""


def number(value: float) -> str:
    """Return a constant with as many digits as tell it, six at most.

    Examples
    --------
    >>> number(0.5), number(1 - 0.9), number(2.0), number(1e-8)
    ('0.5', '0.1', '2', '1e-08')
    """
    return "pi" if value == math.pi else f"{value:.6g}"


def _is(node: Node, value: float) -> bool:
    """Tell whether a node is this number."""
    data = node.data
    return node.op == "constant" and data is not None and bool(data.size and np.all(data == value))


def is_mask(node: Node) -> bool:
    """Tell whether a node is 1 where a condition holds and 0 elsewhere."""
    return node.op == "where" and _is(node.inputs[1], 1.0) and _is(node.inputs[2], 0.0)


def _neutral(node: Node) -> int | None:
    """Return the number of the input that a sum or product equals, if the other changes nothing."""
    nothing = {"add": 0.0, "mul": 1.0, "chain": 1.0}.get(node.op)
    if node.op == "div" and _is(node.inputs[1], 1.0):
        return 0
    if nothing is None:
        return None
    return next((1 - k for k, x in enumerate(node.inputs) if _is(x, nothing)), None)


class Typed:
    """Formulas as they are typed: ``a * b``, ``x^2``, ``exp(-z)``."""

    power = "^"

    def name(self, name: str) -> Piece:
        """Return a name as it is."""
        return Piece(name, ATOM)

    def constant(self, node: Node) -> Piece:
        """Return a number, or a list of them."""
        data = np.asarray(node.data)
        if data.size == 1:
            value = float(data.reshape(()))
            return Piece(number(value), ATOM if value >= 0 else SUM)
        return Piece(self.listed(data), ATOM)

    def listed(self, data: np.typing.NDArray[np.generic]) -> str:
        """Return a list of numbers; only the ends of a long one."""
        flat = [number(float(x)) for x in data.ravel()]
        shown = flat if len(flat) <= 6 else [*flat[:3], "...", flat[-1]]
        return f"[{', '.join(shown)}]"

    def plus(self, sign: str, a: Piece, b: Piece) -> Piece:
        """Return a sum or difference."""
        if b.is_minus:
            return Piece(f"{a.text} {'-' if sign == '+' else '+'} {b.text[1:]}", SUM)
        second = b.within(QUOTIENT if sign == "-" else SUM)
        return Piece(f"{a.within(SUM)} {sign} {second}", SUM)

    def instead(self, node: Node) -> Node | None:
        """Return what stands for products with 1, sums with 0 and products with 1 / x."""
        k = _neutral(node)
        if k is not None:
            return node.inputs[k]
        share = node.inputs[-1] if node.op in TIMES else None
        while share is not None and share.op == "cast":
            share = share.inputs[0]
        if share is not None and share.op == "div" and _is(share.inputs[0], 1.0):
            return apply("div", node.inputs[0], share.inputs[1])
        return None

    def operation(self, node: Node, inputs: list[Piece]) -> Piece:
        """Return signs between operands, else a function of its name."""
        op = node.op
        if op in PLUS:
            return self.plus(PLUS[op], *inputs)
        if op in TIMES:
            a = inputs[0].leading()
            looks = min(PRODUCT, max(QUOTIENT, inputs[0].binding))
            return Piece(f"{a} * {inputs[1].within(PRODUCT)}", looks)
        if op == "div":
            return Piece(f"{inputs[0].leading()} / {inputs[1].within(POWER)}", QUOTIENT)
        if op == "neg":
            return Piece(f"-{inputs[0].within(QUOTIENT)}", SUM)
        if op == "square":
            return Piece(f"{inputs[0].within(ATOM)}{self.power}2", POWER)
        if op == "power":
            return Piece(f"{inputs[0].within(ATOM)}{self.power}{inputs[1].within(ATOM)}", POWER)
        if op in COMPARED:
            return self.compared(op, inputs)
        return self.called(node, inputs)

    def compared(self, op: str, inputs: list[Piece]) -> Piece:
        """Return a comparison."""
        return Piece(f"{inputs[0].within(SUM)} {COMPARED[op]} {inputs[1].within(SUM)}", CHOICE)

    def called(self, node: Node, inputs: list[Piece]) -> Piece:
        """Return a choice in words, or a function."""
        if node.op == "where":
            condition, yes, no = (x.text for x in inputs)
            return Piece(f"({yes} if {condition}, else {no})", ATOM)
        name = SHORT.get(node.op, node.op)
        name = name.removesuffix("_slope") + "'" * name.endswith("_slope")
        return Piece(f"{name}({', '.join(x.text for x in inputs)})", ATOM)


ENCLOSED = re.compile(r"\\begin.*\\end\{\{\w+\}\}|\{\{.*\}\}|\(.*\)|\|.*\||\\lfloor.*\\rfloor")
"""What stands between brackets of some kind in a declared formula."""


class Latex(Typed):
    """Formulas as they are set, by the LaTeX of each declaration."""

    def name(self, name: str) -> Piece:
        """Return a name; one with something above it is no base of a power."""
        return Piece(f"{{{name}}}", POWER) if "^" in name else Piece(name, ATOM)

    def constant(self, node: Node) -> Piece:
        """Return a number, or a list of them."""
        found = super().constant(node)
        return Piece(r"\pi", ATOM) if found.text == "pi" else found

    def listed(self, data: np.typing.NDArray[np.generic]) -> str:
        """Return a list of numbers."""
        return super().listed(data).replace("...", r"\ldots")

    def operation(self, node: Node, inputs: list[Piece]) -> Piece:
        """Return the declared LaTeX; what would be misread goes into brackets."""
        op = node.op
        if op in PLUS:
            return self.plus(PLUS[op], *inputs)
        if op in TIMES:
            a = inputs[0].text if inputs[0].is_minus else inputs[0].within(QUOTIENT)
            b = inputs[1].within(QUOTIENT)
            return Piece(rf"{a} \cdot {b}", PRODUCT)
        if op == "neg":
            return Piece("-" + inputs[0].within(PRODUCT), SUM)
        if op == "power":
            base = inputs[0].within(ATOM)
            return Piece(f"{base}^{{{inputs[1].text}}}", POWER)
        rule = primitives[op]
        if rule.latex == "{0}":
            return inputs[0]
        bare = ENCLOSED.sub("", rule.latex)
        needed = SUM if op in COMPARED else ATOM
        texts = [x.within(needed) if f"{{{k}}}" in bare else x.text for k, x in enumerate(inputs)]
        return Piece(rule.formula(*texts, **_latex_attrs(node)), _looks(op, bare))


def _looks(op: str, bare: str) -> int:
    """Return how tightly a declared formula holds together, by what is outside its brackets."""
    if op in COMPARED:
        return CHOICE
    if " + " in bare or " - " in bare:
        return SUM
    return POWER if op == "square" else PRODUCT if re.search(r"\{\d\}", bare) else ATOM


def _latex_attrs(node: Node) -> dict[str, str]:
    return {k: str(v).replace("{", "").replace("}", "") for k, v in node.attrs.items()}


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


class Python(Typed):
    """Formulas as NumPy; what NumPy lacks is written in simpler operations, or as ``cr.ops``."""

    power = " ** "

    def constant(self, node: Node) -> Piece:
        """Return a number with all its digits, a range, or an array."""
        data = np.asarray(node.data)
        if data.size == 1:
            value = data.reshape(()).item()
            whole = isinstance(value, float) and value == int(value) and abs(value) < 1e6
            return Piece(repr(int(value) if whole else value), ATOM if value >= 0 else SUM)
        if data.dtype.kind == "i" and np.array_equal(data.ravel(), np.arange(data.size)):
            return Piece(f"np.arange({data.size})", ATOM)
        return Piece(f"np.array({data.tolist()})", ATOM)

    def instead(self, node: Node) -> Node | None:
        """Return the textbook's form of an operation that NumPy lacks."""
        book = primitives[node.op].textbook if node.inputs else None
        if book is None or node.op in _ufuncs():
            return super().instead(node)
        form = book(node, node.inputs[0], **node.attrs)[0]
        return form if isinstance(form, Node) else None

    def compared(self, op: str, inputs: list[Piece]) -> Piece:
        """Return a comparison; both sides in brackets where NumPy's signs would bind wrongly."""
        a, b = (x.within(ATOM if op.startswith("logical") else SUM) for x in inputs)
        return Piece(f"{a} {COMPARED[op]} {b}", CHOICE)

    def called(self, node: Node, inputs: list[Piece]) -> Piece:
        """Return a function or method of NumPy, or one of ours."""
        texts = [x.text for x in inputs]
        if is_mask(node):
            return inputs[0]
        if node.op == "matmul":
            return Piece(f"{inputs[0].within(POWER)} @ {inputs[1].within(POWER)}", PRODUCT)
        if node.op in ("sum", "mean", "max", "min"):
            return Piece(f"{inputs[0].within(ATOM)}.{node.op}({_axes(node)})", ATOM)
        if node.op == "reshape":
            column = node.shape == (*node.inputs[0].shape, 1)
            place = "[:, None]" if column else f".reshape({node.shape})"
            return Piece(inputs[0].within(ATOM) + place, ATOM)
        if node.op in ("where", "clip"):
            return Piece(f"np.{node.op}({', '.join(texts)})", ATOM)
        if node.op in _ufuncs():
            return Piece(f"np.{_ufuncs()[node.op]}({', '.join(texts)})", ATOM)
        attrs = [f"{k}={v!r}" for k, v in node.attrs.items()]
        return Piece(f"cr.ops.{node.op}({', '.join([*texts, *attrs])})", ATOM)


def _axes(node: Node) -> str:
    """Return the arguments of a reduction."""
    axes = node.attrs["axes"]
    told = (
        [] if len(axes) == node.inputs[0].ndim else [f"axis={axes[0] if len(axes) == 1 else axes}"]
    )
    return ", ".join([*told, *(["keepdims=True"] if node.attrs.get("keepdims") else [])])


def slope_of(out: Node) -> Node:
    """Return the local derivative of an operation of one input, as books write it if they do."""
    rule = primitives[out.op]
    book = None if rule.textbook is None else rule.textbook(out, *out.inputs, **out.attrs)[1]
    assert rule.local is not None, "an activation declares its local derivative"
    found = rule.local(out, *out.inputs, **out.attrs)[0] if book is None else book
    if isinstance(found, Node):
        return found
    return apply("expand", float(found), shape=out.shape)


def value_of(out: Node) -> Node | None:
    """Return the textbook's form of an operation's value, if it has one."""
    rule = primitives[out.op]
    if rule.textbook is None:
        return None
    found = rule.textbook(out, *out.inputs, **out.attrs)[0]
    return found if isinstance(found, Node) else None
