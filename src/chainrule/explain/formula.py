"""Formulas: a small graph written out, as it is typed and as it is set.

Knows how operations are written (their declarations' LaTeX, a table of infix signs); knows no
values but constants, and no network.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from chainrule.explain.digits import digits, latex_of_digits
from chainrule.explain.symbols import latex_of, upright
from chainrule.graph import Node, primitives

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""How strongly parts of a formula hold together."""

INFIX = {
    "add": ("+", SUM), "sub": ("-", SUM), "shift": ("-", SUM), "mul": ("*", PRODUCT),
    "chain": ("*", PRODUCT), "div": ("/", PRODUCT), "matmul": ("@", PRODUCT),
}  # fmt: skip
TRANSPARENT = frozenset({"alias", "cast", "expand", "reshape", "guard", "stop_gradient"})
"""Operations that do not change what a formula says."""
POSTFIX = {"square": "^2"}
SHORT = {"maximum": "max", "minimum": "min"}
NEUTRAL = {"add": 0.0, "mul": 1.0, "chain": 1.0}
COMPARISONS = {
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "=",
    "not_equal": "!=",
}  # fmt: skip
DELIMITED = frozenset({"div", "exp", "sqrt", "abs", "reciprocal", "floor", "where"})
"""Operations whose LaTeX holds its inputs together by itself."""


def in_brackets(latex: str) -> str:
    r"""Return LaTeX in round brackets, which grow only around what is tall.

    Examples
    --------
    >>> in_brackets("a + b"), in_brackets(r"\frac{a}{b}")
    ('(a + b)', '\\left(\\frac{a}{b}\\right)')
    """
    tall = re.search(r"\\(frac|sum|begin|left)\b", latex)
    return rf"\left({latex}\right)" if tall else f"({latex})"


@dataclass(frozen=True)
class Written:
    """A formula: as it is typed, in LaTeX, and how strongly it holds together."""

    text: str
    latex: str
    binding: int = ATOM

    def inside(self, binding: int, *, strictly: bool = False) -> Written:
        """Return it with parentheses, if it holds together less strongly than what is around."""
        if self.binding > binding or (self.binding == binding and not strictly):
            return self
        return Written(f"({self.text})", in_brackets(self.latex))

    @property
    def base(self) -> str:
        """The LaTeX as the base of a power: what has an exponent goes into brackets."""
        return (
            in_brackets(self.latex) if "^" in self.latex and self.latex[-1] != ")" else self.latex
        )


Name = Callable[[Node], Written | None]
"""What a node is called; None if it is to be written out."""


def number(value: float) -> Written:
    """Return a constant as a person would type it.

    Examples
    --------
    >>> number(0.5).text, number(1e-08).latex, number(-2.0).binding == SIGN
    ('0.5', '10^{-8}', True)
    """
    if value == math.pi:
        return Written("pi", r"\pi")
    text = f"{value:.6g}"
    mantissa, _, exponent = text.partition("e")
    latex = text
    if exponent:
        factor = "" if mantissa == "1" else rf"{mantissa} \cdot "
        latex = rf"{factor}10^{{{int(exponent)}}}"
    return Written(text, latex, SIGN if value < 0 else ATOM)


def shown_number(value: float) -> Written:
    r"""Return a computed number as an answer shows it, with eight decimals.

    Examples
    --------
    >>> shown_number(-0.25).text, shown_number(3.2e-7).latex
    ('-0.25000000', '3.20000000 \\cdot 10^{-7}')
    """
    text = digits(value, "answer")
    scientific = PRODUCT if "e" in text else ATOM
    return Written(text, latex_of_digits(text), SIGN if value < 0 else scientific)


def by_name(node: Node) -> Written | None:
    """Return the name of a node that has one."""
    return None if node.name is None else Written(node.name, latex_of(node.name))


def formula(node: Node, name: Name = by_name) -> Written:
    """Return a node written out in terms of the nodes that have a name.

    Parameters
    ----------
    node : Node
        What is written out; its own name is not used.
    name : callable
        What other nodes are called, or None.

    Examples
    --------
    >>> import chainrule as cr
    >>> x, y = cr.variable("x", 3.0), cr.variable("y", -4.0)
    >>> formula((x + cr.sigmoid(y)) / (cr.sigmoid(x) + (x + y) ** 2)).text
    '(x + sigmoid(y)) / (sigmoid(x) + (x + y)^2)'
    """
    if node.op == "constant":
        assert node.data is not None, "a constant has data"
        return number(float(node.data.flat[0])) if node.size else Written("[]", "[]")
    if not node.inputs:
        return by_name(node) or Written(node.op, upright(node.op))
    kept = _kept(node)
    if kept is not None:
        return name(kept) or formula(kept, name)
    parts = [name(x) or formula(x, name) for x in node.inputs]
    return _applied(node, parts, name)


def _is(node: Node, value: float) -> bool:
    """Tell whether a node is this number, everywhere."""
    return node.op == "constant" and node.data is not None and bool((node.data == value).all())


def _kept(node: Node) -> Node | None:
    """Return the input that a sum with 0, or a product with or quotient by 1, equals."""
    if node.op == "div" and _is(node.inputs[1], 1.0):
        return node.inputs[0]
    if node.op not in NEUTRAL:
        return None
    first, second = node.inputs
    nothing = NEUTRAL[node.op]
    return first if _is(second, nothing) else second if _is(first, nothing) else None


def _applied(node: Node, parts: list[Written], name: Name) -> Written:
    op = node.op
    if op in TRANSPARENT:
        return parts[0]
    if op in INFIX:
        return _quotient(node, name, parts) or _infix(op, parts)
    if op == "neg":
        inner = parts[0].inside(PRODUCT)
        return Written(f"-{inner.text}", f"-{inner.latex}", SUM)
    if op in POSTFIX:
        inner = parts[0].inside(ATOM)
        return Written(inner.text + POSTFIX[op], inner.base + POSTFIX[op], POWER)
    if op == "power":
        base, exponent = parts[0].inside(ATOM), parts[1].inside(ATOM)
        latex = f"{base.base}^{{{parts[1].latex}}}"
        return Written(f"{base.text}^{exponent.text}", latex, POWER)
    if op in COMPARISONS:
        first, second = (part.inside(SUM) for part in parts)
        latex = primitives[op].formula(first.latex, second.latex)
        return Written(f"{first.text} {COMPARISONS[op]} {second.text}", latex, SUM)
    return _called(node, parts)


def _quotient(node: Node, name: Name, parts: list[Written]) -> Written | None:
    """Return x * (1 / y) as x / y; None if the node is not of that form."""
    second = node.inputs[-1]
    while second.op in TRANSPARENT and name(second) is None:
        second = second.inputs[0]
    if node.op not in ("mul", "chain") or second.op != "div" or name(second) is not None:
        return None
    top, below = second.inputs
    if top.op != "constant" or top.data is None or not (top.data == 1).all():
        return None
    return _infix("div", [parts[0], name(below) or formula(below, name)])


def _infix(op: str, parts: list[Written]) -> Written:
    sign, binding = INFIX[op]
    first = parts[0].inside(binding)
    second = parts[1].inside(binding, strictly=op in ("sub", "shift", "div"))
    turned = parts[1]
    if binding == SUM and turned.binding == SUM and re.fullmatch(r"-\S+", turned.text):
        other = "-" if sign == "+" else "+"
        return Written(
            f"{first.text} {other} {turned.text[1:]}",
            f"{first.latex} {other} {turned.latex[1:]}",
            SUM,
        )
    if parts[1].binding == SIGN:
        second = parts[1].inside(ATOM)
    text = f"{first.text} {sign} {second.text}"
    if op == "div":
        return Written(text, primitives[op].formula(parts[0].latex, parts[1].latex), binding)
    return Written(text, primitives[op].formula(first.latex, second.latex), binding)


def _called(node: Node, parts: list[Written]) -> Written:
    """Return a function of its inputs: ``f(x, y)``; a slope is ``f'(x)``."""
    op = f"{node.op.removesuffix('_slope')}'" if node.op.endswith("_slope") else node.op
    text = f"{SHORT.get(op, op)}({', '.join(part.text for part in parts)})"
    if op == "where":
        text = f"({parts[1].text} if {parts[0].text}, else {parts[2].text})"
    rule = primitives[node.op]
    attrs = {key: str(value) for key, value in node.attrs.items()}
    held = [part if _holds(node.op) else part.inside(ATOM) for part in parts]
    powers = "{0}^" in rule.latex
    try:
        latex = rule.formula(*(part.base if powers else part.latex for part in held), **attrs)
    except (KeyError, IndexError):
        latex = rf"{upright(node.op)}({', '.join(part.latex for part in parts)})"
    return Written(text, in_brackets(latex) if node.op == "expm1" else latex)


def _holds(op: str) -> bool:
    """Tell whether an operation's LaTeX puts parentheses or the like around its inputs."""
    return op in DELIMITED or "({0}" in primitives[op].latex


def with_index(text: str, index: str) -> Written:
    """Return a name with an index, ``z1[r,2]``; no index for numbers of shape ().

    Examples
    --------
    >>> with_index("z1", "r,2").text, with_index("L", "").text
    ('z1[r,2]', 'L')
    """
    full = f"{text}[{index}]" if index else text
    return Written(full, latex_of(full))
